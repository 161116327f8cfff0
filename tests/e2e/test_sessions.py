# SPDX-License-Identifier: Apache-2.0
"""Session persistence: who stays with which endpoint, by cookie and by field, and when that ends."""
import collections
import json
import re
import time

import pytest

from backends import answering
from certificates import self_signed
from client import Raw, curl, eventually, fetch, request_bytes, trusting
from http2 import Http2
from manifests import backend, endpoints, gateway, grpc_route, listener, match, ref, route, rule, secret, service
from processes import free_port
from test_grpc import call

REQUESTS = 50


def sticky(*backends, matches=(), **session):
    return rule(*backends, matches=matches, sessionPersistence=session)


def cookie_of(response):
    """The one cookie that the answer sets: (its name, its value, its attributes in lower case)."""
    lines = response.header_lines("set-cookie")
    assert len(lines) == 1, response.headers
    pair, *attributes = [part.strip() for part in lines[0].split(";")]
    name, _, value = pair.partition("=")
    return name, value, {a.partition("=")[0].lower(): a.partition("=")[2] for a in attributes}


def begin(port, target="/", **options):
    """A request without a token. (who answered, the Cookie field for the next ones)"""
    response = fetch(port, target, **options)
    assert response.status == 200, response
    name, value, _ = cookie_of(response)
    return response.echo["name"], f"{name}={value}"


def answerers(port, cookie, count=REQUESTS, target="/"):
    """Who answers `count` requests with that Cookie field, none of which gives another cookie."""
    seen = collections.Counter()
    with Raw(port) as connection:
        for _ in range(count):
            response = connection.call(request_bytes(target=target, headers={"Cookie": cookie}))
            assert response.status == 200 and not response.header("set-cookie"), response
            seen[response.echo["name"]] += 1
    return seen


@pytest.fixture
def three(world):
    """(port, gateway, the echoes by name): one Service with three endpoints, as three pods would be, and one sticky rule."""
    port = free_port()
    echoes = {name: world.echo(name) for name in "abc"}
    gw = world.gateway(gateway(listener("http", port)), backend("app", *[echo.port for echo in echoes.values()]), route("r", sticky("app")),
                       flags=["--workers", "2"])
    return port, gw, echoes


def test_a_client_stays_where_it_began(three):
    port, gw, _ = three
    assert gw.condition("HTTPRoute", "r", "Accepted") == ("True", "Accepted")
    begun = [begin(port) for _ in range(30)]
    assert {name for name, _ in begun} == {"a", "b", "c"}, "without a token the endpoints share the requests"
    for name, cookie in {name: cookie for name, cookie in begun}.items():
        assert answerers(port, cookie) == {name: REQUESTS}
        assert answerers(port, f"other=1; {cookie}; last=2", 5) == {name: 5}
        assert re.search(r"^[0-9a-f]+$", cookie.partition("=")[2]), "a token says no address"


def test_a_browser_like_client_keeps_its_endpoint(three, tmp_path):
    port, _, _ = three
    jar = tmp_path / "jar"
    seen = collections.Counter()
    for _ in range(10):
        head, _, body = curl("-b", jar, "-c", jar, "-i", f"http://127.0.0.1:{port}/").stdout.partition("\n\n")
        seen[json.loads(body)["name"], "set-cookie" in head.lower()] += 1
    (first, told), = [key for key in seen if key[1]]
    assert seen == {(first, True): 1, (first, False): 9}, seen


def test_over_http2_with_the_cookie_in_pieces(three):
    port, _, _ = three
    name, cookie = begin(port)
    with Http2(port) as client:
        for _ in range(10):
            stream = client.fetch(headers=[("cookie", "other=1"), ("cookie", cookie)])
            assert json.loads(stream.body)["name"] == name and stream.header("set-cookie") is None


