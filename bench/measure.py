# SPDX-License-Identifier: Apache-2.0
"""What is measured of a running proxy: CPU time, private memory, and what a load generator sees."""
import os
import pathlib
import re
import socket
import struct
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")


def tree(pid):
    """A process and its children (nginx has a master and a worker)."""
    result = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            result += tree(int(child))
    return result


def cpu_seconds(pid):
    """User and system time that a process tree has used."""
    total = 0
    for one in tree(pid):
        fields = pathlib.Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def private_kib(pid):
    """Memory that only this process tree has: what would be free without it."""
    total = 0
    for one in tree(pid):
        text = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text()
        total += sum(int(value) for value in re.findall(r"^Private_\w+:\s+(\d+) kB", text, re.M))
    return total


def wait_for_port(port, process, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        if process.poll() is not None:
            raise SystemExit(f"a process ended before it listened on {port}: {process.args}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise SystemExit(f"nobody listens on {port}") from None
            time.sleep(0.02)


UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


def wrk(url, seconds, connections, core, environment=None, headers=()):
    """{requests, rate, p50, p99 (ms)}; anything but success of every request ends the benchmark."""
    command = ["taskset", "-c", str(core), "wrk", "--latency", "-t1", f"-c{connections}", f"-d{seconds}s"]
    for header in headers:
        command += ["-H", header]
    output = subprocess.run([*command, url], capture_output=True, text=True, check=True, env={**os.environ, **(environment or {})}).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise SystemExit(f"{url} did not answer every request well:\n{output}")

    def latency(percent):
        value, unit = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m)$", output, re.M).groups()
        return float(value) * UNITS[unit]
    return {"requests": int(re.search(r"(\d+) requests in", output).group(1)),
            "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1)), "p50": latency(50), "p99": latency(99)}


def h2load(url, seconds, connections, streams, core, environment, arguments=()):
    """{requests, rate}; anything but success of every request ends the benchmark."""
    command = ["taskset", "-c", str(core), "h2load", "-t1", f"-c{connections}", f"-m{streams}", f"-D{seconds}", *map(str, arguments)]
    output = subprocess.run([*command, url], capture_output=True, text=True, check=True, env={**os.environ, **environment}).stdout
    done = re.search(r"requests: \d+ total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed, (\d+) errored", output)
    codes = re.search(r"status codes: \d+ 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", output)
    if not done or int(done.group(1)) == 0 or any(map(int, [*done.groups()[1:], *codes.groups()])):
        raise SystemExit(f"{url} did not answer every request well:\n{output[output.find(chr(10) + 'finished'):]}")
    return {"requests": int(done.group(1)), "rate": float(re.search(r"finished in [\d.]+s, ([\d.]+) req/s", output).group(1))}


class IdleConnections:
    """Connections that have made one request each and now wait."""

    def __init__(self, port, count):
        self.sockets = []
        request = b"GET / HTTP/1.1\r\nHost: h0.test\r\n\r\n"
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", port), 10)
            self.sockets.append(connection)
            connection.sendall(request)
            answer = connection.recv(65536)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"an idle connection got {answer[:80]!r}")

    def close(self):
        for connection in self.sockets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
