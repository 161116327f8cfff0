# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 on both sides: keep-alive, pools, pipelining, bodies, 1xx, upgrades, early answers, aborts, half-close."""
import re
import threading

import pytest

from backends import OK
from client import Closed, Raw, eventually, fetch, request_bytes
from manifests import backend, gateway, listener, route, rule
from processes import free_port


@pytest.fixture
def serve(world):
    """serve(script) -> (port, backend): one gateway with one scripted backend behind it."""
    def make(script=None, *flags):
        port = free_port()
        scripted = world.scripted(script)
        make.gateway = world.gateway(gateway(listener("http", port)), backend("b", scripted.port), route("r", rule("b")),
                                     flags=["--workers", "1", *flags])
        return port, scripted
    return make


def one(response, then=None):
    """A script: reads one request, sends these bytes, does `then`, and ends the connection."""
    def script(backend, connection):
        while backend.next_request(connection) is not None:
            connection.send(response)
            if then:
                then(connection)
            return
    return script


# --- connections ---


def test_keep_alive_and_one_pooled_connection(serve):
    port, backend = serve()
    with Raw(port) as connection:
        for number in range(20):
            response = connection.call(request_bytes(target=f"/{number}"))
            assert response.status == 200 and response.header("connection") != "close"
    with Raw(port) as connection:
        assert connection.call(request_bytes()).status == 200
    assert backend.connections == 1
    assert len(backend.heads) == 21


def test_the_client_asks_for_the_end(serve):
    port, backend = serve()
    with Raw(port) as connection:
        response = connection.call(request_bytes(headers={"Connection": "close"}))
        assert response.status == 200 and response.header("connection") == "close" and connection.closed()
    fetch(port)
    assert backend.connections == 1, "the end of a client's connection is not the end of the backend's"


def test_http_1_0(serve):
    port, backend = serve()
    with Raw(port) as connection:
        response = connection.call("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n")
        assert response.status == 200 and response.body == b"ok" and connection.closed()
    assert backend.heads[0].startswith(b"GET / HTTP/1.1\r\n")
    with Raw(port) as connection:
        for _ in range(2):
            response = connection.call("GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n")
            assert response.status == 200
            if response.header("connection") is None or "keep-alive" not in response.header("connection").lower():
                assert connection.closed()
                break


def test_http_1_0_gets_no_chunks(serve):
    port, _ = serve(lambda b, c: b.answer(c, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
    with Raw(port) as connection:
        response = connection.call("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n")
        assert response.header("transfer-encoding") is None and response.body == b"abc" and connection.closed()


def test_pipelining_keeps_the_order(serve):
    def script(backend, connection):
        while (head := backend.next_request(connection)) is not None:
            target = head.split(b" ")[1]
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(target), target))
    port, backend = serve(script)
    with Raw(port) as connection:
        connection.send(b"".join(request_bytes("POST" if n % 3 == 0 else "GET", f"/{n}", body=b"x" * n if n % 3 == 0 else None)
                                 for n in range(50)))
        assert [connection.read_response().body for _ in range(50)] == [f"/{n}".encode() for n in range(50)]
    assert [len(body) for body in backend.bodies] == [n if n % 3 == 0 else 0 for n in range(50)]


def test_a_request_in_single_bytes(serve):
    port, backend = serve()
    request = request_bytes("POST", "/slow?a=b", headers={"X-A": "1"}, body=b"hello")
    with Raw(port) as connection:
        for byte in request:
            connection.send(bytes([byte]))
        assert connection.read_response().status == 200
    assert backend.bodies == [b"hello"]


# --- bodies ---


def test_a_body_with_content_length_passes_as_it_is(serve):
    port, backend = serve()
    body = bytes(range(256)) * 4096
    assert fetch(port, method="POST", body=body).status == 200
    assert backend.bodies == [body]
    assert b"\r\ncontent-length: %d\r\n" % len(body) in backend.heads[0].lower()


