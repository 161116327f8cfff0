# SPDX-License-Identifier: Apache-2.0
"""A backend of HTTP/2 that does what a script says, over python-h2, which knows nothing of us. Several requests at once: each is
answered by `script(backend, stream)` on a thread of its own, or as `on_event` says while frames come."""
import contextlib
import socket
import threading

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from client import PATIENCE


class Stream:
    """One request as it came, and the ways to answer it."""

    def __init__(self, connection, stream_id, headers):
        self.connection, self.id, self.headers = connection, stream_id, headers
        self.body, self.trailers = b"", []
        self.ended = self.reset = False

    def header(self, name):
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None

    @property
    def path(self):
        return self.header(":path")

    def wait_for(self, condition, what=""):
        with self.connection.changed:
            assert self.connection.changed.wait_for(lambda: condition(self) or self.connection.gone, PATIENCE), f"the stream never saw: {what}"

    def wait_for_end(self):
        self.wait_for(lambda s: s.ended or s.reset, "its end")

    def respond(self, status=200, headers=(), end=False):
        self.connection.do(lambda h: h.send_headers(self.id, [(":status", str(status)), *headers], end_stream=end))

    def send(self, data, end=False):
        """Waits for the windows."""
        view = memoryview(data)
        while True:
            with self.connection.changed:
                h = self.connection.h2

                def window():
                    return self.reset or self.connection.gone or min(h.local_flow_control_window(self.id), h.max_outbound_frame_size)
                if view and not window():
                    assert self.connection.changed.wait_for(window, PATIENCE), "the window never opened"
                if self.reset or self.connection.gone:
                    return
                size = min(len(view), window()) if view else 0
                last = size == len(view)
                h.send_data(self.id, bytes(view[:size]), end_stream=end and last)
                self.connection.flush()
                view = view[size:]
            if last:
                return

    def send_trailers(self, headers):
        self.connection.do(lambda h: h.send_headers(self.id, headers, end_stream=True))

    def cancel(self, error):
        self.connection.do(lambda h: h.reset_stream(self.id, error))

    def answer(self, body=b"ok", status=200):
        self.respond(status, [("content-length", str(len(body)))], end=not body)
        if body:
            self.send(body, end=True)


class Connection:
    def __init__(self, backend, sock, index):
        self.backend, self.socket, self.index = backend, sock, index
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self.h2 = h2.connection.H2Connection(config)
        self.changed = backend.changed
        self.streams = {}
        self.gone = False
        self.goaway = False
        self.silent = False

    def flush(self):
        data = self.h2.data_to_send()
        if data and not self.silent:
            self.socket.sendall(data)

    def do(self, action):
        with self.changed, contextlib.suppress(h2.exceptions.ProtocolError, OSError):
            action(self.h2)
            self.flush()

    def silence(self):
        """From here on nothing is said, not even what the protocol asks for."""
        with self.changed:
            self.silent = True

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def run(self):
        with self.changed:
            self.h2.local_settings = h2.settings.Settings(client=False, initial_values=self.backend.settings)
            self.h2.initiate_connection()
            self.flush()
        while True:
            try:
                data = self.socket.recv(65536)
            except OSError:
                data = b""
            with self.changed:
                if not data:
                    self.gone = True
                    self.changed.notify_all()
                    return
                try:
                    for event in self.h2.receive_data(data):
                        self.take(event)
                    self.flush()
                except (h2.exceptions.ProtocolError, OSError) as error:
                    self.backend.errors.append(error)
                self.changed.notify_all()

    def take(self, event):
        stream = self.streams.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.RequestReceived):
            stream = self.streams[event.stream_id] = Stream(self, event.stream_id, event.headers)
            self.backend.streams.append(stream)
            threading.Thread(target=self.backend.run_script, args=(stream,), daemon=True).start()
        elif isinstance(event, h2.events.DataReceived) and stream:
            stream.body += event.data
            if self.backend.reads and event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            stream.trailers = event.headers
        elif isinstance(event, h2.events.StreamEnded) and stream:
            stream.ended = True
        elif isinstance(event, h2.events.StreamReset) and stream:
            stream.reset, stream.error = True, event.error_code
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.goaway = True
        elif isinstance(event, h2.events.PingReceived):
            self.backend.pings += 1


class Http2Backend:
    """`settings`: what it announces; `reads`: whether it gives windows back."""

    def __init__(self, script=None, settings=None, reads=True, tls=None):
        self.script, self.settings, self.reads, self.tls = script or Stream.answer, settings or {}, reads, tls
        self.streams, self.connections, self.errors = [], [], []
        self.pings = 0
        self.changed = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
                if self.tls:
                    sock = self.tls.wrap_socket(sock, server_side=True)
            except OSError:
                if self.listener.fileno() < 0:
                    return
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.changed:
                connection = Connection(self, sock, len(self.connections))
                self.connections.append(connection)
                self.changed.notify_all()
            threading.Thread(target=connection.run, daemon=True).start()

    def run_script(self, stream):
        try:
            self.script(stream)
        except (OSError, h2.exceptions.ProtocolError, AssertionError) as error:
            with self.changed:
                self.errors.append(error)

    def wait_for(self, condition, what=""):
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self), PATIENCE), f"the backend never saw: {what}"

    def stop(self):
        self.listener.close()
        for connection in self.connections:
            connection.close()