def test_tokens_that_nobody_gave_are_no_tokens(three):
    port, _, _ = three
    name, cookie = begin(port)
    key = cookie.partition("=")[0]
    for value in ("", "0" * 16, "x" * 16, "0" * 15, "1" * 400, cookie.partition("=")[2] + "-zz", "\"" + cookie.partition("=")[2] + "\""):
        response = fetch(port, headers={"Cookie": f"{key}={value}"})
        assert response.status == 200 and cookie_of(response)[0] == key, value
    # One that is good among them counts.
    assert answerers(port, f"{key}=bad; {cookie}", 5) == {name: 5}


def test_an_endpoint_that_leaves_takes_its_sessions_to_others(three):
    port, gw, echoes = three
    name, cookie = begin(port)
    left = [echo.port for other, echo in echoes.items() if other != name]
    gw.remove(*endpoints("app", 1, 2, 3))
    gw.apply(*endpoints("app", *left))
    moved = eventually(lambda: (r := fetch(port, headers={"Cookie": cookie})).status == 200 and r.header("set-cookie") and r)
    assert moved.echo["name"] != name
    key, value, _ = cookie_of(moved)
    assert answerers(port, f"{key}={value}") == {moved.echo["name"]: REQUESTS}


def test_an_endpoint_that_cannot_be_reached_is_left(three):
    port, _, echoes = three
    name, cookie = begin(port)
    echoes[name].process.terminate()
    echoes[name].process.wait()
    moved = fetch(port, headers={"Cookie": cookie})
    assert moved.status == 200 and moved.echo["name"] != name and cookie_of(moved)


def test_a_backend_without_another_endpoint_is_left(world):
    port = free_port()
    echoes = {name: world.echo(name) for name in "abc"}
    world.gateway(gateway(listener("http", port)), *[backend(name, echo.port) for name, echo in echoes.items()], service("idle"),
                  route("r", sticky(ref("a", 1), ref("idle", 1), ref("b", 1), ref("c", 0), sessionName="s")))
    cookie = eventually(lambda: (r := fetch(port)).status == 200 and r.echo["name"] == "a" and r.header("set-cookie").partition(";")[0], "a's turn")
    echoes["a"].process.terminate()
    echoes["a"].process.wait()
    for _ in range(20):
        moved = fetch(port, method="POST", body=b"whole", headers={"Cookie": cookie})
        assert moved.status == 200 and (moved.echo["name"], moved.echo["body_bytes"]) == ("b", 5)
    _, value, _ = cookie_of(moved)
    assert answerers(port, f"s={value}") == {"b": REQUESTS}


def test_a_draining_endpoint_keeps_its_sessions_and_gets_no_new_ones(world):
    port = free_port()
    old, new = world.echo("old"), world.echo("new")
    gw = world.gateway(gateway(listener("http", port)), backend("app", old.port, slice_name="old"), route("r", sticky("app")))
    _, cookie = begin(port)
    gw.apply(*endpoints("app", old.port, slice_name="old", conditions={"ready": False, "serving": True, "terminating": True}),
             *endpoints("app", new.port, slice_name="new"))
    eventually(lambda: fetch(port).echo["name"] == "new", "new clients go to the new endpoint")
    assert answerers(port, cookie) == {"old": REQUESTS}
    assert {begin(port)[0] for _ in range(20)} == {"new"}


def test_weights_are_for_new_sessions_only(world):
    port = free_port()
    a, b = world.echo("a"), world.echo("b")
    gw = world.gateway(gateway(listener("http", port)), backend("a", a.port), backend("b", b.port),
                       route("r", sticky(ref("a", 70), ref("b", 30), sessionName="split")))
    begun, cookies = collections.Counter(), {}
    for _ in range(300):
        name, cookie = begin(port)
        cookies[name] = cookie
        begun[name] += 1
    assert 130 < begun["a"] < 280, begun  # 210 expected, 10 standard deviations are 79
    gw.apply(route("r", sticky(ref("a", 0), ref("b", 100), sessionName="split")))
    eventually(lambda: {begin(port)[0] for _ in range(20)} == {"b"}, "the new weights hold")
    assert answerers(port, cookies["a"]) == {"a": REQUESTS}
    assert answerers(port, cookies["b"]) == {"b": REQUESTS}


