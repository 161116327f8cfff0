# SPDX-License-Identifier: Apache-2.0
"""How programs are measured beside each other: one worker each on one core, the load generator and the backend on the other; all of
them run all the time and are measured in turns, so that whatever disturbs the machine disturbs all of them."""
import atexit
import contextlib
import os
import pathlib
import random
import resource
import shutil
import socket
import statistics
import subprocess
import tempfile

import measure
import proxies

FOLDER = proxies.ROOT / "build" / "bench"
PROXY_CORE, LOAD_CORE = 0, 1


def prepare():
    """A folder of its own for this run: what another run left, or still has running, is not disturbed by it and does not disturb it."""
    if os.cpu_count() < 2:
        raise SystemExit("two cores are needed: one for the proxy, one for the load and the backend")
    os.sched_setaffinity(0, {LOAD_CORE})
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=FOLDER))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def with_envoy(kinds):
    why = proxies.Envoy.install(FOLDER)
    if why is None:
        return [*kinds, proxies.Envoy]
    print(f"envoy is not measured: {why}")
    return kinds


def free_ports(count):
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
    """Makes the load generators offer one cipher suite, so that all servers do the same work."""
    path = FOLDER / "openssl.cnf"
    path.write_text("openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = only\n[only]\n"
                    "MinProtocol = TLSv1.3\nCiphersuites = TLS_AES_128_GCM_SHA256\n")
    return {"OPENSSL_CONF": str(path)}


def start(kinds, setup, core=PROXY_CORE):
    running = {}
    for kind in kinds:
        running[kind.name] = kind(setup, free_ports(3))
        running[kind.name].start(core)
    for one in running.values():
        for port in one.ports(setup):
            measure.wait_for_port(getattr(one, port), one.process)
    return running


def stop(running):
    for one in running.values():
        one.stop()


def show_versions(running):
    print("\n".join(f"  {name}: {one.version()}" for name, one in running.items()), flush=True)


def rounds(running, load, count, seconds):
    """Medians of CPU microseconds a request, and of what `load(program, seconds)` returns, which says how many `requests`; over
    interleaved rounds in a turning order, so that nobody always comes after the same other."""
    names = list(running)
    results = {name: [] for name in names}

    def one_round(name, length):
        before = measure.cpu_seconds(running[name].process.pid)
        result = load(running[name], length)
        used = measure.cpu_seconds(running[name].process.pid) - before
        return {"cpu": used * 1e6 / result.pop("requests"), **result}
    for name in names:
        one_round(name, 1)  # connections to the backend, caches, tickets
    for turn in range(count):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            results[name].append(one_round(name, seconds))
    return {name: {key: statistics.median(one[key] for one in rows) for key in rows[0]} | {"rounds": [round(one["cpu"], 2) for one in rows]}
            for name, rows in results.items()}
