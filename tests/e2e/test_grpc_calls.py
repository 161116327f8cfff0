# SPDX-License-Identifier: Apache-2.0
"""Calls of gRPC in their steps, by python-h2 on both sides: what passes as it is (trailers alone, deadlines, messages while both
sides are open), what a client hears when a server fails, and filters, mirrors and pages beside it."""
import socket
import threading

import pytest

from client import Raw, request_bytes
from http2 import Http2
from http2_backend import Http2Backend
from manifests import backend, endpoints, gateway, grpc_route, header_modifier, listener, match, ref, route, rule, service
from processes import free_port

CALL = [("content-type", "application/grpc"), ("te", "trailers")]
HELLO = b"\0\0\0\0\5hello"


def grpc(port, path="/a.B/C", headers=(), body=HELLO):
    """Everything that a call was answered with: fields and trailers in one, and the stream."""
    with Http2(port) as client:
        stream = client.fetch("POST", path, headers=[*CALL, *headers], body=body)
    return dict([*stream.headers, *stream.trailers]), stream


@pytest.fixture
def calls(world):
    def make(script, *matches, **more):
        port = free_port()
        server = Http2Backend(script)
        world.parts.append(server)
        gw = world.gateway(gateway(listener("http", port)), backend("s", server.port), grpc_route("r", rule("s", matches=matches, **more)))
        return port, server, gw
    return make


def ok(stream):
    stream.respond(200, [("content-type", "application/grpc")])
    stream.send(HELLO)
    stream.send_trailers([("grpc-status", "0")])


def trailers_only(stream):
    stream.respond(200, [("content-type", "application/grpc"), ("grpc-status", "7"), ("grpc-message", "no%20way"), ("x-more", "1")], end=True)


def test_trailers_only_stays_so(calls):
    """One HEADERS that ends the stream, not headers and trailers: that is how clients know it."""
    port, _, _ = calls(trailers_only)
    fields, stream = grpc(port)
    assert (fields["grpc-status"], fields["grpc-message"], fields["x-more"]) == ("7", "no%20way", "1")
    assert not stream.trailers and not stream.body and not stream.reset


def test_a_deadline_is_passed_on(calls):
    seen = []
    port, server, _ = calls(lambda stream: (seen.append(stream.header("grpc-timeout")), ok(stream)))
    assert grpc(port, headers=[("grpc-timeout", "30S")])[0]["grpc-status"] == "0"
    assert seen == ["30S"] and server.streams[0].header("te") == "trailers"


@pytest.mark.parametrize("value", ["", "1", "S", "-1S", "1.5S", "123456789S", "1x"])
def test_a_deadline_that_is_none_is_passed_on_as_it_is(calls, value):
    port, server, _ = calls(ok)
    assert grpc(port, headers=[("grpc-timeout", value)])[0]["grpc-status"] == "0"
    assert server.streams[0].header("grpc-timeout") == value


def test_a_deadline_that_passes_cancels_the_call(calls):
    port, server, _ = calls(lambda stream: stream.wait_for(lambda s: s.reset, "its cancellation"))
    fields, stream = grpc(port, headers=[("grpc-timeout", "300m")])
    assert (stream.status, fields["grpc-status"]) == (200, "4")
    server.wait_for(lambda b: b.streams[0].reset, "the cancellation")


def test_a_server_that_breaks_off_before_an_answer(calls):
    port, _, _ = calls(lambda stream: stream.connection.close())
    fields, stream = grpc(port)
    assert (stream.status, fields["grpc-status"]) == (200, "14")


def test_a_server_that_refuses_connections(world):
    port = free_port()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        world.gateway(gateway(listener("http", port)), backend("s", nobody.getsockname()[1]), grpc_route("r", rule("s")))
        fields, stream = grpc(port, body=b"")
        assert (stream.status, fields["grpc-status"], fields["content-type"]) == (200, "14", "application/grpc")


def test_a_server_that_does_not_speak_grpc(calls):
    """Its answer is its own: gRPC's clients know what a 404 without grpc-status is."""
    port, _, _ = calls(lambda stream: stream.answer(b"not here", 404))
    fields, stream = grpc(port)
    assert (stream.status, stream.body) == (404, b"not here") and "grpc-status" not in fields


def test_an_end_without_trailers_is_a_reset(calls):
    def half(stream):
        stream.respond(200, [("content-type", "application/grpc")])
        stream.send(HELLO)
        stream.cancel(2)
    port, _, _ = calls(half)
    with Http2(port) as client:
        stream = client.fetch("POST", "/a.B/C", headers=CALL, body=HELLO)
        assert stream.reset and stream.status == 200


