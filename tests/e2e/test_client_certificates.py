# SPDX-License-Identifier: Apache-2.0
"""Checks of clients' certificates: Gateway spec.tls.frontend, by default and per port, in both modes."""
import ssl
import subprocess

import pytest

from certificates import authority, issued, self_signed
from client import Closed, Raw, eventually, fetch, request_bytes, trusting
from manifests import backend, ca_bundle, gateway, listener, reference_grant, route, rule, secret
from processes import free_port

SERVER = self_signed("a.test", "b.test")
CLIENTS = authority("clients")
OTHERS = authority("others")


def validation(*bundles, mode=None):
    refs = [{"group": "", "kind": "ConfigMap", "name": b} if isinstance(b, str) else b for b in bundles]
    return {"validation": {"caCertificateRefs": refs} | ({"mode": mode} if mode else {})}


def frontend(default, **per_port):
    """`per_port`: p8443={...}."""
    ports = [{"port": int(port[1:]), "tls": tls} for port, tls in per_port.items()]
    return {"tls": {"frontend": {"default": default} | ({"perPort": ports} if ports else {})}}


def showing(certificate, folder, version=None):
    context = trusting(SERVER, version)
    if certificate:
        context.load_cert_chain(*certificate.files(folder))
    return context


def status(port, context, host="a.test"):
    """Of a request; None when the handshake, or the first read after it, fails."""
    try:
        return fetch(port, host=host, tls=context, sni=host).status
    except (ssl.SSLError, ConnectionError, Closed):
        return None


