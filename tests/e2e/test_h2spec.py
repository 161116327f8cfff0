# SPDX-License-Identifier: Apache-2.0
"""h2spec, the conformance tests of HTTP/2, whole, in clear text and by TLS: from its public Go module, pinned in tests/h2spec."""
import os
import subprocess
import xml.etree.ElementTree

import pytest

from certificates import self_signed
from manifests import backend, gateway, listener, route, rule, secret
from processes import ROOT, free_port


@pytest.fixture(scope="module")
def h2spec():
    path = ROOT / "build" / "h2spec"
    subprocess.run([ROOT / "tests" / "cluster" / "go", "build", "-C", ROOT / "tests" / "h2spec", "-trimpath", "-o", path,
                    "github.com/summerwind/h2spec/cmd/h2spec"], env=os.environ | {"CGO_ENABLED": "0"}, check=True)
    return path


@pytest.fixture(scope="module")
def ports(shared_world):
    clear, tls = free_port(), free_port()
    echo = shared_world.echo("spec")
    shared_world.gateway(gateway(listener("http", clear), listener("https", tls, "HTTPS", certificates=["c"])),
                         secret("c", self_signed("localhost")), backend("spec", echo.port), route("r", rule("spec")), flags=["--workers", "1"])
    return {"clear": [str(clear)], "tls": [str(tls), "--tls", "--insecure"]}


@pytest.mark.parametrize("how", ["clear", "tls"])
def test_h2spec(h2spec, ports, how, tmp_path):
    report = tmp_path / "report.xml"
    run = subprocess.run([h2spec, "--strict", "--host", "localhost" if how == "tls" else "127.0.0.1", "--timeout", "10",
                          "--junit-report", report, "--port", *ports[how]], capture_output=True, text=True, timeout=600)
    suites = xml.etree.ElementTree.parse(report).getroot().iter("testcase")
    cases = [(f"{case.get('package')} {case.get('classname')}", case) for case in suites]
    failed = [name for name, case in cases if case.find("failure") is not None or case.find("error") is not None or case.find("skipped") is not None]
    assert not failed and run.returncode == 0, run.stdout[-6000:]
    assert len(cases) > 140, "all of it"
