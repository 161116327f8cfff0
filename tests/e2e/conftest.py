# SPDX-License-Identifier: Apache-2.0
"""What the tests share. Whatever a test starts ends with it, and a process that ends badly fails the test that used it."""
import contextlib
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tools"))

from backends import Echo, Scripted  # noqa: E402
from gateway import Gateway  # noqa: E402
from processes import free_port  # noqa: E402


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
