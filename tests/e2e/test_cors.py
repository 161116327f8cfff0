# SPDX-License-Identifier: Apache-2.0
"""CORS: preflights that the gateway answers, and responses that it decorates."""
import pytest

from client import Raw, fetch, request_bytes
from http2 import Http2
from manifests import backend, cors, gateway, header_modifier, listener, match, redirect, ref, route, rule
from processes import free_port

SOME = cors(allowOrigins=["https://www.foo.com", "https://*.bar.com"], allowCredentials=True, allowMethods=["GET", "OPTIONS"],
            allowHeaders=["x-header-1", "x-header-2"], exposeHeaders=["x-header-3", "x-header-4"], maxAge=3600)
CREDENTIALS = cors(allowOrigins=["*"], allowCredentials=True, allowMethods=["*"], allowHeaders=["*"], exposeHeaders=["*"], maxAge=7)
STARS = cors(allowOrigins=["*"], allowMethods=["*"], allowHeaders=["*"], exposeHeaders=["*"])


@pytest.fixture(scope="module")
def port(shared_world):
    port = free_port()
    echo = shared_world.echo("api")
    rules = [
        rule("api", matches=[match(prefix="/some")], filters=[SOME]),
        rule("api", matches=[match(prefix="/stars")], filters=[STARS]),
        rule("api", matches=[match(prefix="/credentials")], filters=[CREDENTIALS]),
        rule("api", matches=[match(prefix="/put-only", method="PUT")], filters=[SOME]),
        rule("api", matches=[match(prefix="/two", method="GET")], filters=[SOME]),
        rule("api", matches=[match(prefix="/two", method="OPTIONS")]),
        rule("api", matches=[match(prefix="/version", headers={"x-version": "2"})], filters=[STARS]),
        rule(ref("api", filters=[SOME]), matches=[match(prefix="/backend")]),
        rule(matches=[match(prefix="/redirect")], filters=[redirect(hostname="other.test"), SOME]),
        rule("gone", matches=[match(prefix="/broken")], filters=[SOME]),
        rule("api", matches=[match(prefix="/modified")],
             filters=[SOME, header_modifier("Response", set={"Access-Control-Allow-Origin": "*", "X-After": "1"}),
                      header_modifier("Request", remove=["Origin"])]),
        rule("api", matches=[match(prefix="/plain")]),
    ]
    shared_world.gateway(gateway(listener("http", port)), backend("api", echo.port), route("cors", *rules, hostnames=["cors.test"]))
    return port


def preflight(port, target, origin="https://www.foo.com", method="GET", headers=None):
    fields = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        fields["Access-Control-Request-Headers"] = headers
    return fetch(port, target, host="cors.test", method="OPTIONS", headers=fields)


def said(response):
    """What a response says of CORS, without the prefix of the names."""
    return {name.removeprefix("access-control-"): value for name, value in response.headers if name.startswith("access-control-")}


@pytest.mark.parametrize("origin", ["https://www.foo.com", "https://WWW.FOO.com:443", "https://www.bar.com", "https://a.b.bar.com"])
def test_a_preflight_is_answered_by_the_gateway(port, origin):
    response = preflight(port, "/some/where", origin, headers="x-header-1, x-header-2")
    assert (response.status, response.body) == (200, b"")
    assert said(response) == {"allow-origin": origin, "allow-credentials": "true", "allow-methods": "GET, OPTIONS",
                              "allow-headers": "x-header-1, x-header-2", "expose-headers": "x-header-3, x-header-4", "max-age": "3600"}
    assert response.header("vary").lower().startswith("origin")


@pytest.mark.parametrize("origin", ["https://foobar.com", "http://www.foo.com", "https://bar.com", "https://www.foo.com:8443", "null",
                                    "https://evil.com/.bar.com"])
def test_another_origin_hears_nothing_of_cors(port, origin):
    response = preflight(port, "/some", origin)
    assert response.status in (200, 204, 403) and not said(response) and response.body == b""
    actual = fetch(port, "/some", host="cors.test", headers={"Origin": origin})
    assert actual.status == 200 and not said(actual) and actual.echo["path"] == "/some"


def test_an_actual_response_is_decorated(port):
    response = fetch(port, "/some", host="cors.test", headers=[("Origin", "https://www.foo.com"),
                                                              ("X-Echo-Set-Header", "Access-Control-Allow-Origin: *"),
                                                              ("X-Echo-Set-Header", "Vary: Accept")])
    assert response.header_lines("access-control-allow-origin") == ["https://www.foo.com"]
    assert said(response) == {"allow-origin": "https://www.foo.com", "allow-credentials": "true",
                              "expose-headers": "x-header-3, x-header-4"}
    assert response.header("vary") == "Accept, Origin"
    assert response.echo["headers"]


def test_stars(port):
    for headers in (None, "X-One, x-two"):
        response = preflight(port, "/stars", "https://foobar.com:12345", "DELETE", headers)
        expected = {"allow-origin": "https://foobar.com:12345", "allow-methods": "DELETE", "expose-headers": "*", "max-age": "5"}
        assert said(response) == expected | ({"allow-headers": headers} if headers else {})
    actual = fetch(port, "/stars", host="cors.test", headers={"Origin": "https://foobar.com", "Authorization": "Bearer x",
                                                             "X-Echo-Set-Header": "X-Mine: 1"})
    assert said(actual)["allow-origin"] == "https://foobar.com" and "allow-credentials" not in said(actual)
    assert "X-Mine" in said(actual)["expose-headers"] and "*" not in said(actual)["expose-headers"]


