# SPDX-License-Identifier: Apache-2.0
"""What the tests share. Whatever a test starts ends with it, and a process that ends badly fails the test that used it."""
import contextlib
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tools"))

from backends import Echo, Scripted  # noqa: E402
from certificates import authority, issued  # noqa: E402
from gateway import Gateway  # noqa: E402
from processes import ROOT, ending, free_port  # noqa: E402


class World:
    """Everything that one test (or one module) runs: gateways, echo backends, scripted backends."""

    def __init__(self, folder):
        self.folder = folder
        self.parts = []
        self.count = 0

    def next_folder(self, name):
        self.count += 1
        folder = self.folder / f"{name}-{self.count}"
        folder.mkdir()
        return folder

    def gateway(self, *objects, **options):
        gateway = Gateway(self.next_folder("gateway"), *objects, **options)
        self.parts.append(gateway)
        return gateway

    def echo(self, name, **options):
        echo = Echo(name, free_port(), self.folder, **options)
        self.parts.append(echo)
        return echo

    def scripted(self, script=None, tls=None):
        backend = Scripted(script, tls)
        self.parts.append(backend)
        return backend

    def stop(self):
        with contextlib.ExitStack() as stack:  # in reverse order, all of them, whatever fails
            for part in self.parts:
                stack.callback(part.stop)


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.stop()


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory):
    """For tests that only ask: one world for all tests of a module."""
    world = World(tmp_path_factory.mktemp("world"))
    yield world
    world.stop()


@pytest.fixture(scope="session")
def interop():
    """gRPC's own client and server (tests/interop), built when they are not."""
    program = ROOT / "build" / "interop"
    subprocess.run([ROOT / "tests" / "cluster" / "go", "build", "-C", ROOT / "tests" / "interop", "-o", program, "."], check=True)
    return program


def grpc_server(interop, *files):
    """gRPC's own server: its port, and the process, which its caller ends."""
    port = free_port()
    process = subprocess.Popen([interop, "server", f"127.0.0.1:{port}", *files], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("serving")
    return port, process


@pytest.fixture(scope="session")
def interop_server(interop):
    """The port of gRPC's own server, in clear text."""
    port, process = grpc_server(interop)
    yield port
    ending(process)


@pytest.fixture(scope="session")
def interop_tls_server(interop, tmp_path_factory):
    """The same in TLS, and whom to trust: its certificate is for grpc.internal."""
    ca = authority("ca of grpc")
    port, process = grpc_server(interop, *issued("grpc.internal", by=ca).files(tmp_path_factory.mktemp("grpc")))
    yield port, ca
    ending(process)
