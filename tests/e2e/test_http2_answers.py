# SPDX-License-Identifier: Apache-2.0
"""http2_answers.yaml, case by case, towards clients of HTTP/1.1 and of HTTP/2: what is malformed is never the client's as a whole
answer, and nobody else on the way is disturbed."""
import contextlib
import pathlib
import re
import socket
import threading

import hpack
import pytest
import yaml

from client import PATIENCE, Closed, Raw, request_bytes
from http2 import END_HEADERS, PREFACE, TYPES, Http2, frame_bytes
from http2_lines import line_bytes
from manifests import endpoints, gateway, listener, route, rule, service
from processes import free_port

TABLE = yaml.safe_load((pathlib.Path(__file__).parent / "http2_answers.yaml").read_text())
CASES = [(f"{group['group']}: {case['name']}", case) for group in TABLE for case in group["cases"]]


class Backend:
    """Answers the first request of every connection with the bytes of the case, whatever they are, and keeps the connection until
    the case is over."""

    def __init__(self):
        self.case = None
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        with sock:
            sock.settimeout(PATIENCE)
            try:
                self.sockets.append(sock)
                sock.sendall(frame_bytes("SETTINGS", 0, 0))
                self.answer(sock)
                while sock.recv(65536):
                    pass
            except OSError:
                pass

    def answer(self, sock):
        buffer = b""
        while True:
            data = sock.recv(65536)
            if not data:
                return
            buffer += data
            at = len(PREFACE)
            while len(buffer) >= at + 9:
                size, kind, flags = int.from_bytes(buffer[at:at + 3], "big"), buffer[at + 3], buffer[at + 4]
                if TYPES[kind] == "HEADERS" and flags & END_HEADERS and len(buffer) >= at + 9 + size:
                    return self.send(sock)
                at += 9 + size

    def send(self, sock):
        encoder = hpack.Encoder()

        def block(fields):
            return encoder.encode([(n.encode("latin-1"), v.encode("latin-1")) for n, v in fields], huffman=False)
        for line in self.case["frames"]:
            repeat = re.match(r"x(\d+) (.*)", line, re.DOTALL)
            count, line = (int(repeat[1]), repeat[2]) if repeat else (1, line)
            for _ in range(count):
                sock.sendall(line_bytes(block, line))
        if self.case.get("close"):
            sock.shutdown(socket.SHUT_WR)

    def end_case(self):
        for sock in self.sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self.sockets = []

    def stop(self):
        self.listener.close()


@pytest.fixture(scope="module")
def served(shared_world):
    backend, port = Backend(), free_port()
    shared_world.parts.append(backend)
    # A request whose answer never comes is no part of this table: it fails there by its time.
    shared_world.gateway(gateway(listener("http", port)), service("b", appProtocol="kubernetes.io/h2c"), endpoints("b", backend.port),
                         route("r", rule("b", timeouts={"request": "15s"})), flags=["--workers", "1"])
    return port, backend


def over_http1(port, method, expected):
    with Raw(port) as connection:
        try:
            answer = connection.send(request_bytes(method)).read_response(method)
        except Closed:
            return "cut"
        if answer.complete and expected and answer.status < 500:
            text = "".join(f"\r\n{name}: {value}" for name, value in [*answer.headers, *answer.trailers]) + "\r\n"
            assert expected.lower() in text.lower()
        return answer.status if answer.complete else "cut"


def over_http2(port, method):
    with Http2(port) as client:
        stream = client.fetch(method)
        return "cut" if stream.reset else stream.status


@pytest.mark.parametrize("how", ["http1", "http2"])
@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_verdict(served, case, how):
    port, backend = served
    verdicts = case["verdict"] if isinstance(case["verdict"], list) else [case["verdict"]]
    method = case.get("method", "GET")
    backend.case = case
    got = over_http1(port, method, case.get("http1")) if how == "http1" else over_http2(port, method)
    backend.end_case()
    assert got in verdicts
