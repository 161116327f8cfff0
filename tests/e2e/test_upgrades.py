# SPDX-License-Identifier: Apache-2.0
"""Upgraded connections live through every change that does not concern them, and through every time-out."""
import time

import pytest

from client import Raw, eventually, fetch, request_bytes
from http2_backend import Http2Backend
from manifests import backend, endpoints, gateway, grpc_route, header_modifier, listener, ref, route, rule, service
from processes import free_port

HANDSHAKE = request_bytes(target="/ws", headers=[("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
                                                 ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")])


def tunnel(backend, connection):
    """Switches, then gives every byte back; other requests are answered."""
    head = backend.next_request(connection)
    while head is not None and b"\r\nupgrade:" not in head.lower():
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        head = backend.next_request(connection)
    if head is None:
        return
    connection.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    connection.socket.settimeout(None)
    while data := connection.socket.recv(65536):
        connection.send(data)


class Tunnel:
    def __init__(self, port):
        self.raw = Raw(port)
        answer = self.raw.call(HANDSHAKE)
        assert answer.status == 101 and answer.header("upgrade") == "websocket"
        self.count = 0

    def alive(self):
        self.count += 1
        message = f"message {self.count};".encode()
        self.raw.send(message)
        return self.raw.read_exactly(len(message)) == message


@pytest.fixture
def world_with_tunnels(world):
    ports = free_port(), free_port()
    ws, plain, extra = world.scripted(tunnel), world.scripted(), world.scripted(tunnel)
    gw = world.gateway(gateway(listener("http", ports[0]), listener("more", ports[1])), backend("ws", ws.port), backend("plain", plain.port),
                       route("ws", rule("ws", matches=[{"path": {"value": "/ws"}}])), route("plain", rule("plain")),
                       flags=["--workers", "1"])
    return ports, gw, ws, plain, extra


def live(gw, port, number):
    """Waits until a route of that number is served, so that all that was applied before is."""
    gw.apply(route("marker", rule("plain", matches=[{"path": {"value": f"/marker-{number}"}}],
                                  filters=[header_modifier("Response", set={"X-Marker": str(number)})])))
    eventually(lambda: fetch(port, f"/marker-{number}").header("x-marker") == str(number), f"change {number}")


def test_streams_live_through_changes_that_do_not_concern_them(world_with_tunnels):
    (port, more), gw, ws, plain, extra = world_with_tunnels
    tunnels = [Tunnel(port) for _ in range(20)]
    changes = [
        lambda: gw.apply(route("plain", rule("plain", filters=[header_modifier("Request", set={"X-A": "1"})]))),
        lambda: gw.apply(backend("ws", ws.port, extra.port)),  # an endpoint more
        lambda: gw.apply(backend("plain", plain.port, free_port())),
        lambda: gw.apply(route("ws", rule(ref("ws", weight=9), ref("plain", weight=0), matches=[{"path": {"value": "/ws"}}],
                                          timeouts={"request": "10s"}))),
        lambda: gw.apply(gateway(listener("http", port), listener("more", more), listener("third", free_port()))),
        lambda: gw.apply(gateway(listener("http", port))),  # other listeners go
        lambda: gw.remove(endpoints("ws", ws.port, extra.port)[1]),  # the endpoint that no stream uses
    ]
    for number, change in enumerate(changes):
        change()
        live(gw, port, number)
        assert all(each.alive() for each in tunnels), f"after change {number}"
    assert gw.metric("cardea_http_requests_active") >= 20
    for each in tunnels:
        each.raw.close()
    eventually(lambda: gw.metric("cardea_http_requests_active") == 0, "their ends")


def test_a_stream_outlives_its_route_and_its_endpoint(world_with_tunnels):
    """Like every request, it ends under what it began with."""
    (port, _), gw, ws, _, extra = world_with_tunnels
    stream = Tunnel(port)
    gw.apply(backend("ws", extra.port))
    live(gw, port, 1)
    assert stream.alive()
    gw.remove(route("ws"))
    live(gw, port, 2)
    assert stream.alive()
    stream.raw.close()
    ws.wait_for(lambda b: not b.open, "the end of its connection")


@pytest.mark.parametrize("timeouts,flags", [({"request": "200ms"}, ()), ({"backendRequest": "200ms"}, ()),
                                            ({}, ("--request-timeout", "200ms", "--backend-request-timeout", "200ms",
                                                  "--body-idle-timeout", "200ms", "--backend-idle-timeout", "200ms"))])
def test_time_outs_end_at_the_upgrade(world, timeouts, flags):
    port = free_port()
    ws = world.scripted(tunnel)
    world.gateway(gateway(listener("http", port)), backend("ws", ws.port), route("ws", rule("ws", timeouts=timeouts)), flags=["--workers", "1", *flags])
    stream = Tunnel(port)
    for _ in range(3):
        time.sleep(0.25)  # what must not end it has had its time
        assert stream.alive()
    stream.raw.close()


def test_an_upgrade_that_is_not_answered_times_out(world):
    port = free_port()
    stuck = world.scripted(lambda b, c: (b.next_request(c), c.wait_for_close()))
    world.gateway(gateway(listener("http", port)), backend("ws", stuck.port), route("ws", rule("ws", timeouts={"request": "100ms"})))
    with Raw(port) as connection:
        assert connection.call(HANDSHAKE).status == 504


def test_an_upgrade_is_tried_again_as_a_rule_says(world):
    port = free_port()

    def script(backend, connection):
        if len(backend.heads) < 2:
            backend.next_request(connection)
            connection.send(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            tunnel(backend, connection)
    ws = world.scripted(script)
    world.gateway(gateway(listener("http", port)), backend("ws", ws.port),
                  route("ws", rule("ws", retry={"codes": [503], "attempts": 3, "backoff": "1ms"})), flags=["--workers", "1", "--max-replay-bytes", "10"])
    stream = Tunnel(port)
    assert stream.alive()
    big = b"x" * 1_000_000
    stream.raw.send(big)
    assert stream.raw.read_exactly(len(big)) == big
    stream.raw.close()


def test_an_offer_to_upgrade_does_not_keep_a_request_from_a_backend_of_http2(world):
    port = free_port()
    h2c = Http2Backend()
    world.parts.append(h2c)
    world.gateway(gateway(listener("http", port)), service("plain"), service("h2c", appProtocol="kubernetes.io/h2c"), endpoints("plain", h2c.port),
                  endpoints("h2c", h2c.port), route("r", rule("h2c")), grpc_route("g", rule("plain", matches=[{"method": {"service": "shop.Stock"}}])))
    offer = {"Connection": "upgrade", "Upgrade": "other/1"}
    assert fetch(port, method="POST", headers=offer, body=b"hi").body == b"ok"
    assert fetch(port, "/shop.Stock/Get", method="POST", headers=offer | {"Content-Type": "application/grpc"}, body=b"\0\0\0\0\0").body == b"ok"
    assert [stream.body for stream in h2c.streams] == [b"hi", b"\0\0\0\0\0"]
