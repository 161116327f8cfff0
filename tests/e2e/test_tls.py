# SPDX-License-Identifier: Apache-2.0
"""HTTPS listeners: SNI, versions, certificates, session tickets, and what happens without a certificate."""
import ssl

import pytest

from certificates import self_signed
from client import Raw, careless, curl, eventually, fetch, request_bytes, trusting
from http2 import Http2
from manifests import backend, gateway, listener, reference_grant, route, rule, secret
from processes import free_port


@pytest.fixture(scope="module")
def tls(shared_world):
    """(port, certificates by name): listeners for one.test (ECDSA), two.test (RSA), *.wild.test, and none without a host."""
    port = free_port()
    echo = shared_world.echo("tls")
    certificates = {"one": self_signed("one.test"), "two": self_signed("two.test", kind="rsa"), "wild": self_signed("*.wild.test")}
    hosts = {"one": "one.test", "two": "two.test", "wild": "*.wild.test"}
    shared_world.gateway(
        gateway(*[listener(name, port, "HTTPS", hosts[name], [name]) for name in certificates]),
        [secret(name, certificate) for name, certificate in certificates.items()], backend("tls", echo.port), route("r", rule("tls")),
        flags=["--workers", "2"])
    return port, certificates


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("name,host", [("one", "one.test"), ("two", "two.test"), ("wild", "a.wild.test"), ("one", "ONE.test")])
def test_sni_chooses_the_certificate(tls, name, host, version):
    port, certificates = tls
    response = fetch(port, host=host, tls=trusting(certificates[name], version), sni=host)
    assert response.status == 200 and response.echo["name"] == "tls"


def test_sni_that_no_listener_has_is_refused(tls):
    port, _ = tls
    for sni in ("other.test", "wild.test", None):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            Raw(port, tls=careless(), sni=sni)


def test_versions_before_1_2_are_refused(tls):
    port, _ = tls
    context = careless()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        Raw(port, tls=context, sni="one.test")


def test_plain_http_on_a_tls_port_is_refused(tls):
    port, certificates = tls
    with Raw(port) as connection:
        connection.send(request_bytes(host="one.test"))
        assert b"200" not in connection.read_to_end()
    assert fetch(port, host="one.test", tls=trusting(certificates["one"]), sni="one.test").status == 200


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_sessions_resume_on_every_worker(tls, version):
    port, certificates = tls
    context = trusting(certificates["one"], version)
    session = None
    for attempt in range(16):
        with Raw(port, tls=context, sni="one.test", session=session) as connection:
            if attempt:
                assert connection.socket.session_reused, f"connection {attempt} was not resumed"
            assert connection.call(request_bytes(host="one.test")).status == 200
            session = connection.socket.session


def test_a_session_does_not_open_another_host(tls):
    """A ticket for one listener must not let its holder in at another one without that one's handshake rules."""
    port, certificates = tls
    context = careless()
    with Raw(port, tls=context, sni="one.test") as connection:
        assert connection.call(request_bytes(host="one.test")).status == 200
        session = connection.socket.session
    with Raw(port, tls=context, sni="two.test", session=session) as connection:
        assert connection.call(request_bytes(host="two.test")).status == 200


def test_the_whole_of_http_works_inside(tls):
    port, certificates = tls
    with Raw(port, tls=trusting(certificates["one"]), sni="one.test") as connection:
        body = b"y" * 300_000
        response = connection.call(request_bytes("POST", "/big?bytes=500000", host="one.test", body=body))
        assert response.status == 200 and len(response.body) == 500_000
        connection.send(b"".join(request_bytes(target=f"/{n}", host="one.test") for n in range(10)))
        assert [connection.read_response().echo["path"] for _ in range(10)] == [f"/{n}" for n in range(10)]


def test_curl(tls, tmp_path):
    port, certificates = tls
    result = curl("--cacert", certificates["two"].ca_file(tmp_path), "--resolve", f"two.test:{port}:127.0.0.1",
                  f"https://two.test:{port}/a/b", "-w", "\n%{http_version} %{http_code} %{ssl_verify_result}")
    assert result.stdout.splitlines()[-1] == "2 200 0"


# (server name, Host, status): a connection is good for what its own listener is the best for (GEP-3567).
MISDIRECTED = [
    ("example.org", "example.org", 200),
    ("example.org", "second-example.org", 421),
    ("example.org", "unknown-example.org", 404),
    ("second-example.org", "second-example.org", 200),
    ("second-example.org", "example.org", 421),
    ("second-example.org", "unknown-example.org", 421),
    ("third-example.wildcard.org", "third-example.wildcard.org", 200),
    ("third-example.wildcard.org", "fifth-example.wildcard.org", 200),
    ("third-example.wildcard.org", "fourth-example.wildcard.org", 421),
    ("third-example.wildcard.org", "unknown-example.org", 421),
    ("fourth-example.wildcard.org", "fourth-example.wildcard.org", 200),
    ("fourth-example.wildcard.org", "fifth-example.wildcard.org", 421),
    ("unknown-example.org", "example.org", 200),
    ("unknown-example.org", "unknown-example.org", 404),
    (None, "example.org", 200),
    (None, "second-example.org", 421),
]


