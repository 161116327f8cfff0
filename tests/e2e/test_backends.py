# SPDX-License-Identifier: Apache-2.0
"""Which backend and which endpoint a request reaches, cross-namespace permission, and the answers for what is missing."""
import collections

import pytest

from client import Raw, eventually, fetch, request_bytes
from manifests import (backend, endpoints, gateway, gateway_api, listener, match, redirect, ref, reference_grant, route, rule, service)
from processes import free_port


def shares(port, count, target="/", host="any.test"):
    """How many of `count` requests on one connection got which answer: the backend's name, or the status."""
    result = collections.Counter()
    with Raw(port) as connection:
        for _ in range(count):
            response = connection.call(request_bytes(target=target, host=host))
            result[response.echo["name"] if response.status == 200 else response.status] += 1
    return result


def test_weights(world):
    port = free_port()
    a, b, c = (world.echo(name) for name in "abc")
    world.gateway(gateway(listener("http", port)), backend("a", a.port), backend("b", b.port), backend("c", c.port),
                  route("r", rule(ref("a", 70), ref("b", 30), ref("c", 0))))
    result = shares(port, 1000)
    # 700 expected; 15 standard deviations of a fair draw are 217. The test must never fail by chance.
    assert 500 < result["a"] < 900 and result["a"] + result["b"] == 1000, result


def test_a_backend_that_cannot_be_served_keeps_its_share_as_500(world):
    port = free_port()
    echo = world.echo("good")
    world.gateway(gateway(listener("http", port)), backend("good", echo.port),
                  route("r", rule(ref("good", 50), ref("missing", 50))))
    result = shares(port, 1000)
    assert 250 < result["good"] < 750 and result["good"] + result[500] == 1000, result


def test_what_is_missing(world):
    port = free_port()
    echo = world.echo("here")
    gw = world.gateway(
        gateway(listener("http", port)), backend("here", echo.port), service("idle"), service("other-port", port=8080),
        service("away", namespace="away"),
        [route(name, rule(*refs, matches=[match(prefix=f"/{name}")])) for name, refs in {
            "here": ["here"], "none": [], "gone": ["nothing"], "kind": [ref("here", kind="Deployment", group="apps")],
            "port": ["other-port"], "idle": ["idle"], "zero": [ref("here", 0)], "away": [ref("away", namespace="away")]}.items()])
    assert {name: fetch(port, f"/{name}").status for name in
            ("here", "none", "gone", "kind", "port", "idle", "zero", "away", "nowhere")} == \
        {"here": 200, "none": 500, "gone": 500, "kind": 500, "port": 500, "idle": 503, "zero": 500, "away": 500, "nowhere": 404}
    assert {name: gw.condition("HTTPRoute", name, "ResolvedRefs") for name in ("here", "none", "gone", "kind", "port", "idle", "away")} == \
        {"here": ("True", "ResolvedRefs"), "none": ("True", "ResolvedRefs"), "gone": ("False", "BackendNotFound"),
         "kind": ("False", "InvalidKind"), "port": ("False", "BackendNotFound"), "idle": ("True", "ResolvedRefs"),
         "away": ("False", "RefNotPermitted")}


def test_a_grant_permits_and_its_end_revokes(world):
    port = free_port()
    echo = world.echo("away")
    grant = reference_grant("allow", "away", "HTTPRoute", "default", "Service", "away")
    gw = world.gateway(gateway(listener("http", port)), backend("away", echo.port, namespace="away"),
                       route("r", rule(ref("away", namespace="away"))), grant)
    assert fetch(port).status == 200
    gw.remove(grant)
    eventually(lambda: fetch(port).status == 500, "the revoked grant")
    eventually(lambda: gw.condition("HTTPRoute", "r", "ResolvedRefs") == ("False", "RefNotPermitted"))
    for near_miss in (reference_grant("allow", "away", "GRPCRoute", "default", "Service", "away"),
                      reference_grant("allow", "away", "HTTPRoute", "elsewhere", "Service", "away"),
                      reference_grant("allow", "away", "HTTPRoute", "default", "Service", "another"),
                      reference_grant("allow", "default", "HTTPRoute", "default", "Service", "away")):
        gw.apply(near_miss)
        marker = route("marker", rule(matches=[match(exact="/marker")], filters=[redirect(hostname="marker.test")]))
        gw.apply(marker)  # once this is live, the grant before it is too
        eventually(lambda: fetch(port, "/marker").status == 302)
        assert fetch(port).status == 500
        gw.remove(near_miss, marker)
        eventually(lambda: fetch(port, "/marker").status == 500)
    gw.apply(grant)
    eventually(lambda: fetch(port).status == 200, "the grant again")


