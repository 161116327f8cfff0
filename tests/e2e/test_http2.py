# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 from clients, in front of backends of HTTP/1.1: by ALPN, by prior knowledge, and everything that a stream may do.
The clients are curl, h2load and python-h2."""
import re
import signal
import subprocess
import threading

import pytest

from backends import OK
from certificates import self_signed
from client import Raw, careless, curl, eventually, fetch, request_bytes, trusting
from http2 import END_HEADERS, END_STREAM, GET, Http2, RawHttp2
from manifests import backend, gateway, listener, match, parameters, route, rule, secret
from processes import free_port


PARAMETERS = {"group": "gateway.cardea.dev", "kind": "GatewayParameters", "name": "limits"}


class Front:
    """A gateway with one route, on a port in clear text and on one with TLS."""

    def __init__(self, world, script=None, flags=(), limits=None, **rule_fields):
        self.clear, self.tls_port = free_port(), free_port()
        self.certificate = self_signed("a.test", "b.test")
        self.backend = world.scripted(script) if script != "echo" else world.echo("b")
        self.gateway = world.gateway(
            gateway(listener("http", self.clear), listener("https", self.tls_port, "HTTPS", certificates=["c"]),
                    **({"infrastructure": {"parametersRef": PARAMETERS}} if limits else {})),
            parameters("limits", {"limits": limits or {}}), secret("c", self.certificate), backend("b", self.backend.port), route("r", rule("b", **rule_fields)),
            flags=["--workers", "1", "--access-log", *flags])

    def client(self, how="clear", **options):
        if how == "clear":
            return Http2(self.clear, **options)
        return Http2(self.tls_port, tls=trusting(self.certificate), sni="a.test", **options)


@pytest.fixture
def front(world):
    return lambda *args, **options: Front(world, *args, **options)


@pytest.fixture(scope="module")
def echo(shared_world):
    return Front(shared_world, "echo")


# --- how it begins ---

def test_prior_knowledge(echo):
    result = curl("--http2-prior-knowledge", "-w", " %{http_version} %{http_code}", f"http://127.0.0.1:{echo.clear}/x")
    assert result.stdout.endswith(" 2 200"), result.stdout


@pytest.mark.parametrize("flag,version", [("--http2", "2"), ("--http1.1", "1.1"), ("--no-alpn", "1.1")])
def test_alpn(echo, flag, version):
    result = curl(flag, "--insecure", "--resolve", f"a.test:{echo.tls_port}:127.0.0.1", "-w", " %{http_version} %{http_code}",
                  f"https://a.test:{echo.tls_port}/x")
    assert result.stdout.endswith(f" {version} 200"), result.stdout


def test_a_preface_in_small_pieces(echo):
    with RawHttp2(echo.clear, preface=b"") as connection:
        for byte in b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":
            connection.send(bytes([byte]))
        connection.settings().headers(1, GET)
        assert connection.response(1)[0] == 200


def test_a_foreign_preface_gets_no_answer(echo):
    with Raw(echo.clear) as connection:
        assert connection.send(b"INVALID CONNECTION PREFACE\r\n\r\n").closed()


def test_upgrade_to_h2c_is_ignored(echo):
    result = curl("--http2", "-w", " %{http_version} %{http_code}", f"http://127.0.0.1:{echo.clear}/x")
    assert result.stdout.endswith(" 1.1 200"), result.stdout


def test_prior_knowledge_in_tls_without_alpn_is_refused(echo):
    with Raw(echo.tls_port, tls=careless(), sni="a.test") as connection:
        assert connection.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").read_response().status in (400, 505)


@pytest.mark.parametrize("how", ["clear", "tls"])
def test_h2load(echo, how):
    url = f"http://127.0.0.1:{echo.clear}/" if how == "clear" else f"https://a.test:{echo.tls_port}/"
    connect = [] if how == "clear" else [f"--connect-to=127.0.0.1:{echo.tls_port}"]
    result = subprocess.run(["h2load", "-n", "2000", "-c", "4", "-m", "32", *connect, url], capture_output=True, text=True, timeout=120)
    assert "2000 done, 2000 succeeded, 0 failed" in result.stdout, result.stdout


# --- what a request becomes ---

def test_the_backend_gets_a_request_of_http_1_1(front):
    place = front()
    with place.client() as client:
        stream = client.fetch("GET", "/a/../b?c=d", [("cookie", "a=1"), ("cookie", "b=2"), ("x-mine", "1"), ("te", "trailers")])
        assert stream.status == 200 and stream.body == b"ok" and stream.header("content-length") == "2"
    head = place.backend.heads[0].decode()
    assert head.startswith("GET /b?c=d HTTP/1.1\r\nHost: a.test\r\n")
    assert "\r\nCookie: a=1; b=2\r\n" in head and "\r\nx-mine: 1\r\n" in head
    assert head.count("\r\nHost:") == 1 and ":" + "authority" not in head


@pytest.mark.parametrize("how", ["clear", "tls"])
def test_many_streams_at_once(echo, how):
    with echo.client(how) as client:
        streams = [client.request("POST", f"/{n}", body=b"x" * (n * 100)) for n in range(100)]
        for n, stream in enumerate(streams):
            client.finish(stream)
            assert stream.status == 200 and f'"/{n}"'.encode() in stream.body


def test_trailers_both_ways(front):
    def script(backend, connection):
        backend.next_request(connection)
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n")
    place = front(script)
    with place.client() as client:
        stream = client.request("POST", "/", [("te", "trailers")], body=b"data", trailers=[("x-mine", "9")])
        client.finish(stream)
        assert stream.body == b"hello" and stream.trailers == [("x-sum", "7")]
    assert place.backend.bodies[0].lower().endswith(b"0\r\nx-mine: 9\r\n\r\n")


@pytest.mark.parametrize("headers,kept", [([("trailer", "x-mine")], True), ([("content-type", "application/grpc"), ("te", "trailers")], True), ([], False)],
                         ids=["announced", "grpc", "not announced"])
def test_trailers_behind_a_length(front, headers, kept):
    place = front()
    with place.client() as client:
        stream = client.fetch("POST", "/", [("content-length", "4"), *headers], body=b"data", trailers=[("x-mine", "9")])
        assert stream.status == 200
    head, body = place.backend.heads[0].lower(), place.backend.bodies[0].lower()
    if kept:
        assert b"content-length" not in head and body.endswith(b"0\r\nx-mine: 9\r\n\r\n")
    else:
        assert b"\r\ncontent-length: 4\r\n" in head and body == b"data"


def test_interim_responses(front):
    def script(backend, connection):
        head = connection.read_head()
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n")
        connection.read_body(head)
        connection.send(OK)
    place = front(script)
    with place.client() as client:
        stream = client.request("POST", "/", [("expect", "100-continue"), ("content-length", "4")], end=False)
        client.until(lambda: len(stream.interim) == 2)
        assert [dict(head)[":status"] for head in stream.interim] == ["100", "103"]
        assert dict(stream.interim[1])["link"] == "</a>; rel=preload"
        client.send(stream, b"body", end=True)
        assert client.finish(stream).status == 200


@pytest.mark.parametrize("method,answer", [
    ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
    ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
    ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"),
    ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
])
def test_answers_without_a_body(front, method, answer):
    place = front(lambda backend, connection: backend.answer(connection, answer))
    with place.client() as client:
        for _ in range(2):
            stream = client.fetch(method)
            assert stream.status == int(answer.split(b" ")[1]) and stream.body == b"" and stream.ended


def test_a_large_body_both_ways(front):
    payload = bytes(range(256)) * 8192  # 2 MiB

    def script(backend, connection):
        head = connection.read_head()
        body = connection.read_body(head)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    place = front(script)
    for how in ("clear", "tls"):
        with place.client(how) as client:
            stream = client.request("POST", "/", [("content-length", str(len(payload)))], body=payload)
            client.finish(stream)
            assert stream.body == payload


# --- streams that end early, stand still, or break ---

def test_an_early_answer_stops_the_upload(front):
    def script(backend, connection):
        connection.read_head()
        connection.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
    place = front(script)
    with place.client() as client:
        stream = client.request("POST", "/", [("content-length", "100000")], end=False)
        client.until(lambda: stream.ended and stream.reset)
        assert (stream.status, stream.body, stream.reset) == (413, b"big", "NO_ERROR")
        assert client.fetch("GET").status == 413, "the connection goes on"


def early_answer(backend, connection):
    """Says 413 or 200 as the path asks, as soon as the head is there, and reads what comes."""
    status = b"413 Content Too Large" if b"/413" in connection.read_head() else b"200 OK"
    connection.send(b"HTTP/1.1 " + status + b"\r\nContent-Length: 5\r\nConnection: close\r\n\r\nearly")
    connection.wait_for_close()


def test_a_client_that_ends_its_request_after_an_early_answer_is_not_reset(front):
    place = front(early_answer)
    with place.client() as client:
        stream = client.request("POST", "/", end=False)
        client.until(lambda: stream.ended)
        client.send(stream, b"x" * 60_000, end=True)
        assert client.fetch("POST", "/", body=b"x").body == b"early"
        assert not stream.reset


def test_an_early_answer_does_not_make_us_read_for_ever(front):
    place = front(early_answer)
    with RawHttp2(place.clear) as connection:
        connection.headers(1, [(":method", "POST"), *GET[1:]], end=False)
        connection.wait_for("DATA", 1, END_STREAM)
        window, sent = 65535, 0
        while True:
            while window:
                size = min(window, 16384)
                connection.frame("DATA", 0, 1, b"x" * size)
                window, sent = window - size, sent + size
            frame = connection.read_frame()
            if frame.type == "WINDOW_UPDATE" and frame.stream == 1:
                window += int.from_bytes(frame.payload, "big")
            elif frame.type == "RST_STREAM":
                assert frame.error == "NO_ERROR"
                break
        assert sent < 300_000
        connection.headers(3, GET)
        connection.wait_for("HEADERS", 3)


@pytest.mark.parametrize("size", [0, 1000, 60_000])
@pytest.mark.parametrize("path,status", [("/", "200"), ("/413", "413")])
def test_curl_gets_an_early_answer(front, tmp_path, path, status, size):
    """It throws an answer away when its stream is reset while it sends."""
    place = front(early_answer)
    (tmp_path / "body").write_bytes(b"x" * size)
    result = curl("--http2-prior-knowledge", "-w", " %{http_code}", "-X", "POST", "-T", tmp_path / "body", "-H", "Expect:",
                  f"http://127.0.0.1:{place.clear}{path}")
    assert (result.returncode, result.stdout) == (0, f"early {status}"), result.stderr


def test_curl_stops_a_large_upload_that_was_refused_early(front, tmp_path):
    place = front(early_answer)
    with (tmp_path / "body").open("wb") as file:
        file.truncate(50_000_000)
    result = curl("--http2-prior-knowledge", "-w", " %{http_code}", "-X", "POST", "-T", tmp_path / "body", "-H", "Expect:",
                  f"http://127.0.0.1:{place.clear}/413")
    assert (result.returncode, result.stdout) == (0, "early 413"), result.stderr


def test_a_cancelled_stream_cancels_the_attempt(front):
    def script(backend, connection):
        backend.next_request(connection)
        assert connection.wait_for_close()
    place = front(script)
    with place.client() as client:
        stream = client.request("GET")
        place.backend.wait_for(lambda b: len(b.heads) == 1)
        client.cancel(stream)
        place.backend.wait_for(lambda b: not b.open, "the end of the connection")
    eventually(lambda: place.gateway.metric("cardea_http2_streams_reset_total") == 1)
    eventually(lambda: '"status":499' in place.gateway.log.read_text())


def test_a_body_that_is_broken_off_never_looks_whole(front):
    heads, errors = [], []

    def script(backend, connection):
        heads.append(connection.read_head())
        try:
            connection.read_body(heads[-1])
        except ConnectionError as error:
            errors.append(error)
    place = front(script)
    for headers in ([], [("content-length", "10")]):
        with place.client() as client:
            stream = client.request("POST", "/", headers, end=False)
            client.send(stream, b"half")
            seen = len(errors)
            eventually(lambda: len(heads) == seen + 1, "the backend has the head")
            client.cancel(stream)
            eventually(lambda: len(errors) == seen + 1, "the backend sees that the body was cut")


def test_what_follows_a_length_of_nothing_is_no_request(front):
    """The backend may have the whole request before more comes than was said: that more is never told it."""
    place = front()
    with RawHttp2(place.clear) as connection:
        connection.headers(1, [(":method", "POST"), *GET[1:], ("content-length", "0")], end=False)
        connection.frame("DATA", END_STREAM, 1, b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.wait_for("RST_STREAM", 1).error == "PROTOCOL_ERROR"
        connection.headers(3, [*GET[:3], (":path", "/after")])
        connection.wait_for("HEADERS", 3)
    assert not any(b"smuggled" in part for part in [*place.backend.heads, *place.backend.bodies])


def test_an_answer_that_is_broken_off_is_reset(front):
    def script(backend, connection):
        backend.next_request(connection)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        backend.go.wait(20)
    place = front(script)
    place.backend.go = threading.Event()
    with place.client() as client:
        stream = client.request("GET")
        client.until(lambda: stream.body == b"half")
        place.backend.go.set()
        client.finish(stream)
        assert stream.reset == "INTERNAL_ERROR" and not stream.ended


def test_a_slow_reader_holds_back_only_its_stream(front):
    def script(backend, connection):
        while (head := backend.next_request(connection)) is not None:
            size = 3_000_000 if b"/big" in head else 2
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
    place = front(script)
    with RawHttp2(place.clear) as connection:
        connection.frame("WINDOW_UPDATE", 0, 0, (10_000_000).to_bytes(4, "big"))
        for stream in range(1, 41, 2):
            connection.headers(stream, [*GET[:3], (":path", "/big")])
        connection.headers(101, GET)
        assert connection.response(101)[2] == b"xx"
        connection.frame("WINDOW_UPDATE", 0, 1, (10_000_000).to_bytes(4, "big"))
        got = 0
        while not (frame := connection.wait_for("DATA", 1)).flags & END_STREAM:
            got += len(frame.payload)
        assert got > 2_900_000


@pytest.mark.parametrize("trailers", [b"", b"X-Sum: 7\r\n"], ids=["no trailers", "trailers"])
def test_an_end_needs_no_window(front, trailers):
    """Neither an empty DATA nor trailers are bytes that a window counts (RFC 9113 section 6.9): none of them waits for one."""
    place = front(lambda backend, connection: backend.answer(
        connection, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n" + trailers + b"\r\n"),
        flags=["--http2-max-streams", "4"])
    with RawHttp2(place.clear) as connection:
        connection.settings(window=5)
        for stream in range(1, 41, 2):  # streams that have ended are no open ones
            connection.headers(stream, GET)
            frames = [connection.wait_for("HEADERS", stream), connection.wait_for("DATA", stream)]
            assert frames[1].payload == b"hello" and not frames[1].flags & END_STREAM
            connection.decoder.decode(frames[0].payload)
            end = connection.read_frame()
            while end.stream != stream:
                end = connection.read_frame()
            assert end.flags & END_STREAM, end
            if trailers:
                assert end.type == "HEADERS" and connection.decoder.decode(end.payload) == [("x-sum", "7")]
            else:
                assert end.type == "DATA" and end.payload == b""
        connection.frame("PING", 0, 0, b"12345678")
        frame = connection.read_frame()
        while frame.type != "PING":
            assert frame.type == "SETTINGS", f"{frame}: streams that have ended are not reset"
            frame = connection.read_frame()


@pytest.mark.parametrize("trailers", [b"", b"X-Sum: 7\r\n"], ids=["no trailers", "trailers"])
def test_an_end_that_needed_no_window_leaves_the_request_its_time(front, trailers):
    """The answer has ended before its request: the client may still end it, or open the window."""
    place = front(lambda backend, connection: (connection.read_head(), connection.send(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n" + trailers + b"\r\n"), connection.wait_for_close()))
    with RawHttp2(place.clear) as connection:
        connection.settings(window=5)
        connection.headers(1, [(":method", "POST"), *GET[1:]], end=False)
        assert connection.wait_for("DATA", 1).payload == b"hello"
        assert connection.wait_for("HEADERS" if trailers else "DATA", 1).flags & END_STREAM
        connection.frame("WINDOW_UPDATE", 0, 1, (100).to_bytes(4, "big")).frame("DATA", END_STREAM, 1, b"x")
        connection.headers(3, GET)
        connection.wait_for("HEADERS", 3)


def test_a_backend_that_reads_nothing_holds_back_only_its_streams(front):
    hold = threading.Event()

    def script(backend, connection):
        while (head := connection.read_head()) is not None:
            if b"/hold" in head:
                hold.wait(30)
            connection.read_body(head)
            connection.send(OK)
    place = front(script)
    post = [(":method", "POST"), *GET[1:3]]
    try:
        with RawHttp2(place.clear) as connection:
            held = range(1, 41, 2)
            for stream in held:
                connection.headers(stream, [*post, (":path", "/hold")], end=False)
                for _ in range(4):
                    connection.frame("DATA", 0, stream, b"x" * 16000)
            connection.headers(101, [*post, (":path", "/")], end=False)
            for n in range(4):
                connection.frame("DATA", END_STREAM if n == 3 else 0, 101, b"y" * 16000)
            assert connection.response(101)[0] == 200
            hold.set()
            for stream in held:
                connection.frame("DATA", END_STREAM, stream)
            assert {connection.wait_for("DATA", flags=END_STREAM).stream for _ in held} == set(held)
    finally:
        hold.set()


# --- the end of a connection ---

def test_drain_in_two_steps(front):
    def script(backend, connection):
        backend.next_request(connection)
        backend.go.wait(20)
        connection.send(OK)
    place = front(script)
    place.backend.go = threading.Event()
    with RawHttp2(place.clear) as connection:
        connection.headers(1, GET)
        place.backend.wait_for(lambda b: len(b.heads) == 1)
        place.gateway.process.send_signal(signal.SIGTERM)
        first = connection.wait_for("GOAWAY")
        assert (first.last_stream, first.error) == (0x7fffffff, "NO_ERROR")
        connection.headers(3, GET)  # on its way when the notice came
        place.backend.wait_for(lambda b: len(b.heads) == 2, "a request between the steps")
        last = connection.wait_for("GOAWAY")
        assert (last.last_stream, last.error) == (3, "NO_ERROR")
        connection.headers(5, GET)  # not looked at
        place.backend.go.set()
        frames = list(connection.frames())  # to the end of the connection
        assert {frame.stream for frame in frames if frame.type == "DATA" and frame.flags & END_STREAM} == {1, 3}
        assert all(frame.stream != 5 for frame in frames)
    assert place.gateway.process.wait(20) == 0
    assert len(place.backend.heads) == 2


def test_a_drain_needs_no_ping_from_the_client(front):
    place = front(flags=["--drain-timeout", "30s"])
    with Http2(place.clear) as client:
        assert client.fetch().status == 200
        place.gateway.process.send_signal(signal.SIGTERM)
        client.until(lambda: client.closed)
        assert [code for _, code in client.goaways] == ["NO_ERROR", "NO_ERROR"]
    assert place.gateway.process.wait(20) == 0


def test_a_change_cuts_no_stream(front):
    def script(backend, connection):
        while (head := backend.next_request(connection)) is not None:
            if b"/slow" not in head:
                connection.send(OK)
                continue
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            backend.go.wait(20)
            connection.send(b"4\r\nlast\r\n0\r\n\r\n")
    place = front(script)
    place.backend.go = threading.Event()
    with place.client() as client:
        stream = client.request("GET", "/slow")
        client.until(lambda: stream.body == b"first")
        place.gateway.apply(route("r", rule("b", matches=[match(prefix="/moved")])))
        eventually(lambda: client.fetch("GET", "/").status == 404)
        place.backend.go.set()
        client.finish(stream)
        assert stream.body == b"firstlast" and client.goaways == []


# --- what it tells ---

def test_misdirected(world):
    port, other = free_port(), self_signed("other.test")
    certificate = self_signed("a.test", "b.test")
    scripted = world.scripted()
    world.gateway(gateway(listener("a", port, "HTTPS", "a.test", ["c"]), listener("o", port, "HTTPS", "other.test", ["o"])),
                  secret("c", certificate), secret("o", other), backend("b", scripted.port), route("r", rule("b")))
    with Http2(port, tls=trusting(certificate), sni="a.test") as client:
        assert client.fetch(host="a.test", scheme="https").status == 200
        assert client.fetch(host="other.test", scheme="https").status == 421
        assert client.fetch(host="a.test", scheme="https").status == 200


def test_log_and_metrics(front):
    place = front()
    with place.client() as client:
        for _ in range(3):
            assert client.fetch("GET", "/logged").status == 200
        eventually(lambda: place.gateway.metric("cardea_http2_streams_total") == 3)
    assert place.gateway.metric("cardea_http2_connections_total") == 1
    lines = eventually(lambda: re.findall(r'.*"path":"/logged".*', place.gateway.log.read_text()))
    assert all('"protocol":"HTTP/2.0"' in line for line in lines)


# --- WebSocket (RFC 8441) ---

def websocket_frame(text):
    return bytes([0x81, 0x80 | len(text)]) + b"\0\0\0\0" + text


def test_websocket(echo):
    with Http2(echo.clear) as client:
        client.until(lambda: client.connection.remote_settings.enable_connect_protocol == 1, "SETTINGS_ENABLE_CONNECT_PROTOCOL")
        streams = [client.websocket() for _ in range(3)]
        for stream in streams:
            client.until(lambda: stream.status)
            assert stream.status == 200
            assert not {name for name, _ in stream.headers} & {"upgrade", "connection", "sec-websocket-accept"}
        for stream in streams:
            client.send(stream, websocket_frame(b"hello"))
        for stream in streams:
            client.until(lambda: stream.body == b"\x81\x05hello")
        assert client.fetch("GET").status == 200
        client.send(streams[0], b"\x88\x80\0\0\0\0", end=True)
        client.finish(streams[0])
        assert streams[0].body[7] == 0x88 and not streams[0].reset, "closed by both"


def masked(opcode, payload):
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + b"\1\2\3\4" + bytes(byte ^ (1, 2, 3, 4)[n % 4] for n, byte in enumerate(payload))


@pytest.mark.parametrize("how", ["clear", "tls"])
def test_a_websocket_lives_through_changes(front, how):
    """Into `cardea echo`: text, PING, changes that do not concern it, text again, the end."""
    place = front("echo")
    with place.client(how) as plain:
        assert plain.fetch(scheme="https" if how == "tls" else "http").status == 200
    with place.client(how) as client:
        client.until(lambda: client.connection.remote_settings.enable_connect_protocol == 1, "SETTINGS_ENABLE_CONNECT_PROTOCOL")
        stream = client.websocket(scheme="https" if how == "tls" else "http")
        client.until(lambda: stream.status == 200)
        client.send(stream, masked(1, b"hello"))
        client.until(lambda: stream.body == b"\x81\x05hello")
        client.send(stream, masked(9, b"are you there"))
        client.until(lambda: stream.body == b"\x81\x05hello\x8a\x0dare you there", "PONG")
        before = len(stream.body)
        place.gateway.apply(route("r", rule("b", matches=[match(prefix="/moved")])), backend("other", place.backend.port),
                            route("more", rule("other", matches=[match(prefix="/other")])))
        eventually(lambda: [fetch(place.clear, "/").status, fetch(place.clear, "/other").status] == [404, 200], "the change is live")
        client.send(stream, masked(1, b"again") + masked(8, b"\x03\xe8"))
        client.until(lambda: stream.body[before:].startswith(b"\x81\x05again\x88"), "the echo, and CLOSE")
        client.send(stream, b"", end=True)
        client.finish(stream)
        assert not stream.reset and client.goaways == []


@pytest.mark.parametrize("answer,status", [
    (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", 403),
    (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n", 502),
    (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 502),
])
def test_a_websocket_that_is_refused(front, answer, status):
    place = front(lambda backend, connection: backend.answer(connection, answer))
    with Http2(place.clear) as client:
        stream = client.websocket("/chat", [("sec-websocket-protocol", "chat")])
        client.finish(stream)
        assert stream.status == status
    head = place.backend.heads[0].decode().lower()
    assert head.startswith("get /chat http/1.1\r\n") and "\r\nupgrade: websocket\r\n" in head and "\r\nconnection: upgrade\r\n" in head
    assert re.search(r"\r\nsec-websocket-key: [a-z0-9+/]{22}==\r\n", head) and "\r\nsec-websocket-protocol: chat\r\n" in head
    assert ":protocol" not in head


# --- limits ---

def test_max_streams(front):
    hold = threading.Event()

    def script(backend, connection):
        while backend.next_request(connection) is not None:
            hold.wait(30)
            connection.send(OK)
    place = front(script, flags=["--http2-max-streams", "3"])
    try:
        with RawHttp2(place.clear) as connection:
            assert b"\0\x03\0\0\0\x03" in connection.wait_for("SETTINGS").payload
            connection.frame("SETTINGS", 1)
            for stream in (1, 3, 5, 7):
                connection.headers(stream, GET)
            assert connection.wait_for("RST_STREAM").stream == 7
            hold.set()
            assert sorted(connection.wait_for("HEADERS").stream for _ in range(3)) == [1, 3, 5]
    finally:
        hold.set()


def test_max_requests_per_connection(front):
    place = front(flags=["--max-requests-per-connection", "3"])
    with RawHttp2(place.clear) as connection:
        for stream in (1, 3, 5):
            connection.headers(stream, GET)
        frames = list(connection.frames())
        assert {frame.stream for frame in frames if frame.flags & END_STREAM and frame.type == "DATA"} == {1, 3, 5}
        goaways = [frame for frame in frames if frame.type == "GOAWAY"]
        assert (goaways[-1].last_stream, goaways[-1].error) == (5, "NO_ERROR"), "after it the connection is closed"


def test_idle_timeout(front):
    place = front(flags=["--idle-timeout", "300ms"])
    with place.client() as client:
        assert client.fetch().status == 200
        client.until(lambda: client.closed)
        assert client.goaways == [(1, "NO_ERROR")]


@pytest.mark.parametrize("begun", ["preface", "settings", "list"])
def test_head_timeout(front, begun):
    place = front(flags=["--request-head-timeout", "300ms"])
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    with RawHttp2(place.clear, preface={"preface": preface[:20], "settings": preface, "list": preface + b"\0\0\0\x04\0\0\0\0\0"}[begun]) as connection:
        if begun == "list":
            connection.frame("HEADERS", END_STREAM, 1, connection.block(GET))
        for _ in connection.frames() if begun != "preface" else ():
            pass
        if begun == "preface":
            eventually(lambda: connection.socket.recv(65536) == b"")


@pytest.mark.parametrize("how", ["stream", "connection"])
def test_stall_timeout(front, how):
    """A client that takes nothing: of one stream, which is reset; of the whole connection, which is closed."""
    size = 500_000 if how == "stream" else 50_000_000
    place = front(lambda backend, connection: backend.answer(connection, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size),
                  flags=["--http2-stall-timeout", "500ms"])
    with RawHttp2(place.clear) as connection:
        if how == "stream":
            connection.headers(1, GET)
            reset = connection.wait_for("RST_STREAM", 1)
            assert reset.error == "CANCEL"
        else:
            connection.settings(window=0x7fffffff).frame("WINDOW_UPDATE", 0, 0, (0x7fff0000).to_bytes(4, "big")).headers(1, GET)
        eventually(lambda: place.gateway.metric("cardea_http2_streams_stalled_total") == 1)
        eventually(lambda: '"reason":"client_stalled"' in place.gateway.log.read_text())
    if how == "connection":
        eventually(lambda: place.gateway.metric("cardea_http2_connection_faults_total", fault="stalled") == 1)


def test_a_stream_that_moves_slowly_is_not_stalled(front):
    place = front(lambda backend, connection: backend.answer(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000),
                  flags=["--http2-stall-timeout", "700ms"])
    with RawHttp2(place.clear) as connection:
        connection.settings(window=100).headers(1, GET)
        got = b""
        while len(got) < 2000:
            frame = connection.wait_for("DATA", 1)
            got += frame.payload
            threading.Event().wait(0.05)  # the slowness itself is what is tested
            if not frame.flags & END_STREAM:
                connection.frame("WINDOW_UPDATE", 0, 1, (100).to_bytes(4, "big"))


def test_head_limits(front):
    place = front(flags=["--max-head-bytes", "2000", "--max-request-line-bytes", "1000", "--max-fields", "10"])
    with place.client() as client:
        assert client.fetch(headers=[("x", "a" * 1500)]).status == 200
        assert client.fetch(headers=[("x", "a" * 1900)]).status == 431
        assert client.fetch(path="/" + "a" * 999).status == 200
        assert client.fetch(path="/" + "a" * 1000).status == 414
        assert client.fetch(headers=[(f"x{n}", "1") for n in range(10)]).status == 200
        assert client.fetch(headers=[(f"x{n}", "1") for n in range(11)]).status == 431
        assert client.fetch(headers=[("cookie", f"c{n}=1") for n in range(40)]).status == 200, "crumbs are one field"


def test_trailer_limit(front):
    place = front(flags=["--max-trailer-bytes", "500"])
    with place.client() as client:
        assert client.fetch("POST", body=b"x", trailers=[("x", "a" * 400)]).status == 200
        stream = client.fetch("POST", body=b"x", trailers=[("x", "a" * 500)])
        assert stream.reset == "PROTOCOL_ERROR" or stream.status in (400, 431)


def test_body_limits(front):
    place = front(flags=["--max-request-body-bytes", "1000", "--body-idle-timeout", "300ms"])
    with place.client() as client:
        assert client.fetch("POST", body=b"x" * 1000).status == 200
        assert client.fetch("POST", body=b"x" * 1001).status == 413
        stream = client.request("POST", end=False)
        client.send(stream, b"half")
        client.finish(stream)
        assert stream.status == 408


def test_stream_window(front):
    hold = threading.Event()

    def script(backend, connection):
        head = connection.read_head()
        hold.wait(30)
        connection.read_body(head)
        connection.send(OK)
    place = front(script, flags=["--http2-stream-window-bytes", "100000"])
    try:
        with RawHttp2(place.clear) as connection:
            assert b"\0\x04\0\x01\x86\xa0" in connection.wait_for("SETTINGS").payload
    finally:
        hold.set()


def test_backlog(front):
    """What one connection does not take is not read from backends either."""
    sent = []

    def script(backend, connection):
        backend.next_request(connection)
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(4000):
            connection.send(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
            sent.append(0x4000)
    place = front(script, flags=["--http2-backlog-bytes", "64k", "--http2-stall-timeout", "0s"])
    with RawHttp2(place.clear) as connection:
        connection.settings(window=0x7fffffff).frame("WINDOW_UPDATE", 0, 0, (0x7fff0000).to_bytes(4, "big")).headers(1, GET)
        connection.wait_for("DATA", 1)

        def settled():
            before = len(sent)
            threading.Event().wait(0.3)  # nothing more is read
            return before == len(sent)
        eventually(settled)
        assert sum(sent) < 40_000_000


FLOODS = {
    "resets": ("--http2-max-resets", lambda c, n: c.headers(2 * n + 1, GET).frame("RST_STREAM", 0, 2 * n + 1, b"\0\0\0\x08")),
    "settings": ("--http2-max-settings", lambda c, n: c.frame("SETTINGS")),
    "pings": ("--http2-max-pings", lambda c, n: c.frame("PING", 0, 0, b"12345678")),
    "window_updates": ("--http2-max-window-updates", lambda c, n: c.frame("WINDOW_UPDATE", 0, 0, b"\0\0\0\x01")),
    "empty_data": ("--http2-max-empty-data", lambda c, n: (c.headers(1, [(":method", "POST"), *GET[1:]], end=False) if n == 0 else c).frame("DATA", 0, 1)),
    "other_frames": ("--http2-max-other-frames", lambda c, n: c.frame("PRIORITY", 0, 9, b"\0\0\0\x01\x10")),
    "continuations": ("--http2-max-continuations",
                      lambda c, n: c.frame("HEADERS", END_STREAM, 1, c.block(GET)) if n == 0 else c.frame("CONTINUATION", 0, 1, b"\x84")),
}


@pytest.mark.parametrize("kind", FLOODS)
@pytest.mark.parametrize("how", ["flag", "field"])
def test_flood_limits(front, kind, how):
    """Below its limit nothing happens; above it the connection ends with a reason, and others do not notice."""
    flag, step = FLOODS[kind]
    field = re.sub("-([a-z])", lambda found: found.group(1).upper(), flag.removeprefix("--"))
    place = front(flags=[flag, "20"]) if how == "flag" else front(limits={field: 20})
    with place.client() as other:
        assert other.fetch().status == 200
        with RawHttp2(place.clear) as connection:
            for n in range(18):
                step(connection, n)
            if kind != "continuations":
                connection.headers(999, GET)
                connection.wait_for("HEADERS", 999)
        with RawHttp2(place.clear) as connection:
            try:
                for n in range(100):
                    step(connection, n)
            except ConnectionError:
                pass
            end = next(frame for frame in connection.frames() if frame.type == "GOAWAY")
            assert (end.error, end.debug) == ("ENHANCE_YOUR_CALM", kind)
        assert other.fetch().status == 200
    eventually(lambda: place.gateway.metric("cardea_http2_connection_faults_total", fault=kind) == 1)


def test_small_windows(front):
    place = front(lambda backend, connection: backend.answer(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100000),
                  flags=["--http2-max-small-windows", "20"])
    with RawHttp2(place.clear) as connection:
        connection.settings(window=1).headers(1, GET)
        for frame in connection.frames():
            if frame.type == "DATA":
                connection.frame("WINDOW_UPDATE", 0, 1, b"\0\0\0\x01")
            if frame.type == "GOAWAY":
                assert (frame.error, frame.debug) == ("ENHANCE_YOUR_CALM", "small_windows")
                break
        else:
            raise AssertionError("it went on")


def test_no_end_headers_is_no_request(front):
    place = front()
    with RawHttp2(place.clear) as connection:
        connection.frame("HEADERS", END_STREAM | END_HEADERS, 1, connection.block(GET))
        assert connection.response(1)[0] == 200
    with Raw(place.clear) as plain:
        assert plain.call(request_bytes()).status == 200