@pytest.fixture(scope="module")
def misdirected(shared_world):
    port, plain, echo = free_port(), free_port(), shared_world.echo("app")
    hosts = {"all": None, "second": "second-example.org", "wildcard": "*.wildcard.org", "fourth": "fourth-example.wildcard.org"}
    certificate = self_signed("example.org", "*.wildcard.org")
    gw = shared_world.gateway(
        gateway(*[listener(name, port, "HTTPS", host, ["cert"]) for name, host in hosts.items()], listener("http", plain), name="hosts"),
        secret("cert", certificate), backend("app", echo.port),
        route("some", rule("app"), parents=[{"name": "hosts", "sectionName": "all"}, {"name": "hosts", "sectionName": "http"}],
              hostnames=["example.org"]),
        [route(name, rule("app"), parents=[{"name": "hosts", "sectionName": name}]) for name in ("second", "wildcard", "fourth")])
    return gw, port, plain


@pytest.mark.parametrize("sni,host,expected", MISDIRECTED)
def test_a_host_of_another_listener_is_misdirected(misdirected, sni, host, expected):
    gw, port, _ = misdirected
    with Raw(port, tls=careless(), sni=sni) as connection:
        assert connection.call(request_bytes(host=host)).status == expected
        if expected == 421 and sni:
            assert connection.call(request_bytes(host=sni)).status == 200, "the connection goes on for its own host"


@pytest.mark.parametrize("sni,host,expected", MISDIRECTED)
def test_a_host_of_another_listener_is_misdirected_in_http2(misdirected, sni, host, expected):
    """Clients reuse a connection of HTTP/2 for every name that its certificate has."""
    _, port, _ = misdirected
    with Http2(port, tls=careless(), sni=sni) as client:
        assert client.fetch(host=host, scheme="https").status == expected
        if expected == 421 and sni:
            assert client.fetch(host=sni, scheme="https").status == 200


def test_without_tls_no_request_is_misdirected(misdirected):
    _, _, plain = misdirected
    assert fetch(plain, host="example.org").status == 200
    assert fetch(plain, host="second-example.org").status == 404


def test_listeners_with_names_in_common_say_so(misdirected):
    gw, _, _ = misdirected
    for name in ("all", "second", "wildcard", "fourth"):
        assert gw.condition("Gateway", "hosts", "OverlappingTLSConfig", listener=name) == ("True", "OverlappingHostnames")
    assert gw.condition("Gateway", "hosts", "OverlappingTLSConfig", listener="http") is None


def test_listeners_with_a_certificate_in_common_say_so(world):
    shared, own = self_signed("a.test", "b.test"), self_signed("c.test")
    port, other = free_port(), free_port()
    gw = world.gateway(
        gateway(listener("a", port, "HTTPS", "a.test", ["shared"]), listener("b", port, "HTTPS", "b.test", ["shared"]),
                listener("c", port, "HTTPS", "c.test", ["own"]), listener("d", other, "HTTPS", "a.test", ["shared"])),
        secret("shared", shared), secret("own", own))
    overlaps = {name: gw.condition("Gateway", "gw", "OverlappingTLSConfig", listener=name) for name in "abcd"}
    assert overlaps == {"a": ("True", "OverlappingCertificates"), "b": ("True", "OverlappingCertificates"), "c": None, "d": None}


def refused(port, context, sni="one.test"):
    try:
        Raw(port, tls=context, sni=sni).close()
    except (ssl.SSLError, ConnectionError):
        return True
    return False


def test_a_minimum_version_by_flag_and_by_listener(world):
    port, other, certificate, echo = free_port(), free_port(), self_signed("one.test"), world.echo("app")
    lenient = listener("lenient", other, "HTTPS", None, ["cert"])
    lenient["tls"]["options"] = {"gateway.cardea.dev/tls-min-version": "1.2"}
    gw = world.gateway(gateway(listener("https", port, "HTTPS", None, ["cert"]), lenient), secret("cert", certificate),
                       backend("app", echo.port), route("r", rule("app")), flags=["--tls-min-version", "1.3"])
    assert refused(port, trusting(certificate, "1.2")) and not refused(port, trusting(certificate, "1.3"))
    assert not refused(other, trusting(certificate, "1.2")), "a listener's own word counts"
    lenient["tls"]["options"] = {"gateway.cardea.dev/tls-min-version": "1.1"}
    gw.apply(gateway(listener("https", port, "HTTPS", None, ["cert"]), lenient))
    eventually(lambda: gw.condition("Gateway", "gw", "Accepted", listener="lenient") == ("False", "UnsupportedValue"))
    assert refused(other, trusting(certificate, "1.3"))


