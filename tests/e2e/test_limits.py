# SPDX-License-Identifier: Apache-2.0
"""Every limit and time-out has a default, a flag and a case here: just inside it is served, just over it is refused."""
import contextlib
import socket
import threading
import time

import pytest

from backends import OK
from client import Closed, Raw, eventually, fetch, request_bytes
from manifests import backend, gateway, listener, match, route, rule
from processes import free_port


@pytest.fixture
def serve(world):
    def make(*flags, script=None, **rule_fields):
        port = free_port()
        scripted = world.scripted(script)
        make.gateway = world.gateway(gateway(listener("http", port)), backend("b", scripted.port), route("r", rule("b", **rule_fields)),
                                     flags=["--workers", "1", *flags])
        return port, scripted
    return make


def status_of(port, request):
    with Raw(port) as connection:
        response = connection.call(request)
        if response.status >= 400:
            assert connection.closed()
        return response.status


def test_request_line(serve):
    port, _ = serve("--max-request-line-bytes", "1000")
    line = len("GET / HTTP/1.1\r\n")
    assert status_of(port, request_bytes(target="/" + "a" * (1000 - line))) == 200
    assert status_of(port, request_bytes(target="/" + "a" * 1001)) == 414


def test_request_line_that_never_ends(serve):
    port, _ = serve("--max-request-line-bytes", "1000")
    assert status_of(port, b"GET /" + b"a" * 5000) == 414


def test_head(serve):
    port, _ = serve("--max-head-bytes", "2000", "--max-request-line-bytes", "1000")
    assert status_of(port, request_bytes(headers={"X": "a" * 1800})) == 200
    assert status_of(port, request_bytes(headers={"X": "a" * 2001})) == 431


def test_a_head_that_never_ends(serve):
    port, _ = serve("--max-head-bytes", "2000", "--max-request-line-bytes", "1000")
    assert status_of(port, b"GET / HTTP/1.1\r\nHost: a.test\r\nX: " + b"a" * 10000) == 431


def test_fields(serve):
    port, _ = serve("--max-fields", "10")
    assert status_of(port, request_bytes(headers=[(f"X-{n}", "1") for n in range(9)])) == 200
    assert status_of(port, request_bytes(headers=[(f"X-{n}", "1") for n in range(10)])) == 431


def test_trailers(serve):
    port, _ = serve("--max-trailer-bytes", "500")
    head = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    assert status_of(port, head + "X: " + "a" * 400 + "\r\n\r\n") == 200
    assert status_of(port, head + "X: " + "a" * 600 + "\r\n\r\n") in (400, 431)


def test_a_chunk_line(serve):
    port, _ = serve("--max-chunk-line-bytes", "100")
    head = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert status_of(port, head + "1;x=" + "a" * 90 + "\r\nx\r\n0\r\n\r\n") == 200
    assert status_of(port, head + "1;x=" + "a" * 110 + "\r\nx\r\n0\r\n\r\n") == 400


def test_the_chunk_extensions_of_a_body(serve):
    port, _ = serve("--max-chunk-extension-bytes", "200")
    head = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = "1;x=" + "a" * 50 + "\r\nx\r\n"
    assert status_of(port, head + chunk * 3 + "0\r\n\r\n") == 200
    assert status_of(port, head + chunk * 5 + "0\r\n\r\n") == 400


def test_response_head(serve):
    def script(backend, connection):
        while (head := backend.next_request(connection)) is not None:
            size = int(head.split(b" ")[1][1:])
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: " + b"a" * size + b"\r\n\r\n")
    port, _ = serve("--max-response-head-bytes", "2000", script=script)
    assert fetch(port, "/1900").status == 200
    assert fetch(port, "/2001").status == 502


def test_request_body(serve):
    port, backend = serve("--max-request-body-bytes", "1000")
    assert fetch(port, method="POST", body=b"x" * 1000).status == 200
    assert fetch(port, method="POST", body=b"x" * 1001).status == 413
    chunked = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert status_of(port, chunked + "3e8\r\n" + "x" * 1000 + "\r\n0\r\n\r\n") == 200
    assert status_of(port, chunked + "3e8\r\n" + "x" * 1000 + "\r\n1\r\nx\r\n0\r\n\r\n") == 413
    assert len(backend.bodies) == 2, "a body over the limit never arrives whole"


def test_requests_per_connection(serve):
    port, _ = serve("--max-requests-per-connection", "3")
    with Raw(port) as connection:
        answers = [connection.call(request_bytes()) for _ in range(3)]
        assert [a.status for a in answers] == [200] * 3
        assert [a.header("connection") for a in answers][2] == "close" and connection.closed()


def test_connections(serve):
    port, _ = serve("--max-connections", "5")
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Raw(port)) for _ in range(5)]
        assert [c.call(request_bytes()).status for c in connections] == [200] * 5
        with Raw(port) as sixth:
            with pytest.raises((Closed, ConnectionError)):
                sixth.call(request_bytes())
        assert connections[0].call(request_bytes()).status == 200

    def served():
        try:
            return fetch(port).status == 200
        except Closed:
            return False
    eventually(served, "there is room again")


# --- time-outs; each test waits for the event itself and only checks that it comes ---


def test_request_head_timeout(serve):
    port, _ = serve("--request-head-timeout", "300ms")
    with Raw(port) as connection:
        connection.send("GET / HTTP/1.1\r\nHost: a")
        assert connection.read_response().status == 408 and connection.closed()


