# SPDX-License-Identifier: Apache-2.0
"""A cluster starts fast, ends without a trace, and survives neither its starter's death nor a second start by that name."""
import os
import signal
import subprocess
import time

import pytest

from machine import PROGRAM, changed, command, down, eventually, folders, hosts, kubectl, nothing_left, run, traces


def test_up_and_down_leave_the_machine_as_it_was(name):
    before = folders()
    start = time.monotonic()
    command("up", name)
    assert time.monotonic() - start < 120  # about 10 s; the limit is for a machine that does much else
    assert kubectl(name, "get", "nodes", "--no-headers").split()[:2] == [f"{name}-node1", "Ready"]
    assert all(traces(name)[kind] for kind in ("processes", "state", "groups", "links"))
    down(name)
    assert nothing_left(name), traces(name)
    assert not changed(before)


def start_until(name, step):
    """`up`, as far as the line of its progress that names the step."""
    process = subprocess.Popen([PROGRAM, "up", name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout:
        if step in line:
            return process
    raise AssertionError(f"up ended before {step}: {process.wait()}")


@pytest.mark.parametrize("step", ["mounts", "configuration", "images", "node"])
def test_an_up_that_is_killed_takes_the_node_with_it(name, step):
    process = start_until(name, step)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    eventually("the node's processes end", lambda: not hosts(name), seconds=10)
    down(name)
    assert nothing_left(name), traces(name)


def test_an_interrupted_up_cleans_up_itself(name):
    process = start_until(name, "API server")
    process.send_signal(signal.SIGINT)
    process.stdout.read()
    assert process.wait(timeout=30) != 0
    process.stdout.close()
    assert nothing_left(name), traces(name)


def test_up_after_a_crash_removes_what_is_left_first(name):
    command("up", name)
    os.kill(hosts(name)[0], signal.SIGKILL)
    eventually("the node's processes end", lambda: not hosts(name), seconds=10)
    assert not nothing_left(name)
    assert "Removing what an earlier cluster checks has left" in command("up", name).stdout
    assert kubectl(name, "get", "--raw", "/readyz") == "ok"


def test_a_second_up_is_refused_and_harms_nothing(name):
    command("up", name)
    refused = command("up", name, check=False)
    assert refused.returncode == 1 and "is up already" in refused.stderr
    assert kubectl(name, "get", "--raw", "/readyz") == "ok"


def test_two_clusters_stand_side_by_side(name):
    other = "checks2"
    try:
        command("up", name)
        command("up", other)
        for one in (name, other):
            assert kubectl(one, "get", "nodes", "-o", "name").strip() == f"node/{one}-node1"
        command("down", name)
        assert nothing_left(name) and kubectl(other, "get", "--raw", "/readyz") == "ok"
    finally:
        down(other)


def test_a_component_that_is_killed_comes_back(name):
    command("up", name)
    command("exec", "pkill", "-KILL", "kube-apiserver", name=name)
    eventually("the API server answers", lambda: run([PROGRAM, "kubectl", "get", "--raw", "/readyz"], check=False).stdout == "ok")


def test_down_without_a_cluster_is_no_error(name):
    assert "There is no cluster" in command("down", name).stdout