def test_a_chunked_body_and_its_trailers_pass(serve):
    port, backend = serve()
    with Raw(port) as connection:
        connection.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nTrailer: X-Sum\r\n\r\n"
                        "3;ignored=yes\r\nabc\r\n5\r\nhello\r\n0\r\nX-Sum: 8\r\n\r\n")
        assert connection.read_response().status == 200
    assert b"transfer-encoding: chunked" in backend.heads[0].lower()
    wire = backend.bodies[0]
    assert b"ignored" not in wire
    assert re.sub(rb"[0-9a-fA-F]+\r\n(abc|hello|abchello)(?:\r\n|(?=hello))", rb"\1", wire).startswith(b"abchello0\r\n"), wire
    assert b"x-sum: 8\r\n" in wire.lower()


@pytest.mark.parametrize("response,body,trailers", [
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", b"abcde", []),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n", b"abc", [("x-sum", "3")]),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", []),
    (b"HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", b"x", []),
    (b"HTTP/1.1 404 Nothing Here\r\nContent-Length: 1\r\n\r\nx", b"x", []),
], ids=["chunked", "trailers", "empty", "no reason", "error"])
def test_bodies_of_responses(serve, response, body, trailers):
    port, backend = serve(lambda b, c: b.answer(c, response))
    with Raw(port) as connection:
        for _ in range(2):
            got = connection.call(request_bytes(headers={"TE": "trailers"}))
            assert (got.status, got.body) == (int(response.split()[1]), body)
            assert got.trailers in (trailers, [])  # trailers may be dropped, but never invented
            assert got.complete
    assert backend.connections == 1
    if trailers:
        assert got.trailers == trailers


def test_a_body_that_ends_with_the_connection(serve):
    port, backend = serve(one(b"HTTP/1.1 200 OK\r\n\r\nuntil the end"))
    with Raw(port) as connection:
        response = connection.call(request_bytes())
        assert response.body == b"until the end" and response.complete