def test_ciphers_by_flag(world):
    port, certificate, echo = free_port(), self_signed("one.test"), world.echo("app")
    world.gateway(gateway(listener("https", port, "HTTPS", None, ["cert"])), secret("cert", certificate), backend("app", echo.port),
                  route("r", rule("app")),
                  flags=["--tls-ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384", "--tls-cipher-suites", "TLS_AES_256_GCM_SHA384"])
    for ciphers, works in (("ECDHE-ECDSA-AES256-GCM-SHA384", True), ("ECDHE-ECDSA-AES128-GCM-SHA256", False)):
        context = trusting(certificate, "1.2")
        context.set_ciphers(ciphers)
        assert refused(port, context) is not works
    with Raw(port, tls=trusting(certificate, "1.3"), sni="one.test") as connection:
        assert connection.socket.cipher()[0] == "TLS_AES_256_GCM_SHA384"


def test_both_kinds_of_key_on_one_listener(world):
    port = free_port()
    echo = world.echo("both")
    ecdsa, rsa = self_signed("both.test"), self_signed("both.test", kind="rsa")
    world.gateway(gateway(listener("https", port, "HTTPS", None, ["ecdsa", "rsa"])), secret("ecdsa", ecdsa), secret("rsa", rsa),
                  backend("both", echo.port), route("r", rule("both")))
    for certificate, ciphers in ((ecdsa, "ECDHE-ECDSA-AES128-GCM-SHA256"), (rsa, "ECDHE-RSA-AES128-GCM-SHA256")):
        context = trusting(certificate, "1.2")
        context.set_ciphers(ciphers)
        assert fetch(port, host="both.test", tls=context, sni="both.test").status == 200


def test_without_its_certificate_a_listener_refuses_and_says_so(world):
    port, other = free_port(), free_port()
    echo = world.echo("bare")
    gw = world.gateway(
        gateway(listener("bare", port, "HTTPS", None, ["missing"]), listener("http", other)), backend("bare", echo.port),
        route("r", rule("bare")))
    assert gw.condition("Gateway", "gw", "ResolvedRefs", listener="bare") == ("False", "InvalidCertificateRef")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        Raw(port, tls=careless(), sni="bare.test")
    assert fetch(other).status == 200
    certificate = self_signed("bare.test")
    gw.apply(secret("missing", certificate))
    eventually(lambda: fetch(port, host="bare.test", tls=trusting(certificate), sni="bare.test").status == 200, "the certificate is there")
    eventually(lambda: gw.condition("Gateway", "gw", "ResolvedRefs", listener="bare") == ("True", "ResolvedRefs"))


def test_a_certificate_of_another_namespace_needs_a_grant(world):
    port = free_port()
    echo = world.echo("far")
    certificate = self_signed("far.test")
    gw = world.gateway(
        gateway(listener("https", port, "HTTPS", None, [{"name": "far", "namespace": "vault"}])), secret("far", certificate, "vault"),
        backend("far", echo.port), route("r", rule("far")))
    assert gw.condition("Gateway", "gw", "ResolvedRefs", listener="https") == ("False", "RefNotPermitted")
    grant = reference_grant("g", "vault", "Gateway", "default", "Secret")
    gw.apply(grant)
    eventually(lambda: fetch(port, host="far.test", tls=trusting(certificate), sni="far.test").status == 200, "the grant")
    gw.remove(grant)

    def refused():
        try:
            Raw(port, tls=careless(), sni="far.test").close()
        except (ssl.SSLError, ConnectionError):
            return True
        return False
    eventually(refused, "the grant's end")


def test_a_certificate_is_renewed_under_open_connections(world):
    port = free_port()
    echo = world.echo("renew")
    old, new = self_signed("renew.test"), self_signed("renew.test")
    gw = world.gateway(gateway(listener("https", port, "HTTPS", None, ["cert"])), secret("cert", old), backend("renew", echo.port),
                       route("r", rule("renew")))
    with Raw(port, tls=trusting(old), sni="renew.test") as connection:
        assert connection.call(request_bytes(host="renew.test")).status == 200
        gw.apply(secret("cert", new))
        eventually(lambda: fetch(port, host="renew.test", tls=trusting(new), sni="renew.test").status == 200, "the new certificate")
        assert connection.call(request_bytes(host="renew.test")).status == 200, "a connection from before goes on"
    broken = secret("cert", new)
    broken["data"]["tls.key"] = secret("x", old)["data"]["tls.key"]
    gw.apply(broken)
    eventually(lambda: gw.condition("Gateway", "gw", "ResolvedRefs", listener="https") == ("False", "InvalidCertificateRef"))


def test_a_client_that_never_finishes_its_handshake_is_let_go(world):
    port = free_port()
    certificate = self_signed("slow.test")
    world.gateway(gateway(listener("https", port, "HTTPS", None, ["cert"])), secret("cert", certificate),
                  flags=["--tls-handshake-timeout", "300ms"])
    with Raw(port) as connection:
        connection.send(b"\x16\x03\x01")
        assert connection.closed()