def test_messages_flow_before_either_side_ends(calls):
    """A stream in both directions: each message is answered while the request is still open."""
    def answer_each(stream):
        stream.respond(200, [("content-type", "application/grpc")])
        for count in range(1, 6):
            stream.wait_for(lambda s: len(s.body) >= count * len(HELLO), f"message {count}")
            stream.send(HELLO)
        stream.wait_for_end()
        stream.send_trailers([("grpc-status", "0")])
    port, _, _ = calls(answer_each)
    with Http2(port) as client:
        stream = client.request("POST", "/a.B/C", headers=CALL, end=False)
        for count in range(1, 6):
            client.send(stream, HELLO)
            client.until(lambda: len(stream.body) == count * len(HELLO), f"answer {count}")
        client.send(stream, b"", end=True)
        client.finish(stream)
        assert dict(stream.trailers)["grpc-status"] == "0"


def test_header_matches_of_grpc(calls):
    regular = {"headers": [{"type": "RegularExpression", "name": "X-Version", "value": "v[12]"}]}
    exact = {"method": {"service": "a.B"}, "headers": [{"name": "x-env", "value": "prod"}]}
    port, _, _ = calls(ok, regular, exact)
    assert grpc(port, headers=[("x-version", "v2")])[0]["grpc-status"] == "0"
    assert grpc(port, headers=[("x-env", "prod")])[0]["grpc-status"] == "0"
    for headers, path in (([("x-version", "v3")], "/a.B/C"), ([("x-version", "v22")], "/a.B/C"), ([("x-env", "Prod")], "/a.B/C"), ([("x-env", "prod")], "/a.BB/C")):
        assert grpc(port, path, headers=headers, body=b"")[0]["grpc-status"] == "12", (headers, path)


def test_filters_of_a_backend_ref_reach_a_stream(world):
    port = free_port()
    server = Http2Backend(ok)
    world.parts.append(server)
    filters = [header_modifier("Request", set={"X-Kind": "backend"}, remove=["X-Gone"]), header_modifier("Response", add={"X-By": "backend"})]
    world.gateway(gateway(listener("http", port)), backend("s", server.port), grpc_route("r", rule(ref("s", filters=filters))))
    fields, stream = grpc(port, headers=[("x-kind", "client"), ("x-gone", "1")])
    assert (fields["x-by"], fields["grpc-status"]) == ("backend", "0")
    assert server.streams[0].header("x-kind") == "backend" and server.streams[0].header("x-gone") is None


def test_two_mirrors_of_a_stream_of_grpc(world):
    """The copies get its messages, too, and what they answer is nobody's business."""
    port = free_port()
    servers = [Http2Backend(ok), Http2Backend(ok), Http2Backend(trailers_only)]
    world.parts.extend(servers)
    mirrors = [{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": name, "port": 80}}} for name in ("m1", "m2")]
    world.gateway(gateway(listener("http", port)), [backend(name, server.port) for name, server in zip(("s", "m1", "m2"), servers, strict=True)],
                  grpc_route("r", rule("s", filters=mirrors)))
    assert grpc(port, body=HELLO * 3)[0]["grpc-status"] == "0"
    for server in servers:
        server.wait_for(lambda b: b.streams and b.streams[0].ended, "the call")
        assert server.streams[0].body == HELLO * 3 and server.streams[0].header("content-type") == "application/grpc"


def test_both_kinds_of_route_by_both_protocols(world):
    port = free_port()
    web, server = world.echo("web"), Http2Backend(ok)
    world.parts.append(server)
    world.gateway(gateway(listener("http", port)), backend("web", web.port), service("s"), endpoints("s", server.port),
                  route("pages", rule("web"), hostnames=["a.test"]),
                  grpc_route("calls", rule("s", matches=[{"method": {"service": "a.B"}}]), hostnames=["a.test"]))
    assert grpc(port)[0]["grpc-status"] == "0"
    with Http2(port) as client:
        assert client.fetch("GET", "/a.B/C").status == 200 and not server.streams[1:]
    with Raw(port) as connection:
        assert connection.call(request_bytes(host="a.test")).echo["name"] == "web"


def test_many_calls_at_once_while_a_page_is_slow(world):
    """A slow answer of one kind of route holds up none of the other on the same connection."""
    port, let_go = free_port(), threading.Event()
    slow = world.scripted(lambda b, c: (b.next_request(c), let_go.wait(30), c.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")))
    server = Http2Backend(ok)
    world.parts.append(server)
    world.gateway(gateway(listener("http", port)), backend("slow", slow.port), backend("s", server.port),
                  route("pages", rule("slow", matches=[match(prefix="/page")])), grpc_route("calls", rule("s", matches=[{"method": {"service": "a.B"}}])))
    with Http2(port) as client:
        page = client.request(path="/page")
        for _ in range(20):
            assert dict(client.fetch("POST", "/a.B/C", headers=CALL, body=HELLO).trailers)["grpc-status"] == "0"
        assert not page.status
        let_go.set()
        assert client.finish(page).body == b"ok"
