# SPDX-License-Identifier: Apache-2.0
"""http2_refusals.yaml, case by case, in clear text and by TLS: what is refused never reaches the backend as a request."""
import pathlib
import re

import pytest
import yaml

from certificates import self_signed
from client import eventually, fetch, trusting
from http2 import GET, RawHttp2
from http2_lines import line_bytes
from manifests import backend, gateway, listener, route, rule, secret
from processes import free_port

TABLE = yaml.safe_load((pathlib.Path(__file__).parent / "http2_refusals.yaml").read_text())
CASES = [(f"{group['group']}: {case['name']}", case) for group in TABLE for case in group["cases"]]


@pytest.fixture(scope="module")
def served(shared_world):
    """({"clear": port, "tls": port}, the backend, a TLS context)"""
    ports = {"clear": free_port(), "tls": free_port()}
    keeper = shared_world.scripted()
    certificate = self_signed("a.test")
    shared_world.gateway(gateway(listener("http", ports["clear"]), listener("https", ports["tls"], "HTTPS", certificates=["c"])),
                         secret("c", certificate), backend("keeper", keeper.port), route("r", rule("keeper")), flags=["--workers", "1"])
    return ports, keeper, certificate


def case_bytes(connection, frames):
    for line in frames:
        repeat = re.match(r"x(\d+) (.*)", line, re.DOTALL)
        count, line = (int(repeat[1]), repeat[2]) if repeat else (1, line)
        for n in range(count):
            for part in line.split(" + "):
                yield line_bytes(connection.block, part.replace("{n}", str(2 * n + 1)))


def outcome(connection):
    """What the gateway says of the first stream, or of the connection."""
    for frame in connection.frames():
        if frame.type == "GOAWAY" and frame.error != "NO_ERROR":
            assert connection.read_frame() is None, "the connection is closed"
            return f"connection {frame.error}"
        if frame.type == "RST_STREAM" and frame.error not in ("NO_ERROR", "REFUSED_STREAM"):
            return f"stream {frame.error}"
        if frame.type == "HEADERS":
            return int(dict(connection.decoder.decode(frame.payload))[":status"])
    return "closed"


@pytest.mark.parametrize("how", ["clear", "tls"])
@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_verdict(served, case, how):
    ports, keeper, certificate = served
    verdicts = case["verdict"] if isinstance(case["verdict"], list) else [case["verdict"]]
    tls = {"tls": trusting(certificate), "sni": "a.test"} if how == "tls" else {}
    before = len(keeper.heads)
    with RawHttp2(ports[how], **tls) as connection:
        flood = str(verdicts[0]) == "connection ENHANCE_YOUR_CALM"
        try:
            for data in case_bytes(connection, case["frames"]):
                connection.send(data)
        except (BrokenPipeError, ConnectionResetError):
            assert flood
        got = outcome(connection)
        if flood and got == "stream PROTOCOL_ERROR" or flood and isinstance(got, int):
            got = next((f"connection {frame.error}" for frame in connection.frames() if frame.type == "GOAWAY"), "closed")
        assert got in verdicts
        if verdicts != [200] and not str(got).startswith("connection"):
            assert after(connection) == 200, "the connection goes on"
    if verdicts != [200]:
        # A whole good request behind it, so that whatever the bad one left behind would have reached the backend too.
        assert fetch(ports["clear"], "/after").status == 200
        seen = [head for head in keeper.heads[before:] if not re.match(rb"GET /after[0-9]* ", head)]
        assert flood or seen == [], "the backend got what was refused"
        return
    eventually(lambda: len(keeper.heads) == before + 1)
    head = keeper.heads[-1].decode("latin-1")
    assert head.lower().count("\r\nhost:") == 1
    assert case.get("backend", "") in head
    if "without" in case:
        assert case["without"].lower() not in head.lower()


def after(connection):
    fields = [*GET[:3], (":path", "/after2")]
    connection.headers(101, fields)
    return connection.response(101)[0]
