# SPDX-License-Identifier: Apache-2.0
"""Cardea beside haproxy, nginx and Envoy over HTTP/1.1, with and without TLS: CPU, latencies, memory. See side_by_side.py."""
import argparse
import dataclasses
import json
import sys
import time

import measure
import proxies
from side_by_side import FOLDER, LOAD_CORE, PROXY_CORE, certificate, one_cipher, prepare, rounds, show_versions, start, stop, with_envoy

RIVALS = ("haproxy", "nginx")  # the mark: no more CPU a request than the better of these
CONNECTIONS = 64
IDLE_CONNECTIONS = 10_000
ROUTES = 5_000


def load_of(scenario):
    def load(program, seconds):
        url = f"https://127.0.0.1:{program.https}/" if scenario == "tls" else f"http://127.0.0.1:{program.http}/"
        return measure.wrk(url, seconds, CONNECTIONS, LOAD_CORE, one_cipher(), ["Host: h0.test"])
    return load


def memory(kinds, setup):
    """Private KiB: just started, with idle connections, and (another start) with many routes."""
    result = {}
    running = start(kinds, setup)
    for name, one in running.items():
        result[name] = {"idle": measure.private_kib(one.process.pid)}
        held = measure.IdleConnections(one.http, IDLE_CONNECTIONS)
        result[name]["connections"] = measure.private_kib(one.process.pid)
        held.close()
    stop(running)
    running = start(kinds, dataclasses.replace(setup, routes=ROUTES))
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
    began = time.monotonic()
    folder = prepare()
    kinds = with_envoy([proxies.Cardea, proxies.Haproxy, proxies.Nginx])
    setup = proxies.Setup(folder, certificate())
    backend = start([proxies.Backend], setup, LOAD_CORE)
    setup = dataclasses.replace(setup, backend_port=backend["backend"].http)
    count, seconds = (5, 3) if options.quick else (11, 6)
    print(f"{count} rounds of {seconds} s, {CONNECTIONS} connections; one worker each on core {PROXY_CORE}, load and backend on core {LOAD_CORE}")
    running = start(kinds, setup)
    show_versions(running)
    results = {}
    for scenario, title in (("http", "HTTP/1.1, keep-alive"), ("tls", "TLS 1.3 (AES-128-GCM), HTTP/1.1, keep-alive")):
        results[scenario] = rounds(running, load_of(scenario), count, seconds)
        show_traffic(title, results[scenario])
        sys.stdout.flush()
    stop(running)
    results["memory"] = memory(kinds, setup)
    show_memory(results["memory"])
    stop(backend)
    (FOLDER / "results.json").write_text(json.dumps(results, indent=1))
    print(f"\nMarks ({time.monotonic() - began:.0f} s; all figures in build/bench/results.json)")
    sys.exit(1 if list(missed_marks(results)) else 0)


if __name__ == "__main__":
    main()