@pytest.fixture
def start(world):
    def make(listeners, spec, *objects):
        echo = world.echo("app")
        return world.gateway(gateway(*listeners, **spec), secret("server", SERVER), backend("app", echo.port), route("r", rule("app")),
                             ca_bundle("clients", CLIENTS), ca_bundle("others", OTHERS), objects)
    return make


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Contexts of clients by what they show."""
    folder = tmp_path_factory.mktemp("clients")
    certificates = {"good": issued("good", by=CLIENTS), "other": issued("other", by=OTHERS), "self-signed": issued("self"), "none": None}
    return {name: showing(certificate, folder) for name, certificate in certificates.items()} | \
        {f"{name} 1.2": showing(certificate, folder, "1.2") for name, certificate in certificates.items()}


def test_only_valid_ones(start, shown):
    https, http = free_port(), free_port()
    gw = start([listener("https", https, "HTTPS", None, ["server"]), listener("http", http)], frontend(validation("clients")))
    assert gw.condition("Gateway", "gw", "Accepted", listener="https") == ("True", "Accepted")
    assert gw.condition("Gateway", "gw", "InsecureFrontendValidationMode") is None
    for version in ("", " 1.2"):
        assert status(https, shown["good" + version]) == 200
        for bad in ("other", "self-signed", "none"):
            assert status(https, shown[bad + version]) is None, bad
    assert fetch(http).status == 200, "plain HTTP has no certificates"


def test_several_bundles(start, shown):
    port = free_port()
    start([listener("https", port, "HTTPS", None, ["server"])], frontend(validation("clients", "others")))
    assert status(port, shown["good"]) == 200 and status(port, shown["other"]) == 200
    assert status(port, shown["self-signed"]) is None


def test_a_port_of_its_own_replaces_the_default(start, shown):
    first, second, third = free_port(), free_port(), free_port()
    spec = frontend(validation("clients"), **{f"p{second}": validation("others"), f"p{third}": {}})
    start([listener(f"l{port}", port, "HTTPS", None, ["server"]) for port in (first, second, third)], spec)
    assert [status(first, shown[who]) for who in ("good", "other", "none")] == [200, None, None]
    assert [status(second, shown[who]) for who in ("good", "other", "none")] == [None, 200, None]
    assert [status(third, shown[who]) for who in ("good", "other", "none")] == [200, 200, 200]


def test_insecure_fallback_asks_and_goes_on(start, shown, tmp_path):
    port, strict = free_port(), free_port()
    spec = frontend(validation("clients", mode="AllowInsecureFallback"), **{f"p{strict}": validation("clients")})
    gw = start([listener("https", port, "HTTPS", None, ["server"]), listener("strict", strict, "HTTPS", None, ["server"])], spec)
    assert gw.condition("Gateway", "gw", "InsecureFrontendValidationMode") == ("True", "ConfigurationChanged")
    assert [status(port, shown[who]) for who in ("good", "other", "self-signed", "none")] == [200, 200, 200, 200]
    assert [status(strict, shown[who]) for who in ("good", "other", "self-signed", "none")] == [200, None, None, None]
    # A certificate is asked for: TLS 1.2 tells it in the open.
    told = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "a.test", "-tls1_2"], input="",
                          capture_output=True, text=True)
    assert "Acceptable client certificate CA names\nCN = clients" in told.stdout


BAD = {
    "missing": ("nowhere", "InvalidCACertificateRef"),
    "kind": ({"group": "", "kind": "Secret", "name": "server"}, "InvalidCACertificateKind"),
    "not permitted": ({"group": "", "kind": "ConfigMap", "name": "far", "namespace": "vault"}, "RefNotPermitted"),
}


@pytest.mark.parametrize("case", BAD)
def test_without_a_ca_nobody_gets_in(start, shown, case):
    https, http, other = free_port(), free_port(), free_port()
    reference, reason = BAD[case]
    gw = start([listener("https", https, "HTTPS", None, ["server"]), listener("http", http), listener("other", other, "HTTPS", None, ["server"])],
               frontend(validation(reference), **{f"p{other}": validation("clients")}), ca_bundle("far", CLIENTS, namespace="vault"))
    assert gw.condition("Gateway", "gw", "ResolvedRefs", listener="https") == ("False", reason)
    assert gw.condition("Gateway", "gw", "Accepted", listener="https") == ("False", "NoValidCACertificate")
    assert gw.condition("Gateway", "gw", "Programmed", listener="https")[0] == "False"
    assert status(https, shown["good"]) is None and status(https, shown["none"]) is None
    assert fetch(http).status == 200 and status(other, shown["good"]) == 200, "other ports are well"


def test_a_grant_opens_and_its_end_closes(start, shown):
    port = free_port()
    gw = start([listener("https", port, "HTTPS", None, ["server"])],
               frontend(validation({"group": "", "kind": "ConfigMap", "name": "far", "namespace": "vault"})),
               ca_bundle("far", CLIENTS, namespace="vault"))
    assert status(port, shown["good"]) is None
    grant = reference_grant("g", "vault", "Gateway", "default", "ConfigMap")
    gw.apply(grant)
    eventually(lambda: status(port, shown["good"]) == 200)
    gw.remove(grant)
    eventually(lambda: status(port, shown["good"]) is None)


def test_one_bad_reference_of_two(start, shown):
    port = free_port()
    gw = start([listener("https", port, "HTTPS", None, ["server"])], frontend(validation("nowhere", "clients")))
    assert gw.condition("Gateway", "gw", "ResolvedRefs", listener="https") == ("False", "InvalidCACertificateRef")
    assert gw.condition("Gateway", "gw", "Accepted", listener="https") == ("True", "Accepted")
    assert status(port, shown["good"]) == 200 and status(port, shown["other"]) is None


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_session_is_no_way_around(start, tmp_path, version):
    """A session of a listener that asked for nothing, or trusted others, opens nothing that asks for more."""
    open_port, strict = free_port(), free_port()
    spec = frontend(validation("clients"), **{f"p{open_port}": {}})
    start([listener("open", open_port, "HTTPS", None, ["server"]), listener("strict", strict, "HTTPS", None, ["server"])], spec)
    context = showing(None, tmp_path, version)
    with Raw(open_port, tls=context, sni="a.test") as connection:
        assert connection.call(request_bytes(host="a.test")).status == 200
        session = connection.socket.session
    with pytest.raises((ssl.SSLError, ConnectionError)):
        with Raw(strict, tls=context, sni="a.test", session=session) as connection:
            connection.send(request_bytes(host="a.test"))
            if not connection.socket.recv(1):
                raise ConnectionError("closed")


def test_other_rules_end_what_was_let_in_before(start, shown):
    """A connection that was let in under other rules gets 421, which sends its client to a new handshake."""
    port = free_port()
    listeners = [listener("https", port, "HTTPS", None, ["server"])]
    gw = start(listeners, frontend({}))
    with Raw(port, tls=shown["none"], sni="a.test") as connection:
        assert connection.call(request_bytes(host="a.test")).status == 200
        gw.apply(gateway(*listeners, **frontend(validation("clients"))))
        eventually(lambda: status(port, shown["none"]) is None)
        assert connection.call(request_bytes(host="a.test")).status == 421
    with Raw(port, tls=shown["good"], sni="a.test") as connection:
        assert connection.call(request_bytes(host="a.test")).status == 200
        gw.apply(ca_bundle("clients", OTHERS))
        eventually(lambda: status(port, shown["good"]) is None)
        assert connection.call(request_bytes(host="a.test")).status == 421
