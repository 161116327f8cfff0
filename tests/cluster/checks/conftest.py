# SPDX-License-Identifier: Apache-2.0
"""Tests of the cluster itself, and what needs one. They use clusters of names of their own, so that one that is up for other
work stays as it is."""
import os

import pytest

from machine import ROOT, build, command, down


@pytest.fixture(scope="session", autouse=True)
def built():
    build()


@pytest.fixture
def name():
    """The name of a cluster that does not exist before and after the test."""
    down("checks")
    yield "checks"
    down("checks")


@pytest.fixture(scope="module")
def cluster():
    """A cluster for all tests of a module."""
    down("checks")
    command("up", "checks")
    yield "checks"
    down("checks")


@pytest.fixture(scope="module")
def cardea(cluster):
    """The same with Cardea in it, as deploy/ installs it."""
    command("install", os.environ.get("CARDEA", ROOT / "build" / "release" / "cardea"))
    return cluster
