# SPDX-License-Identifier: Apache-2.0
"""Which rule a request reaches: hosts, paths, headers, query parameters, methods, and the precedence between them."""
import pytest

from client import fetch
from manifests import backend, gateway, listener, match, route, rule
from processes import free_port

NAMES = ["exact-host", "wild-host", "wild-deep", "any-host", "exact", "long", "short", "method", "two-headers", "one-header",
         "two-params", "one-param", "regex", "header-regex", "a-first", "b-second", "first-rule", "second-rule", "bar", "foo", "catch"]


@pytest.fixture(scope="module")
def port(shared_world):
    port = free_port()
    echo = {name: shared_world.echo(name) for name in ["one"]}["one"]
    # One process answers for all: each Service has it as its endpoint, and a header tells which Service was chosen.
    services = [backend(name, echo.port) for name in NAMES]

    def to(name, *matches, **more):
        tag = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x-chosen", "value": name}]}}
        return rule(name, matches=matches, filters=[tag], **more)

    routes = [
        route("hosts-exact", to("exact-host"), hostnames=["www.hosts.test"]),
        route("hosts-wild", to("wild-host", match(prefix="/")), hostnames=["*.hosts.test"]),
        route("hosts-deep", to("wild-deep"), hostnames=["*.deep.hosts.test"]),
        route("hosts-any", to("any-host")),
        route("paths", to("short", match(prefix="/a")), to("long", match(prefix="/a/b/")), to("exact", match(exact="/a/b")),
              to("regex", match(regex="/r/[0-9]+")), hostnames=["paths.test"]),
        route("rank",
              to("one-param", match(prefix="/r", query={"q": "1"})),
              to("two-params", match(prefix="/r", query={"q": "1", "p": "2"})),
              to("one-header", match(prefix="/r", headers={"x-a": "1"})),
              to("two-headers", match(prefix="/r", headers={"x-a": "1", "X-B": "2"})),
              to("method", match(prefix="/r", method="DELETE")),
              to("header-regex", match(prefix="/hr", headers={"x-v": "~v[0-9]+"}), match(prefix="/hr", query={"v": "~[a-c]+"})),
              hostnames=["rank.test"]),
        # Equal in everything: namespace/name decides between routes, the order of the rules within one.
        route("b-route", to("b-second", match(prefix="/same")), hostnames=["tie.test"]),
        route("a-route", to("a-first", match(prefix="/same")), hostnames=["tie.test"]),
        route("c-route", to("first-rule", match(prefix="/rules")), to("second-rule", match(prefix="/rules")), hostnames=["tie.test"]),
        # Either match of a rule will do.
        route("either", to("foo", match(exact="/foo"), match(exact="/foo2", headers={"x-too": "yes"})),
              to("bar", match(prefix="/bar")), to("catch"), hostnames=["either.test"]),
    ]
    gw = shared_world.gateway(gateway(listener("http", port)), services, routes)
    for item in routes:
        assert gw.condition("HTTPRoute", item["metadata"]["name"], "Accepted") == ("True", "Accepted")
    return port


CASES = [
    # host, target, headers, method, chosen
    ("www.hosts.test", "/", {}, "GET", "exact-host"),
    ("WWW.Hosts.Test", "/", {}, "GET", "exact-host"),
    ("www.hosts.test:1234", "/", {}, "GET", "exact-host"),
    ("other.hosts.test", "/", {}, "GET", "wild-host"),
    ("a.b.hosts.test", "/", {}, "GET", "wild-host"),
    ("a.deep.hosts.test", "/", {}, "GET", "wild-deep"),
    ("deep.hosts.test", "/", {}, "GET", "wild-host"),
    ("hosts.test", "/", {}, "GET", "any-host"),
    ("127.0.0.1", "/", {}, "GET", "any-host"),
    ("[::1]", "/", {}, "GET", "any-host"),
    ("paths.test", "/a", {}, "GET", "short"),
    ("paths.test", "/a/", {}, "GET", "short"),
    ("paths.test", "/a/bc", {}, "GET", "short"),
    ("paths.test", "/a?x=/a/b", {}, "GET", "short"),
    ("paths.test", "/a/b", {}, "GET", "exact"),
    ("paths.test", "/a/b/", {}, "GET", "long"),
    ("paths.test", "/a/b/c", {}, "GET", "long"),
    ("paths.test", "/r/123", {}, "GET", "regex"),
    ("paths.test", "/r/12x", {}, "GET", "any-host"),
    ("paths.test", "/ab", {}, "GET", "any-host"),
    ("paths.test", "/A", {}, "GET", "any-host"),
    ("rank.test", "/r?q=1", {}, "GET", "one-param"),
    ("rank.test", "/r?p=2&q=1", {}, "GET", "two-params"),
    ("rank.test", "/r?q=1&q=2", {}, "GET", "one-param"),
    ("rank.test", "/r?q=2&q=1", {}, "GET", "any-host"),
    ("rank.test", "/r?Q=1", {}, "GET", "any-host"),
    ("rank.test", "/r?q=%31", {}, "GET", "one-param"),
    ("rank.test", "/r?q=1&p=2", {"X-A": "1"}, "GET", "one-header"),
    ("rank.test", "/r?q=1", {"x-a": "1", "x-b": "2"}, "GET", "two-headers"),
    ("rank.test", "/r?q=1&p=2", {"x-a": "1", "x-b": "2"}, "DELETE", "method"),
    ("rank.test", "/hr", {"x-v": "v12"}, "GET", "header-regex"),
    ("rank.test", "/hr", {"x-v": "v12x"}, "GET", "any-host"),
    ("rank.test", "/hr?v=abc", {}, "GET", "header-regex"),
    ("rank.test", "/hr?v=abd", {}, "GET", "any-host"),
    ("tie.test", "/same", {}, "GET", "a-first"),
    ("tie.test", "/rules/x", {}, "GET", "first-rule"),
    ("either.test", "/foo", {}, "GET", "foo"),
    ("either.test", "/foo2", {"X-Too": "yes"}, "GET", "foo"),
    ("either.test", "/foo2", {"X-Too": "YES"}, "GET", "catch"),
    ("either.test", "/bar/none", {}, "GET", "bar"),
    # A header on several lines counts as one, joined by a comma.
    ("rank.test", "/r", [("x-a", "1"), ("x-a", "1")], "GET", "any-host"),
]


