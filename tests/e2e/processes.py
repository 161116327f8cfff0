# SPDX-License-Identifier: Apache-2.0
"""Starting and ending the program under test, and ports for it."""
import os
import pathlib
import random
import signal
import socket
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def program():
    """The cardea to test: what ./test built, or $CARDEA."""
    path = pathlib.Path(os.environ.get("CARDEA", ROOT / "build" / "asan" / "cardea"))
    assert path.exists(), f"{path} is not built; run ./test e2e, or set CARDEA"
    return path


_given = set()


def free_port():
    """A port of loopback that nobody uses, below the range that the kernel gives to outgoing connections."""
    while True:
        port = random.randrange(20000, 32000)
        if port in _given:
            continue
        try:
            for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                with socket.socket(family) as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind((address, port))
        except OSError:
            continue
        _given.add(port)
        return port


def ending(process, patience=60):
    """Ends a process politely; returns its exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return "killed: it did not end"


def sanitizer_report(log):
    text = log.read_text(errors="replace")
    for mark in ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer", "runtime error:", "Assertion"):
        if mark in text:
            return text[text.index(mark):][:8000]
    return None
