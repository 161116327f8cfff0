# SPDX-License-Identifier: Apache-2.0
"""Backends of HTTP/2: by appProtocol, by the kind of route, by ALPN. The backends are python-h2, nghttpd and nghttpx."""
import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import threading

import h2.errors
import h2.settings
import pytest

from client import Raw, curl, eventually, fetch, request_bytes
from http2 import Http2
from http2_backend import Http2Backend
from manifests import endpoints, gateway, grpc_route, listener, route, rule, service
from processes import ending, free_port

LIMIT = h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS
WINDOW = h2.settings.SettingCodes.INITIAL_WINDOW_SIZE


def h2c(name, *ports):
    return [service(name, appProtocol="kubernetes.io/h2c"), *endpoints(name, *ports)]


@pytest.fixture
def serve(world):
    def make(script=None, flags=(), more=(), settings=None, reads=True, **rule_fields):
        port = free_port()
        backend = Http2Backend(script, settings, reads)
        world.parts.append(backend)
        gw = world.gateway(gateway(listener("http", port)), h2c("b", backend.port, *more), route("r", rule("b", **rule_fields)),
                           flags=["--workers", "1", *flags])
        return port, backend, gw
    return make


def together(port, requests, method="GET"):
    """All at once, each on a connection of its own; the answers in order."""
    connections = [Raw(port).send(request) for request in requests]
    answers = [connection.read_response(method) for connection in connections]
    for connection in connections:
        connection.close()
    return answers


# --- what a request becomes ---

def test_a_request_of_http_1_1(serve):
    port, backend, _ = serve()
    answer = fetch(port, "/a/../b?c=d", host="shop.test:8080", headers=[("X-Mixed-Case", "Value"), ("Cookie", "a=1; b=2"), ("TE", "trailers")])
    assert (answer.status, answer.body) == (200, b"ok")
    stream = backend.streams[0]
    pseudo = {name: value for name, value in stream.headers if name.startswith(":")}
    assert pseudo == {":method": "GET", ":scheme": "http", ":authority": "shop.test:8080", ":path": "/b?c=d"}
    assert stream.headers[:4] == list(pseudo.items()), "pseudo fields come first"
    assert stream.header("x-mixed-case") == "Value" and stream.header("cookie") == "a=1; b=2"
    for gone in ("host", "connection", "transfer-encoding", "keep-alive", "upgrade"):
        assert stream.header(gone) is None, gone
    assert stream.ended and not stream.body


