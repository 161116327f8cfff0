# SPDX-License-Identifier: Apache-2.0
"""TLS to backends: BackendTLSPolicy. Whatever is wrong with a policy or with a backend's certificate, no request goes out
in plain text and none to a backend that is not the one that the policy names."""
import ssl
import subprocess

import pytest

from certificates import Certificate, authority, issued, self_signed
from client import Raw, eventually, fetch, request_bytes, serving, trusting
from http2_backend import Http2Backend
from manifests import backend, backend_tls, ca_bundle, gateway, grpc_route, listener, ref, route, rule, secret, service
from processes import free_port

CA = authority("ca")
GOOD = issued("app.internal", "other.internal", by=CA, uris=["spiffe://example.com/app"])


def teller(backend, connection):
    """Answers every request with what the handshake said."""
    sock = connection.socket
    seen = f"{sock.version()} {sock.selected_alpn_protocol()} {getattr(sock, 'server_name_seen', '')}"
    client = sock.getpeercert(binary_form=True)
    if client:
        seen += "\n" + ssl.DER_cert_to_PEM_cert(client)
    body = seen.encode()
    backend.answer(connection, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def telling(context):
    """Keeps the server name that the client sent."""
    def keep(sock, name, _):
        sock.server_name_seen = name
    context.sni_callback = keep
    return context


@pytest.fixture
def tls_backend(world, tmp_path):
    def make(certificate=GOOD, **options):
        return world.scripted(teller, tls=telling(serving(certificate, tmp_path, **options)))
    return make


def through(world, app, *objects, **spec):
    """A gateway on one HTTP port in front of the backend `app`."""
    port = free_port()
    gw = world.gateway(gateway(listener("http", port), **spec), backend("app", app.port), route("r", rule("app")), objects)
    return gw, port


def test_a_policy_makes_it_tls(world, tls_backend):
    app = tls_backend(alpn=["http/1.1"])
    gw, port = through(world, app, ca_bundle("ca", CA), backend_tls("p", "app", "app.internal", "ca"))
    assert gw.condition("BackendTLSPolicy", "p", "Accepted") == ("True", "Accepted")
    assert gw.condition("BackendTLSPolicy", "p", "ResolvedRefs") == ("True", "ResolvedRefs")
    assert gw.condition("HTTPRoute", "r", "ResolvedRefs") == ("True", "ResolvedRefs")
    response = fetch(port)
    assert response.status == 200 and response.body == b"TLSv1.3 http/1.1 app.internal"
    for _ in range(10):
        assert fetch(port).status == 200
    assert app.connections < 11, "connections are kept"


def test_tls_on_both_sides(world, tls_backend):
    app, port, front = tls_backend(), free_port(), self_signed("front.test")
    world.gateway(gateway(listener("https", port, "HTTPS", None, ["front"])), secret("front", front), backend("app", app.port),
                  route("r", rule("app")), ca_bundle("ca", CA), backend_tls("p", "app", "app.internal", "ca"))
    response = fetch(port, host="front.test", tls=trusting(front), sni="front.test")
    assert response.status == 200 and response.body.endswith(b"app.internal")


@pytest.mark.parametrize("hostname,sans,works", [
    ("app.internal", [], True),
    ("other.internal", [], True),
    ("nobody.internal", [], False),
    ("nobody.internal", ["app.internal"], True),
    ("app.internal", ["nobody.internal"], False),
    ("nobody.internal", ["spiffe://example.com/app"], True),
    ("app.internal", ["spiffe://example.com/else"], False),
    ("app.internal", ["spiffe://example.com/app/more"], False),
    ("nobody.internal", ["none.internal", "spiffe://example.com/app"], True),
])
def test_whom_the_certificate_must_name(world, tls_backend, hostname, sans, works):
    gw, port = through(world, tls_backend(), ca_bundle("ca", CA), backend_tls("p", "app", hostname, "ca", sans=sans))
    response = fetch(port)
    assert response.status == (200 if works else 502)
    if works:
        assert response.body.split()[-1].decode() == hostname, "the server name is the hostname, whatever the SANs"
    # A certificate that does not fit is no fault of the policy.
    assert gw.condition("BackendTLSPolicy", "p", "Accepted") == ("True", "Accepted")


@pytest.mark.parametrize("what", ["another authority", "expired", "self-signed", "plain text"])
def test_who_is_not_trusted(world, tls_backend, tmp_path, what):
    if what == "another authority":
        app = tls_backend(issued("app.internal", by=authority("ca")))
    elif what == "self-signed":
        app = tls_backend(issued("app.internal"))
    elif what == "expired":
        app = tls_backend(expired(tmp_path))
    else:
        app = world.scripted(lambda backend, connection: connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    gw, port = through(world, app, ca_bundle("ca", CA), backend_tls("p", "app", "app.internal", "ca"))
    response = fetch(port)
    assert response.status == 502 and b"trusted" in response.body
    assert app.heads == [], "no request is sent"
    assert gw.metric("cardea_backend_failures_total", reason="backend_tls") >= 1


def expired(folder):
    files = {name: folder / name for name in ("key", "csr", "ca", "ca-key", "chain", "ext")}
    files["ca"].write_text(CA.chain)
    files["ca-key"].write_text(CA.key)
    files["ext"].write_text("subjectAltName=DNS:app.internal\n")
    subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x",
                    "-keyout", files["key"], "-out", files["csr"]], check=True, capture_output=True)
    subprocess.run(["openssl", "x509", "-req", "-in", files["csr"], "-CA", files["ca"], "-CAkey", files["ca-key"], "-CAcreateserial",
                    "-days", "-1", "-extfile", files["ext"], "-out", files["chain"]], check=True, capture_output=True)
    return Certificate(files["chain"].read_text(), files["key"].read_text())