def test_a_large_body_passes_without_being_buffered(serve):
    """The gateway must not take in what the client does not read."""
    size = 64 * 1024 * 1024
    sent = []

    def script(backend, connection):
        backend.next_request(connection)
        connection.socket.settimeout(3)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        block = b"x" * 65536
        try:
            for _ in range(size // len(block)):
                connection.socket.sendall(block)
                sent.append(len(block))
        except TimeoutError:
            stalled.set()  # the gateway stopped reading: what we want to see
    stalled = threading.Event()
    port, _ = serve(script)
    with Raw(port) as connection:
        connection.send(request_bytes())
        connection.read_head()
        assert stalled.wait(60), "the gateway went on reading"
    assert sum(sent) < size / 2


def test_head_204_and_304_have_no_body(serve):
    def script(backend, connection):
        while (head := backend.next_request(connection)) is not None:
            target = head.split(b" ")[1]
            connection.send({b"/head": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
                             b"/head-chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                             b"/204": b"HTTP/1.1 204 No Content\r\n\r\n",
                             b"/304": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: \"a\"\r\n\r\n"}[target])
    port, backend = serve(script)
    with Raw(port) as connection:
        response = connection.call(request_bytes("HEAD", "/head"), "HEAD")
        assert response.status == 200 and response.header("content-length") == "1000"
        assert connection.call(request_bytes("HEAD", "/head-chunked"), "HEAD").status == 200
        response = connection.call(request_bytes(target="/204"))
        assert response.status == 204 and response.header("content-length") is None and response.header("transfer-encoding") is None
        response = connection.call(request_bytes(target="/304"))
        assert response.status == 304 and response.header("etag") == '"a"'
        assert connection.call(request_bytes("HEAD", "/head"), "HEAD").status == 200
    assert backend.connections == 1


def test_fields_of_one_hop_are_dropped_from_responses(serve):
    port, _ = serve(lambda b, c: b.answer(c, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Private\r\nX-Private: secret\r\n"
                                             b"Keep-Alive: timeout=9\r\nProxy-Connection: keep-alive\r\nX-Public: seen\r\n\r\nok"))
    response = fetch(port)
    assert response.header("x-public") == "seen"
    assert [response.header(name) for name in ("x-private", "keep-alive", "proxy-connection")] == [None, None, None]


def test_set_cookie_lines_stay_apart(serve):
    port, _ = serve(lambda b, c: b.answer(c, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nok"))
    assert fetch(port).header_lines("set-cookie") == ["a=1", "b=2"]


# --- interim responses ---


def test_expect_100_continue(serve):
    def script(backend, connection):
        head = connection.read_head()
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        backend.bodies.append(connection.read_body(head))
        connection.send(OK)
        backend.answer(connection)
    port, backend = serve(script)
    with Raw(port) as connection:
        connection.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert connection.read_head().status == 100
        connection.send("hello")
        assert connection.read_response().status == 200
    assert backend.bodies == [b"hello"]


def test_expect_100_continue_refused(serve):
    """The backend answers at once: the client never sends the body, and hears why."""
    port, _ = serve(lambda b, c: (c.read_head(), c.send(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")))
    with Raw(port) as connection:
        connection.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert connection.read_response().status == 417


def test_an_unknown_expectation_is_refused_or_passed(serve):
    port, _ = serve()
    assert fetch(port, headers={"Expect": "wonders"}).status in (200, 417)


def test_other_1xx_pass(serve):
    port, _ = serve(lambda b, c: b.answer(c, b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + OK))
    with Raw(port) as connection:
        for _ in range(2):
            response = connection.call(request_bytes())
            assert response.status == 200
            assert [(i.status, i.header("link")) for i in response.interim] == [(103, "</a.css>")]


def test_1xx_do_not_reach_http_1_0(serve):
    port, _ = serve(lambda b, c: b.answer(c, b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + OK))
    with Raw(port) as connection:
        response = connection.call("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n")
        assert response.status == 200 and response.interim == []


# --- upgrades ---


def test_upgrade_relays_bytes_both_ways(serve):
    def script(backend, connection):
        head = backend.next_request(connection)
        assert b"upgrade: chat" in head.lower() and b"connection: upgrade" in head.lower(), head
        connection.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nwelcome")
        while (data := connection.buffer or connection.socket.recv(65536)):
            connection.buffer = b""
            connection.send(data.upper())
    port, _ = serve(script)
    with Raw(port) as connection:
        connection.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n")
        head = connection.read_head()
        assert head.status == 101 and head.header("upgrade") == "chat" and head.header("connection").lower() == "upgrade"
        assert connection.read_exactly(7) == b"welcome"
        for _ in range(10):
            connection.send(b"hello")
            assert connection.read_exactly(5) == b"HELLO"
        connection.finish_sending()
        assert connection.closed()


def test_a_refused_upgrade_is_an_ordinary_answer(serve):
    port, _ = serve()
    with Raw(port) as connection:
        for _ in range(2):
            assert connection.call("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n").status == 200


def test_a_101_that_nobody_asked_for_is_502(serve):
    port, _ = serve(lambda b, c: b.answer(c, b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n"))
    assert fetch(port).status == 502


# --- early answers, aborts, half-close ---


def test_an_answer_before_the_body_is_sent(serve):
    """The backend answers without reading the body: the client hears it while it still sends."""
    def script(backend, connection):
        connection.read_head()
        connection.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
    port, _ = serve(script)
    with Raw(port) as connection:
        connection.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\nsome")
        response = connection.read_response()
        assert response.status == 413 and response.body == b"big"


def test_a_client_that_resets_ends_the_backends_connection(serve):
    """(One that only ends its side may still read the answer: test_a_client_that_ends_its_side_still_gets_its_answer.)"""
    seen = threading.Event()

    def script(backend, connection):
        backend.next_request(connection)
        if connection.wait_for_close():
            seen.set()
    port, backend = serve(script)
    connection = Raw(port)
    connection.send(request_bytes())
    backend.wait_for(lambda b: b.heads, "the request")
    connection.reset()
    assert seen.wait(20), "the backend still waits for a client that is gone"


def test_a_client_that_goes_away_inside_its_body(serve):
    """The backend must not take half a body for a whole one."""
    begun, broken = threading.Event(), threading.Event()

    def script(backend, connection):
        if connection.index > 0:
            return backend.answer(connection)
        head = connection.read_head()
        begun.set()
        try:
            connection.read_body(head)
        except ConnectionError:
            broken.set()
    port, backend = serve(script)
    connection = Raw(port)
    connection.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nhalf")
    assert begun.wait(20), "the head arrives before the body is whole"
    connection.close()
    assert broken.wait(20), "the end of the connection inside the body"
    assert fetch(port).status == 200


def test_a_client_that_ends_its_side_still_gets_its_answer(serve):
    released = threading.Event()

    def script(backend, connection):
        while backend.next_request(connection) is not None:
            assert released.wait(20)
            connection.send(OK)
    port, backend = serve(script)
    with Raw(port) as connection:
        connection.send(request_bytes()).finish_sending()
        backend.wait_for(lambda b: b.heads, "the request")
        released.set()
        assert connection.read_response().body == b"ok"
        assert connection.closed()


# --- nonsense from backends ---


NONSENSE = {
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "nothing at all": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
    "status 600": b"HTTP/1.1 6000 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a bad length": b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nab",
    "length and chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"HTTP/1.1 200 OK\r\nX : 1\r\nContent-Length: 0\r\n\r\n",
    "a folded field": b"HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\nContent-Length: 0\r\n\r\n",
    "NUL in a value": b"HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 0\r\n\r\n",
    "a head without end": b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 70000,
    "chunked not last": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("response", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_is_502_and_the_connection_is_not_used_again(serve, response):
    def script(backend, connection):
        if connection.index == 0 or not response:
            backend.next_request(connection)
            connection.send(response)
            if response and not response.startswith(b"HTTP/1.1 200 OK\r\nContent-Le"):
                connection.wait_for_close()
        else:
            backend.answer(connection)
    port, backend = serve(script)
    with Raw(port) as connection:
        bad = connection.call(request_bytes("POST", body=b"x"))
        assert bad.status == 502, bad
        if response:
            if bad.header("connection") == "close":
                assert fetch(port).status == 200
            else:
                assert connection.call(request_bytes()).status == 200
            assert backend.connections == 2


@pytest.mark.parametrize("response", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
], ids=["length", "chunked", "bad chunk"])
def test_a_response_that_breaks_off_does_not_look_whole(serve, response):
    head, _, rest = response.partition(b"\r\n\r\n")
    arrived = threading.Event()

    def script(backend, connection):
        backend.next_request(connection)
        connection.send(head + b"\r\n\r\n")
        assert arrived.wait(20)
        connection.send(rest)
    port, _ = serve(script)
    with Raw(port) as connection:
        got = connection.send(request_bytes()).read_head()
        assert got.status == 200
        arrived.set()
        with pytest.raises(Closed):
            connection.read_body(got)


def test_more_bytes_than_the_response_has_spoil_the_connection(serve):
    """What a backend sends behind a response must never become the answer to somebody else's request."""
    port, backend = serve(lambda b, c: b.answer(c, OK + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"))
    with Raw(port) as connection:
        for _ in range(5):
            assert connection.call(request_bytes()).body == b"ok"
    assert backend.connections == 5


def test_a_backend_that_says_close_is_not_used_again(serve):
    port, backend = serve(lambda b, c: b.answer(c, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"))
    with Raw(port) as connection:
        for _ in range(3):
            response = connection.call(request_bytes())
            assert response.body == b"ok" and response.header("connection") != "close"
    assert backend.connections == 3


def test_what_the_backend_is_told_about_the_client(serve):
    port, backend = serve()
    fetch(port, "/p?q", host="shop.test:1234", headers={"X-Forwarded-For": "192.0.2.1"})
    head = backend.heads[0].decode().lower()
    assert "\r\nhost: shop.test:1234\r\n" in head
    forwarded = re.search(r"\r\nx-forwarded-for: ([^\r]*)\r\n", head)
    if forwarded:  # once the gateway says who the client is, the true address is the last
        assert forwarded.group(1).split(",")[-1].strip() == "127.0.0.1"


def test_many_connections_at_once(serve):
    port, backend = serve()
    connections = [Raw(port) for _ in range(200)]
    for connection in connections:
        connection.send(request_bytes())
    assert [connection.read_response().status for connection in connections] == [200] * 200
    for connection in connections:
        connection.close()

    def active():
        return sum(value for name, value in serve.gateway.metrics().items() if "active" in name and "connection" in name)
    eventually(lambda: active() == 0, "no connection is counted as active any more")


def test_resets_at_every_stage(serve):
    """They cost nobody else anything."""
    port, _ = serve()
    for part in (b"", b"GET / HT", request_bytes(), b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nabc"):
        connection = Raw(port)
        connection.send(part)
        connection.reset()
        assert fetch(port).status == 200