@pytest.mark.parametrize("host,target,headers,method,chosen", CASES, ids=[f"{c[3]} {c[0]}{c[1]} {c[2]}" for c in CASES])
def test_the_rule_that_a_request_reaches(port, host, target, headers, method, chosen):
    response = fetch(port, target, host=host, headers=headers, method=method)
    assert response.status == 200, response
    received = {name.lower(): values for name, values in response.echo["headers"].items()}
    assert received["x-chosen"] == [chosen]


def test_no_listener_for_the_host_is_404(world):
    port = free_port()
    echo = world.echo("only")
    world.gateway(gateway(listener("http", port, hostname="*.only.test")), backend("only", echo.port), route("r", rule("only")))
    assert fetch(port, host="www.only.test").status == 200
    assert fetch(port, host="only.test").status == 404
    assert fetch(port, host="other.test").status == 404


def test_listeners_are_isolated(world):
    """A request is served by its most specific listener alone, even where another one has a route that fits."""
    port = free_port()
    echo = world.echo("isolated")
    world.gateway(
        gateway(listener("empty", port), listener("wild", port, hostname="*.example.test"),
                listener("exact", port, hostname="abc.example.test")),
        backend("isolated", echo.port),
        [route(f"on-{name}", rule("isolated", matches=[match(prefix=f"/{name}")]), parents=[{"name": "gw", "sectionName": name}])
         for name in ("empty", "wild", "exact")])
    for host, served in (("bar.com", "empty"), ("x.example.test", "wild"), ("abc.example.test", "exact")):
        for name in ("empty", "wild", "exact"):
            assert fetch(port, f"/{name}", host=host).status == (200 if name == served else 404), (host, name)


def test_the_route_serves_the_intersection_of_hostnames(world):
    port = free_port()
    echo = world.echo("inter")
    gw = world.gateway(
        gateway(listener("one", port, hostname="foo.example.test"), listener("wild", port, hostname="*.wild.test")),
        backend("inter", echo.port),
        route("wide", rule("inter"), hostnames=["*.example.test", "a.b.wild.test", "*.deep.wild.test", "nowhere.test"]),
        route("none", rule("inter"), hostnames=["nowhere.test"]))
    answers = {"foo.example.test": 200, "bar.example.test": 404, "a.b.wild.test": 200, "b.wild.test": 404, "x.deep.wild.test": 200,
               "wild.test": 404, "nowhere.test": 404}
    assert {host: fetch(port, host=host).status for host in answers} == answers
    assert gw.condition("HTTPRoute", "none", "Accepted") == ("False", "NoMatchingListenerHostname")


def test_parent_refs_choose_by_section_and_by_port(world):
    ports = [free_port(), free_port()]
    echo = world.echo("parents")
    gw = world.gateway(
        gateway(listener("a", ports[0]), listener("b", ports[1])), backend("parents", echo.port),
        route("by-section", rule("parents", matches=[match(prefix="/section")]), parents=[{"name": "gw", "sectionName": "a"}]),
        route("by-port", rule("parents", matches=[match(prefix="/port")]), parents=[{"name": "gw", "port": ports[1]}]),
        route("neither", rule("parents", matches=[match(prefix="/neither")]),
              parents=[{"name": "gw", "sectionName": "a", "port": ports[1]}]))
    answers = {target: [fetch(port, target).status for port in ports] for target in ("/section", "/port", "/neither")}
    assert answers == {"/section": [200, 404], "/port": [404, 200], "/neither": [404, 404]}
    assert gw.condition("HTTPRoute", "neither", "Accepted") == ("False", "NoMatchingParent")