def test_rules_do_not_share_sessions(world):
    port = free_port()
    one, two = world.echo("one"), world.echo("two")
    world.gateway(
        gateway(listener("http", port)), backend("one", one.port), backend("two", two.port),
        route("r", sticky(ref("one"), matches=[match("/a")], sessionName="a"),
              sticky(ref("one", 0), ref("two", 100), matches=[match("/b")], sessionName="b"),
              sticky(ref("one"), ref("two"), matches=[match("/c")]), sticky(ref("one"), ref("two"), matches=[match("/d")])))
    _, cookie = begin(port, "/a")
    response = fetch(port, "/b", headers={"Cookie": f"{cookie}; b={cookie.partition('=')[2]}"})
    assert response.echo["name"] == "two" and response.header("set-cookie"), "a token of another rule is none"
    both = f"{cookie}; {begin(port, '/b')[1]}"
    assert answerers(port, both, 5, "/a") == {"one": 5} and answerers(port, both, 5, "/b") == {"two": 5}
    assert begin(port, "/c")[1].partition("=")[0] != begin(port, "/d")[1].partition("=")[0], "generated names differ"


def test_what_the_cookie_says_of_itself(world):
    port, tls_port = free_port(), free_port()
    echo = world.echo("app")
    certificate = self_signed("a.test")
    forever = {"absoluteTimeout": "5m", "cookieConfig": {"lifetimeType": "Permanent"}}
    gw = world.gateway(
        gateway(listener("http", port), listener("https", tls_port, "HTTPS", certificates=["cert"])), secret("cert", certificate),
        backend("app", echo.port),
        route("r", sticky("app", sessionName="all"), sticky("app", matches=[match("/shop/cart"), match(exact="/one")], sessionName="two"),
              sticky("app", matches=[match(regex="/re/x/[a-z]+/y")], sessionName="three", absoluteTimeout="1h"),
              sticky("app", matches=[match("/forever")], sessionName="four", **forever)),
        flags=["--trusted-proxies", "127.0.0.1/32"])

    def attributes(target, **options):
        name, _, result = cookie_of(fetch(options.pop("at", port), target, **options))
        return name, result

    plain = {"httponly": "", "samesite": "Lax"}
    assert attributes("/anywhere") == ("all", plain | {"path": "/"})
    assert attributes("/shop/cart") == ("two", plain | {"path": "/shop/cart"})
    assert attributes("/shop/cart/items?x=1") == ("two", plain | {"path": "/shop/cart"})
    assert attributes("/one?x=1") == ("two", plain | {"path": "/one"})
    assert attributes("/re/x/abc/y") == ("three", plain | {"path": "/re/x"})
    assert attributes("/forever") == ("four", plain | {"path": "/forever", "max-age": "300"})
    assert attributes("/", at=tls_port, host="a.test", tls=trusting(certificate), sni="a.test")[1] == plain | {"path": "/", "secure": ""}
    assert attributes("/", headers={"X-Forwarded-Proto": "https"})[1] == plain | {"path": "/", "secure": ""}
    assert gw.condition("HTTPRoute", "r", "Accepted") == ("True", "Accepted")


def test_the_backends_own_cookies_pass(world):
    port = free_port()
    script = world.scripted(answering(b"HTTP/1.1 200 OK\r\nSet-Cookie: own=1\r\nContent-Length: 0\r\n\r\n"))
    world.gateway(gateway(listener("http", port)), backend("app", script.port), route("r", sticky("app", sessionName="ours")))
    lines = fetch(port).header_lines("set-cookie")
    assert lines[0] == "own=1" and lines[1].startswith("ours=") and len(lines) == 2