def test_what_is_of_one_request_alone_stays_out_of_the_backends_table(serve):
    port, backend, _ = serve()
    fetch(port, headers=[("tracestate", "a=1"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")])
    kept_out = {header[0] for header in backend.streams[0].headers if not header.indexable}
    assert kept_out == {"x-request-id", "traceparent", "tracestate"}


def test_te_is_for_trailers_alone(serve):
    port, backend, _ = serve()
    fetch(port, headers=[("TE", "trailers, gzip"), ("Connection", "TE")])
    fetch(port, headers=[("TE", "gzip"), ("Connection", "TE")])
    assert [stream.header("te") for stream in backend.streams] == ["trailers", None]


@pytest.mark.parametrize("size", [0, 1, 16384, 3_000_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_both_ways(serve, size, chunked):
    def script(stream):
        stream.wait_for_end()
        stream.respond(200, [("x-length", stream.header("content-length") or "none")])
        stream.send(stream.body, end=True)
    port, backend, _ = serve(script)
    body = (bytes(range(256)) * (size // 256 + 1))[:size]
    with Raw(port) as connection:
        if chunked:
            head = request_bytes("POST", headers={"Transfer-Encoding": "chunked"})
            answer = connection.call(head + (b"%x\r\n%s\r\n" % (size, body) if size else b"") + b"0\r\n\r\n", "POST")
        else:
            answer = connection.call(request_bytes("POST", body=body), "POST")
    assert answer.body == body
    assert answer.header("x-length") == ("none" if chunked else str(size))


def test_trailers_both_ways(serve):
    def script(stream):
        stream.wait_for_end()
        stream.respond(200)
        stream.send(b"hello")
        stream.send_trailers([("x-sum", "7")])
    port, backend, _ = serve(script)
    with Raw(port) as connection:
        answer = connection.call(request_bytes("POST", headers={"Transfer-Encoding": "chunked"}) + b"4\r\ndata\r\n0\r\nX-Mine: 9\r\n\r\n", "POST")
    assert answer.body == b"hello" and answer.trailers == [("x-sum", "7")]
    assert backend.streams[0].trailers == [("x-mine", "9")]


@pytest.mark.parametrize("headers,answer_type,kept", [
    ([("TE", "trailers"), ("Connection", "TE")], "text/plain", True),  # it wants them (RFC 9110 section 6.5.1)
    ([], "application/grpc", True),
    ([], "text/plain", False),  # a length is worth more than trailers that nobody asked for
], ids=["wanted", "grpc", "not wanted"])
def test_trailers_behind_a_length(serve, headers, answer_type, kept):
    def script(stream):
        stream.respond(200, [("content-length", "5"), ("content-type", answer_type)], end=stream.header(":method") == "HEAD")
        if stream.header(":method") == "HEAD":
            return
        stream.send(b"hello")
        stream.send_trailers([("x-sum", "7")])
    port, _, _ = serve(script)
    with Raw(port) as connection:
        for _ in range(2):
            answer = connection.call(request_bytes(headers=headers))
            assert answer.body == b"hello"
            assert (answer.header("content-length"), answer.header("transfer-encoding")) == ((None, "chunked") if kept else ("5", None))
            assert answer.trailers == ([("x-sum", "7")] if kept else [])
        head = connection.call(request_bytes("HEAD", headers=headers), "HEAD")
        assert head.header("content-length") == "5" and head.header("transfer-encoding") is None


def test_informational_answers_pass(serve):
    def script(stream):
        stream.respond(103, [("link", "</style.css>")])
        stream.respond(102)
        stream.answer()
    port, _, _ = serve(script)
    answer = fetch(port)
    assert [(one.status, one.header("link")) for one in answer.interim] == [(103, "</style.css>"), (102, None)]
    assert answer.body == b"ok"


def test_expect_100_continue(serve):
    def script(stream):
        stream.respond(100)
        stream.wait_for_end()
        stream.answer(stream.body)
    port, _, _ = serve(script)
    with Raw(port) as connection:
        connection.send(request_bytes("POST", headers={"Expect": "100-continue", "Content-Length": "4"}))
        assert connection.read_head().status == 100
        assert connection.call(b"data", "POST").body == b"data"


@pytest.mark.parametrize("method,status", [("HEAD", 200), ("GET", 204), ("GET", 304), ("GET", 200)])
def test_answers_without_a_body(serve, method, status):
    port, _, _ = serve(lambda s: s.respond(status, [("content-length", "5")] if method == "HEAD" else [], end=True))
    with Raw(port) as connection:
        answer = connection.call(request_bytes(method), method)
        assert answer.status == status and answer.body == b""
        assert connection.call(request_bytes(method), method).status == status


def test_a_client_of_http_1_0(serve):
    def script(stream):
        stream.respond(200)
        stream.send(b"no length", end=True)
    port, backend, _ = serve(script)
    with Raw(port) as connection:
        connection.send(b"GET / HTTP/1.0\r\n\r\n")
        answer = connection.read_response()
    assert answer.body == b"no length" and answer.header("transfer-encoding") is None
    assert backend.streams[0].header(":authority")


def test_an_early_answer_ends_the_upload(serve):
    def script(stream):
        stream.answer(b"enough", 403)
    port, backend, _ = serve(script, reads=False)
    with Raw(port) as connection:
        connection.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 100000)
        answer = connection.read_response("POST")
    assert (answer.status, answer.body) == (403, b"enough")
    backend.streams[0].wait_for(lambda s: s.reset, "that the upload is over")
    assert fetch(port).status == 403 and len(backend.connections) == 1, "the connection goes on"


# --- connections ---

def test_requests_share_a_connection(serve):
    meeting = threading.Barrier(30, timeout=20)

    def script(stream):
        meeting.wait()
        stream.answer(stream.path.encode())
    port, backend, gw = serve(script)
    answers = together(port, [request_bytes(target=f"/{n}") for n in range(30)])
    assert [answer.body for answer in answers] == [f"/{n}".encode() for n in range(30)]
    assert len(backend.connections) == 1
    assert gw.metric("cardea_backend_connections_opened_total") == 1


@pytest.mark.parametrize("flags,settings", [(["--backend-http2-max-streams", "10"], None), ((), {LIMIT: 10})])
def test_a_full_connection_makes_another(serve, flags, settings):
    meeting = threading.Barrier(25, timeout=20)

    def script(stream):
        if stream.path != "/first":
            meeting.wait()
        stream.answer()
    port, backend, _ = serve(script, flags, settings=settings)
    assert fetch(port, "/first").status == 200
    assert [answer.status for answer in together(port, [request_bytes()] * 25)] == [200] * 25
    assert len(backend.connections) == 3
    for connection in backend.connections:
        assert len(connection.streams) <= 11


def test_a_slow_stream_holds_back_only_itself(serve):
    """Nobody reads the answer of one request, which is larger than any window; others on the same connection go on."""
    def script(stream):
        stream.answer(b"x" * 30_000_000 if stream.path == "/large" else b"ok")
    port, backend, _ = serve(script)
    slow = Raw(port).send(request_bytes(target="/large"))
    assert slow.read_head().status == 200
    with Raw(port) as connection:
        assert [connection.call(request_bytes()).body for _ in range(50)] == [b"ok"] * 50
    assert len(backend.connections) == 1
    assert len(slow.read_exactly(30_000_000)) == 30_000_000
    slow.close()


def test_an_upload_waits_for_the_backends_window(serve):
    def script(stream):
        if stream.path == "/slow":
            stream.wait_for(lambda s: len(s.body) == 65535, "a full window")
            let_go.wait(20)
            stream.connection.do(lambda h: h.increment_flow_control_window(1_000_000, stream.id))
            stream.connection.do(lambda h: h.increment_flow_control_window(1_000_000))
            stream.wait_for_end()
        stream.answer(str(len(stream.body)).encode())
    let_go = threading.Event()
    port, backend, _ = serve(script, reads=False, settings={WINDOW: 65535})
    slow = Raw(port).send(request_bytes("POST", "/slow", body=b"x" * 500_000))
    backend.wait_for(lambda b: b.streams and len(b.streams[0].body) == 65535, "a full window")
    with Raw(port) as connection:
        assert [connection.call(request_bytes()).body for _ in range(20)] == [b"0"] * 20
    let_go.set()
    assert slow.read_response("POST").body == b"500000"
    slow.close()


@pytest.mark.parametrize("trailers", [b"", b"X-Mine: 9\r\n"], ids=["no trailers", "trailers"])
def test_an_end_needs_no_window(serve, trailers):
    """The body has filled the window to its last byte, and the backend opens none before it has all."""
    def script(stream):
        stream.wait_for_end()
        stream.answer(stream.body)
    port, backend, _ = serve(script, reads=False, settings={WINDOW: 4})
    assert fetch(port).status == 200  # its SETTINGS are here
    for _ in range(5):
        with Raw(port) as connection:
            head = request_bytes("POST", headers={"Transfer-Encoding": "chunked"})
            assert connection.call(head + b"4\r\ndata\r\n0\r\n" + trailers + b"\r\n", "POST").body == b"data"
    assert [stream.trailers for stream in backend.streams[1:]] == ([[("x-mine", "9")]] if trailers else [[]]) * 5
    assert len(backend.connections) == 1 and not backend.errors


def test_an_idle_connection_ends(serve):
    port, backend, _ = serve(flags=["--backend-idle-timeout", "200ms"])
    assert fetch(port).status == 200
    backend.wait_for(lambda b: b.connections[0].gone, "the end of the idle connection")
    assert backend.connections[0].goaway
    assert fetch(port).status == 200 and len(backend.connections) == 2


def test_an_endpoint_that_leaves_loses_its_connection(serve, world):
    port, backend, gw = serve()
    other = Http2Backend()
    world.parts.append(other)
    assert fetch(port).status == 200
    gw.apply(h2c("b", other.port))
    eventually(lambda: fetch(port).status == 200 and other.streams, "the other one")
    backend.wait_for(lambda b: b.connections[0].gone, "the end of its connection")


# --- resets, GOAWAY, nonsense ---

def test_a_refused_request_is_sent_again_whatever_the_method(serve):
    def script(stream):
        stream.wait_for_end()
        if len(stream.connection.backend.streams) == 1:
            stream.cancel(h2.errors.ErrorCodes.REFUSED_STREAM)
        else:
            stream.answer(stream.body)
    port, backend, gw = serve(script)
    assert fetch(port, method="POST", body=b"data").body == b"data"
    assert len(backend.streams) == 2
    assert gw.metric("cardea_backend_retries_total") == 1


def test_what_is_always_refused(serve):
    port, backend, _ = serve(lambda s: s.cancel(h2.errors.ErrorCodes.REFUSED_STREAM))
    assert fetch(port).status == 502
    assert len(backend.streams) == 4


@pytest.mark.parametrize("error", ["INTERNAL_ERROR", "CANCEL", "PROTOCOL_ERROR"])
def test_a_reset_before_the_answer(serve, error):
    port, backend, _ = serve(lambda s: s.cancel(h2.errors.ErrorCodes[error]))
    assert fetch(port, method="POST", body=b"x").status == 502
    assert fetch(port, method="POST", body=b"x").status == 502
    assert len(backend.connections) == 1, "a stream's error is not the connection's"
    assert len(backend.streams) == 2, "it may have been processed"


def test_a_reset_within_the_answer(serve):
    def script(stream):
        stream.respond(200, [("content-length", "10")])
        stream.send(b"half")
        seen.wait(20)
        stream.cancel(h2.errors.ErrorCodes.INTERNAL_ERROR)
    seen = threading.Event()
    port, _, _ = serve(script)
    with Raw(port) as connection:
        connection.send(request_bytes())
        head = connection.read_head()
        assert head.status == 200 and connection.read_exactly(4) == b"half"
        seen.set()
        assert connection.read_to_end() == b""


def test_retry_by_status_and_reset(serve):
    def script(stream):
        stream.wait_for_end()
        if len(backend.streams) == 1:
            stream.answer(b"no", 503)
        elif len(backend.streams) == 2:
            stream.cancel(h2.errors.ErrorCodes.INTERNAL_ERROR)
        else:
            stream.answer(stream.body)
    port, backend, _ = serve(script, retry={"codes": [503], "attempts": 2, "backoff": "1ms"})
    assert fetch(port, method="POST", body=b"data").body == b"data"
    assert len(backend.connections) == 1


def test_a_goaway_lets_what_is_under_way_end_and_takes_nothing_new(serve):
    def script(stream):
        if stream.path == "/slow":
            let_go.wait(20)
        stream.answer(stream.path.encode())
    let_go = threading.Event()
    port, backend, _ = serve(script)
    slow = Raw(port).send(request_bytes(target="/slow"))
    backend.wait_for(lambda b: b.streams, "the slow request")
    # Not close_connection(): python-h2 would take nothing more itself.
    with backend.changed:
        backend.connections[0].socket.sendall(b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + (1).to_bytes(4, "big") + bytes(4))
    assert eventually(lambda: [fetch(port, "/new").status, len(backend.connections)] == [200, 2])
    let_go.set()
    assert slow.read_response().body == b"/slow"
    slow.close()
    backend.wait_for(lambda b: b.connections[0].gone, "the end of the old connection")


def test_what_a_goaway_leaves_out_is_sent_again(serve):
    """Several requests at once; the backend answers the first, and says that it looked at no other one."""
    def script(stream):
        if stream.connection.index == 0:
            all_came.wait()
            if stream.id == 1:
                frame = b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + (1).to_bytes(4, "big") + bytes(4)
                stream.connection.socket.sendall(frame)
                stream.answer()
        else:
            stream.answer()
    all_came = threading.Barrier(5, timeout=20)
    port, backend, _ = serve(script)
    assert [answer.status for answer in together(port, [request_bytes("POST", body=b"x")] * 5, "POST")] == [200] * 5
    assert len(backend.streams) == 9 and len(backend.connections) == 2


def test_a_connection_that_was_closed_while_idle_costs_nothing(serve):
    port, backend, _ = serve()
    for number in range(10):
        assert fetch(port).status == 200
        backend.connections[-1].close()
        eventually(lambda: backend.connections[-1].gone)


def test_a_connection_that_breaks_with_requests_on_it(serve):
    def script(stream):
        if stream.connection.index == 0:
            all_came.wait()
            stream.connection.close()
        else:
            stream.answer()
    all_came = threading.Barrier(3, timeout=20)
    port, backend, _ = serve(script)
    answers = together(port, [request_bytes("POST", body=b"x")] * 3, "POST")
    assert [answer.status for answer in answers] == [502] * 3, "none may be sent twice"


@pytest.mark.parametrize("headers", [[(":status", "101")], [("x", "1")], [(":status", "200"), ("Upper", "1")], [(":status", "abc")],
                                     [(":status", "200"), ("connection", "close")], [(":status", "200"), (":path", "/")],
                                     [(":status", "200"), ("x", "a\rb")]])
def test_nonsense_is_a_bad_gateway(serve, headers):
    def script(stream):
        h = stream.connection.h2
        h.config.validate_outbound_headers = h.config.normalize_outbound_headers = False
        block = h.encoder.encode(headers)
        stream.connection.socket.sendall(len(block).to_bytes(3, "big") + b"\x01\x05" + stream.id.to_bytes(4, "big") + block)
    port, backend, _ = serve(script)
    assert fetch(port).status == 502
    assert fetch(port).status == 502


# --- backends that want HTTP/1.1 ---

@pytest.fixture
def both(world):
    """A backend on one port that wants HTTP/1.1 for what comes by HTTP/2: a relay reads the first bytes, and leads to the one or the other."""
    def make(script, kind=route, **rule_fields):
        newer, older, port = Http2Backend(script), world.scripted(), free_port()
        world.parts.append(newer)
        relay = world.scripted(lambda backend, connection: relayed(connection.socket, newer.port, older.port))
        gw = world.gateway(gateway(listener("http", port)), h2c("b", relay.port), kind("r", rule("b", **rule_fields)), flags=["--workers", "1"])
        return port, newer, older, gw
    return make


def relayed(client, newer, older):
    first = client.recv(65536)
    with socket.create_connection(("127.0.0.1", newer if first.startswith(b"PRI * HTTP/2.0") else older)) as to:
        to.sendall(first)

        def back():
            with contextlib.suppress(OSError):
                while data := to.recv(65536):
                    client.sendall(data)
                client.shutdown(socket.SHUT_WR)
        thread = threading.Thread(target=back, daemon=True)
        thread.start()
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)
        thread.join(30)


def wants_http_1(stream):
    stream.wait_for_end()
    stream.cancel(h2.errors.ErrorCodes.HTTP_1_1_REQUIRED)


@pytest.mark.parametrize("method,body", [("GET", None), ("POST", b"data")])
def test_http_1_1_required(both, method, body):
    port, newer, older, gw = both(wants_http_1)
    for _ in range(2):
        answer = fetch(port, "/x", method=method, body=body)
        assert (answer.status, answer.body) == (200, b"ok")
    assert [head.split(b"\r\n")[0] for head in older.heads] == [method.encode() + b" /x HTTP/1.1"] * 2
    assert older.bodies == [body or b""] * 2
    assert len(newer.streams) == 2 and older.connections == 1, "connections of both are kept"
    assert gw.metric("cardea_backend_retries_total") == 2


def test_http_1_1_required_by_goaway(both):
    """For the whole connection: what it left out goes over HTTP/1.1 too."""
    port, newer, older, _ = both(lambda s: s.connection.socket.sendall(
        b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + bytes(4) + b"\0\0\0\x0d"))
    assert fetch(port, method="POST", body=b"data").status == 200
    assert older.bodies == [b"data"]


def test_http_1_1_required_behind_a_body_that_is_gone(both):
    port, _, older, _ = both(wants_http_1)
    assert fetch(port, method="POST", body=b"x" * 500_000).status == 502
    assert older.heads == []


def test_http_1_1_required_is_nothing_for_grpc(both):
    port, newer, older, _ = both(wants_http_1, kind=grpc_route)
    with Http2(port) as client:
        stream = client.fetch("POST", "/shop.Stock/Get", [("content-type", "application/grpc"), ("te", "trailers")], body=b"\0\0\0\0\0")
        assert stream.header("grpc-status") == "14"
    assert older.heads == [] and len(newer.streams) == 1


# --- backends that are gone without a word ---

SOON = ["--backend-http2-ping-interval", "300ms", "--backend-http2-ping-timeout", "1s"]


def goes_silent(stream):
    """Reads and says nothing any more, as a host that died: its kernel here still takes what comes."""
    if stream.path != "/silent" or stream.connection.index > 0:
        return stream.answer()
    stream.connection.silence()


def test_a_silent_connection_is_given_up(serve):
    port, backend, gw = serve(goes_silent, SOON)
    assert fetch(port).status == 200
    answer = fetch(port, "/silent")
    assert answer.status == 200, "sent again, on a new connection"
    assert [len(c.streams) for c in backend.connections] == [2, 1]
    assert gw.metric("cardea_backend_retries_total") == 1


def test_what_may_not_be_sent_again_gets_its_answer(serve):
    port, backend, gw = serve(goes_silent, [*SOON, "--access-log"])
    assert fetch(port).status == 200
    assert fetch(port, "/silent", method="POST", body=b"data").status == 504
    eventually(lambda: '"detail":"no answer to PING"' in gw.log.read_text())
    assert fetch(port).status == 200 and len(backend.connections) == 2


def test_a_rules_retry_counts_it(serve):
    port, backend, _ = serve(goes_silent, SOON, retry={"attempts": 1, "backoff": "1ms"})
    assert fetch(port, "/silent", method="POST", body=b"data").status == 200
    assert [len(c.streams) for c in backend.connections] == [1, 1]


def test_another_endpoint_answers_for_a_silent_one(serve, world):
    other = Http2Backend()
    world.parts.append(other)
    port, backend, _ = serve(goes_silent, SOON, more=[other.port])
    eventually(lambda: fetch(port).status == 200 and backend.streams, "both have answered")
    eventually(lambda: fetch(port, "/silent").status == 200 and any(s.path == "/silent" for s in backend.streams), "one is gone")
    assert any(s.path == "/silent" for s in other.streams)


def test_an_answer_that_stops_is_cut(serve):
    def script(stream):
        if stream.path == "/silent":
            stream.respond(200, [("content-length", "10")])
            stream.send(b"half")
            stream.connection.silence()
        else:
            stream.answer()
    port, _, _ = serve(script, SOON)
    with Raw(port) as connection:
        connection.send(request_bytes(target="/silent"))
        assert connection.read_head().status == 200
        assert connection.read_to_end() == b"half"


def test_a_slow_backend_that_answers_ping_is_waited_for(serve):
    """python-h2 acknowledges PING by itself."""
    def script(stream):
        stream.connection.backend.go.wait(20)
        stream.answer()
    port, backend, _ = serve(script, SOON)
    backend.go = threading.Event()
    with Raw(port).send(request_bytes()) as connection:
        backend.wait_for(lambda b: b.pings, "PING")
        threading.Event().wait(2)  # twice what it may take to answer
        backend.go.set()
        assert connection.read_response().status == 200
    assert len(backend.connections) == 1
    assert backend.pings == 1, "one that is there is not asked again soon"


def test_who_is_not_asked(serve):
    port, backend, _ = serve(goes_silent, ["--backend-http2-ping-interval", "0s"], timeouts={"backendRequest": "1s"})
    assert fetch(port).status == 200
    assert fetch(port, "/silent").status == 504
    assert backend.pings == 0


def test_a_body_that_is_not_as_long_as_it_was_said(serve):
    def script(stream):
        stream.respond(200, [("content-length", "10")])
        stream.send(b"half", end=True)
    port, _, _ = serve(script)
    with Raw(port) as connection:
        answer = connection.call(request_bytes())
        assert answer.status == 502 or not answer.complete


def test_a_client_that_leaves_cancels_its_stream(serve):
    port, backend, _ = serve(lambda s: None)
    connection = Raw(port).send(request_bytes())
    backend.wait_for(lambda b: b.streams, "the request")
    connection.reset()
    backend.streams[0].wait_for(lambda s: s.reset, "that nobody waits")
    assert backend.streams[0].error == h2.errors.ErrorCodes.CANCEL


def test_time_outs(serve):
    port, backend, _ = serve(lambda s: None, timeouts={"backendRequest": "100ms"})
    assert fetch(port).status == 504
    backend.streams[0].wait_for(lambda s: s.reset, "that nobody waits")
    assert fetch(port).status == 504
    assert len(backend.connections) == 1


def test_a_backend_that_speaks_http_1(world):
    """It is sent a preface, and answers with what is none."""
    port = free_port()
    wrong = world.scripted(lambda b, c: (c.socket.recv(1000), c.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")))
    world.gateway(gateway(listener("http", port)), h2c("b", wrong.port), route("r", rule("b")))
    assert fetch(port).status == 502


def test_one_that_refuses_connections_is_passed_over(serve):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port, _, _ = serve(more=[nobody.getsockname()[1]])
        assert [fetch(port).status for _ in range(30)] == [200] * 30
        assert [answer.status for answer in together(port, [request_bytes()] * 30)] == [200] * 30


def test_an_upgrade_goes_over_http_1(world):
    """A WebSocket to a port that speaks both: its own connection of HTTP/1.1."""
    port = free_port()
    scripted = world.scripted(lambda b, c: (b.next_request(c), c.send(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"), c.send(c.socket.recv(100)), c.wait_for_close()))
    world.gateway(gateway(listener("http", port)), h2c("b", scripted.port), route("r", rule("b")))
    with Raw(port) as connection:
        answer = connection.call(request_bytes(headers=[("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
                                                        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]))
        assert answer.status == 101
        assert connection.send(b"ping").read_exactly(4) == b"ping"


def test_mirrors_speak_it_too(serve, world):
    other = Http2Backend()
    world.parts.append(other)
    port, _, gw = serve(filters=[{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "m", "port": 80}}}])
    gw.apply(h2c("m", other.port))
    eventually(lambda: gw.condition("HTTPRoute", "r", "ResolvedRefs") == ("True", "ResolvedRefs"))
    assert fetch(port, method="POST", body=b"data").status == 200
    other.wait_for(lambda b: b.streams and b.streams[0].ended, "the copy")
    assert other.streams[0].body == b"data"


# --- HTTP/2 on both sides ---

def test_many_streams_on_both_sides(serve):
    def script(stream):
        stream.wait_for_end()
        stream.respond(200, [("x-path", stream.path)])
        stream.send(stream.body)
        stream.send_trailers([("x-sum", str(len(stream.body)))])
    port, backend, _ = serve(script)
    with Http2(port) as client:
        streams = [client.request("POST", f"/{n}", body=b"x" * (n * 1000), trailers=[("x-n", str(n))]) for n in range(60)]
        for n, stream in enumerate(streams):
            client.finish(stream)
            assert stream.status == 200 and stream.header("x-path") == f"/{n}"
            assert stream.body == b"x" * (n * 1000) and stream.trailers == [("x-sum", str(n * 1000))]
    assert len(backend.connections) == 1
    assert all(stream.trailers == [("x-n", stream.path[1:])] for stream in backend.streams)


def test_authority_and_cookies_on_both_sides(serve):
    port, backend, _ = serve()
    with Http2(port) as client:
        assert client.fetch("GET", "/", [("cookie", "a=1"), ("cookie", "b=2")], host="shop.test").status == 200
    stream = backend.streams[0]
    assert stream.header(":authority") == "shop.test" and stream.header("host") is None
    assert stream.header("cookie") == "a=1; b=2"


def test_a_cancelled_stream_is_cancelled_at_the_backend(serve):
    port, backend, _ = serve(lambda s: s.answer() if s.path == "/quick" else None)
    with Http2(port) as client:
        stream = client.request("GET", "/")
        backend.wait_for(lambda b: b.streams, "the request")
        client.cancel(stream)
        backend.streams[0].wait_for(lambda s: s.reset, "that nobody waits")
        assert client.fetch("GET", "/quick").status == 200, "the connection goes on"
    assert len(backend.connections) == 1


def test_a_slow_stream_on_both_sides_holds_back_only_itself(serve):
    def script(stream):
        stream.answer(b"x" * 5_000_000 if stream.path == "/large" else b"ok")
    port, backend, _ = serve(script)
    with Http2(port) as slow, Http2(port) as client:
        stream = slow.request("GET", "/large")
        slow.until(lambda: stream.status, "the head")
        assert [client.fetch("GET", "/").body for _ in range(50)] == [b"ok"] * 50
        slow.finish(stream)
        assert len(stream.body) == 5_000_000
    assert len(backend.connections) == 1


def test_retries_and_mirrors_of_streams(serve, world):
    other = Http2Backend()
    world.parts.append(other)

    def script(stream):
        stream.wait_for_end()
        stream.answer(stream.body, 503 if len(backend.streams) % 2 else 200)
    port, backend, gw = serve(script, retry={"codes": [503], "attempts": 1, "backoff": "1ms"},
                              filters=[{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "m", "port": 80}}}])
    gw.apply(h2c("m", other.port))
    eventually(lambda: gw.condition("HTTPRoute", "r", "ResolvedRefs") == ("True", "ResolvedRefs"))
    with Http2(port) as client:
        answers = [client.fetch("POST", "/", body=b"data") for _ in range(5)]
    assert [(answer.status, answer.body) for answer in answers] == [(200, b"data")] * 5
    other.wait_for(lambda b: len(b.streams) == 5 and all(s.ended for s in b.streams), "the copies")
    assert [stream.body for stream in other.streams] == [b"data"] * 5


def test_time_outs_of_streams(serve):
    port, backend, _ = serve(lambda s: None, timeouts={"request": "100ms"})
    with Http2(port) as client:
        assert [client.fetch("GET", "/").status for _ in range(3)] == [504] * 3
    assert len(backend.connections) == 1


# --- servers that others wrote ---

@contextlib.contextmanager
def running(*command):
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        ending(process)


def listens(port):
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True


def test_nghttpd(world, tmp_path):
    port, at = free_port(), free_port()
    large = bytes(range(256)) * 20000
    (tmp_path / "large").write_bytes(large)
    (tmp_path / "index.html").write_text("hello")
    with running(shutil.which("nghttpd") or "nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", tmp_path, "--trailer", "x-sum: 1", "--no-content-length", "-m", "20", at):
        eventually(lambda: listens(at), "nghttpd")
        world.gateway(gateway(listener("http", port)), h2c("b", at), route("r", rule("b")), flags=["--workers", "1"])
        assert fetch(port, "/large").body == large
        answer = fetch(port, "/index.html")
        assert answer.body == b"hello" and answer.trailers == [("x-sum", "1")]
        assert fetch(port, "/missing").status == 404
        result = subprocess.run(["h2load", "--h1", "-n", "2000", "-c", "50", f"http://127.0.0.1:{port}/index.html"],
                                capture_output=True, text=True, timeout=120)
        assert "2000 done, 2000 succeeded, 0 failed" in result.stdout, result.stdout


def test_nghttpx(world, tmp_path):
    port, at = free_port(), free_port()
    echo = world.echo("e")
    config = tmp_path / "nghttpx.conf"
    config.write_text("")
    with running("nghttpx", f"--conf={config}", f"--frontend=127.0.0.1,{at};no-tls", f"--backend=127.0.0.1,{echo.port}", "--workers=1"):
        eventually(lambda: listens(at), "nghttpx")
        world.gateway(gateway(listener("http", port)), h2c("b", at), route("r", rule("b")), flags=["--workers", "1"])
        answer = curl("-X", "POST", "-d", "data", "-H", "Host: shop.test", f"http://127.0.0.1:{port}/x?y=z")
        said = json.loads(answer.stdout)
        assert said["method"] == "POST" and said["path"].startswith("/x") and said["host"] == "shop.test"
        result = subprocess.run(["h2load", "--h1", "-n", "1000", "-c", "20", "-d", str(pathlib.Path(__file__)), f"http://127.0.0.1:{port}/"],
                                capture_output=True, text=True, timeout=120)
        assert "1000 done, 1000 succeeded, 0 failed" in result.stdout, result.stdout