def test_requests_spread_over_the_endpoints(world):
    port = free_port()
    echoes = [world.echo(f"e{index}") for index in range(3)]
    world.gateway(gateway(listener("http", port)), backend("many", *[e.port for e in echoes]), route("r", rule("many")))
    result = shares(port, 300)
    assert sum(result.values()) == 300 and min(result[e.name] for e in echoes) > 20, result


def test_endpoints_that_are_not_ready_serve_only_when_nothing_else_is_left(world):
    port = free_port()
    ready, going = world.echo("ready"), world.echo("going")
    last_resort = endpoints("two", going.port, conditions={"ready": False, "serving": True, "terminating": True}, slice_name="going")
    gone = endpoints("two", free_port(), conditions={"ready": False, "serving": False}, slice_name="gone")
    first = endpoints("two", ready.port, slice_name="first")
    gw = world.gateway(gateway(listener("http", port)), service("two"), first, last_resort, gone, route("r", rule("two")))
    assert shares(port, 50) == {"ready": 50}
    gw.remove(first)
    eventually(lambda: shares(port, 1) == {"going": 1}, "the terminating endpoint is used")
    assert shares(port, 50) == {"going": 50}
    gw.remove(last_resort)
    eventually(lambda: shares(port, 1) == {503: 1}, "nothing is left")


def test_service_port_and_endpoint_port_are_tied_by_name(world):
    port = free_port()
    echo = world.echo("named")
    both = service("named")
    both["spec"]["ports"].append({"name": "other", "port": 81})
    slices = endpoints("named", echo.port)
    slices[0]["ports"].append({"name": "other", "port": free_port()})
    world.gateway(gateway(listener("http", port)), both, slices,
                  route("r", rule("named", matches=[match(prefix="/http")]), rule(ref("named", port=81), matches=[match(prefix="/other")])))
    assert fetch(port, "/http").status == 200
    assert fetch(port, "/other").status in (502, 503)  # nobody listens there


def test_ipv6_endpoints(world):
    port = free_port()
    echo = world.echo("six", address="::1")
    world.gateway(gateway(listener("http", port)), service("six"), endpoints("six", echo.port, address="::1"), route("r", rule("six")))
    assert fetch(port).echo["name"] == "six"


def test_an_external_name_service_is_not_followed(world):
    port = free_port()
    item = service("external")
    item["spec"] |= {"type": "ExternalName", "externalName": "localhost"}
    world.gateway(gateway(listener("http", port)), item, route("r", rule("external")))
    assert fetch(port).status in (500, 503)


@pytest.mark.parametrize("kind", ["TLSRoute", "TCPRoute", "UDPRoute"])
def test_routes_that_are_not_served_yet_say_so(world, kind):
    port = free_port()
    spec = {"parentRefs": [{"name": "gw"}], "rules": [{"backendRefs": [{"name": "x", "port": 80}]}]}
    if kind == "TLSRoute":
        spec["hostnames"] = ["a.test"]
    gw = world.gateway(gateway(listener("http", port)), service("x"), gateway_api(kind, "r", "default", spec))
    status, reason = gw.condition(kind, "r", "Accepted")
    assert status == "False", reason


def test_a_name_in_place_of_an_address(world):
    port = free_port()
    echo = world.echo("named")
    world.gateway(gateway(listener("http", port)), backend("a", echo.port, address="localhost"), route("r", rule(ref("a"))))
    assert eventually(lambda: fetch(port).status == 200, "the name to be looked up")
    assert fetch(port).echo["name"] == "named"
