# SPDX-License-Identifier: Apache-2.0
"""GRPCRoute: which call goes where, alone and beside HTTPRoutes, and what a client hears when it goes nowhere. The client is
curl; the calls of gRPC's own client are in the interoperability tests."""
import re
import subprocess

import pytest

from client import eventually, fetch
from manifests import backend, endpoints, gateway, gateway_api, header_modifier, listener, match, redirect, ref, route, rule, service
from processes import free_port


def frame(message):
    return b"\0" + len(message).to_bytes(4, "big") + message


def grpc_route(name, *rules, hostnames=(), parents=("gw",)):
    spec = {"parentRefs": [{"name": parent} if isinstance(parent, str) else parent for parent in parents], "rules": list(rules)}
    if hostnames:
        spec["hostnames"] = list(hostnames)
    return gateway_api("GRPCRoute", name, "default", spec)


def method(service=None, method=None, regex=False, headers=None):
    result = {}
    if service or method:
        result["method"] = ({"type": "RegularExpression"} if regex else {}) | ({"service": service} if service else {}) | (
            {"method": method} if method else {})
    if headers:
        result["headers"] = [{"name": name, "value": value} for name, value in headers.items()]
    return result


class Answer:
    """Fields and trailers of a call's answer in one, and its messages."""

    def __init__(self, output):
        self.fields = {}
        head, _, self.rest = output.partition(b"\r\n\r\n")
        self.status = int(head.split(b" ")[1])
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b": ")
            self.fields[name.decode().lower()] = value.decode()
        # curl writes trailers right behind the last byte of the body.
        for name, value in re.findall(rb"(grpc-[a-z]+): ([^\r]*)\r\n", self.rest):
            self.fields[name.decode()] = value.decode()

    @property
    def grpc_status(self):
        return int(self.fields["grpc-status"])

    @property
    def name(self):
        return self.fields.get("x-echo-name")


def call(port, path, message=b"hi", host="grpc.test", headers=(), content_type="application/grpc", messages=None):
    command = ["curl", "-sS", "--max-time", "20", "--http2-prior-knowledge", "-D", "-", "-o", "-", "-H", f"content-type: {content_type}",
               "-H", "te: trailers", "--data-binary", "@-", "--connect-to", f"{host}:{port}:127.0.0.1:{port}"]
    for name, value in dict(headers).items():
        command += ["-H", f"{name}: {value}"]
    # Without a message where the answer may come before it is read: this curl takes the end of such a stream for an error.
    body = b"".join(frame(one) for one in ([message] if messages is None else messages))
    result = subprocess.run([*command, f"http://{host}:{port}{path}"], input=body, capture_output=True)
    assert result.returncode == 0, result.stderr
    return Answer(result.stdout)


@pytest.fixture(scope="module")
def port(shared_world):
    port = free_port()
    names = ["any", "service", "method", "exact", "regex", "header", "web"]
    backends = [backend(name, shared_world.echo(name).port) for name in names]
    rules = [
        rule("any"),
        rule("service", matches=[method("shop.Cart")]),
        rule("exact", matches=[method("shop.Cart", "Add")]),
        rule("header", matches=[method("shop.Cart", headers={"version": "two"})]),
        rule("method", matches=[method(method="Watch")]),
        rule("regex", matches=[method("shop\\.v[0-9]+\\.Cart", "Get.*", regex=True)]),
    ]
    only = grpc_route("only", rule("service", matches=[method("shop.Cart")]), hostnames=["only.test"])
    broken = grpc_route("broken", rule("gone", matches=[method("a.Missing")]), rule("empty", matches=[method("a.Empty")]),
                        rule(ref("any", weight=0), matches=[method("a.Zero")]), rule(matches=[method("a.None")]), hostnames=["broken.test"])
    filters = grpc_route("filters", rule(ref("any", filters=[header_modifier("Request", set={"x-echo-grpc-status": "9"})]), matches=[method("a.Backend")]),
                         rule("any", matches=[method("a.Rule")], filters=[header_modifier("Request", set={"X-Echo-Set-Header": "x-seen: yes"}),
                                                                         header_modifier("Response", add={"x-added": "1"})]),
                         hostnames=["filters.test"])
    mixed = [route("pages", rule("web"), rule("web", matches=[match(exact="/shop.Cart/Page")]), hostnames=["mixed.test"]),
             grpc_route("calls", rule("service", matches=[method("shop.Cart")]), hostnames=["mixed.test"])]
    # A Service with a slice that has no endpoint.
    empty = [service("empty"), endpoints("empty", 1, conditions={"ready": False})]
    shared_world.gateway(gateway(listener("http", port)), backends, empty, grpc_route("all", *rules, hostnames=["grpc.test"]), only, broken, filters, mixed)
    return port


CALLS = [
    ("/shop.Cart/Add", {}, "exact"),
    ("/shop.Cart/Remove", {}, "service"),
    ("/shop.Cart/Remove", {"version": "two"}, "header"),
    ("/shop.Cart/Add", {"version": "two"}, "exact"),
    ("/shop.Stock/Watch", {}, "method"),
    ("/shop.Cart/Watch", {}, "service"),
    ("/shop.v12.Cart/GetAll", {}, "regex"),
    ("/shop.v.Cart/GetAll", {}, "any"),
    ("/shop.v1.Cart/Set", {}, "any"),
    ("/shop.CartX/Add", {}, "any"),
    ("/shop.cart/Add", {}, "any"),
]


@pytest.mark.parametrize("path,headers,name", CALLS, ids=[f"{path}{headers or ''}" for path, headers, _ in CALLS])
def test_which_call_goes_where(port, path, headers, name):
    answer = call(port, path, headers=headers)
    assert (answer.status, answer.name, answer.grpc_status) == (200, name, 0)


