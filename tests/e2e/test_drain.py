# SPDX-License-Identifier: Apache-2.0
"""How it ends: requests under way finish, the time-out bounds them, a second signal does not wait."""
import contextlib
import signal
import threading

import pytest

from client import Closed, Raw, eventually, request_bytes
from manifests import backend, gateway, listener, route, rule
from processes import free_port


@pytest.fixture
def serve(world):
    def make(*flags):
        port = free_port()
        echo = world.echo("drained")
        gw = world.gateway(gateway(listener("http", port)), backend("drained", echo.port), route("r", rule("drained")), flags=flags)
        return port, gw
    return make


def refused(port):
    with contextlib.suppress(ConnectionRefusedError):
        Raw(port).close()
        return False
    return True


@pytest.mark.threads
def test_term_lets_requests_finish(serve):
    port, gw = serve("--drain-timeout", "30s")
    with Raw(port) as busy, Raw(port) as idle:
        assert idle.call(request_bytes()).status == 200
        busy.send(request_bytes(target="/?delay=2s"))
        eventually(lambda: any("active" in name and "request" in name and value >= 1 for name, value in gw.metrics().items()),
                   "the request is under way")
        gw.process.send_signal(signal.SIGTERM)
        eventually(lambda: refused(port), "no new connections")
        assert idle.closed(), "idle connections are closed"
        response = busy.read_response()
        assert response.status == 200 and response.header("connection") == "close"
        assert busy.closed()
    assert gw.process.wait(20) == 0
    gw.assert_clean()


def test_readyz_says_so_while_it_drains(serve):
    port, gw = serve("--drain-timeout", "30s")
    with Raw(port) as busy:
        busy.send(request_bytes(target="/?delay=2s"))
        eventually(lambda: any("active" in name and "request" in name and value >= 1 for name, value in gw.metrics().items()))
        gw.process.send_signal(signal.SIGTERM)
        eventually(lambda: gw.admin("/readyz").status == 503, "not ready any more")
        assert gw.admin("/livez").status == 200
        assert busy.read_response().status == 200
    assert gw.process.wait(20) == 0


def test_the_drain_timeout_bounds_it(serve):
    port, gw = serve("--drain-timeout", "500ms")
    with Raw(port) as busy:
        busy.send(request_bytes(target="/?delay=10m"))
        eventually(lambda: any("active" in name and "request" in name and value >= 1 for name, value in gw.metrics().items()))
        gw.process.send_signal(signal.SIGTERM)
        assert gw.process.wait(20) == 0
        with contextlib.suppress(Closed, ConnectionError):
            assert busy.read_response().status == 503
    gw.assert_clean()


@pytest.mark.threads
def test_a_second_signal_ends_it_at_once(serve):
    port, gw = serve("--drain-timeout", "10m")
    with Raw(port) as busy:
        busy.send(request_bytes(target="/?delay=10m"))
        eventually(lambda: any("active" in name and "request" in name and value >= 1 for name, value in gw.metrics().items()))
        gw.process.send_signal(signal.SIGTERM)
        eventually(lambda: refused(port))
        assert gw.process.poll() is None
        gw.process.send_signal(signal.SIGTERM)
        assert gw.process.wait(20) is not None
    gw.assert_clean()


def test_interrupt_drains_too(serve):
    _, gw = serve()
    gw.process.send_signal(signal.SIGINT)
    assert gw.process.wait(20) == 0
    gw.assert_clean()


@pytest.mark.threads
def test_every_answer_that_was_begun_arrives(serve):
    """Clients call all the time while it ends: each request gets a whole answer, or its connection was closed before any byte of
    one, which a client may try again elsewhere. Never half an answer, never an error status."""
    port, gw = serve("--drain-timeout", "30s")
    wrong, count = [], [0]

    def client():
        try:
            connection = Raw(port)
        except OSError:
            return
        while True:
            try:
                response = connection.call(request_bytes(target="/?bytes=20000"))
            except (Closed, OSError):
                if connection.buffer:
                    wrong.append(connection.buffer[:100])
                return
            count[0] += 1
            if response.status != 200 or not response.complete or len(response.body) != 20000:
                wrong.append(response)
                return
            if response.header("connection") == "close":
                return
    clients = [threading.Thread(target=client) for _ in range(8)]
    for thread in clients:
        thread.start()
    eventually(lambda: count[0] > 100)
    gw.process.send_signal(signal.SIGTERM)
    for thread in clients:
        thread.join(60)
    assert gw.process.wait(30) == 0
    assert wrong == []
    gw.assert_clean()