BAD_REFS = {
    "missing": ([], "nowhere", "InvalidCACertificateRef"),
    "no key ca.crt": ([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "empty", "namespace": "default"}, "data": {"x": "y"}}],
                      "empty", "InvalidCACertificateRef"),
    "garbage": ([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "g", "namespace": "default"}, "data": {"ca.crt": "y"}}],
                "g", "InvalidCACertificateRef"),
    "kind": ([], {"group": "", "kind": "Secret", "name": "ca"}, "InvalidKind"),
    "group": ([], {"group": "example.com", "kind": "ConfigMap", "name": "ca"}, "InvalidKind"),
}


@pytest.mark.parametrize("case", BAD_REFS)
def test_without_a_ca_nothing_is_sent(world, case):
    objects, bundle, reason = BAD_REFS[case]
    app = world.scripted()
    gw, port = through(world, app, objects, backend_tls("p", "app", "app.internal", bundle))
    assert gw.condition("BackendTLSPolicy", "p", "Accepted") == ("False", "NoValidCACertificate")
    assert gw.condition("BackendTLSPolicy", "p", "ResolvedRefs") == ("False", reason)
    assert fetch(port).status == 500
    assert app.connections == 0


def test_one_good_ca_of_two_is_enough(world, tls_backend):
    gw, port = through(world, tls_backend(), ca_bundle("ca", CA), backend_tls("p", "app", "app.internal", "nowhere", "ca"))
    assert gw.condition("BackendTLSPolicy", "p", "Accepted") == ("True", "Accepted")
    assert gw.condition("BackendTLSPolicy", "p", "ResolvedRefs") == ("False", "InvalidCACertificateRef")
    assert fetch(port).status == 200


def test_the_ca_changes_while_it_runs(world, tls_backend):
    app = tls_backend()
    gw, port = through(world, app, backend_tls("p", "app", "app.internal", "ca"))
    assert fetch(port).status == 500
    gw.apply(ca_bundle("ca", CA))
    eventually(lambda: fetch(port).status == 200, "the CA is there")
    gw.apply(ca_bundle("ca", authority("ca")))
    eventually(lambda: fetch(port).status == 502, "kept connections are not used under the new CA")
    gw.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ca", "namespace": "default"}, "data": {"ca.crt": ""}})
    eventually(lambda: fetch(port).status == 500)
    eventually(lambda: gw.condition("BackendTLSPolicy", "p", "Accepted") == ("False", "NoValidCACertificate"))
    gw.apply(ca_bundle("ca", authority("another"), CA))
    eventually(lambda: fetch(port).status == 200, "two certificates in one bundle")


def test_a_policy_comes_and_goes(world, tls_backend):
    app = tls_backend()
    policy = backend_tls("p", "app", "app.internal", "ca")
    gw, port = through(world, app, ca_bundle("ca", CA))
    assert fetch(port).status == 502, "plain text to a TLS port"
    gw.apply(policy)
    eventually(lambda: fetch(port).status == 200)
    changed = backend_tls("p", "app", "nobody.internal", "ca")
    gw.apply(changed)
    eventually(lambda: fetch(port).status == 502)
    gw.apply(policy)
    eventually(lambda: fetch(port).status == 200)
    gw.remove(policy)
    eventually(lambda: fetch(port).status == 502)


