# SPDX-License-Identifier: Apache-2.0
"""Clients of the tests: a raw one that sends exact bytes and reads exact answers, and short ways to call http.client and
curl, which know nothing of us."""
import dataclasses
import http.client
import json
import socket
import ssl
import struct
import subprocess
import time

PATIENCE = 20.0  # the longest that a test waits for anything; a sanitized program on a busy machine is slow


def eventually(condition, what="", patience=PATIENCE):
    """Calls until the answer is true, and returns it. An assertion that fails inside counts as "not yet"."""
    deadline = time.monotonic() + patience
    while True:
        last = None
        try:
            result = condition()
            if result:
                return result
        except (AssertionError, OSError, http.client.HTTPException) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"did not come true within {patience:g} s: {what or condition}") from last
        time.sleep(0.01)


@dataclasses.dataclass
class Response:
    status: int
    headers: list  # [(name in lower case, value)]
    body: bytes = b""
    reason: str = ""
    interim: list = dataclasses.field(default_factory=list)  # the 1xx that came before
    trailers: list = dataclasses.field(default_factory=list)
    complete: bool = True  # False: the connection ended inside the body
    raw_head: bytes = b""

    def header(self, name):
        """The value of a field, lines joined by a comma; None without one."""
        values = self.header_lines(name)
        return ", ".join(values) if values else None

    def header_lines(self, name):
        return [value for key, value in self.headers if key == name.lower()]

    @property
    def echo(self):
        """What `cardea echo` says that it received."""
        return json.loads(self.body)


class Closed(Exception):
    """The other side closed the connection where an answer was expected."""


class Raw:
    """A connection on which tests write bytes as they please. Reads strictly: what does not parse fails the test."""

    def __init__(self, port, host="127.0.0.1", tls=None, sni=None, session=None):
        self.socket = socket.create_connection((host, port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=sni, session=session)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with a reset instead of an end."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
        return self

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError):
            data = b""
        self.buffer += data
        return bool(data)

    def read_until(self, mark):
        while mark not in self.buffer:
            if not self._more():
                raise Closed(f"closed after {self.buffer[:200]!r}")
        head, _, self.buffer = self.buffer.partition(mark)
        return head + mark

    def read_exactly(self, count):
        while len(self.buffer) < count:
            if not self._more():
                raise Closed(f"closed after {len(self.buffer)} of {count} bytes")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read_to_end(self):
        while self._more():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def closed(self):
        """Waits for the other side to close; false when it sends something instead."""
        return not self.buffer and not self._more()

    def read_head(self):
        raw = self.read_until(b"\r\n\r\n")
        lines = raw[:-4].split(b"\r\n")
        version, status, reason = (lines[0].split(b" ", 2) + [b""])[:3]
        assert version == b"HTTP/1.1", lines[0]
        headers = []
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            assert colon and name and name == name.strip() and b"\n" not in line, raw
            headers.append((name.decode("latin-1").lower(), value.strip(b" \t").decode("latin-1")))
        return Response(int(status), headers, reason=reason.decode("latin-1"), raw_head=raw)

    def read_response(self, method="GET"):
        interim = []
        while True:
            response = self.read_head()
            if response.status >= 200 or response.status == 101:
                break
            interim.append(response)
        response.interim = interim
        if method == "HEAD" or response.status in (101, 204, 304) or (method == "CONNECT" and response.status < 300):
            return response
        try:
            self.read_body(response)
        except Closed:
            response.complete = False
        return response

    def read_body(self, response):
        length = response.header_lines("content-length")
        if response.header("transfer-encoding"):
            assert response.header("transfer-encoding").lower() == "chunked" and not length, response.headers
            while True:
                size = int(self.read_until(b"\r\n").split(b";")[0], 16)
                if size == 0:
                    break
                response.body += self.read_exactly(size)
                assert self.read_exactly(2) == b"\r\n"
            while (line := self.read_until(b"\r\n")) != b"\r\n":
                name, _, value = line.rstrip(b"\r\n").partition(b":")
                response.trailers.append((name.decode().lower(), value.strip().decode()))
        elif length:
            assert len(set(length)) == 1, response.headers
            response.body = self.read_exactly(int(length[0]))
        else:
            response.body = self.read_to_end()

    def call(self, request, method="GET"):
        return self.send(request).read_response(method)


def request_bytes(method="GET", target="/", host="any.test", headers=(), body=None, version="HTTP/1.1"):
    lines = [f"{method} {target} {version}", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in (headers.items() if isinstance(headers, dict) else headers)]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def fetch(port, target="/", host="any.test", method="GET", headers=(), body=None, address="127.0.0.1", tls=None, sni=None):
    """One request on a connection of its own."""
    with Raw(port, address, tls=tls, sni=sni) as connection:
        extra = list(headers.items() if isinstance(headers, dict) else headers)
        return connection.call(request_bytes(method, target, host, extra + [("Connection", "close")], body), method)


def serving(certificate, folder, clients_of=None, version=None, alpn=()):
    """A server's TLS context with this certificate. `clients_of`: the authority of the certificates that clients must show."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate.files(folder))
    if clients_of:
        context.load_verify_locations(cadata=clients_of.chain)
        context.verify_mode = ssl.CERT_REQUIRED
    if version:
        context.minimum_version = context.maximum_version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[version]
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def trusting(certificate, version=None):
    """A TLS context that believes this self-signed certificate alone; `version`: "1.2" or "1.3"."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=certificate.chain)
    if version:
        context.minimum_version = context.maximum_version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[version]
    return context


def careless():
    """A TLS context that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def curl(*arguments, check=True):
    result = subprocess.run(["curl", "-sS", "--max-time", str(PATIENCE), *map(str, arguments)], capture_output=True, text=True)
    assert not check or result.returncode == 0, (result.returncode, result.stderr, result.stdout)
    return result
