# SPDX-License-Identifier: Apache-2.0
"""Cardea beside haproxy, nginx, nghttpx and Envoy over HTTP/2 and gRPC, in every pairing of client and backend. See side_by_side.py."""
import argparse
import dataclasses
import json
import sys

import measure
import proxies
from side_by_side import FOLDER, LOAD_CORE, PROXY_CORE, certificate, one_cipher, prepare, rounds, show_versions, start, stop, with_envoy

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


def load_of(pairing, body):
    def load(program, seconds):
        if pairing.front == "http":
            # h2load takes a response of HTTP/1.1 without a reason phrase for a failed one.
            return measure.wrk(f"http://127.0.0.1:{program.http}/", seconds, pairing.connections, LOAD_CORE)
        url = f"https://127.0.0.1:{program.https}/" if pairing.front == "https" else f"http://127.0.0.1:{program.h2c}/"
        grpc = ["-d", body, "-H", "content-type: application/grpc", "-H", "te: trailers"] if pairing.grpc else []
        return measure.h2load(url, seconds, pairing.connections, pairing.streams, LOAD_CORE, one_cipher(), grpc)
    return load


def show(title, rows):
    print(f"\n{title}")
    print(f"  {'':10}{'CPU us/request':>16}{'requests/s':>13}   cardea's CPU is")
    own = rows["cardea"]["cpu"]
    for name, row in rows.items():
        ratio = "" if name == "cardea" else f"   {own / row['cpu']:.2f} x"
        print(f"  {name:10}{row['cpu']:16.2f}{row['rate']:13.0f}{ratio}", flush=True)


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
    folder = prepare()
    kinds = with_envoy([proxies.Cardea, proxies.Haproxy, proxies.Nginx, proxies.Nghttpx])
    body = folder / "body"
    body.write_bytes(b"\0\0\0\0\x1b" + b"x" * 27)
    count, seconds = (5, 3) if options.quick else (11, 6)
    print(f"{count} rounds of {seconds} s; one worker each on core {PROXY_CORE}, load and backend on core {LOAD_CORE}")
    files = certificate()
    results = {}
    for back in ("h1", "h2"):
        pairings = {name: PAIRINGS[name] for name in wanted if PAIRINGS[name].back == back}
        if not pairings:
            continue
        setup = proxies.Setup(folder, files, http2=True, back=back)
        backend = start([proxies.Backend], setup, LOAD_CORE)
        running = start(kinds, dataclasses.replace(setup, backend_port=backend["backend"].http))
        if not results:
            show_versions(running)
        for name, pairing in pairings.items():
            results[name] = rounds(running, load_of(pairing, body), count, seconds)
            show(pairing.title, results[name])
        stop(running | backend)
    (FOLDER / "http2-results.json").write_text(json.dumps(results, indent=1))
    print("\nMarks (all figures in build/bench/http2-results.json)")
    sys.exit(1 if list(missed(results)) else 0)


if __name__ == "__main__":
    main()
