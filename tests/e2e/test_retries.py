# SPDX-License-Identifier: Apache-2.0
"""Nothing is lost by chance: which requests are tried again, and which are not."""
import json
import socket
import time

import pytest

from backends import OK
from client import Closed, Raw, eventually, fetch, request_bytes
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
    gw = world.gateway(gateway(listener("http", port)), backend("b", stuck.port, good.port), route("r", rule("b")), flags=["--workers", "1"])
    waiting = [Raw(port).send(request_bytes()) for _ in range(10)]
    stuck.wait_for(lambda b: len(b.heads) >= 1, "a request at the stuck one")
    eventually(lambda: len(stuck.heads) + len(good.heads) == 10 and gw.metric("cardea_http_requests_active") == len(stuck.heads),
               "all ten have come, and the good one has answered its own")
    # Of two endpoints both are always compared, so with requests waiting at one, every next goes to the other.
    with Raw(port) as connection:
        assert [connection.call(request_bytes()).status for _ in range(100)] == [200] * 100
    for connection in waiting:
        connection.close()


# --- retry of a rule ---

def status(code):
    return b"HTTP/1.1 %d Whatever\r\nContent-Length: 5\r\n\r\nbad:(" % code


def failing(times, response=None, then=OK):
    """Answers so many requests badly, over all connections: with `response`, or with a reset. Later ones are good."""
    def script(backend, connection):
        while backend.next_request(connection) is not None:
            if len(backend.heads) > times:
                connection.send(then)
            elif response is None:
                connection.reset()
                return
            else:
                connection.send(response)
    return script


@pytest.fixture
def serve_retry(world):
    def make(script, retry, flags=(), access_log=None, **rule_fields):
        port = free_port()
        scripted = world.scripted(script)
        log = ["--access-log", access_log] if access_log else []
        served = world.gateway(gateway(listener("http", port)), backend("b", scripted.port),
                               route("r", rule("b", retry=retry, **rule_fields)), flags=["--workers", "1", *log, *flags])
        return port, scripted, served
    return make


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("code", [500, 502, 503, 504, 429])
def test_a_listed_code_is_tried_again(serve_retry, code, method):
    port, backend, served = serve_retry(failing(2, status(code)), {"codes": [code], "attempts": 2, "backoff": "1ms"})
    answer = fetch(port, method=method, body=b"data" if method == "POST" else None)
    assert (answer.status, answer.body) == (200, b"ok")
    assert backend.bodies == [b"data" if method == "POST" else b""] * 3
    assert served.metric("cardea_backend_retries_total") == 2
    eventually(lambda: served.metric("cardea_http_requests_total", code="200") == 1, "the request is counted")


def test_attempts_count_what_follows_the_first_try(serve_retry):
    port, backend, _ = serve_retry(failing(99, status(503)), {"codes": [503], "attempts": 3, "backoff": "1ms"})
    answer = fetch(port)
    assert (answer.status, answer.body) == (503, b"bad:("), "the last answer is the client's, with its body"
    assert len(backend.heads) == 4
    assert backend.connections == 1, "what was read whole leaves its connection usable"


def test_a_code_that_is_not_listed_passes_through(serve_retry):
    port, backend, _ = serve_retry(failing(99, status(500)), {"codes": [503], "attempts": 3, "backoff": "1ms"})
    assert fetch(port).status == 500
    assert len(backend.heads) == 1


def test_without_codes_no_answer_is_tried_again(serve_retry):
    port, backend, _ = serve_retry(failing(99, status(503)), {"attempts": 3, "backoff": "1ms"})
    assert fetch(port).status == 503
    assert len(backend.heads) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_reset_is_tried_again_without_codes(serve_retry, method):
    port, backend, _ = serve_retry(failing(3), {"attempts": 3, "backoff": "1ms"})
    assert fetch(port, method=method, body=b"data").status == 200
    assert backend.bodies == [b"data"] * 4


def test_resets_that_do_not_end(serve_retry):
    port, backend, served = serve_retry(failing(99), {"attempts": 2, "backoff": "1ms"})
    assert fetch(port).status == 503
    assert len(backend.heads) == 3
    eventually(lambda: served.metric("cardea_http_failures_total", reason="retries_exhausted") == 1, "the failure is counted")


def test_refused_connections_are_tried_again_on_the_only_endpoint(world, tmp_path):
    port = free_port()
    log = tmp_path / "access.log"
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        world.gateway(gateway(listener("http", port)), backend("b", nobody.getsockname()[1]),
                      route("r", rule("b", retry={"attempts": 2, "backoff": "1ms"})), flags=["--access-log", log])
        assert fetch(port).status == 503
        line = json.loads(eventually(log.read_text, "a line").splitlines()[0])
        assert line["tries"] == 3


