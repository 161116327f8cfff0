# SPDX-License-Identifier: Apache-2.0
"""Redirects, rewrites and header modifiers: what the client is told and what the backend gets."""
import pytest

from client import fetch
from manifests import (backend, full_path, gateway, header_modifier, listener, match, prefix_match, redirect, ref, rewrite, route,
                       rule)
from processes import free_port


@pytest.fixture(scope="module")
def port(shared_world):
    port = free_port()
    echo = shared_world.echo("filters")
    rules = [
        rule(matches=[match(prefix="/code/301")], filters=[redirect(hostname="example.org", statusCode=301)]),
        rule(matches=[match(prefix="/code/default")], filters=[redirect(hostname="example.org")]),
        rule(matches=[match(prefix="/code/303")], filters=[redirect(hostname="example.org", statusCode=303)]),
        rule(matches=[match(prefix="/code/307")], filters=[redirect(hostname="example.org", statusCode=307)]),
        rule(matches=[match(prefix="/code/308")], filters=[redirect(hostname="example.org", statusCode=308)]),
        rule(matches=[match(prefix="/scheme")], filters=[redirect(scheme="https")]),
        rule(matches=[match(prefix="/port")], filters=[redirect(port=8081)]),
        rule(matches=[match(prefix="/both")], filters=[redirect(scheme="https", port=8443, hostname="example.org")]),
        rule(matches=[match(prefix="/full")], filters=[redirect(path=full_path("/new"))]),
        rule(matches=[match(prefix="/old")], filters=[redirect(path=prefix_match("/replaced"))]),
        rule(matches=[match(prefix="/gone")], filters=[redirect(path=prefix_match("/"))]),
        rule("filters", matches=[match(prefix="/host")], filters=[rewrite(hostname="inner.test")]),
        rule("filters", matches=[match(prefix="/whole")], filters=[rewrite(path=full_path("/one"))]),
        rule("filters", matches=[match(prefix="/foo")], filters=[rewrite(path=prefix_match("/xyz"))]),
        rule("filters", matches=[match(prefix="/strip")], filters=[rewrite(path=prefix_match("/"))]),
        rule("filters", matches=[match(prefix="/empty")], filters=[rewrite(path=prefix_match(""))]),
        rule("filters", matches=[match(prefix="/request")],
             filters=[header_modifier("Request", set={"X-Set": "set"}, add={"X-Add": "new", "x-fresh": "a,b"}, remove=["X-Remove"])]),
        rule("filters", matches=[match(prefix="/response")],
             filters=[header_modifier("Response", set={"X-Set": "set"}, add={"X-Add": "new"}, remove=["X-Remove"])]),
        rule(ref("filters", filters=[header_modifier("Request", add={"X-Add": "backend"}),
                                     header_modifier("Response", set={"X-By": "backend"})]),
             matches=[match(prefix="/backend")], filters=[header_modifier("Request", add={"X-Add": "rule"})]),
        rule(ref("filters", filters=[rewrite(hostname="inner.test", path=prefix_match("/xyz"))]), matches=[match(prefix="/backend-rewrite")]),
        rule(ref("filters", filters=[redirect(hostname="example.org"), header_modifier("Response", set={"X-By": "backend"})]),
             matches=[match(prefix="/backend-redirect")]),
    ]
    routes = [route(f"filters-{start}", *rules[start:start + 16], hostnames=["filters.test"]) for start in (0, 16)]
    shared_world.gateway(gateway(listener("http", port)), backend("filters", echo.port), routes)
    return port


REDIRECTS = [
    # target, status, location ("{port}" stands for the listener's)
    ("/code/301", 301, "http://example.org:{port}/code/301"),
    ("/code/default", 302, "http://example.org:{port}/code/default"),
    ("/code/303", 303, "http://example.org:{port}/code/303"),
    ("/code/307", 307, "http://example.org:{port}/code/307"),
    ("/code/308", 308, "http://example.org:{port}/code/308"),
    ("/scheme", 302, "https://filters.test/scheme"),
    ("/port", 302, "http://filters.test:8081/port"),
    ("/both?x=1", 302, "https://example.org:8443/both?x=1"),
    ("/full/a/b?q=1&r", 302, "http://filters.test:{port}/new?q=1&r"),
    ("/old/a/b", 302, "http://filters.test:{port}/replaced/a/b"),
    ("/old", 302, "http://filters.test:{port}/replaced"),
    ("/old?q", 302, "http://filters.test:{port}/replaced?q"),
    ("/gone/a", 302, "http://filters.test:{port}/a"),
    ("/gone", 302, "http://filters.test:{port}/"),
]


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize("target,status,location", REDIRECTS, ids=[case[0] for case in REDIRECTS])
def test_redirects(port, method, target, status, location):
    response = fetch(port, target, host="filters.test", method=method, body=b"x" if method == "POST" else None)
    assert (response.status, response.header("location")) == (status, location.format(port=port))


