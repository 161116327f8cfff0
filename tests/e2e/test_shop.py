# SPDX-License-Identifier: Apache-2.0
"""The example shop, run as `./run` runs it: the printed lines work as printed, and Ctrl-C leaves nothing behind."""
import collections
import json
import os
import re
import shlex
import signal
import socket
import subprocess

import pytest
import yaml

from client import Raw, eventually, request_bytes, trusting
from certificates import Certificate
from processes import ROOT, free_port, program, sanitizer_report


def children_of(pid):
    try:
        return [int(child) for child in open(f"/proc/{pid}/task/{pid}/children").read().split()]
    except FileNotFoundError:
        return []


class Shop:
    def __init__(self, folder):
        self.http, self.https, self.admin = free_port(), free_port(), free_port()
        while True:
            self.backends = free_port()
            if all(_free(self.backends + n) for n in range(1, 6)):
                break
        manifests = folder / "shop"
        manifests.mkdir()
        for path in (ROOT / "examples" / "shop").glob("*.yaml"):
            text = re.sub(r"port: 910([1-6])\b", lambda found: f"port: {self.backends + int(found.group(1)) - 1}", path.read_text())
            (manifests / path.name).write_text(text)
        self.state = folder / "state"
        self.log = folder / "shop.log"
        command = [ROOT / "tools" / "shop", "--program", program(), "--manifests", manifests, "--state", self.state, "--http", self.http,
                   "--https", self.https, "--backends", self.backends, "--admin", self.admin]
        with self.log.open("w") as log:
            # A program that began without an ear for Ctrl-C, as those behind a shell do, would never hear it.
            self.process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, start_new_session=True,
                                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

        def opened():
            assert self.process.poll() is None, self.log.read_text()
            return "Ctrl-C stops everything" in self.log.read_text()
        eventually(opened, "the shop opens")
        self.children = children_of(self.process.pid)

    def stop(self):
        os.killpg(self.process.pid, signal.SIGINT)  # what a terminal does at Ctrl-C
        return self.process.wait(30)


def _free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    shop = Shop(tmp_path_factory.mktemp("shop"))
    yield shop
    if shop.process.poll() is None:
        shop.stop()


def names(shop, target, headers=(), count=1, host="shop.localhost"):
    certificate = Certificate((shop.state / "tls.crt").read_text(), "")
    result = collections.Counter()
    with Raw(shop.https, tls=trusting(certificate), sni=host) as connection:
        for _ in range(count):
            response = connection.call(request_bytes(target=target, host=f"{host}:{shop.https}", headers=headers))
            assert response.status == 200, response
            result[response.echo["name"]] += 1
    return result


def test_printed_lines_work_as_printed(shop):
    lines = [line.strip() for line in shop.log.read_text().splitlines() if line.strip().startswith("curl ") and "websocket" not in line]
    assert len(lines) >= 6
    for line in lines:
        result = subprocess.run(["bash", "-c", line.replace("curl ", "curl -sS --max-time 20 ", 1)], capture_output=True, text=True)
        assert result.returncode == 0, (line, result.stderr)
        assert shlex.split(line)[0] == "curl" and result.stdout
        if "/status" not in line:
            body = result.stdout.replace("\r", "").split("\n\n")[-1]
            name = json.loads(body)["name"]
            wanted = "checkout" if "checkout" in line else "cart-v2" if "v2" in line else "cart-v" if "/cart" in line else "frontend"
            assert name.startswith(wanted), line


def test_the_printed_call_of_grpc(shop):
    line = next(line.strip() for line in shop.log.read_text().splitlines() if line.strip().startswith("printf "))
    result = subprocess.run(["bash", "-c", line.replace("curl ", "curl -sS --max-time 20 ")], capture_output=True)
    assert result.returncode == 0, result.stderr
    assert b"x-echo-name: stock" in result.stdout and b"\0\0\0\0\2hi" in result.stdout
    assert b"grpc-status: 0" in result.stdout