def test_a_session_ends_after_its_absolute_timeout(world):
    port = free_port()
    echoes = [world.echo(name) for name in "ab"]
    world.gateway(gateway(listener("http", port)), backend("app", *[echo.port for echo in echoes]),
                  route("r", sticky("app", sessionName="s", absoluteTimeout="1h")))
    name, cookie = begin(port)
    endpoint, _, began = cookie.partition("=")[2].partition("-")
    assert abs(int(began, 16) - time.time()) < 60
    assert answerers(port, cookie, 10) == {name: 10}

    def told_again(seconds):
        """Whether a session that began so long ago is over."""
        return fetch(port, headers={"Cookie": f"s={endpoint}-{int(time.time()) - seconds:x}"}).header("set-cookie") is not None
    assert not told_again(3500) and told_again(3600) and told_again(10**9)
    # The clocks of replicas differ by seconds, not by hours.
    assert not told_again(-100) and told_again(-1000)
    assert fetch(port, headers={"Cookie": f"s={endpoint}"}).header("set-cookie"), "a token that hides its age is over"


def test_by_a_field(world):
    port = free_port()
    echoes = [world.echo(name) for name in "abc"]
    world.gateway(gateway(listener("http", port)), backend("app", *[echo.port for echo in echoes]),
                  route("r", sticky("app", type="Header", sessionName="X-Stay")))
    first = fetch(port)
    token = first.header("x-stay")
    assert token and not first.header("set-cookie")
    for _ in range(REQUESTS):
        response = fetch(port, headers={"x-stay": token})
        assert response.echo["name"] == first.echo["name"] and response.header_lines("x-stay") == [token]


@pytest.mark.parametrize("kind", ["Cookie", "Header"])
def test_grpc(world, kind):
    port = free_port()
    echoes = [world.echo(name) for name in "abc"]
    gw = world.gateway(
        gateway(listener("http", port)), service("app", appProtocol="kubernetes.io/h2c"), endpoints("app", *[echo.port for echo in echoes]),
        grpc_route("r", sticky("app", matches=[{"method": {"service": "shop.A"}}], type=kind, sessionName="stay-a"),
                   sticky("app", matches=[{"method": {"service": "shop.B"}}], type=kind, sessionName="stay-b")))
    assert gw.condition("GRPCRoute", "r", "Accepted") == ("True", "Accepted")

    for path, name in (("/shop.A/One", "stay-a"), ("/shop.B/One", "stay-b")):
        first = call(port, path)
        assert first.grpc_status == 0
        token = {"cookie": first.fields["set-cookie"].partition(";")[0]} if kind == "Cookie" else {name: first.fields[name]}
        assert {call(port, path, headers=token).name for _ in range(10)} == {first.name}


def test_one_name_is_for_one_rule_of_a_route(world):
    port = free_port()
    echo = world.echo("app")
    gw = world.gateway(gateway(listener("http", port)), backend("app", echo.port),
                       route("r", sticky("app", matches=[match("/a")], sessionName="same"), sticky("app", matches=[match("/b")], sessionName="Same")))
    assert gw.condition("HTTPRoute", "r", "PartiallyInvalid") == ("True", "UnsupportedValue")
    assert (fetch(port, "/a").status, fetch(port, "/b").status) == (200, 500)


def test_tokens_without_end_are_not_all_tried(three):
    port, _, _ = three
    name, cookie = begin(port)
    key = cookie.partition("=")[0]
    many = "; ".join([f"{key}={'0' * 16}"] * 7)
    assert answerers(port, f"{many}; {cookie}", 5) == {name: 5}
    assert fetch(port, headers={"Cookie": f"{many}; {many}; {cookie}"}).header("set-cookie"), "the ninth is not looked at"


def test_beside_client_ip_affinity_it_is_refused(world):
    port = free_port()
    echo = world.echo("app")
    both = service("both")
    both["spec"]["sessionAffinity"] = "ClientIP"
    gw = world.gateway(gateway(listener("http", port)), both, endpoints("both", echo.port), route("r", sticky("both")))
    assert gw.condition("HTTPRoute", "r", "Accepted") == ("False", "UnsupportedValue")
    assert fetch(port).status == 500
