# SPDX-License-Identifier: Apache-2.0
"""The interoperability cases of gRPC with its own client and server (tests/interop), through the gateway: from clients without
and with TLS, and over a GRPCRoute that names the services and one that takes everything."""
import subprocess

import pytest

from certificates import self_signed
from manifests import backend, gateway, grpc_route, listener, rule, secret
from processes import ROOT, ending, free_port

CASES = ("cancel_after_begin", "cancel_after_first_response", "client_streaming", "custom_metadata", "empty_stream", "empty_unary",
         "large_unary", "ping_pong", "server_streaming", "special_status_message", "status_code_and_message",
         "timeout_on_sleeping_server", "unimplemented_method", "unimplemented_service")
SERVICE = {"method": {"service": "grpc.testing.TestService"}}


@pytest.fixture(scope="module")
def interop():
    """The program, built when it is not."""
    program = ROOT / "build" / "interop"
    subprocess.run([ROOT / "tests" / "cluster" / "go", "build", "-C", ROOT / "tests" / "interop", "-o", program, "."], check=True)
    return program


@pytest.fixture(scope="module")
def server(interop):
    port = free_port()
    process = subprocess.Popen([interop, "server", f"127.0.0.1:{port}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("serving")
    yield port
    ending(process)


@pytest.fixture(scope="module")
def served(shared_world, server):
    """Ports: one without TLS and any service, one without TLS and its service alone, one with TLS."""
    certificate = self_signed("interop.test")
    anything, named, tls = free_port(), free_port(), free_port()
    shared_world.gateway(
        gateway(listener("any", anything), listener("named", named), listener("tls", tls, "HTTPS", certificates=["cert"])),
        secret("cert", certificate), backend("b", server),
        grpc_route("any", rule("b"), parents=({"name": "gw", "sectionName": "any"}, {"name": "gw", "sectionName": "tls"})),
        grpc_route("named", rule("b", matches=[SERVICE]), parents=({"name": "gw", "sectionName": "named"},)))
    return {"any": (anything,), "named": (named,), "tls": (tls, certificate.ca_file(shared_world.folder), "interop.test")}


def test_these_are_all_cases(interop):
    assert subprocess.run([interop, "cases"], capture_output=True, text=True, check=True).stdout.split() == list(CASES)


@pytest.mark.parametrize("way", ["any", "named", "tls"])
@pytest.mark.parametrize("case", CASES)
def test_case(interop, served, case, way):
    port, *trust = served[way]
    result = subprocess.run([interop, "client", f"127.0.0.1:{port}", case, *trust], capture_output=True, text=True, timeout=90)
    assert result.returncode == 0, result.stderr


def test_a_server_that_is_gone_is_unavailable(interop, world):
    port = free_port()
    world.gateway(gateway(listener("http", port)), backend("b", free_port()), grpc_route("r", rule("b")))
    result = subprocess.run([interop, "client", f"127.0.0.1:{port}", "empty_unary"], capture_output=True, text=True, timeout=90)
    assert result.returncode != 0 and "Unavailable" in result.stderr