def test_the_printed_websocket(shop):
    line = next(line.strip() for line in shop.log.read_text().splitlines() if "Upgrade: websocket" in line)
    result = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    # It stays open until curl has had its two seconds.
    assert result.returncode == 28 and result.stdout.startswith("HTTP/1.1 101 "), result
    with Raw(shop.http) as connection:
        answer = connection.call(f"GET /chat HTTP/1.1\r\nHost: shop.localhost:{shop.http}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        assert (answer.status, answer.header("sec-websocket-accept")) == (101, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        connection.send(b"\x81\x82\0\0\0\0hi")
        assert connection.read_exactly(4) == b"\x81\x02hi"


def test_pages_and_grpc_share_a_host(shop):
    grpc = subprocess.run(["curl", "-sS", "--max-time", "20", "--http2-prior-knowledge", "-D", "-", "-X", "POST", "-H", "content-type: application/grpc",
                           f"http://shop.localhost:{shop.http}/shop.Other/Do"], capture_output=True, text=True)
    assert names(shop, "/shop.Stock/Watch") == {"frontend": 1}, "no request of gRPC"
    assert "frontend" in grpc.stdout or "grpc-status: " in grpc.stdout, grpc


def test_who_serves_what(shop):
    assert names(shop, "/") == names(shop, "/anything") == {"frontend": 1}
    assert names(shop, "/cartoons") == {"frontend": 1}, "a prefix goes by whole elements"
    assert names(shop, "/", host="checkout.shop.localhost") == {"checkout": 1}
    assert names(shop, "/cart/items", headers={"x-cart-version": "v2"}, count=20) == {"cart-v2": 20}


def test_ninety_ten(shop):
    split = names(shop, "/cart", count=1000)
    assert sum(split.values()) == 1000 and 40 < split["cart-v2"] < 200, split  # 100 expected; 6 standard deviations are 57


def test_cart_and_checkout_go_to_https(shop):
    for host, target in (("shop.localhost", "/cart?x=1"), ("checkout.shop.localhost", "/pay")):
        with Raw(shop.http) as connection:
            response = connection.call(request_bytes(target=target, host=f"{host}:{shop.http}"))
            assert (response.status, response.header("location")) == (301, f"https://{host}:{shop.https}{target}")
    with Raw(shop.http) as connection:
        assert connection.call(request_bytes(host="elsewhere.localhost")).status == 404


def test_every_object_of_the_shop_is_well(shop):
    documents = [yaml.safe_load(path.read_text()) for path in (shop.state / "status").glob("*.yaml")]
    kinds = collections.Counter(document["kind"] for document in documents)
    assert kinds == {"GatewayClass": 1, "Gateway": 2, "HTTPRoute": 6, "GRPCRoute": 1}
    bad = {"True": {"Conflicted", "PartiallyInvalid"}, "False": {"Accepted", "Programmed", "ResolvedRefs"}}

    def conditions(value):
        if isinstance(value, dict):
            yield from (entry for entry in value.get("conditions", []))
            for item in value.values():
                yield from conditions(item)
        elif isinstance(value, list):
            for item in value:
                yield from conditions(item)
    assert [c for d in documents for c in conditions(d["status"]) if c["type"] in bad.get(c["status"], ())] == []


def test_no_key_stands_in_the_example():
    text = "".join(path.read_text() for path in (ROOT / "examples").rglob("*.yaml"))
    assert "kind: Secret" not in text and "PRIVATE" not in text


def test_ctrl_c_stops_everything(tmp_path):
    shop = Shop(tmp_path)
    assert len(shop.children) == 7
    assert shop.stop() == 0
    for child in shop.children:
        assert not os.path.exists(f"/proc/{child}"), f"process {child} is left"
    assert not sanitizer_report(shop.log)
    for log in shop.state.glob("*.log"):
        assert not sanitizer_report(log)
