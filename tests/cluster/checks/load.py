# SPDX-License-Identifier: Apache-2.0
"""A constant load of HTTP/1.1 requests, each on its own schedule, that counts every answer that was not expected, and shows that
it never paused."""
import bisect
import http.client
import ssl
import threading
import time

WINDOW = 0.25  # seconds: in each, however long the load ran, there is an answer


class Named(http.client.HTTPSConnection):
    """To an address, of a server that has a name."""

    def __init__(self, address, port, name, context, timeout):
        super().__init__(address, port, timeout=timeout, context=context)
        self.name, self.context = name, context

    def connect(self):
        http.client.HTTPConnection.connect(self)
        self.sock = self.context.wrap_socket(self.sock, server_hostname=self.name)


class Load:
    """`with Load(address, ...) as load:` sends until its end. `unexpected` then holds what was not (status 200)."""

    def __init__(self, address, host, path="/", port=80, threads=4, each_second=50, tls=None, keep=True):
        self.address, self.host, self.path, self.port, self.keep = address, host, path, port, keep
        self.pause = threads / each_second
        self.times, self.unexpected = [], []  # of good answers, by time.monotonic(); the others, with their time of day
        self.slow = []  # when good answers that took longer than a window were asked for and came
        self.tls = tls
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(threads)]

    @property
    def answered(self):
        return len(self.times)

    def connect(self):
        if self.tls is None:
            return http.client.HTTPConnection(self.address, self.port, timeout=10)
        return Named(self.address, self.port, timeout=10, context=self.tls, name=self.host)

    def once(self, connection):
        connection.request("GET", self.path, headers={"Host": self.host})
        response = connection.getresponse()
        response.read()
        if response.will_close:
            connection.close()  # the next request makes a new one
        return response.status

    def run(self):
        connection = None
        while not self.ended.is_set():
            began = time.monotonic()
            reused = connection is not None and connection.sock is not None
            try:
                connection = connection or self.connect()
                result = self.once(connection)
            except (OSError, http.client.HTTPException, ssl.SSLError) as error:
                connection = None
                # An idle connection may end at any time (RFC 9112 section 9.5); whoever reuses it then asks again.
                if reused and isinstance(error, (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)):
                    continue
                result = repr(error)
            if not self.keep:
                connection = None
            with self.lock:
                if result == 200:
                    self.times.append(time.monotonic())
                    if self.times[-1] - began > WINDOW:
                        self.slow.append((began, self.times[-1]))
                else:
                    self.unexpected.append((round(time.time(), 3), result))
            self.ended.wait(max(0, self.pause - (time.monotonic() - began)))

    def __enter__(self):
        self.begun = time.monotonic()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped = time.monotonic()
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def silences(self):
        """Windows without an answer, as seconds after the beginning."""
        windows = int((self.stopped - self.begun) / WINDOW)
        starts = [self.begun + number * WINDOW for number in range(windows)]
        return [round(start - self.begun, 2) for start in starts
                if bisect.bisect_left(self.times, start) == bisect.bisect_left(self.times, start + WINDOW)]

    def assert_good(self):
        assert not self.unexpected, f"{len(self.unexpected)} of {self.answered + len(self.unexpected)}: {self.unexpected[:10]}"
        assert self.times, "no answer at all: the load did not run"
        # What was asked for and came late is somebody else's slowness; without any, this program did not get to run.
        slow = [(round(asked - self.begun, 2), round(came - self.begun, 2)) for asked, came in self.slow]
        assert not self.silences(), f"no answer for {WINDOW} s, seconds after the beginning: {self.silences()}; slow answers: {slow}"