def test_a_try_that_takes_too_long_is_followed_by_another(serve_retry):
    def script(backend, connection):
        backend.next_request(connection)
        if len(backend.heads) > 2:
            connection.send(OK)
        connection.wait_for_close()
    port, backend, _ = serve_retry(script, {"attempts": 2, "backoff": "1ms"}, timeouts={"backendRequest": "100ms"})
    assert fetch(port, method="POST", body=b"data").status == 200
    assert backend.bodies == [b"data"] * 3


def test_tries_that_all_take_too_long(serve_retry):
    def script(backend, connection):
        backend.next_request(connection)
        connection.wait_for_close()
    port, backend, _ = serve_retry(script, {"attempts": 2, "backoff": "1ms"}, timeouts={"backendRequest": "50ms"})
    assert fetch(port).status == 504
    backend.wait_for(lambda b: len(b.heads) == 3, "three tries")


def test_the_time_of_the_request_bounds_all_tries(serve_retry):
    def script(backend, connection):
        backend.next_request(connection)
        connection.wait_for_close()
    port, backend, served = serve_retry(script, {"attempts": 1000, "backoff": "1ms"},
                                        timeouts={"backendRequest": "50ms", "request": "300ms"})
    started = time.monotonic()
    assert fetch(port).status == 504
    assert time.monotonic() - started < 5
    assert len(backend.heads) < 20
    eventually(lambda: served.metric("cardea_http_failures_total", reason="request_timeout") == 1, "the failure is counted")


def test_no_try_without_time_for_it(serve_retry):
    """An answer that is here is better than a time-out."""
    port, backend, _ = serve_retry(failing(99, status(503)), {"codes": [503], "attempts": 3, "backoff": "10s"},
                                   timeouts={"request": "2s"})
    assert fetch(port).status == 503
    assert len(backend.heads) == 1


def test_backoff_is_the_least_wait(serve_retry):
    port, backend, _ = serve_retry(failing(2, status(503)), {"codes": [503], "attempts": 2, "backoff": "150ms"})
    started = time.monotonic()
    assert fetch(port).status == 200
    assert time.monotonic() - started >= 0.3
    assert len(backend.heads) == 3


def test_a_client_that_leaves_ends_the_tries(serve_retry):
    port, backend, served = serve_retry(failing(99, status(503)), {"codes": [503], "attempts": 3, "backoff": "10s"})
    connection = Raw(port).send(request_bytes())
    backend.wait_for(lambda b: b.heads, "the first try")
    connection.reset()
    eventually(lambda: served.metric("cardea_http_failures_total", reason="client_aborted") == 1 or
               served.metric("cardea_http_requests_active") == 0, "the request ends")
    assert len(backend.heads) == 1


def test_other_endpoints_come_first(world):
    port = free_port()
    bad, good = world.scripted(failing(99, status(503))), world.scripted()
    world.gateway(gateway(listener("http", port)), backend("b", bad.port, good.port),
                  route("r", rule("b", retry={"codes": [503], "attempts": 1, "backoff": "1ms"})), flags=["--workers", "1"])
    assert [fetch(port).status for _ in range(40)] == [200] * 40
    assert bad.heads


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size,status_code", [(1000, 200), (1001, 503)])
def test_the_replay_buffer_is_bounded(serve_retry, size, status_code, chunked):
    port, backend, _ = serve_retry(failing(1, status(503)), {"codes": [503], "attempts": 2, "backoff": "1ms"},
                                   flags=["--max-replay-bytes", "1000"])
    body = bytes(range(256)) * 4
    body = (body + body)[:size]
    with Raw(port) as connection:
        if chunked:
            head = request_bytes("POST", headers={"Transfer-Encoding": "chunked"})
            answer = connection.call(head + b"%x\r\n%s\r\n0\r\n\r\n" % (size, body), "POST")
        else:
            answer = connection.call(request_bytes("POST", body=body), "POST")
    assert answer.status == status_code
    assert len(backend.heads) == (2 if status_code == 200 else 1)
    if status_code == 200:
        assert backend.bodies[0] == backend.bodies[1]


def test_a_large_body_without_limit_in_the_way(serve_retry):
    port, backend, _ = serve_retry(failing(1, status(503)), {"codes": [503], "attempts": 1, "backoff": "1ms"},
                                   flags=["--max-replay-bytes", "4M"])
    body = bytes(range(256)) * 8192
    assert fetch(port, method="PUT", body=body).status == 200
    assert backend.bodies == [body, body]


def test_nothing_is_tried_again_once_an_answer_began(serve_retry):
    def script(backend, connection):
        backend.next_request(connection)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        connection.reset()
    port, backend, _ = serve_retry(script, {"codes": [500, 502, 503, 504], "attempts": 3, "backoff": "1ms"})
    with Raw(port) as connection:
        try:
            answer = connection.call(request_bytes())
            assert not answer.complete or answer.status == 502
        except Closed:
            pass
    assert len(backend.heads) == 1
