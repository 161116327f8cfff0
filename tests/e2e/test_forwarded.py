# SPDX-License-Identifier: Apache-2.0
"""What the backend hears about the client, whom the gateway believes, and what identifies a request."""
import json
import re

import pytest

from client import Raw, eventually, fetch, request_bytes
from http2 import Http2
from manifests import backend, gateway, header_modifier, listener, match, route, rule
from processes import free_port

LIES = [("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.test"), ("X-Forwarded-Port", "1"),
        ("X-Real-IP", "1.2.3.4"), ("Forwarded", "for=1.2.3.4;host=evil.test;proto=https")]


def start(world, *flags, **options):
    port = free_port()
    echo = world.echo("seen")
    gw = world.gateway(gateway(listener("http", port)), backend("seen", echo.port),
                       route("r", rule("seen"), rule("seen", matches=[match(prefix="/own")], filters=[
                           header_modifier("Request", set={"X-Forwarded-Proto": "https"})])), flags=flags, **options)
    gw.port = port
    return gw


def fields(response):
    """Request fields that reached the backend, by lower-case name, lines joined."""
    assert response.status == 200, response
    return {name.lower(): ", ".join(values) for name, values in response.echo["headers"].items()}


def seen(gw, headers=(), target="/"):
    return fields(fetch(gw.port, target, host="shop.test:1234", headers=headers))


@pytest.fixture(scope="module")
def plain(shared_world):
    return start(shared_world)


@pytest.fixture(scope="module")
def trusting(shared_world):
    return start(shared_world, "--trusted-proxies", "127.0.0.0/8,10.0.0.0/8", "--via", "edge")


def test_nobody_is_believed_by_default(plain):
    for headers in ((), LIES):
        got = seen(plain, headers)
        assert got["x-forwarded-for"] == got["x-real-ip"] == "127.0.0.1"
        assert (got["x-forwarded-proto"], got["x-forwarded-host"]) == ("http", "shop.test:1234")
        assert got["x-forwarded-port"] == str(plain.port)
        assert got["forwarded"] == 'for=127.0.0.1;host="shop.test:1234";proto=http'


def test_trusted_proxies_are_kept_and_added_to(trusting):
    got = seen(trusting, [("X-Forwarded-For", "1.2.3.4, 203.0.113.9, 10.1.1.1"), ("X-Forwarded-Proto", "https"),
                          ("X-Forwarded-Host", "shop.example.com")])
    assert got["x-forwarded-for"] == "1.2.3.4, 203.0.113.9, 10.1.1.1, 127.0.0.1"
    assert (got["x-forwarded-proto"], got["x-forwarded-host"], got["x-forwarded-port"]) == ("https", "shop.example.com", "443")
    assert got["x-real-ip"] == "203.0.113.9"
    assert got["forwarded"] == 'for=203.0.113.9;host=shop.example.com;proto=https, for=127.0.0.1;host="shop.test:1234";proto=http'
    got = seen(trusting, [("Forwarded", 'for="[2001:db8::7]:99";proto=https, for=10.1.1.1')])
    assert got["x-forwarded-for"] == "2001:db8::7, 127.0.0.1" and got["x-real-ip"] == "2001:db8::7"
    assert got["forwarded"].startswith('for="[2001:db8::7]:99";proto=https, for=10.1.1.1, for=127.0.0.1;')


def test_contradictions_are_not_believed(trusting):
    got = seen(trusting, [("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=1.2.3.4")])
    assert got["x-forwarded-for"] == got["x-real-ip"] == "127.0.0.1"


def test_a_filter_has_the_last_word(plain):
    assert seen(plain, target="/own")["x-forwarded-proto"] == "https"


def test_via_names_each_hop_both_ways(plain, trusting):
    assert seen(plain)["via"] == "1.1 cardea"
    assert seen(trusting, {"Via": "1.0 fred"})["via"] == "1.0 fred, 1.1 edge"
    response = fetch(plain.port, headers={"X-Echo-Set-Header": "Via: 1.1 inner"})
    assert response.header("via") == "1.1 inner, 1.1 cardea"
    with Raw(plain.port) as connection:
        assert fields(connection.call("GET / HTTP/1.0\r\nHost: a\r\n\r\n"))["via"] == "1.0 cardea"


def test_via_may_be_off(world):
    gw = start(world, "--via", "off")
    assert "via" not in seen(gw)
    assert fetch(gw.port).header("via") is None


def test_circles_are_cut(plain):
    assert fetch(plain.port, headers=[("Via", "1.1 cardea")] * 15).status == 200, "proxies of one name may stand in a row"
    response = fetch(plain.port, headers=[("Via", "1.1 cardea, 1.1 other")] * 16)
    assert response.status == 508 and b"circle" in response.body


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE"])
def test_max_forwards_counts_down_and_ends_here(plain, method):
    assert fields(fetch(plain.port, "/x", method=method, headers={"Max-Forwards": "3"}))["max-forwards"] == "2"
    last = fetch(plain.port, "/x?y", method=method, headers={"Max-Forwards": "0", "Cookie": "secret", "X-Id": "7"})
    assert last.status == 200 and last.header("via") is None
    if method == "OPTIONS":
        assert last.header("content-length") == "0"
    else:
        assert last.header("content-type") == "message/http"
        assert last.body.startswith(b"TRACE /x?y HTTP/1.1\r\n") and b"X-Id: 7\r\n" in last.body and b"secret" not in last.body
    assert seen(plain, {"Max-Forwards": "0"})["max-forwards"] == "0"


PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_trace_goes_on_or_begins(plain):
    got = seen(plain, {"Traceparent": PARENT, "Tracestate": "rojo=1"})
    assert (got["traceparent"], got["tracestate"]) == (PARENT, "rojo=1")
    made = [seen(plain, headers) for headers in ((), {"Traceparent": PARENT[:-3], "Tracestate": "rojo=1"},
                                                 [("Traceparent", PARENT), ("Traceparent", PARENT)])]
    assert all(re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", got["traceparent"]) and "tracestate" not in got for got in made)
    assert len({got["traceparent"][3:35] for got in made} | {PARENT[3:35]}) == 4
    assert "tracestate" not in seen(plain, {"Traceparent": PARENT, "Tracestate": "no state"})


def test_traces_need_not_be_sampled(world):
    assert seen(start(world, "--trace-sampling", "0"))["traceparent"].endswith("-00")


def test_the_log_has_who_and_which(world):
    log = world.folder / "access.log"
    gw = start(world, "--trusted-proxies", "127.0.0.1", f"--access-log={log}")
    fetch(gw.port, "/first", headers={"X-Forwarded-For": "1.2.3.4, 203.0.113.9", "Traceparent": PARENT, "X-Request-Id": "my-id"})
    fetch(gw.port, "/second")
    lines = eventually(lambda: len(log.read_text().splitlines()) == 2 and [json.loads(line) for line in log.read_text().splitlines()])
    first, second = sorted(lines, key=lambda line: line["path"])
    assert (first["client"], first["trace_id"], first["request_id"]) == ("203.0.113.9", PARENT[3:35], "my-id")
    assert first["peer"].startswith("127.0.0.1:")
    assert second["client"].startswith("127.0.0.1:") and "peer" not in second and len(second["trace_id"]) == 32


DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")


def test_answers_have_a_date(plain):
    with Raw(plain.port) as connection:
        for request, status in ((request_bytes("TRACE", headers={"Max-Forwards": "0"}), 200), (request_bytes(), 200), ("BAD\r\n\r\n", 400)):
            answer = connection.call(request)
            assert answer.status == status and DATE.fullmatch(answer.header("date")), answer
    kept = fetch(plain.port, headers={"X-Echo-Set-Header": "Date: Sun, 06 Nov 1994 08:49:37 GMT"})
    assert kept.header_lines("date") == ["Sun, 06 Nov 1994 08:49:37 GMT"]


def fields_of(stream):
    """The same of a stream of HTTP/2."""
    assert stream.status == 200, stream
    return {name.lower(): ", ".join(values) for name, values in json.loads(stream.body)["headers"].items()}


def test_over_http2_as_over_http1(world):
    gw = start(world, "--trusted-proxies", "127.0.0.0/8", "--access-log")
    with Http2(gw.port) as client:
        stream = client.fetch(headers=[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https"), ("via", "1.1 fred"), ("x-request-id", "mine"),
                                       ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("tracestate", "a=1")])
        got = fields_of(stream)
        assert (got["x-forwarded-for"], got["x-forwarded-proto"], got["x-real-ip"]) == ("203.0.113.9, 127.0.0.1", "https", "203.0.113.9")
        assert (got["via"], got["x-request-id"], got["tracestate"]) == ("1.1 fred, 2.0 cardea", "mine", "a=1")
        assert got["traceparent"] == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        assert stream.header("via") == "1.1 cardea", "the answer came by HTTP/1.1"
        assert fields_of(client.fetch("OPTIONS", headers=[("max-forwards", "1")]))["max-forwards"] == "0"
        last = client.fetch("TRACE", "/x", headers=[("max-forwards", "0"), ("cookie", "secret"), ("authorization", "secret")])
        assert last.status == 200 and last.header("content-type") == "message/http" and b"secret" not in last.body
        made = fields_of(client.fetch())
        assert len(made["x-request-id"]) == 32 and made["traceparent"].startswith("00-")
    eventually(lambda: '"client":"203.0.113.9"' in gw.log.read_text() and '"request_id":"mine"' in gw.log.read_text(), "the log")


def test_proxies_and_clients_of_ipv6(world):
    gw = start(world, "--trusted-proxies", "::1,2001:db8:1::/48", binds=("127.0.0.1", "::1"))
    lies = {"X-Forwarded-For": "2001:db8::7, 2001:db8:1::9"}
    by_six = fetch(gw.port, address="::1", headers=lies).echo["headers"]
    assert by_six["x-real-ip"] == ["2001:db8::7"] and by_six["x-forwarded-for"] == ["2001:db8::7, 2001:db8:1::9, ::1"]
    assert by_six["forwarded"][0].endswith('for="[::1]";host=any.test;proto=http')
    by_four = fetch(gw.port, headers=lies).echo["headers"]
    assert by_four["x-real-ip"] == by_four["x-forwarded-for"] == ["127.0.0.1"]