def test_messages_come_back(port):
    sent = [b"a", b"", b"c" * 100_000]
    answer = call(port, "/shop.Cart/Add", messages=sent)
    assert b"".join(frame(one) for one in sent) in answer.rest and answer.grpc_status == 0
    assert answer.fields["content-type"] == "application/grpc"


@pytest.mark.parametrize("content_type", ["application/grpc+proto", "application/grpc+json"])
def test_message_formats(port, content_type):
    assert call(port, "/shop.Cart/Add", content_type=content_type).fields["content-type"] == content_type


def test_what_matches_nothing_is_unimplemented(port):
    for path, host in (("/shop.Other/Do", "only.test"), ("/shop.Cart/Add", "nobody.test")):
        answer = call(port, path, host=host, messages=[])
        assert (answer.status, answer.grpc_status, answer.name) == (200, 12, None)
        assert answer.fields["content-type"] == "application/grpc" and answer.fields["grpc-message"]


@pytest.mark.parametrize("service", ["a.Missing", "a.Empty", "a.Zero", "a.None"])
def test_what_has_no_backend_is_unavailable(port, service):
    answer = call(port, f"/{service}/Do", host="broken.test", messages=[])
    assert (answer.status, answer.grpc_status) == (200, 14)


def test_filters(port):
    assert call(port, "/a.Backend/Do", host="filters.test", messages=[]).grpc_status == 9
    answer = call(port, "/a.Rule/Do", host="filters.test")
    assert (answer.fields["x-seen"], answer.fields["x-added"], answer.grpc_status) == ("yes", "1", 0)


def test_a_status_of_the_backend_passes(port):
    assert call(port, "/shop.Cart/Add", headers={"x-echo-grpc-status": "5"}, messages=[]).grpc_status == 5


def test_deadlines(port):
    answer = call(port, "/shop.Cart/Add", headers={"x-echo-delay": "30s", "grpc-timeout": "200m"})
    assert answer.grpc_status == 4
    assert call(port, "/shop.Cart/Add", headers={"grpc-timeout": "20S"}).grpc_status == 0


def test_beside_http_routes(port):
    assert call(port, "/shop.Cart/Add", host="mixed.test").name == "service"
    assert fetch(port, "/shop.Cart/Add", host="mixed.test").echo["name"] == "web", "a request that is not of gRPC"
    assert fetch(port, "/shop.Cart/Add", host="mixed.test", method="POST", body=b"{}", headers={"Content-Type": "application/json"}).echo["name"] == "web"
    assert fetch(port, "/", host="mixed.test").echo["name"] == "web"
    assert call(port, "/shop.Cart/Page", host="mixed.test").name == "web", "an exact path says more than a service"
    assert fetch(port, "/shop.Cart/Add", host="only.test").status == 404, "a GRPCRoute has no pages"


def test_named_rules_status_and_what_may_attach(world):
    port, only_http = free_port(), free_port()
    echo = world.echo("named")
    gw = world.gateway(
        gateway(listener("http", port), listener("pages", only_http, allowedRoutes={"namespaces": {"from": "All"}, "kinds": [{"kind": "HTTPRoute"}]})),
        backend("named", echo.port),
        grpc_route("named", rule("named", name="first", matches=[method("a.B")]), parents=[{"name": "gw", "sectionName": "http"}]),
        grpc_route("refused", rule("named"), parents=[{"name": "gw", "sectionName": "pages"}]),
        grpc_route("unresolved", rule("gone"), parents=[{"name": "gw", "sectionName": "http"}]))
    assert gw.condition("GRPCRoute", "named", "Accepted") == ("True", "Accepted")
    assert gw.condition("GRPCRoute", "refused", "Accepted") == ("False", "NotAllowedByListeners")
    assert gw.condition("GRPCRoute", "unresolved", "ResolvedRefs") == ("False", "BackendNotFound")
    listeners = {entry["name"]: entry for entry in gw.status_of("Gateway", "gw")["listeners"]}
    assert [kind["kind"] for kind in listeners["http"]["supportedKinds"]] == ["HTTPRoute", "GRPCRoute"]
    assert listeners["http"]["attachedRoutes"] == 2 and listeners["pages"]["attachedRoutes"] == 0
    assert call(port, "/a.B/C").name == "named"
    eventually(lambda: gw.metric("cardea_http_requests_total", route_kind="GRPCRoute", rule="first") == 1)


def test_weights(world):
    port = free_port()
    echoes = [world.echo(name) for name in ("one", "two")]
    world.gateway(gateway(listener("http", port)), [backend(echo.name, echo.port) for echo in echoes],
                  grpc_route("r", rule(ref("one", weight=0), ref("two", weight=1))))
    assert {call(port, "/a.B/C").name for _ in range(20)} == {"two"}


def test_an_http_route_may_serve_grpc_too(world):
    """Without a GRPCRoute, where the Service says that it speaks HTTP/2."""
    port = free_port()
    echo = world.echo("h2c")
    world.gateway(gateway(listener("http", port)), service("h2c", appProtocol="kubernetes.io/h2c"), endpoints("h2c", echo.port),
                  route("r", rule("h2c", matches=[match(prefix="/a.B")]), rule(matches=[match(prefix="/moved")], filters=[redirect(hostname="x.test")])))
    assert (call(port, "/a.B/C").name, call(port, "/a.B/C").grpc_status) == ("h2c", 0)
    assert call(port, "/other.B/C", messages=[]).grpc_status == 12
