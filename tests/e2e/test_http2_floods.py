# SPDX-License-Identifier: Apache-2.0
"""Every flood of http2_refusals.yaml again and again, by the default limits: memory stays where it was, and whoever asks on another
connection meanwhile is answered. test_http2.py shows where each limit is, and by which flag."""
import os
import pathlib

import pytest

from client import eventually
from http2 import GET, Http2, RawHttp2
from manifests import backend, gateway, listener, route, rule
from processes import free_port
from test_http2_refusals import TABLE, case_bytes

FLOODS = {case["name"]: case["frames"] for group in TABLE if group["group"] == "floods" for case in group["cases"]}
WARM_UP = 10
CONNECTIONS = 30
# What thirty of them may leave behind or need at once; what one sends unbounded would be more.
ALLOWED = 8 << 20


class Memory:
    """The most that a process held since this was made."""

    def __init__(self, pid):
        self.folder = pathlib.Path(f"/proc/{pid}")
        (self.folder / "clear_refs").write_text("5")  # VmHWM begins anew (proc(5))
        self.before = self.most()

    def most(self):
        line = next(line for line in (self.folder / "status").read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def grown(self):
        return self.most() - self.before


@pytest.fixture
def served(world, monkeypatch):
    # What the address sanitizer keeps of freed memory, to find uses of it, is not the program's.
    monkeypatch.setenv("ASAN_OPTIONS", ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=1", "thread_local_quarantine_size_kb=64"])))

    def make(script=None):
        port = free_port()
        # One that takes connections as fast as they come, unless a script is to answer.
        behind = world.scripted(script) if script else world.echo("b")
        gw = world.gateway(gateway(listener("http", port)), backend("b", behind.port), route("r", rule("b")), flags=["--workers", "1"])
        return port, gw
    return make


def flood(port, frames):
    """Until the gateway ends the connection; the reason."""
    with RawHttp2(port) as connection:
        try:
            for data in case_bytes(connection, frames):
                connection.send(data)
        except ConnectionError:
            pass
        return next((frame.error for frame in connection.frames() if frame.type == "GOAWAY"), "closed")


@pytest.mark.parametrize("name", FLOODS)
def test_memory_and_others(served, name):
    port, gw = served()
    with Http2(port) as other:
        assert other.fetch().status == 200
        for _ in range(WARM_UP):  # pools are filled, and the allocator's
            flood(port, FLOODS[name])
        memory = Memory(gw.process.pid)
        for _ in range(CONNECTIONS):
            assert flood(port, FLOODS[name]) in ("ENHANCE_YOUR_CALM", "closed")
            assert other.fetch().status == 200
        assert memory.grown() < ALLOWED
    eventually(lambda: sum(value for key, value in gw.metrics().items() if key.startswith("cardea_http2_connection_faults_total"))
               == CONNECTIONS + WARM_UP, "each is counted")


def answers_much(place, connection):
    while (head := place.next_request(connection)) is not None:
        size = 4_000_000 if b"/much" in head else 2
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)


def test_zero_windows(served):
    """Clients that take nothing of a hundred large answers each: what waits is bounded by buffers, and the rest stays at the backend."""
    port, gw = served(answers_much)
    with Http2(port) as other:
        assert other.fetch().status == 200
        memory = Memory(gw.process.pid)
        clients = [RawHttp2(port).settings(window=0) for _ in range(3)]
        for client in clients:
            for stream in range(1, 201, 2):
                client.headers(stream, [*GET[:3], (":path", "/much")])
        for client in clients:
            for _ in range(100):
                client.wait_for("HEADERS")
        assert [other.fetch().body for _ in range(20)] == [b"xx"] * 20
        # 300 answers of 4 MB; each may have filled a buffer of its backend's connection.
        assert memory.grown() < 300 * (128 << 10)
        for client in clients:
            client.socket.close()
    eventually(lambda: gw.metric("cardea_http_requests_active") == 0, "all of them are gone")


def test_a_client_that_reads_nothing(served):
    """PING and SETTINGS ask for answers: who does not take them is not read any more."""
    port, gw = served()
    with Http2(port) as other:
        assert other.fetch().status == 200
        memory = Memory(gw.process.pid)
        clients = [RawHttp2(port) for _ in range(10)]
        for client in clients:
            client.socket.settimeout(0.2)  # as long as it is read, it does not wait
            try:
                for n in range(1, 400_001, 2):
                    client.headers(n, [*GET[:3], (":path", "/" + "x" * 100)])
                    client.frame("PING", 0, 0, b"12345678")
            except (ConnectionError, TimeoutError):
                pass
        assert [other.fetch().status for _ in range(20)] == [200] * 20
        assert memory.grown() < 10 * (4 << 20)
        for client in clients:
            client.socket.close()
