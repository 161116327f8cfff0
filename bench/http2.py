# SPDX-License-Identifier: Apache-2.0
"""Cardea beside haproxy, nginx, nghttpx and Envoy over HTTP/2 and gRPC, in every pairing of client and backend. As bench.py does it:
one worker each on one core, load and backend on the other, all running all the time and measured in turns."""
import argparse
import atexit
import dataclasses
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import bench
import http2_proxies
import measure
import proxies

MARK = 0.9  # of the CPU a request of the best of the others


@dataclasses.dataclass(frozen=True)
class Pairing:
    title: str
    front: str  # http, h2c, https: which port the clients come to
    back: str  # h1, h2
    connections: int
    streams: int
    grpc: bool = False


PAIRINGS = {
    "h2c-h1": Pairing("HTTP/2 without TLS to HTTP/1.1", "h2c", "h1", 8, 32),
    "h2-h1": Pairing("HTTP/2 over TLS 1.3 to HTTP/1.1", "https", "h1", 8, 32),
    "h1-h2": Pairing("HTTP/1.1 to HTTP/2", "http", "h2", 64, 1),
    "h2c-h2": Pairing("HTTP/2 without TLS to HTTP/2", "h2c", "h2", 8, 32),
    "h2-h2": Pairing("HTTP/2 over TLS 1.3 to HTTP/2", "https", "h2", 8, 32),
    "grpc": Pairing("gRPC: a POST of 32 bytes, an answer of 128 with a trailer", "h2c", "h2", 8, 32, grpc=True),
}


def h2load(proxy, pairing, seconds, body):
    scheme, port = ("https", proxy.https) if pairing.front == "https" else ("http", proxy.h2c if pairing.front == "h2c" else proxy.http)
    command = ["taskset", "-c", str(bench.LOAD_CORE), "h2load", "-t1", f"-c{pairing.connections}", f"-m{pairing.streams}", f"-D{seconds}"]
    if pairing.front == "http":
        command += ["--h1"]
    if pairing.grpc:
        command += ["-d", str(body), "-H", "content-type: application/grpc", "-H", "te: trailers"]
    output = subprocess.run([*command, f"{scheme}://127.0.0.1:{port}/"], capture_output=True, text=True, check=True,
                            env={**os.environ, **bench.one_cipher()}).stdout
    done = re.search(r"requests: \d+ total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed, (\d+) errored", output)
    codes = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", output)
    if not done or int(done.group(2)) or int(done.group(3)) or any(int(codes.group(n)) for n in (2, 3, 4)) or not int(done.group(1)):
        raise SystemExit(f"{proxy.name} did not answer every request well:\n{output[output.find(chr(10) + 'finished'):]}")
    return {"requests": int(done.group(1)), "rate": float(re.search(r"finished in [\d.]+s, ([\d.]+) req/s", output).group(1))}


def load(proxy, pairing, seconds, body):
    before = measure.cpu_seconds(proxy.process.pid)
    result = h2load(proxy, pairing, seconds, body)
    return {"cpu": (measure.cpu_seconds(proxy.process.pid) - before) * 1e6 / result["requests"], "rate": result["rate"]}


def traffic(running, pairing, rounds, seconds, body):
    names = list(running)
    results = {name: [] for name in names}
    for name in names:
        load(running[name], pairing, 1, body)
    for turn in range(rounds):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            results[name].append(load(running[name], pairing, seconds, body))
    return {name: {key: statistics.median(one[key] for one in rows) for key in rows[0]} | {"rounds": [round(one["cpu"], 2) for one in rows]}
            for name, rows in results.items()}


def show(title, rows):
    print(f"\n{title}")
    print(f"  {'':10}{'CPU us/request':>16}{'requests/s':>13}   cardea's CPU is")
    own = rows["cardea"]["cpu"]
    for name, row in rows.items():
        ratio = "" if name == "cardea" else f"   {own / row['cpu']:.2f} x"
        print(f"  {name:10}{row['cpu']:16.2f}{row['rate']:13.0f}{ratio}", flush=True)


def start(kinds, folder, certificate, backend_port, back):
    running = {}
    for kind in kinds:
        running[kind.name] = kind(folder, certificate, backend_port, bench.ports(3), back)
        running[kind.name].start(bench.PROXY_CORE)
    for one in running.values():
        for port in (one.http, one.https, one.h2c):
            measure.wait_for_port(port, one.process)
    return running


def missed(results):
    for name, rows in results.items():
        best = min((rival for rival in rows if rival != "cardea"), key=lambda rival: rows[rival]["cpu"])
        ratio = rows["cardea"]["cpu"] / rows[best]["cpu"]
        good = ratio <= MARK
        print(f"{'met   ' if good else 'MISSED'}  {name}: {ratio:.2f} x of {best}")
        if not good:
            yield name


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("pairings", nargs="*", help=f"of {', '.join(PAIRINGS)}; all when none is named")
    options = parser.parse_args()
    wanted = options.pairings or list(PAIRINGS)
    if unknown := set(wanted) - set(PAIRINGS):
        parser.error(f"no pairing {', '.join(unknown)}")
    os.sched_setaffinity(0, {bench.LOAD_CORE})
    bench.FOLDER.mkdir(parents=True, exist_ok=True)
    kinds = [http2_proxies.Cardea, http2_proxies.Haproxy, http2_proxies.Nginx, http2_proxies.Nghttpx]
    why = proxies.Envoy.install(bench.FOLDER)
    if why is None:
        http2_proxies.EnvoyHttp2.version_command = proxies.Envoy.version_command
        kinds.append(http2_proxies.EnvoyHttp2)
    else:
        print(f"envoy is not measured: {why}")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=bench.FOLDER))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    body = folder / "body"
    body.write_bytes(b"\0\0\0\0\x1b" + b"x" * 27)
    rounds, seconds = (5, 3) if options.quick else (11, 6)
    print(f"{rounds} rounds of {seconds} s; one worker each on core {bench.PROXY_CORE}, load and backend on core {bench.LOAD_CORE}")
    certificate = bench.certificate()
    results = {}
    for back, kind in (("h1", http2_proxies.H1Backend), ("h2", http2_proxies.H2Backend)):
        pairings = {name: PAIRINGS[name] for name in wanted if PAIRINGS[name].back == back}
        if not pairings:
            continue
        backend = kind(folder, certificate, 0, bench.ports(1)[0], 0)
        backend.start(bench.LOAD_CORE)
        measure.wait_for_port(backend.http, backend.process)
        running = start(kinds, folder, certificate, backend.http, back)
        if not results:
            print("\n".join(f"  {name}: {one.version()}" for name, one in running.items()), flush=True)
        for name, pairing in pairings.items():
            results[name] = traffic(running, pairing, rounds, seconds, body)
            show(pairing.title, results[name])
        bench.stop(running)
        backend.stop()
    (bench.FOLDER / "http2-results.json").write_text(json.dumps(results, indent=1))
    print("\nMarks (all figures in build/bench/http2-results.json)")
    sys.exit(1 if list(missed(results)) else 0)


if __name__ == "__main__":
    main()