def test_the_older_policy_wins_and_the_more_specific_one(world, tls_backend):
    app = tls_backend()
    gw, port = through(world, app, ca_bundle("ca", CA), backend_tls("a", "app", "nobody.internal", "ca"),
                       backend_tls("b", "app", "app.internal", "ca"))
    assert gw.condition("BackendTLSPolicy", "a", "Accepted") == ("True", "Accepted")
    assert gw.condition("BackendTLSPolicy", "b", "Accepted") == ("False", "Conflicted")
    assert fetch(port).status == 502
    gw.apply(backend_tls("c", "app", "app.internal", "ca", section="http"))
    eventually(lambda: fetch(port).status == 200, "the one for the port counts")
    assert gw.condition("BackendTLSPolicy", "a", "Accepted") == ("True", "Accepted")
    eventually(lambda: gw.condition("BackendTLSPolicy", "c", "Accepted") == ("True", "Accepted"))


@pytest.mark.parametrize("target,reason", [(dict(service_name="nowhere"), None), (dict(service_name="app", section="no"), "TargetNotFound")])
def test_targets_that_are_not_there(world, target, reason):
    app = world.echo("app")
    gw, port = through(world, app, backend_tls("p", hostname="app.internal", wellKnownCACertificates="System", **target))
    condition = gw.condition("BackendTLSPolicy", "p", "Accepted")
    assert condition is None if reason is None else condition == ("False", reason)
    assert fetch(port).status == 200, "no target, no TLS"


def test_what_the_system_trusts(world, tls_backend):
    """The backend's CA is in no system's store."""
    gw, port = through(world, tls_backend(), backend_tls("p", "app", "app.internal", wellKnownCACertificates="System"))
    assert gw.condition("BackendTLSPolicy", "p", "Accepted") == ("True", "Accepted")
    assert fetch(port).status == 502


def test_options(world, tls_backend):
    app = tls_backend(version="1.2")
    gw, port = through(world, app, ca_bundle("ca", CA), backend_tls("p", "app", "app.internal", "ca"))
    assert fetch(port).body.startswith(b"TLSv1.2")
    gw.apply(backend_tls("p", "app", "app.internal", "ca", options={"gateway.cardea.dev/tls-min-version": "1.3"}))
    eventually(lambda: fetch(port).status == 502)
    gw.apply(backend_tls("p", "app", "app.internal", "ca", options={"gateway.cardea.dev/unknown": "1.3"}))
    eventually(lambda: gw.condition("BackendTLSPolicy", "p", "Accepted") == ("False", "Invalid"))
    assert fetch(port).status == 500


