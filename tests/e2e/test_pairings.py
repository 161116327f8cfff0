# SPDX-License-Identifier: Apache-2.0
"""Clients of HTTP/1.1 and HTTP/2, in clear text and by TLS, each to backends of either: one exchange with all that is easily lost on
the way, and what becomes of one that is broken off. test_http2.py and test_http2_backends.py have each part by itself."""
import contextlib
import threading

import h2.errors
import pytest

from certificates import self_signed
from client import Raw, eventually, request_bytes, trusting
from http2 import Http2
from http2_backend import Http2Backend
from manifests import backend, endpoints, gateway, listener, route, rule, secret, service
from processes import free_port

CLIENTS = ["h1", "h1 tls", "h2", "h2 tls"]


class Older:
    """A backend of HTTP/1.1."""
    protocol = None

    def __init__(self, world):
        self.cancelled, self.go, self.seen = threading.Event(), threading.Event(), []
        self.place = world.scripted(self.script)
        self.port = self.place.port

    def script(self, place, connection):
        head = connection.read_head()
        if b"/full" in head:
            connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            self.seen.append((b"\r\nCookie: a=1; b=2\r\n" in head, connection.read_body(head).lower()))
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n"
                            b"5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n")
        elif b"/broken" in head:
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
            self.go.wait(20)
        else:
            with contextlib.suppress(ConnectionError):
                connection.read_body(head)
            connection.wait_for_close()
            self.cancelled.set()

    def got_all(self):
        return self.seen == [(True, self.seen[0][1])] and b"data" in self.seen[0][1] and self.seen[0][1].endswith(b"0\r\nx-mine: 9\r\n\r\n")


class Newer:
    """A backend of HTTP/2."""
    protocol = "kubernetes.io/h2c"

    def __init__(self, world):
        self.cancelled, self.go, self.seen = threading.Event(), threading.Event(), []
        self.place = Http2Backend(self.script)
        world.parts.append(self.place)
        self.port = self.place.port

    def script(self, stream):
        if stream.path == "/full":
            stream.respond(103, [("link", "</a>")])
            stream.wait_for_end()
            self.seen.append((stream.header("cookie"), stream.body, stream.trailers))
            stream.respond(200, [("set-cookie", "a=1"), ("set-cookie", "b=2")])
            stream.send(b"hello")
            stream.send_trailers([("x-sum", "7")])
        elif stream.path == "/broken":
            stream.respond(200)
            stream.send(b"half")
            self.go.wait(20)
            stream.cancel(h2.errors.ErrorCodes.INTERNAL_ERROR)
        else:
            stream.wait_for(lambda s: s.reset, "that nobody waits")
            self.cancelled.set()

    def got_all(self):
        return self.seen == [("a=1; b=2", b"data", [("x-mine", "9")])]


@pytest.fixture(params=[Older, Newer], ids=["to h1", "to h2"])
def served(world, request):
    ports, certificate = {False: free_port(), True: free_port()}, self_signed("a.test")
    to = request.param(world)
    objects = [service("b", appProtocol=to.protocol), *endpoints("b", to.port)] if to.protocol else [backend("b", to.port)]
    gw = world.gateway(gateway(listener("http", ports[False]), listener("https", ports[True], "HTTPS", certificates=["c"])),
                       secret("c", certificate), objects, route("r", rule("b")), flags=["--workers", "1"])

    def connect(how):
        tls = {"tls": trusting(certificate), "sni": "a.test"} if how.endswith("tls") else {}
        return (Http2 if how.startswith("h2") else Raw)(ports[how.endswith("tls")], **tls)
    return connect, to, gw


@pytest.mark.parametrize("how", CLIENTS)
def test_everything_arrives(served, how):
    connect, to, _ = served
    with connect(how) as client:
        if how.startswith("h2"):
            stream = client.fetch("POST", "/full", [("te", "trailers"), ("cookie", "a=1"), ("cookie", "b=2")], body=b"data",
                                  trailers=[("x-mine", "9")], scheme="https" if how.endswith("tls") else "http")
            interim = [dict(head)[":status"] for head in stream.interim]
            got = (stream.status, stream.body, stream.trailers, [value for name, value in stream.headers if name == "set-cookie"])
            assert stream.ended and not stream.reset
        else:
            head = request_bytes("POST", "/full", "a.test", [("TE", "trailers"), ("Connection", "TE"), ("Cookie", "a=1; b=2"),
                                                             ("Transfer-Encoding", "chunked")])
            answer = client.call(head + b"4\r\ndata\r\n0\r\nX-Mine: 9\r\n\r\n", "POST")
            interim = [str(one.status) for one in answer.interim]
            got = (answer.status, answer.body, [(name.lower(), value) for name, value in answer.trailers], answer.header_lines("set-cookie"))
    assert interim == ["103"]
    assert got == (200, b"hello", [("x-sum", "7")], ["a=1", "b=2"])
    assert to.got_all(), to.seen


@pytest.mark.parametrize("how", CLIENTS)
def test_an_answer_that_is_broken_off_never_looks_whole(served, how):
    connect, to, _ = served
    with connect(how) as client:
        if how.startswith("h2"):
            stream = client.request("GET", "/broken", scheme="https" if how.endswith("tls") else "http")
            client.until(lambda: stream.body == b"half")
            to.go.set()
            client.finish(stream)
            assert stream.reset == "INTERNAL_ERROR" and not stream.ended
        else:
            client.send(request_bytes(target="/broken", host="a.test"))
            client.read_until(b"4\r\nhalf\r\n")
            to.go.set()
            assert client.read_to_end() == b"", "closed without the last chunk"


@pytest.mark.parametrize("body", ["no body", "within the body"])
@pytest.mark.parametrize("how", CLIENTS)
def test_who_goes_away_is_not_worked_for(served, how, body):
    connect, to, gw = served
    within = body == "within the body"
    with connect(how) as client:
        if how.startswith("h2"):
            stream = client.request("POST" if within else "GET", "/never", end=not within, scheme="https" if how.endswith("tls") else "http")
            if within:
                client.send(stream, b"half")
        elif within:
            client.send(request_bytes("POST", "/never", "a.test", [("Content-Length", "10")]) + b"half")
        else:
            client.send(request_bytes(target="/never", host="a.test"))
        eventually(lambda: gw.metric("cardea_backend_connections_opened_total") == 1, "it is under way")
        if how.startswith("h2"):
            client.cancel(stream)
        else:
            client.reset()  # a client that only finished sending may still read
        assert to.cancelled.wait(20), "the backend hears of it"
