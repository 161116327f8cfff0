# SPDX-License-Identifier: Apache-2.0
"""What `./run cluster` runs once Cardea is built: the printed lines work as printed, and Ctrl-C takes everything down."""
import json
import os
import signal
import subprocess

import pytest

from machine import PROGRAM, ROOT, eventually, nothing_left, traces


class Shop:
    def __init__(self, name):
        self.process = subprocess.Popen([PROGRAM, "shop"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
                                        start_new_session=True, env=dict(os.environ, CARDEA_CLUSTER=name))
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if line.startswith("Ctrl-C takes everything down"):
                return
        raise AssertionError(f"the shop did not open: {self.lines}")

    def told(self, beginning):
        found = [line for line in self.lines if line.startswith(beginning)]
        assert found, f"no line {beginning}: {self.lines}"
        return found

    def interrupt(self):
        os.killpg(self.process.pid, signal.SIGINT)  # what a terminal does at Ctrl-C
        rest = self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait(60), rest


def typed(line):
    """In a shell, in the project's folder, as a person does it."""
    return subprocess.run(["bash", "-c", line], capture_output=True, cwd=ROOT, timeout=60)


@pytest.fixture
def shop(name):
    shop = Shop(name)
    yield shop
    if shop.process.poll() is None:
        shop.interrupt()


def test_the_printed_lines_work_and_ctrl_c_takes_all_down(shop, name):
    pages = [line for line in shop.told("curl ") if "websocket" not in line]
    wanted = ["frontend", "cart-v", "cart-v2", "checkout"]
    assert len(pages) == len(wanted)
    for line, backend in zip(pages, wanted):
        # An address is told before the cluster's network knows every proxy behind it.
        answer = eventually(line, lambda: typed(line.replace("curl ", "curl -sSf ", 1)).stdout)
        assert json.loads(answer)["name"].startswith(backend), line

    [chat] = [line for line in shop.told("curl ") if "websocket" in line]
    opened = typed(chat)
    assert opened.returncode == 28 and opened.stdout.startswith(b"HTTP/1.1 101 "), opened  # curl's time is up: it was open
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in opened.stdout

    [stock] = shop.told("printf ")
    said = typed(stock)
    assert said.returncode == 0, said.stderr
    assert all(part in said.stdout for part in (b"x-echo-name: stock", b"\0\0\0\0\2hi", b"grpc-status: 0")), said.stdout

    objects = typed(next(line for line in shop.told(f"CARDEA_CLUSTER={name} ") if " get " in line))
    assert objects.returncode == 0, objects.stderr
    assert all(part in objects.stdout for part in (b"gateway.networking.k8s.io/https", b"httproute", b"grpcroute", b"pod/stock-")), objects.stdout

    code, rest = shop.interrupt()
    assert code == 0, rest
    assert nothing_left(name), traces(name)