REWRITES = [
    ("/host/a?q=1", "inner.test", "/host/a?q=1"),
    ("/whole/a/b?q=1", "filters.test", "/one?q=1"),
    ("/foo/bar", "filters.test", "/xyz/bar"),
    ("/foo", "filters.test", "/xyz"),
    ("/foo/", "filters.test", "/xyz/"),
    ("/foo/bar?q=/foo", "filters.test", "/xyz/bar?q=/foo"),
    ("/strip", "filters.test", "/"),
    ("/strip/", "filters.test", "/"),
    ("/strip/a", "filters.test", "/a"),
    ("/empty/a", "filters.test", "/a"),
    ("/empty", "filters.test", "/"),
]


@pytest.mark.parametrize("target,host,path", REWRITES, ids=[case[0] for case in REWRITES])
def test_rewrites(port, target, host, path):
    echo = fetch(port, target, host="filters.test").echo
    assert (echo["host"], echo["path"]) == (host, path)


def received(response):
    assert response.status == 200, response
    return {name.lower(): values for name, values in response.echo["headers"].items()}


def test_request_headers_are_set_added_and_removed(port):
    headers = received(fetch(port, "/request", host="filters.test",
                             headers=[("x-set", "old"), ("x-SET", "older"), ("x-add", "orig"), ("X-REMOVE", "a"), ("x-remove", "b"),
                                      ("X-Other", "same")]))
    assert headers["x-set"] == ["set"]
    assert ",".join(headers["x-add"]).replace(" ", "") == "orig,new"
    assert headers["x-fresh"] == ["a,b"]
    assert "x-remove" not in headers
    assert headers["x-other"] == ["same"]


def test_response_headers_are_set_added_and_removed(port):
    sent = [("X-Echo-Set-Header", "X-Set: old"), ("X-Echo-Set-Header", "X-Add: orig"), ("X-Echo-Set-Header", "x-remove: gone")]
    response = fetch(port, "/response", host="filters.test", headers=sent)
    assert response.header_lines("x-set") == ["set"]
    assert ",".join(response.header_lines("x-add")).replace(" ", "") == "orig,new"
    assert response.header("x-remove") is None


def test_filters_of_the_backend_ref_run_after_those_of_the_rule(port):
    response = fetch(port, "/backend", host="filters.test")
    assert ",".join(received(response)["x-add"]).replace(" ", "") == "rule,backend"
    assert response.header("x-by") == "backend"


def test_rewrites_and_redirects_of_a_backend_ref(port):
    echo = fetch(port, "/backend-rewrite/a?q", host="filters.test").echo
    assert (echo["host"], echo["path"]) == ("inner.test", "/xyz/a?q")
    response = fetch(port, "/backend-redirect", host="filters.test")
    assert (response.status, response.header("location")) == (302, f"http://example.org:{port}/backend-redirect")
    assert response.header("x-by") == "backend"


@pytest.mark.parametrize("advertise", [False, True])
def test_redirects_and_mapped_ports(world, advertise):
    """Without --advertise-port-map a redirect names the ports of the manifests, with it those where one can really go."""
    http, https = free_port(), free_port()
    rules = [rule(matches=[match(prefix="/scheme")], filters=[redirect(scheme="https")]),
             rule(matches=[match(prefix="/same")], filters=[redirect(path=full_path("/new"))]),
             rule(matches=[match(prefix="/explicit")], filters=[redirect(port=8080)])]
    flags = ["--port-map", f"80={http}", "--port-map", f"443={https}"] + (["--advertise-port-map"] if advertise else [])
    world.gateway(gateway(listener("http", 80)), route("r", *rules), flags=flags)
    locations = {target: fetch(http, target, host="map.test").header("location") for target in ("/scheme", "/same", "/explicit")}
    if advertise:
        assert locations == {"/scheme": f"https://map.test:{https}/scheme", "/same": f"http://map.test:{http}/new",
                             "/explicit": "http://map.test:8080/explicit"}
    else:
        assert locations == {"/scheme": "https://map.test/scheme", "/same": "http://map.test/new",
                             "/explicit": "http://map.test:8080/explicit"}
