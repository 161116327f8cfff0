# SPDX-License-Identifier: Apache-2.0
"""Nothing is lost by chance: which requests are tried again, and which are not."""
import socket

import pytest

from client import Raw, fetch, request_bytes
from manifests import backend, gateway, listener, route, rule
from processes import free_port


def close_second(backend, connection):
    """Answers the first request of the first connection; closes it when the second one has come. Later ones are good."""
    if connection.index == 0:
        backend.next_request(connection)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        backend.next_request(connection)
        return
    backend.answer(connection)


@pytest.fixture
def serve(world):
    def make(script, *more_ports):
        port = free_port()
        scripted = world.scripted(script)
        world.gateway(gateway(listener("http", port)), backend("b", scripted.port, *more_ports), route("r", rule("b")),
                      flags=["--workers", "1"])
        return port, scripted
    return make


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_an_idempotent_request_on_a_reused_connection_is_tried_again(serve, method):
    port, backend = serve(close_second)
    body = b"data" if method == "PUT" else None
    with Raw(port) as connection:
        assert connection.call(request_bytes()).status == 200
        response = connection.call(request_bytes(method, "/again", body=body), method)
        if method == "PUT":
            # A body that is already on its way can only be sent again where it was kept: either is right, a hang is not.
            assert response.status in (200, 502)
        else:
            assert response.status == 200
            assert backend.connections == 2


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_request_that_is_not_idempotent_is_never_sent_twice(serve, method):
    port, backend = serve(close_second)
    with Raw(port) as connection:
        assert connection.call(request_bytes()).status == 200
        assert connection.call(request_bytes(method, "/once", body=b"data"), method).status == 502
    assert sum(head.startswith(method.encode()) for head in backend.heads) == 1


def test_only_once(serve):
    """A backend that always closes costs two tries, not more."""
    port, backend = serve(lambda b, c: b.next_request(c))
    assert fetch(port).status == 502
    assert len(backend.heads) <= 2


def test_a_new_connection_that_closes_is_not_tried_again(serve):
    port, backend = serve(lambda b, c: b.next_request(c))
    fetch(port)
    assert len(backend.heads) == 1, "only a reused connection can have been closed before the backend saw the request"


def test_a_connection_that_was_closed_while_idle_costs_nothing(serve):
    """The backend closes after each answer without saying so, as servers do with their own idle time-outs."""
    def script(backend, connection):
        backend.next_request(connection)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    port, backend = serve(script)
    with Raw(port) as connection:
        for number in range(30):
            method = "POST" if number % 2 else "GET"
            assert connection.call(request_bytes(method, body=b"x" if number % 2 else None)).status in \
                ((200,) if method == "GET" else (200, 502))
            backend.wait_for(lambda b: not b.open, "the close")


def test_an_endpoint_that_refuses_connections_is_passed_over(serve):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        port, _ = serve(None, nobody.getsockname()[1])
        for method, body in (("GET", None), ("POST", b"data")):
            assert [fetch(port, method=method, body=body).status for _ in range(40)] == [200] * 40


def test_when_all_endpoints_refuse(world):
    port = free_port()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        world.gateway(gateway(listener("http", port)), backend("b", nobody.getsockname()[1]), route("r", rule("b")))
        assert fetch(port).status in (502, 503)
        assert fetch(port, method="POST", body=b"x").status in (502, 503)


def test_the_less_loaded_of_two_is_taken(world):
    """One endpoint answers nothing at all: requests that wait there make it the more loaded one, so nearly all go elsewhere."""
    port = free_port()
    stuck = world.scripted(lambda b, c: (b.next_request(c), c.wait_for_close()))
    good = world.scripted()
    world.gateway(gateway(listener("http", port)), backend("b", stuck.port, good.port), route("r", rule("b")), flags=["--workers", "1"])
    waiting = [Raw(port).send(request_bytes()) for _ in range(10)]
    stuck.wait_for(lambda b: len(b.heads) >= 1, "a request at the stuck one")
    # Of two endpoints both are always compared, so with requests waiting at one, every next goes to the other.
    with Raw(port) as connection:
        assert [connection.call(request_bytes()).status for _ in range(100)] == [200] * 100
    for connection in waiting:
        connection.close()
