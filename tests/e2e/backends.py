# SPDX-License-Identifier: Apache-2.0
"""Backends of the tests: `cardea echo` as a process, and one that does what a script says, byte by byte, because real
servers do not misbehave on demand."""
import contextlib
import socket
import subprocess
import threading

from client import PATIENCE, eventually
from processes import ending, program, sanitizer_report


class Echo:
    """A `cardea echo` on an ephemeral port of loopback. It answers with its name and with what it received."""

    def __init__(self, name, port, folder, address="127.0.0.1"):
        self.name, self.port = name, port
        self.log = folder / f"echo-{name}-{port}.log"
        listen = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        with self.log.open("w") as log:
            self.process = subprocess.Popen([program(), "echo", "--listen", listen, "--name", name], stdout=log, stderr=log)

        def listens():
            assert self.process.poll() is None, self.log.read_text()
            with socket.create_connection((address, port), timeout=1):
                return True
        eventually(listens, f"echo {name} listens")

    def stop(self):
        code = ending(self.process)
        report = sanitizer_report(self.log)
        assert not report and code == 0, f"echo {self.name} ended with {code}\n{report or self.log.read_text()}"


class Connection:
    """One connection that the gateway opened to a Scripted backend."""

    def __init__(self, sock, index):
        self.socket, self.index, self.buffer = sock, index, b""
        sock.settimeout(PATIENCE)

    def _more(self):
        data = self.socket.recv(65536)
        self.buffer += data
        return bool(data)

    def read_head(self):
        """The next request head, exact bytes; None when the gateway closed the connection instead."""
        with contextlib.suppress(ConnectionResetError, TimeoutError):
            while b"\r\n\r\n" not in self.buffer:
                if not self._more():
                    return None
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            return head + b"\r\n\r\n"
        return None

    def read_body(self, head):
        """The body as it stands on the wire."""
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            body = b""
            while True:
                line = self._read_until(b"\r\n")
                body += line
                size = int(line.split(b";")[0], 16)
                if size == 0:
                    break
                body += self.read_exactly(size + 2)
            while True:
                line = self._read_until(b"\r\n")
                body += line
                if line == b"\r\n":
                    return body
        for line in lower.split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return self.read_exactly(int(line.split(b":")[1]))
        return b""

    def _read_until(self, mark):
        while mark not in self.buffer:
            if not self._more():
                raise ConnectionError("the gateway closed inside a request")
        line, _, self.buffer = self.buffer.partition(mark)
        return line + mark

    def read_exactly(self, count):
        while len(self.buffer) < count:
            if not self._more():
                raise ConnectionError("the gateway closed inside a request")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def send(self, data):
        self.socket.sendall(data)

    def reset(self):
        """Closes with a reset instead of an end."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.socket.close()

    def wait_for_close(self):
        """True when the gateway closed without sending anything more."""
        with contextlib.suppress(ConnectionResetError):
            return not self._more()
        return True


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Scripted:
    """A backend whose `script(backend, connection)` is called for every connection, on a thread of its own. Every request head and
    body that a script reads through `serve` is kept in `heads` and `bodies`."""

    def __init__(self, script=None, tls=None):
        """`tls`: a server's context; what a handshake told of a client stands in the connection's `socket`."""
        self.script, self.tls = script, tls
        self.refused = []  # handshakes that failed
        self.heads, self.bodies, self.errors = [], [], []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.changed = threading.Condition()
        self.open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.changed:
                index = self.connections
                self.connections += 1
                self.open.add(sock)
                self.changed.notify_all()
            threading.Thread(target=self._run, args=(sock, index), daemon=True).start()

    def _run(self, sock, index):
        connection = Connection(sock, index)
        try:
            if self.tls:
                connection = Connection(self._shake_hands(sock), index)
            (self.script or Scripted.answer)(self, connection)
        except (OSError, ValueError) as error:
            with self.changed:
                self.errors.append(error)
        finally:
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)
            connection.socket.close()
            with self.changed:
                self.open.discard(connection.socket)
                self.changed.notify_all()

    def _shake_hands(self, sock):
        sock.settimeout(PATIENCE)
        try:
            secured = self.tls.wrap_socket(sock, server_side=True)
        except OSError as error:
            with self.changed:
                self.refused.append(error)
                self.changed.notify_all()
            raise
        with self.changed:
            self.open.discard(sock)
            self.open.add(secured)
        return secured

    def next_request(self, connection):
        """Reads one request, keeps it, and returns its head; None when the gateway closed the connection."""
        head = connection.read_head()
        if head is None:
            return None
        body = connection.read_body(head)
        with self.changed:
            self.heads.append(head)
            self.bodies.append(body)
            self.changed.notify_all()
        return head

    def answer(self, connection, response=OK):
        """The script of a good server: the same response to every request of the connection."""
        while self.next_request(connection) is not None:
            connection.send(response)

    def wait_for(self, condition, what=""):
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self), PATIENCE), f"the backend never saw: {what}"

    def stop(self):
        self.listener.close()
        with self.changed:
            for sock in self.open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)


def answering(response):
    return lambda backend, connection: backend.answer(connection, response)
