# SPDX-License-Identifier: Apache-2.0
"""refusals.yaml, case by case, as raw bytes: what is refused never reaches the backend, and ends the connection."""
import pathlib

import pytest
import yaml

from client import Raw, request_bytes
from manifests import backend, gateway, listener, route, rule
from processes import free_port

TABLE = yaml.safe_load((pathlib.Path(__file__).parent / "refusals.yaml").read_text())
CASES = [(f"{group['group']}: {case['name']}", case) for group in TABLE for case in group["cases"]]


@pytest.fixture(scope="module")
def served(shared_world):
    port = free_port()
    keeper = shared_world.scripted()
    shared_world.gateway(gateway(listener("http", port)), backend("keeper", keeper.port), route("r", rule("keeper")))
    return port, keeper


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_verdict(served, case):
    port, keeper = served
    verdicts = case["verdict"] if isinstance(case["verdict"], list) else [case["verdict"]]
    method = case["request"].split(" ", 1)[0]
    before = len(keeper.heads)
    with Raw(port) as connection:
        response = connection.send(case["request"].encode("latin-1")).read_response(method)
        assert response.status in verdicts, response
        if verdicts != [200]:
            assert response.header("connection") == "close", response
            assert connection.closed()
            # A whole good request behind it, so that whatever the bad one left behind would have reached the backend too.
            with Raw(port) as other:
                assert other.call(request_bytes(target="/after")).status == 200
            seen = [head for head in keeper.heads[before:] if not head.startswith(b"GET /after ")]
            assert seen == [], "the backend got what was refused"
            return
    head = keeper.heads[-1]
    assert len(keeper.heads) == before + 1, keeper.heads[before:]
    wanted = case.get("forwards", case["request"].strip().split("\r\n")[0].replace("HTTP/1.0", "HTTP/1.1"))
    assert head.split(b"\r\n")[0].decode("latin-1") == wanted
    assert head.lower().count(b"\r\nhost:") == 1
    if "backend" in case:
        assert case["backend"].encode("latin-1") in head
    if "without" in case:
        assert case["without"].encode("latin-1").lower() not in head.lower()


def test_what_follows_a_refused_request_is_not_served(served):
    """The classic of request smuggling: the refused request must take everything behind it with it."""
    port, keeper = served
    before = len(keeper.heads)
    with Raw(port) as connection:
        connection.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
                        b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n")
        assert connection.read_response().status == 400
        assert connection.closed()
    with Raw(port) as other:
        assert other.call(request_bytes(target="/after")).status == 200
    assert [head.split(b"\r\n")[0] for head in keeper.heads[before:]] == [b"GET /after HTTP/1.1"]