def test_request_head_timeout_of_a_slow_writer(serve):
    """A byte now and then does not keep a head alive for ever."""
    port, _ = serve("--request-head-timeout", "500ms")
    with Raw(port) as connection:
        connection.send("GET / HTTP/1.1\r\nHost: a.test\r\nX: ")
        stop = threading.Event()

        def drip():
            with contextlib.suppress(OSError):
                while not stop.wait(0.05):
                    connection.send("a")
        writer = threading.Thread(target=drip)
        writer.start()
        try:
            with contextlib.suppress(ConnectionResetError):
                assert connection.read_response().status == 408
        finally:
            stop.set()
            writer.join()


def test_idle_timeout(serve):
    port, _ = serve("--idle-timeout", "300ms")
    with Raw(port) as connection:
        assert connection.call(request_bytes()).status == 200
        assert connection.closed()
    with Raw(port) as connection:
        assert connection.closed(), "a connection that never says anything is idle too"


def test_body_idle_timeout(serve):
    port, backend = serve("--body-idle-timeout", "300ms")
    with Raw(port) as connection:
        connection.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nhalf")
        assert connection.read_response().status == 408 and connection.closed()
    assert backend.heads == []


def test_connect_timeout(world):
    """An endpoint that does not answer connection requests: a listener whose backlog is full."""
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    fillers = []
    for _ in range(8):
        filler = socket.socket()
        filler.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            filler.connect(full.getsockname())
        fillers.append(filler)
    port = free_port()
    world.gateway(gateway(listener("http", port)), backend("full", full.getsockname()[1]), route("r", rule("full")),
                  flags=["--connect-timeout", "300ms"])
    assert fetch(port).status in (503, 504)
    for filler in [*fillers, full]:
        filler.close()


def test_backend_idle_timeout(serve):
    port, backend = serve("--backend-idle-timeout", "300ms")
    assert fetch(port).status == 200
    backend.wait_for(lambda b: b.connections == 1 and not b.open, "the end of the idle connection")


def test_max_idle_per_endpoint(serve):
    release = threading.Event()

    def script(backend, connection):
        while backend.next_request(connection) is not None:
            release.wait(20)
            connection.send(OK)
    port, backend = serve("--max-idle-per-endpoint", "2", script=script)
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Raw(port)).send(request_bytes()) for _ in range(6)]
        backend.wait_for(lambda b: len(b.heads) == 6, "six requests at once")
        release.set()
        assert [c.read_response().status for c in connections] == [200] * 6
        backend.wait_for(lambda b: len(b.open) == 2, "only two stay open")


def silent(backend, connection):
    backend.next_request(connection)
    connection.wait_for_close()


def test_request_timeout_flag(serve):
    port, _ = serve("--request-timeout", "300ms", script=silent)
    assert fetch(port).status == 504


def test_backend_request_timeout_flag(serve):
    port, _ = serve("--backend-request-timeout", "300ms", script=silent)
    assert fetch(port).status == 504


@pytest.mark.parametrize("kind", ["request", "backendRequest"])
def test_timeouts_of_a_rule(serve, kind):
    port, backend = serve(script=silent, timeouts={kind: "300ms"})
    assert fetch(port).status == 504
    backend.wait_for(lambda b: not b.open, "the end of the connection that was too slow")


def test_a_timeout_of_0s_is_none(world):
    port = free_port()
    echo = world.echo("slow")
    world.gateway(gateway(listener("http", port)), backend("slow", echo.port),
                  route("r", rule("slow", timeouts={"request": "0s"})), flags=["--request-timeout", "200ms"])
    assert fetch(port, "/?delay=600ms").status == 200


def test_timeouts_do_not_end_streams_that_flow(serve):
    """Defaults: an answer that takes its time is not cut off by the idle time-outs of connections."""
    def script(backend, connection):
        backend.next_request(connection)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
        for _ in range(8):
            time.sleep(0.1)  # the slowness itself is what is tested
            connection.send(b"x")
    port, _ = serve("--idle-timeout", "200ms", "--body-idle-timeout", "200ms", "--backend-idle-timeout", "200ms",
                    "--request-head-timeout", "200ms", script=script)
    assert fetch(port).body == b"x" * 8


def test_an_upgraded_connection_has_no_idle_timeout(serve):
    def script(backend, connection):
        backend.next_request(connection)
        connection.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n")
        time.sleep(1)  # the silence itself is what is tested
        connection.send(b"still here")
    port, _ = serve("--idle-timeout", "200ms", "--body-idle-timeout", "200ms", "--backend-idle-timeout", "200ms", script=script)
    with Raw(port) as connection:
        connection.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n")
        assert connection.read_head().status == 101
        assert connection.read_exactly(10) == b"still here"


def test_the_backend_head_limits_do_not_touch_other_rules(world):
    """One slow rule costs nobody else anything."""
    port = free_port()
    slow, fast = world.scripted(silent), world.scripted()
    world.gateway(gateway(listener("http", port)), backend("slow", slow.port), backend("fast", fast.port),
                  route("r", rule("slow", matches=[match(prefix="/slow")]), rule("fast")), flags=["--workers", "1"])
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(Raw(port)).send(request_bytes(target="/slow"))
        slow.wait_for(lambda b: len(b.heads) == 50, "fifty slow requests")
        assert [fetch(port).status for _ in range(20)] == [200] * 20