def test_a_preflight_reaches_the_rule_of_the_method_that_it_announces(port):
    assert said(preflight(port, "/put-only", method="PUT"))["allow-methods"] == "GET, OPTIONS"
    assert preflight(port, "/put-only", method="DELETE").status == 404
    assert fetch(port, "/put-only", host="cors.test", method="OPTIONS").status == 404, "no preflight"


def test_an_options_rule_has_what_is_no_preflight(port):
    assert preflight(port, "/two").body == b""
    assert fetch(port, "/two", host="cors.test", method="OPTIONS", headers={"Origin": "https://www.foo.com"}).echo["method"] == "OPTIONS"
    assert preflight(port, "/two", method="PATCH").echo["method"] == "OPTIONS", "no rule for PATCH: it is an OPTIONS like any other"


def test_fields_that_are_announced_fit(port):
    assert said(preflight(port, "/version", headers="content-type, X-Version"))["allow-headers"] == "content-type, X-Version"
    assert preflight(port, "/version").status == 404


def test_rules_without_cors_pass_everything_on(port):
    response = preflight(port, "/plain")
    assert response.echo["method"] == "OPTIONS" and not said(response)
    kept = fetch(port, "/plain", host="cors.test", headers={"Origin": "https://a", "X-Echo-Set-Header": "Access-Control-Allow-Origin: *"})
    assert said(kept) == {"allow-origin": "*"}


def test_on_a_backend_ref(port):
    assert said(preflight(port, "/backend"))["max-age"] == "3600"
    assert said(fetch(port, "/backend", host="cors.test", headers={"Origin": "https://www.foo.com"}))["allow-origin"] == "https://www.foo.com"


def test_beside_a_redirect(port):
    assert preflight(port, "/redirect").status == 200, "browsers do not follow redirects of preflights"
    response = fetch(port, "/redirect", host="cors.test", headers={"Origin": "https://www.foo.com"})
    assert response.status == 302 and said(response)["allow-origin"] == "https://www.foo.com"


def test_a_page_may_see_failures(port):
    response = fetch(port, "/broken", host="cors.test", headers={"Origin": "https://www.foo.com"})
    assert response.status == 500 and said(response)["allow-origin"] == "https://www.foo.com"


def test_other_filters_do_not_come_between(port):
    response = fetch(port, "/modified", host="cors.test", headers={"Origin": "https://www.foo.com"})
    assert response.header_lines("access-control-allow-origin") == ["https://www.foo.com"]
    assert response.header("x-after") == "1"
    assert "origin" not in {name.lower() for name in response.echo["headers"]}


def test_the_connection_goes_on(port):
    with Raw(port) as connection:
        for _ in range(3):
            asked = request_bytes("OPTIONS", "/some", "cors.test", {"Origin": "https://www.foo.com", "Access-Control-Request-Method": "GET"})
            assert connection.call(asked).status == 200
            assert connection.call(request_bytes("GET", "/some", "cors.test")).status == 200


def test_stars_and_credentials(port):
    """With credentials no star may be said (Fetch standard, 3.3.5): what was asked for is said instead."""
    asked = {"Origin": "https://a.test", "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "X-One, authorization"}
    answer = fetch(port, "/credentials", host="cors.test", method="OPTIONS", headers=asked)
    assert (answer.status, answer.body) == (200, b"")
    said = {name.removeprefix("access-control-"): value for name, value in answer.headers if name.startswith("access-control-")}
    assert (said["allow-origin"], said["allow-credentials"], said["allow-methods"], said["max-age"]) == ("https://a.test", "true", "PATCH", "7")
    assert said["allow-headers"].lower() == "x-one, authorization" and "*" not in "".join(said.values())
    actual = fetch(port, "/credentials", host="cors.test", headers={"Origin": "https://a.test", "Cookie": "a=1", "X-Echo-Set-Header": "X-Mine: 1"})
    assert (actual.header("access-control-allow-origin"), actual.header("access-control-allow-credentials")) == ("https://a.test", "true")
    assert "*" not in (actual.header("access-control-expose-headers") or "") and "origin" in actual.header("vary").lower()


def test_a_preflight_over_http2(port):
    with Http2(port) as client:
        answer = client.fetch("OPTIONS", "/credentials", host="cors.test", headers=[("origin", "https://a.test"), ("access-control-request-method", "PUT")])
        assert (answer.status, answer.header("access-control-allow-methods"), answer.body) == (200, "PUT", b"")


@pytest.mark.parametrize("headers", [{"Origin": "https://www.foo.com"}, {"Access-Control-Request-Method": "PUT"}], ids=str)
def test_what_is_no_preflight_reaches_the_backend(port, headers):
    answer = fetch(port, "/some", host="cors.test", method="OPTIONS", headers=headers)
    assert answer.status == 200 and answer.echo["method"] == "OPTIONS"
