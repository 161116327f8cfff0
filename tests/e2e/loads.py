# SPDX-License-Identifier: Apache-2.0
"""Load while something changes: clients that go on all the time, and tell of every answer that nobody expected and of every
stream that was cut. h2load, gRPC's own client in Go, python websockets and python-h2 know nothing of us."""
import asyncio
import collections
import contextlib
import json
import re
import subprocess
import threading
import time

import websockets

from client import PATIENCE, Raw, eventually, request_bytes
from http2 import Http2


class Load:
    """Clients that call all the time and check every answer, until stop() counts what was unexpected."""

    def __init__(self, port, expected, clients=4, host="any.test", target="/", tls=None, fresh=False):
        self.port, self.expected, self.host, self.target, self.tls, self.fresh = port, expected, host, target, tls, fresh
        self.done = threading.Event()
        self.answers = collections.Counter()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._client) for _ in range(clients)]
        for thread in self.threads:
            thread.start()
        eventually(lambda: sum(self.answers.values()) > 20, "the load runs")

    def _answer(self, connection):
        response = connection.call(request_bytes(target=self.target, host=self.host))
        if response.header("connection") == "close":
            return f"{response.status} with Connection: close", False
        return (response.echo["name"] if response.status == 200 else response.status), True

    def _client(self):
        connection = None
        while not self.done.is_set():
            try:
                if connection is None:
                    connection = Raw(self.port, tls=self.tls, sni=self.host if self.tls else None)
                answer, alive = self._answer(connection)
            except Exception as error:  # whatever it is, it is an answer that nobody expected
                answer, alive = repr(error)[:200], False
            with self.lock:
                self.answers[answer] += 1
            if (self.fresh or not alive) and connection:
                connection.close()
                connection = None
        if connection:
            connection.close()

    def progress(self):
        return sum(self.answers.values())

    def wait_for_more(self, count=50):
        before = sum(self.answers.values())
        eventually(lambda: sum(self.answers.values()) >= before + count, "the load goes on")

    def stop(self):
        self.done.set()
        for thread in self.threads:
            thread.join()
        unexpected = {answer: count for answer, count in self.answers.items() if answer not in self.expected}
        assert not unexpected, f"unexpected answers: {unexpected}; expected: {dict(self.answers)}"
        assert sum(self.answers.values()) > 0


@contextlib.contextmanager
def load(*arguments, **options):
    running = Load(*arguments, **options)
    try:
        yield running
    finally:
        running.stop()


class H2load:
    """h2load at a steady pace until stop(), by HTTP/2 or HTTP/1.1; every answer must be 2xx, and no connection may break."""

    def __init__(self, url, *flags, seconds):
        command = ["h2load", "-D", str(seconds), "-c", "2", "-m", "2", "--rps", "60", *flags, url]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def stop(self):
        output, _ = self.process.communicate(timeout=PATIENCE + 60)
        found = re.search(r"(\d+) total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
        assert found, output
        _, done, succeeded, *bad = map(int, found.groups())
        assert succeeded == done > 50 and not any(bad), output
        assert f"status codes: {succeeded} 2xx, 0 3xx, 0 4xx, 0 5xx" in output, output


class Grpc:
    """`interop load`: streams in both directions that stay open, and unary calls beside them."""

    def __init__(self, interop, port, *trust):
        self.process = subprocess.Popen([interop, "load", f"127.0.0.1:{port}", *trust], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def seen(self):
        self.process.stdin.write("?")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def progress(self, of=("Unary", "Messages")):
        seen = self.seen()
        return min(seen[kind] for kind in of)

    def stop(self, calls_may_fail=False):
        self.process.stdin.close()
        seen = json.loads(self.process.stdout.readlines()[-1])
        self.process.wait(PATIENCE)
        errors = [error for error in seen["Errors"] if not (calls_may_fail and error.startswith("a unary call"))]
        assert not errors and seen["Ended"] == 4, seen


class WebSockets:
    """Python's websockets by HTTP/1.1 Upgrade: messages that must come back, on connections that must last."""

    def __init__(self, url, count=5, **options):
        self.url, self.options, self.count = url, options, count
        self.messages, self.ended, self.errors = 0, 0, []
        self.done = False
        self.thread = threading.Thread(target=lambda: asyncio.run(self._all()))
        self.thread.start()

    async def _all(self):
        await asyncio.gather(*[self._one(n) for n in range(self.count)])

    async def _one(self, number):
        try:
            async with websockets.connect(self.url, max_size=None, **self.options) as connection:
                turn = 0
                while not self.done:
                    turn += 1
                    message = f"{number}-{turn}" * (turn % 500 + 1)
                    await connection.send(message)
                    if await asyncio.wait_for(connection.recv(), PATIENCE) != message:
                        raise ValueError("another message than was sent")
                    self.messages += 1
                    await asyncio.sleep(0.005)
            if connection.close_code != 1000:
                raise ValueError(f"it was closed with {connection.close_code}")
            self.ended += 1
        except Exception as error:  # whatever it is, the stream is cut
            self.errors.append(f"{time.strftime('%H:%M:%S')} {error!r}")

    def progress(self):
        return self.messages

    def stop(self):
        self.done = True
        self.thread.join()
        assert not self.errors and self.ended == self.count, (self.errors, self.ended)


class Http2WebSockets:
    """python-h2 by extended CONNECT (RFC 8441): several WebSockets on one connection, and requests beside them."""

    def __init__(self, port, path, count=5, scheme="http", beside=True, **options):
        """`beside`: requests on the same connection, which nobody may ask to end then."""
        self.port, self.path, self.count, self.scheme, self.beside, self.options = port, path, count, scheme, beside, options
        self.messages, self.goaways, self.errors = 0, [], []
        self.done = False
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        try:
            with Http2(self.port, **self.options) as client:
                client.until(lambda: client.connection.remote_settings.enable_connect_protocol == 1, "SETTINGS_ENABLE_CONNECT_PROTOCOL")
                streams = [client.websocket(self.path, scheme=self.scheme) for _ in range(self.count)]
                for stream in streams:
                    client.until(lambda: stream.status)
                while not self.done:
                    self._round(client, streams)
                for stream in streams:
                    client.send(stream, b"\x88\x80\0\0\0\0", end=True)
                    client.finish(stream)
                    assert not stream.reset, stream
                assert not client.goaways or not self.beside, client.goaways
        except Exception as error:  # whatever it is, the streams are cut
            self.errors.append(f"{time.strftime('%H:%M:%S')} {error!r}")

    def _round(self, client, streams):
        for stream in streams:
            text = b"%d" % self.messages
            stream.body = b""
            client.send(stream, bytes([0x81, 0x80 | len(text)]) + b"\0\0\0\0" + text)
            client.until(lambda: len(stream.body) == 2 + len(text) or stream.reset or stream.ended)
            assert stream.body == bytes([0x81, len(text)]) + text, stream
            self.messages += 1
        self.goaways = client.goaways
        if self.beside:
            answer = client.fetch(scheme=self.scheme)
            assert answer.status == 200 and not answer.reset, answer
        time.sleep(0.005)

    def progress(self):
        return self.messages

    def stop(self):
        self.done = True
        self.thread.join()
        assert not self.errors, self.errors
