# SPDX-License-Identifier: Apache-2.0
"""The commands of tests/cluster, and a look at the machine from outside."""
import json
import os
import pathlib
import re
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
CLUSTER = ROOT / "tests" / "cluster"
PROGRAM = ROOT / "build" / "cluster" / "bin" / "cluster"
STATE = pathlib.Path("/var/lib/cardea-clusters")
CGROUPS = pathlib.Path("/sys/fs/cgroup")


def run(arguments, name="checks", check=True, **options):
    result = subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True, timeout=900,
                            env=dict(os.environ, CARDEA_CLUSTER=name), **options)
    assert not check or result.returncode == 0, f"{arguments}: {result.stdout}{result.stderr}"
    return result


def build():
    subprocess.run([CLUSTER / "build"], check=True)


def command(word, *arguments, **options):
    """A command of tests/cluster, without the script around it, which brings the program up to date each time."""
    return run([PROGRAM, word, *arguments], **options)


def down(name):
    command("down", name)


def kubectl(name, *arguments, **options):
    return command("kubectl", *arguments, name=name, **options).stdout


def pool(name, last):
    """An address of those that a cluster's load balancers may have."""
    return f"10.98.{json.loads((STATE / name / 'cluster.json').read_text())['index']}.{last}"


def eventually(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def hosts(name):
    """Process ids of a cluster's nodes: what is number 1 of a process namespace and has the name in its arguments."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        try:
            if (folder / "cmdline").read_bytes().split(b"\0")[1:3] == [b"host-init", name.encode()]:
                if re.search(r"^NSpid:.*\t1$", (folder / "status").read_text(), re.M):
                    found.append(int(folder.name))
        except (OSError, ValueError):
            pass
    return found


def traces(name):
    """Everything on this machine that carries the name of a cluster."""
    mounts = pathlib.Path("/proc/self/mountinfo").read_text()
    links = os.listdir("/sys/class/net")
    return {
        "processes": hosts(name),
        "state": [str(path) for path in [STATE / name] if path.exists()],
        "groups": [str(path) for path in CGROUPS.rglob(f"cardea-{name}-*")],
        "links": [link for link in links if link == f"k8s-{name}"],
        "mounts": [line for line in mounts.splitlines() if f"{STATE}/{name}" in line],
    }


def nothing_left(name):
    return not any(traces(name).values())


def folders():
    """What components of Kubernetes and containerd make on a machine where nobody stops them, and kernel-wide settings."""
    places = ["/var/lib", "/var/log", "/run", "/opt", "/etc/cni", "/usr/libexec", "/mnt"]
    # /run/mount is made by mount(8), which the tests use too.
    listing = {place: sorted(set(os.listdir(place)) - {"mount"}) if os.path.isdir(place) else None for place in places}
    settings = ["vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward", "kernel/keys/root_maxkeys"]
    listing.update({name: pathlib.Path("/proc/sys", name).read_text() for name in settings})
    listing["routes"] = subprocess.run(["ip", "route"], capture_output=True, text=True, check=True).stdout
    return listing


def changed(before):
    """What of folders() is not as it was before, for a message that tells what was left."""
    now = folders()
    return {key: {"before": before[key], "now": now[key]} for key in now if before[key] != now[key]}