def test_a_session_is_resumed(world, tls_backend):
    """Every connection but the first of a worker is made the cheap way."""
    app = tls_backend()
    _, port = through(world, app, ca_bundle("ca", CA), backend_tls("p", "app", "app.internal", "ca"))
    app.script = lambda backend, connection: backend.next_request(connection) and connection.send(
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n" + (b"y" if connection.socket.session_reused else b"n"))
    seen = [fetch(port).body for _ in range(20)]
    assert seen.count(b"y") >= 10


def test_mirrors_are_sent_in_tls_too(world, tls_backend):
    app, copy, port = world.echo("app"), tls_backend(), free_port()
    mirror = {"type": "RequestMirror", "requestMirror": {"backendRef": ref("copy")}}
    world.gateway(gateway(listener("http", port)), backend("app", app.port), backend("copy", copy.port),
                  route("r", rule("app", filters=[mirror])), ca_bundle("ca", CA), backend_tls("p", "copy", "app.internal", "ca"))
    assert fetch(port).status == 200
    copy.wait_for(lambda b: len(b.heads) == 1, "the copy")


def test_the_gateways_client_certificate(world, tls_backend):
    clients = authority("clients")
    ours = issued("gateway", by=clients)
    app = tls_backend(clients_of=clients)
    spec = {"tls": {"backend": {"clientCertificateRef": {"name": "ours"}}}}
    gw, port = through(world, app, secret("ours", ours), ca_bundle("ca", CA), backend_tls("p", "app", "app.internal", "ca"), **spec)
    assert gw.condition("Gateway", "gw", "ResolvedRefs") == ("True", "ResolvedRefs")
    response = fetch(port)
    assert response.status == 200 and ours.chain.strip() in response.body.decode()
    # Renewed, then gone: a backend that asks for TLS is not reached without it.
    renewed = issued("gateway", by=clients)
    gw.apply(secret("ours", renewed))
    eventually(lambda: renewed.chain.strip() in fetch(port).body.decode(), "the new certificate")
    gw.remove(secret("ours", renewed))
    eventually(lambda: gw.condition("Gateway", "gw", "ResolvedRefs") == ("False", "InvalidClientCertificateRef"))
    assert gw.condition("Gateway", "gw", "Accepted") == ("True", "Accepted")
    eventually(lambda: fetch(port).status == 500)


def test_without_a_client_certificate_such_a_backend_is_not_reached(world, tls_backend):
    app = tls_backend(clients_of=authority("clients"))
    gw, port = through(world, app, ca_bundle("ca", CA), backend_tls("p", "app", "app.internal", "ca"))
    assert fetch(port).status == 502


@pytest.fixture
def h2_backend(world, tmp_path):
    """Speaks HTTP/2 to whoever agreed to it."""
    def make(alpn=("h2",)):
        made = Http2Backend(tls=serving(GOOD, tmp_path, alpn=alpn))
        world.parts.append(made)
        return made
    return make


def test_http2_is_agreed_by_alpn(world, h2_backend):
    app = h2_backend()
    _, port = through(world, app, ca_bundle("ca", CA), backend_tls("p", "app", "app.internal", "ca"))
    assert fetch(port, host="shop.test").status == 200
    headers = dict(app.streams[0].headers)
    assert headers[":scheme"] == "https" and headers[":authority"] == "shop.test"


@pytest.mark.parametrize("how", ["GRPCRoute", "kubernetes.io/h2c"])
def test_http2_that_is_asked_for_is_agreed_or_nothing_is_sent(world, h2_backend, tls_backend, how):
    for app, works in ((h2_backend(), True), (tls_backend(alpn=["http/1.1"]), False), (tls_backend(), False)):
        port = free_port()
        routed = grpc_route("r", rule("app")) if how == "GRPCRoute" else route("r", rule("app"))
        gw = world.gateway(gateway(listener("http", port)), backend("app", app.port), routed, ca_bundle("ca", CA),
                           backend_tls("p", "app", "app.internal", "ca"),
                           service("app", appProtocol=how) if how != "GRPCRoute" else [])
        request = request_bytes("POST", "/a.B/C", headers=[("Content-Type", "application/grpc"), ("TE", "trailers")], body=b"")
        with Raw(port) as connection:
            response = connection.call(request, "POST")
        if works:
            assert response.status == 200 and len(app.streams) == 1
        else:
            assert app.heads == []
            assert response.status == 502 or (response.status == 200 and response.header("grpc-status") == "14")
        assert gw.condition("BackendTLSPolicy", "p", "Accepted") == ("True", "Accepted")


def test_wss_needs_a_policy(world, tls_backend):
    app, port = tls_backend(), free_port()
    gw = world.gateway(gateway(listener("http", port)), backend("app", app.port), service("app", appProtocol="kubernetes.io/wss"),
                       route("r", rule("app")), ca_bundle("ca", CA))
    assert gw.condition("HTTPRoute", "r", "ResolvedRefs") == ("False", "UnsupportedProtocol")
    assert fetch(port).status == 500
    gw.apply(backend_tls("p", "app", "app.internal", "ca"))
    eventually(lambda: fetch(port).status == 200)
    eventually(lambda: gw.condition("HTTPRoute", "r", "ResolvedRefs") == ("True", "ResolvedRefs"))


def test_a_websocket_in_tls(world, tls_backend):
    app, port = tls_backend(alpn=["h2", "http/1.1"]), free_port()

    def upgrade(backend, connection):
        if backend.next_request(connection) is not None:
            connection.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                            b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nwelcome")
            connection.send(connection.read_exactly(5).upper())
            connection.wait_for_close()
    app.script = upgrade
    world.gateway(gateway(listener("http", port)), backend("app", app.port), service("app", appProtocol="kubernetes.io/wss"),
                  route("r", rule("app")), ca_bundle("ca", CA), backend_tls("p", "app", "app.internal", "ca"))
    with Raw(port) as connection:
        upgraded = connection.call(request_bytes(headers=[("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
                                                          ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]))
        assert upgraded.status == 101
        assert connection.read_exactly(7) == b"welcome"
        connection.send(b"hello")
        assert connection.read_exactly(5) == b"HELLO"
