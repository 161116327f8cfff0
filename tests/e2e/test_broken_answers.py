# SPDX-License-Identifier: Apache-2.0
"""What a client gets when a backend's answer breaks off, makes no sense or never becomes final."""
import contextlib
import socket
import threading

import pytest

from client import PATIENCE, Raw, fetch, request_bytes
from manifests import backend, gateway, listener, match, ref, route, rule
from processes import free_port


@pytest.fixture
def serve(world):
    def make(script):
        port = free_port()
        broken, sound = world.scripted(script), world.scripted()
        world.gateway(gateway(listener("http", port)), backend("broken", broken.port), backend("sound", sound.port),
                      route("r", rule(ref("sound"), matches=[match(prefix="/sound")]), rule(ref("broken"))),
                      flags=["--workers", "1"])
        return port
    return make


def test_nonsense_behind_a_head_is_502_while_nothing_of_it_was_sent(serve):
    def script(backend, connection):
        backend.next_request(connection)
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")
        connection.wait_for_close()
    assert fetch(serve(script), "/").status == 502


def test_an_answer_that_ends_with_the_connection_is_cut_by_a_reset(serve):
    read = threading.Event()

    def chunked(backend, connection):
        backend.next_request(connection)
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n")
        read.wait(PATIENCE)
    with socket.create_connection(("127.0.0.1", serve(chunked)), timeout=PATIENCE) as client:
        client.sendall(b"GET / HTTP/1.0\r\nHost: any.test\r\n\r\n")
        received = b""
        while not received.endswith(b"part"):
            received += client.recv(4096)
        read.set()
        with pytest.raises(ConnectionResetError):
            client.recv(4096)


def test_informational_answers_without_end_hold_up_nobody_else(serve):
    def script(backend, connection):
        backend.next_request(connection)
        with contextlib.suppress(OSError):
            while True:
                connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" * 100)
    port = serve(script)
    with Raw(port) as unread:
        unread.socket.sendall(request_bytes())
        for _ in range(20):
            assert fetch(port, "/sound").status == 200
