# SPDX-License-Identifier: Apache-2.0
"""The interoperability cases of gRPC with its own client and server (tests/interop), through the gateway: from clients without
and with TLS, over a GRPCRoute that names the services and one that takes everything, and to a server in TLS (BackendTLSPolicy)."""
import subprocess

import pytest

from certificates import self_signed
from manifests import backend, backend_tls, ca_bundle, gateway, grpc_route, listener, rule, secret
from processes import free_port

CASES = ("cancel_after_begin", "cancel_after_first_response", "client_streaming", "custom_metadata", "empty_stream", "empty_unary",
         "large_unary", "ping_pong", "server_streaming", "special_status_message", "status_code_and_message",
         "timeout_on_sleeping_server", "unimplemented_method", "unimplemented_service")
SERVICE = {"method": {"service": "grpc.testing.TestService"}}


@pytest.fixture(scope="module")
def served(shared_world, interop_server, interop_tls_server):
    """Ports: one without TLS and any service, one without TLS and its service alone, one with TLS; two to the server in TLS."""
    certificate = self_signed("interop.test")
    anything, named, tls, back, both = (free_port() for _ in range(5))
    secure, ca = interop_tls_server
    shared_world.gateway(
        gateway(listener("any", anything), listener("named", named), listener("tls", tls, "HTTPS", certificates=["cert"]),
                listener("back", back), listener("both", both, "HTTPS", certificates=["cert"])),
        secret("cert", certificate), backend("b", interop_server), backend("secure", secure),
        ca_bundle("ca", ca), backend_tls("secure", "secure", "grpc.internal", "ca"),
        grpc_route("secure", rule("secure"), parents=({"name": "gw", "sectionName": "back"}, {"name": "gw", "sectionName": "both"})),
        grpc_route("any", rule("b"), parents=({"name": "gw", "sectionName": "any"}, {"name": "gw", "sectionName": "tls"})),
        grpc_route("named", rule("b", matches=[SERVICE]), parents=({"name": "gw", "sectionName": "named"},)))
    trust = certificate.ca_file(shared_world.folder), "interop.test"
    return {"any": (anything,), "named": (named,), "tls": (tls, *trust), "tls to the backend": (back,), "tls on both sides": (both, *trust)}


def test_these_are_all_cases(interop):
    assert subprocess.run([interop, "cases"], capture_output=True, text=True, check=True).stdout.split() == list(CASES)


@pytest.mark.parametrize("way", ["any", "named", "tls", "tls to the backend", "tls on both sides"])
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
