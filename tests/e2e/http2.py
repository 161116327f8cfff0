# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 for the tests: a raw connection that sends exact frames and reads whatever comes (its HPACK is python-hpack's), and
a client by python-h2, which knows nothing of us and checks every rule itself."""
import dataclasses
import socket
import ssl
import struct

import h2.config
import h2.connection
import h2.events
import hpack

from client import PATIENCE, Closed

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
TYPES = ["DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE", "CONTINUATION"]
ERRORS = ["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
          "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"]
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
GET = [(":method", "GET"), (":scheme", "http"), (":authority", "a.test"), (":path", "/")]


def connect(port, tls=None, sni=None):
    sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls is not None:
        tls.set_alpn_protocols(["h2"])
        sock = tls.wrap_socket(sock, server_hostname=sni)
        assert sock.selected_alpn_protocol() == "h2"
    return sock


@dataclasses.dataclass
class Frame:
    type: str
    flags: int
    stream: int
    payload: bytes

    @property
    def error(self):
        """The code of a RST_STREAM or GOAWAY."""
        return ERRORS[struct.unpack(">I", self.payload[:4] if self.type == "RST_STREAM" else self.payload[4:8])[0]]

    @property
    def last_stream(self):
        return struct.unpack(">I", self.payload[:4])[0]

    @property
    def debug(self):
        return self.payload[8:].decode()


def frame_bytes(kind, flags, stream, payload=b""):
    kind = TYPES.index(kind) if isinstance(kind, str) else kind
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


class RawHttp2:
    def __init__(self, port, tls=None, sni=None, preface=PREFACE + frame_bytes("SETTINGS", 0, 0)):
        self.socket = connect(port, tls, sni)
        self.buffer = b""
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        self.socket.sendall(preface)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)
        return self

    def frame(self, kind, flags=0, stream=0, payload=b""):
        return self.send(frame_bytes(kind, flags, stream, payload))

    def block(self, fields):
        return self.encoder.encode([(n.encode("latin-1"), v.encode("latin-1")) for n, v in fields], huffman=False)

    def headers(self, stream, fields, end=True):
        return self.frame("HEADERS", END_HEADERS | (END_STREAM if end else 0), stream, self.block(fields))

    def settings(self, **values):
        names = {"table": 1, "push": 2, "streams": 3, "window": 4, "frame": 5, "list": 6}
        return self.frame("SETTINGS", 0, 0, b"".join(struct.pack(">HI", names[name], value) for name, value in values.items()))

    def read_frame(self):
        """The next frame; None when the gateway closed the connection."""
        while True:
            if len(self.buffer) >= 9:
                size = struct.unpack(">I", b"\0" + self.buffer[:3])[0]
                if len(self.buffer) >= 9 + size:
                    kind, flags = self.buffer[3], self.buffer[4]
                    stream = struct.unpack(">I", self.buffer[5:9])[0] & 0x7fffffff
                    payload, self.buffer = self.buffer[9:9 + size], self.buffer[9 + size:]
                    return Frame(TYPES[kind] if kind < len(TYPES) else str(kind), flags, stream, payload)
            try:
                data = self.socket.recv(65536)
            except (ConnectionResetError, ssl.SSLEOFError):
                data = b""
            if not data:
                return None
            self.buffer += data

    def frames(self):
        while (frame := self.read_frame()) is not None:
            yield frame

    def wait_for(self, kind, stream=None, flags=0):
        for frame in self.frames():
            if frame.type == kind and (stream is None or frame.stream == stream) and frame.flags & flags == flags:
                return frame
        raise Closed(f"closed before {kind}")

    def response(self, stream):
        """(status, fields, body) of a whole response."""
        fields, body = None, b""
        for frame in self.frames():
            if frame.type == "HEADERS":
                decoded = [(n, v) for n, v in self.decoder.decode(frame.payload)]
                if frame.stream == stream and fields is None and not dict(decoded)[":status"].startswith("1"):
                    fields = decoded
            elif frame.stream == stream and frame.type == "DATA":
                body += frame.payload
            elif frame.stream == stream and frame.type == "RST_STREAM":
                raise Closed(f"reset: {frame.error}")
            if frame.stream == stream and frame.flags & END_STREAM and frame.type in ("HEADERS", "DATA"):
                return int(dict(fields)[":status"]), fields, body
        raise Closed("closed before the end of the response")


@dataclasses.dataclass
class Stream:
    """What came on a stream so far."""
    id: int
    status: int = 0
    headers: list = dataclasses.field(default_factory=list)
    interim: list = dataclasses.field(default_factory=list)
    body: bytes = b""
    trailers: list = dataclasses.field(default_factory=list)
    ended: bool = False
    reset: str = ""

    def header(self, name):
        return next((value for key, value in self.headers if key == name), None)


class Http2:
    """A client by python-h2. One thread; events are handled while it waits."""

    def __init__(self, port, tls=None, sni=None, consume=True, window=None):
        self.socket = connect(port, tls, sni)
        self.connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self.connection.initiate_connection()
        if window is not None:
            self.connection.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.consume = consume
        self.buffer = b""
        self.streams = {}
        self.closed = False
        self.goaways = []
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def flush(self):
        data = self.connection.data_to_send()
        if data:
            self.socket.sendall(data)

    def request(self, method="GET", path="/", headers=(), body=None, host="a.test", scheme="http", end=True, trailers=None):
        """Opens a stream. Without `end` it stays open for send()."""
        stream = self.connection.get_next_available_stream_id()
        fields = [(":method", method), (":scheme", scheme), (":authority", host), (":path", path), *headers]
        self.streams[stream] = Stream(stream)
        self.connection.send_headers(stream, fields, end_stream=end and body is None and trailers is None)
        self.flush()
        if body is not None:
            self.send(stream, body, end=end and trailers is None)
        if trailers is not None:
            self.connection.send_headers(stream, trailers, end_stream=True)
            self.flush()
        return self.streams[stream]

    def websocket(self, path="/", headers=(), host="a.test", scheme="http"):
        """Asks for a WebSocket by extended CONNECT (RFC 8441). h2 sends fields in the order that it is told."""
        stream = self.connection.get_next_available_stream_id()
        self.streams[stream] = Stream(stream)
        self.connection.send_headers(stream, [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", scheme), (":authority", host),
                                              (":path", path), ("sec-websocket-version", "13"), *headers])
        self.flush()
        return self.streams[stream]

    def send(self, stream, data, end=False):
        """As far as the windows allow, waiting for them."""
        stream = getattr(stream, "id", stream)
        view = memoryview(data)
        while True:
            room = min(self.connection.local_flow_control_window(stream), self.connection.max_outbound_frame_size)
            piece = view[:room]
            view = view[len(piece):]
            if len(piece) or not len(data):
                self.connection.send_data(stream, bytes(piece), end_stream=end and not len(view))
                self.flush()
            if not len(view):
                return
            if room == 0:
                self.pump()
                if self.streams[stream].reset or self.streams[stream].ended or self.closed:
                    return

    def cancel(self, stream, code=8):
        self.connection.reset_stream(stream.id, code)
        self.flush()

    def pump(self):
        """Reads once."""
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError):
            data = b""
        if not data:
            self.closed = True
            return
        self.buffer += data
        # One frame at a time, so that what follows a GOAWAY finds the connection as take() has left it.
        while len(self.buffer) >= 9 and len(self.buffer) >= (size := 9 + int.from_bytes(self.buffer[:3])):
            frame, self.buffer = self.buffer[:size], self.buffer[size:]
            for event in self.connection.receive_data(frame):
                self.take(event)
        self.flush()

    def take(self, event):
        stream = self.streams.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.InformationalResponseReceived):
            stream.interim.append(event.headers)
        elif isinstance(event, h2.events.ResponseReceived):
            stream.headers = event.headers
            stream.status = int(dict(event.headers)[":status"])
        elif isinstance(event, h2.events.DataReceived):
            stream.body += event.data
            if self.consume and event.flow_controlled_length:
                self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            stream.trailers = event.headers
        elif isinstance(event, h2.events.StreamEnded):
            stream.ended = True
        elif isinstance(event, h2.events.StreamReset):
            stream.reset = ERRORS[event.error_code]
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.goaways.append((event.last_stream_id, ERRORS[event.error_code]))
            # python-h2 takes a GOAWAY for the end of everything; by RFC 9113 section 6.8 streams go on.
            self.connection.state_machine.state = h2.connection.ConnectionState.CLIENT_OPEN

    def until(self, condition, what=""):
        while not condition():
            if self.closed:
                raise Closed(f"closed before: {what or condition}")
            self.pump()

    def finish(self, stream):
        self.until(lambda: stream.ended or stream.reset, "the stream's end")
        return stream

    def fetch(self, *args, **options):
        return self.finish(self.request(*args, **options))
