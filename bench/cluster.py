# SPDX-License-Identifier: Apache-2.0
"""In a real cluster: how long from the API server's answer to a route's create until its first 200 through the proxy, with 0, 500 and
1,000 other routes; what answers there were in between; CPU and memory of controller and proxy. As root."""
import argparse
import json
import pathlib
import re
import socket
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "cluster" / "checks"))

from api import condition  # noqa: E402
from machine import build, command, down, eventually  # noqa: E402
from scene import Scene, route  # noqa: E402

NAME = "bench"


class Client:
    """One kept connection to the proxy that asks again and again, as an impatient client does."""

    def __init__(self, address):
        self.socket = socket.create_connection((address, 80), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, host):
        self.socket.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.socket.recv(65536)
            if not more:
                raise SystemExit("the proxy closed the connection")
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head.lower()).group(1))
        while len(body) < length:
            body += self.socket.recv(65536)
        return int(head.split(b" ", 2)[1])


def reach(address):
    """A Client, or None while the cluster's network does not know the address yet."""
    try:
        return Client(address)
    except OSError:
        return None


def processes(pattern):
    """Memory (KiB, private) and CPU seconds of the programs whose arguments match, of this cluster or not: there is one."""
    kib, seconds = 0, 0.0
    for folder in pathlib.Path("/proc").iterdir():
        try:
            if not folder.name.isdigit() or not re.search(pattern, (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()):
                continue
            kib += sum(int(one) for one in re.findall(r"^Private_\w+:\s+(\d+) kB", (folder / "smaps_rollup").read_text(), re.M))
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            seconds += (int(fields[11]) + int(fields[12])) / 100
        except (OSError, UnicodeDecodeError):
            pass
    return kib, seconds


CONTROLLER, PROXY = r"cardea controller ", r"cardea proxy "


def measure(scene, client, count, label):
    """`count` routes, one after the other; each is gone before the next."""
    times, unexpected = [], []
    _, controller = processes(CONTROLLER)
    for number in range(count):
        name = f"timed-{label}-{number}"
        host = f"{name}.test"
        if client.ask(host) != 404:
            raise SystemExit(f"{host} is answered before its route exists")
        scene.api.create(route(name, "target", host, ["bench"]))
        began = time.perf_counter()
        while True:
            status = client.ask(host)
            if status == 200:
                times.append((time.perf_counter() - began) * 1000)
                break
            if status != 404:
                unexpected.append(status)
            if time.perf_counter() - began > 30:
                raise SystemExit(f"{host} was not served within 30 s")
        for _ in range(20):
            if (status := client.ask(host)) != 200:
                unexpected.append(status)
        scene.api.delete("HTTPRoute", name)
        eventually(f"{name} is gone", lambda: client.ask(host) == 404)
    _, after = processes(CONTROLLER)
    times.sort()
    return {"mean": statistics.mean(times), "p50": times[len(times) // 2], "p99": times[min(len(times) - 1, int(len(times) * 0.99))],
            "max": times[-1], "unexpected": len(unexpected), "controller_cpu_ms_a_route": (after - controller) * 1000 / count}


def add_routes(scene, first, last):
    if first == last:
        return
    for number in range(first, last):
        scene.api.create(route(f"other-{number}", "target", f"other-{number}.test", ["bench"]))
    eventually("the last one has its status", lambda: condition(scene.api.get("HTTPRoute", f"other-{last - 1}"), "Accepted", "bench"), 120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--routes", type=int, default=100, help="how many are timed at each size")
    parser.add_argument("--keep", action="store_true", help="leave the cluster up")
    options = parser.parse_args()
    build()
    down(NAME)
    command("up", NAME)
    results = {}
    try:
        command("install", ROOT / "build" / "release" / "cardea", name=NAME)
        scene = Scene(NAME, "bench")
        scene.gateway()
        scene.backend("target")
        client = eventually("somebody listens there", lambda: reach(scene.address()))
        present = 0
        for others in (0, 500, 1000):
            add_routes(scene, present, others)
            present = others
            results[others] = measure(scene, client, options.routes, others)
            results[others] |= {"controller_mib": processes(CONTROLLER)[0] / 1024, "proxy_mib": processes(PROXY)[0] / 1024}
            row = results[others]
            print(f"{others:5} other routes: mean {row['mean']:6.1f} ms, p50 {row['p50']:6.1f}, p99 {row['p99']:6.1f}, max {row['max']:6.1f}; "
                  f"{row['unexpected']} unexpected answers; controller {row['controller_cpu_ms_a_route']:.1f} ms of CPU a route (made and deleted), "
                  f"{row['controller_mib']:.1f} MiB; proxy {row['proxy_mib']:.1f} MiB", flush=True)
    finally:
        if not options.keep:
            down(NAME)
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cluster-results.json").write_text(json.dumps(results, indent=1))
    sys.exit(1 if any(row["unexpected"] for row in results.values()) else 0)


if __name__ == "__main__":
    main()
