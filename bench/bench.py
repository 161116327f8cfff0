# SPDX-License-Identifier: Apache-2.0
"""Cardea beside haproxy, nginx and Envoy: one worker each, pinned to one core; the load generator and the backend share the other.
All proxies run all the time and are measured in turns, so that whatever disturbs the machine disturbs all of them."""
import argparse
import atexit
import contextlib
import json
import os
import pathlib
import random
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import measure
import proxies

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "bench"
PROXY_CORE, LOAD_CORE = 0, 1
RIVALS = ("haproxy", "nginx")  # the mark: no more CPU a request than the better of these
CONNECTIONS = 64
IDLE_CONNECTIONS = 10_000
ROUTES = 5_000


def ports(count):
    """Free ports below the range of outgoing connections, one of which could otherwise sit on them."""
    found = []
    while len(found) < count:
        port = random.randrange(20000, 32000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
    return found


def certificate():
    chain, key = FOLDER / "tls.crt", FOLDER / "tls.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                    "-subj", "/CN=bench.test", "-addext", "subjectAltName=DNS:bench.test,DNS:localhost", "-keyout", key, "-out", chain],
                   check=True, capture_output=True)
    return chain, key


def one_cipher():
    """Makes wrk offer one cipher suite, so that all servers do the same work."""
    path = FOLDER / "openssl.cnf"
    path.write_text("openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = only\n[only]\n"
                    "MinProtocol = TLSv1.3\nCiphersuites = TLS_AES_128_GCM_SHA256\n")
    return {"OPENSSL_CONF": str(path)}


def start(kinds, backend, routes=0):
    running = {}
    for kind in kinds:
        http, https = ports(2)
        running[kind.name] = kind(backend.folder.parent, backend.certificate, backend.http, http, https, routes)
        running[kind.name].start(PROXY_CORE)
    for one in running.values():
        measure.wait_for_port(one.http, one.process)
        measure.wait_for_port(one.https, one.process)
    return running


def stop(running):
    for one in running.values():
        one.stop()


def load(proxy, scenario, seconds):
    """CPU microseconds a request, rate and latencies of one proxy over one round."""
    tls = scenario == "tls"
    url = f"https://127.0.0.1:{proxy.https}/" if tls else f"http://127.0.0.1:{proxy.http}/"
    before = measure.cpu_seconds(proxy.process.pid)
    result = measure.wrk(url, seconds, CONNECTIONS, LOAD_CORE, one_cipher() if tls else None, ["Host: h0.test"])
    used = measure.cpu_seconds(proxy.process.pid) - before
    return {"cpu": used * 1e6 / result["requests"], "rate": result["rate"], "p50": result["p50"], "p99": result["p99"]}


def traffic(running, scenario, rounds, seconds):
    """Medians over interleaved rounds; the order turns, so that nobody always comes after the same other."""
    names = list(running)
    results = {name: [] for name in names}
    for name in names:
        load(running[name], scenario, 1)  # connections to the backend, caches, tickets
    for turn in range(rounds):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            results[name].append(load(running[name], scenario, seconds))
    return {name: {key: statistics.median(one[key] for one in rows) for key in rows[0]} | {"rounds": [round(one["cpu"], 2) for one in rows]}
            for name, rows in results.items()}


def memory(kinds, backend):
    """Private KiB: just started, with idle connections, and (another start) with many routes."""
    result = {}
    running = start(kinds, backend)
    for name, one in running.items():
        result[name] = {"idle": measure.private_kib(one.process.pid)}
        held = measure.IdleConnections(one.http, IDLE_CONNECTIONS)
        result[name]["connections"] = measure.private_kib(one.process.pid)
        held.close()
    stop(running)
    running = start(kinds, backend, ROUTES)
    for name, one in running.items():
        held = measure.IdleConnections(one.http, 1)
        result[name]["routes"] = measure.private_kib(one.process.pid)
        held.close()
    stop(running)
    return result


def show_traffic(title, rows):
    print(f"\n{title}")
    print(f"  {'':10}{'CPU us/request':>16}{'requests/s':>13}{'p50 ms':>9}{'p99 ms':>9}   cardea's CPU is")
    own = rows["cardea"]["cpu"]
    for name, row in rows.items():
        ratio = "" if name == "cardea" else f"   {own / row['cpu']:.2f} x"
        print(f"  {name:10}{row['cpu']:16.2f}{row['rate']:13.0f}{row['p50']:9.2f}{row['p99']:9.2f}{ratio}")


def show_memory(rows):
    print("\nPrivate memory, MiB")
    print(f"  {'':10}{'idle':>10}{f'{IDLE_CONNECTIONS} idle connections':>26}{f'{ROUTES} routes':>14}")
    for name, row in rows.items():
        print(f"  {name:10}{row['idle'] / 1024:10.1f}{row['connections'] / 1024:26.1f}{row['routes'] / 1024:14.1f}")


def missed_marks(results):
    for scenario in ("http", "tls"):
        rows = results[scenario]
        name = min(RIVALS, key=lambda rival: rows[rival]["cpu"])
        own, best = rows["cardea"]["cpu"], rows[name]["cpu"]
        good = own <= best
        print(f"{'met   ' if good else 'MISSED'}  {scenario}: cardea {own:.2f} us a request, the better of {' and '.join(RIVALS)} "
              f"({name}) {best:.2f}: {own / best:.2f} x")
        if not good:
            yield scenario


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    options = parser.parse_args()
    if os.cpu_count() < 2:
        raise SystemExit("two cores are needed: one for the proxy, one for the load and the backend")
    os.sched_setaffinity(0, {LOAD_CORE})
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    FOLDER.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()

    kinds = [proxies.Cardea, proxies.Haproxy, proxies.Nginx]
    why = proxies.Envoy.install(FOLDER)
    if why is None:
        kinds.append(proxies.Envoy)
    else:
        print(f"envoy is not measured: {why}")
    # A folder of its own: what another run left, or still has running, is not disturbed by this one and does not disturb it.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=FOLDER))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    backend = proxies.Backend(folder, certificate(), 0, ports(1)[0], 0)
    backend.start(LOAD_CORE)
    measure.wait_for_port(backend.http, backend.process)
    rounds, seconds = (5, 3) if options.quick else (11, 6)
    print(f"{rounds} rounds of {seconds} s, {CONNECTIONS} connections; one worker each on core {PROXY_CORE}, load and backend on core {LOAD_CORE}")
    try:
        running = start(kinds, backend)
        print("\n".join(f"  {name}: {one.version()}" for name, one in running.items()), flush=True)
        results = {}
        for scenario, title in (("http", "HTTP/1.1, keep-alive"), ("tls", "TLS 1.3 (AES-128-GCM), HTTP/1.1, keep-alive")):
            results[scenario] = traffic(running, scenario, rounds, seconds)
            show_traffic(title, results[scenario])
            sys.stdout.flush()
        stop(running)
        results["memory"] = memory(kinds, backend)
        show_memory(results["memory"])
    finally:
        backend.stop()
    (FOLDER / "results.json").write_text(json.dumps(results, indent=1))
    print(f"\nMarks ({time.monotonic() - began:.0f} s; all figures in build/bench/results.json)")
    sys.exit(1 if list(missed_marks(results)) else 0)


if __name__ == "__main__":
    main()
