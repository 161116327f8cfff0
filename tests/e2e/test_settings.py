# SPDX-License-Identifier: Apache-2.0
"""GatewayParameters: by parametersRef of a class and of a Gateway, merged in that order; each Gateway has its own."""
import collections
import os
import socket
import threading
import time

import pytest

from backends import OK
from certificates import authority, issued
from client import Raw, eventually, fetch, request_bytes, serving
from http2 import Http2
from http2_backend import Http2Backend
from manifests import CLASS, backend, backend_tls, ca_bundle, endpoints, gateway, listener, match, parameters, route, rule, service
from processes import free_port

CLASS_PARAMETERS = {"group": "gateway.cardea.dev", "kind": "GatewayParameters", "namespace": "default", "name": "of-class"}


def own(name="own"):
    return {"parametersRef": {"group": "gateway.cardea.dev", "kind": "GatewayParameters", "name": name}}


def class_with_parameters():
    return CLASS | {"spec": CLASS["spec"] | {"parametersRef": CLASS_PARAMETERS}}


def status_with_fields(port, count):
    with Raw(port) as connection:
        return connection.call(request_bytes(headers=[(f"X-{n}", "1") for n in range(count)])).status


def test_the_gateways_own_go_over_the_classs(world):
    first, second = free_port(), free_port()
    echo = world.echo("b")
    gw = world.gateway(parameters("of-class", {"limits": {"maxFields": 5, "maxRequestBodyBytes": 10}}),
                       parameters("own", {"limits": {"maxFields": 20}}), class_with_parameters(),
                       gateway(listener("http", first), name="one"),
                       gateway(listener("http", second), name="two", infrastructure=own()),
                       backend("b", echo.port), route("r", rule("b"), parents=("one", "two")))
    assert status_with_fields(first, 10) == 431
    assert status_with_fields(second, 10) == 200
    assert status_with_fields(second, 30) == 431
    for port in (first, second):
        assert fetch(port, "/", method="POST", body=b"x" * 10).status == 200
        assert fetch(port, "/", method="POST", body=b"x" * 11).status == 413

    gw.apply(parameters("own", {"limits": {"maxFields": 8}}))
    eventually(lambda: status_with_fields(second, 10) == 431, "the changed limit holds")
    gw.remove(parameters("own", {}))
    eventually(lambda: gw.condition("Gateway", "two", "Accepted") == ("False", "InvalidParameters"), "the reference is broken")
    assert status_with_fields(first, 3) == 200


@pytest.mark.parametrize("spec", [{"limits": {"maxHeadByte": 1}}, {"timeouts": {"idle": "soon"}}, {"trustedProxies": ["10.0.0.0/99"]},
                                  {"loadBalancing": {"policy": "Hash"}}, {"workers": "two"}, {"via": "two words"},
                                  {"tls": {"ciphers": ["ROT13"]}}, {"backendTls": {"minVersion": "1.1"}}, {"traceSampling": 101},
                                  {"limits": {"maxHeadBytes": 1000, "maxRequestLineBytes": 2000}}], ids=str)
def test_a_bad_one_is_a_condition_of_who_refers_to_it(world, spec):
    good, bad = free_port(), free_port()
    gw = world.gateway(parameters("own", spec), gateway(listener("http", good), name="good"),
                       gateway(listener("http", bad), name="bad", infrastructure=own()))
    assert gw.condition("Gateway", "bad", "Accepted") == ("False", "InvalidParameters")
    assert gw.condition("Gateway", "good", "Programmed") == ("True", "Programmed")
    assert fetch(good, "/").status == 404


def test_time_outs(world):
    port = free_port()
    release = threading.Event()

    def script(scripted, connection):
        scripted.next_request(connection)
        release.wait(30)

    scripted = world.scripted(script)
    world.gateway(parameters("own", {"timeouts": {"request": "200ms"}}), gateway(listener("http", port), infrastructure=own()),
                  backend("b", scripted.port), route("r", rule("b")))
    assert fetch(port, "/").status == 504
    release.set()


def balanced(world, load_balancing=None, flags=(), names=("one", "two", "three")):
    """Who answers, and the gateway; a Service with an endpoint of each of these names."""
    port = free_port()
    echoes = [world.echo(name) for name in names]
    objects = parameters("own", {"loadBalancing": load_balancing}) if load_balancing else []
    gw = world.gateway(objects, gateway(listener("http", port), **({"infrastructure": own()} if load_balancing else {})),
                       service("b"), endpoints("b", *[echo.port for echo in echoes]), route("r", rule("b")), flags=["--workers", "1", *flags])

    def who(**headers):
        return fetch(port, "/", headers=headers).echo["name"]
    return who, gw, echoes


@pytest.mark.parametrize("options", [{"load_balancing": {"policy": "RoundRobin"}}, {"flags": ["--load-balancing-policy", "RoundRobin"]}], ids=str)
def test_round_robin(world, options):
    who, *_ = balanced(world, **options)
    assert collections.Counter(who() for _ in range(30)) == {"one": 10, "two": 10, "three": 10}


def test_random(world):
    """Each of three is expected 200 times of 600, with a standard deviation of 11.5: six of those either way."""
    who, *_ = balanced(world, {"policy": "Random"})
    counts = collections.Counter(who() for _ in range(600))
    assert set(counts) == {"one", "two", "three"} and all(131 <= count <= 269 for count in counts.values()), counts


def test_least_of_two_spreads_too(world):
    """One request at a time: no endpoint has more than another, and chance decides."""
    who, *_ = balanced(world)
    counts = collections.Counter(who() for _ in range(600))
    assert set(counts) == {"one", "two", "three"} and all(131 <= count <= 269 for count in counts.values()), counts


def test_hash_by_header(world):
    who, *_ = balanced(world, {"policy": "Hash", "hashOn": "Header", "hashName": "X-User"})
    homes = {user: who(**{"X-User": user}) for user in map(str, range(30))}
    assert set(homes.values()) == {"one", "two", "three"}
    assert all(who(**{"x-user": user}) == home for user, home in homes.items())
    assert len({who() for _ in range(60)}) == 3, "without the header it is balanced as if there were no hash"


def test_hash_by_cookie(world):
    who, *_ = balanced(world, flags=["--load-balancing-policy", "Hash", "--load-balancing-hash-on", "Cookie", "--load-balancing-hash-name", "s"])
    assert len({who(Cookie=f"a={n}; s=same") for n in range(20)}) == 1
    assert len({who(Cookie=f"s={n}") for n in range(40)}) == 3


def test_hash_by_address(world):
    who, *_ = balanced(world, {"policy": "Hash", "hashOn": "SourceAddress"})
    assert len({who() for _ in range(20)}) == 1


def test_a_hashed_key_stays_while_endpoints_come_and_go(world):
    """A new endpoint takes its share from the others and nothing moves between those; when it leaves, all is as it was."""
    users = [f"user-{n}" for n in range(200)]
    who, gw, _ = balanced(world, {"policy": "Hash", "hashOn": "Header", "hashName": "x-user"}, names=("one", "two", "three", "four"))

    def homes():
        return {user: who(**{"x-user": user}) for user in users}
    before = homes()
    five = world.echo("five")
    gw.apply(endpoints("b", five.port, slice_name="more"))
    eventually(lambda: "five" in homes().values(), "the new endpoint is used")
    after = homes()
    moved = {user for user in users if after[user] != before[user]}
    assert {after[user] for user in moved} == {"five"}, "keys move to the new endpoint alone"
    # Of 200 keys 40 are expected, with a standard deviation of 5.7: six of those either way.
    assert 6 <= len(moved) <= 74, len(moved)
    gw.remove(endpoints("b", five.port, slice_name="more"))
    eventually(lambda: "five" not in homes().values(), "the new endpoint is gone")
    assert homes() == before


def test_the_access_log_of_one_gateway(world):
    quiet, loud = free_port(), free_port()
    gw = world.gateway(parameters("own", {"accessLog": True}), gateway(listener("http", quiet), name="quiet"),
                       gateway(listener("http", loud), name="loud", infrastructure=own()))
    fetch(quiet, "/of-quiet")
    fetch(loud, "/of-loud")
    eventually(lambda: "/of-loud" in gw.log.read_text(), "the request is in the log")
    assert "/of-quiet" not in gw.log.read_text()


def test_the_log_level_follows_at_run_time(world):
    port = free_port()
    gw = world.gateway(parameters("own", {"logLevel": "off"}), gateway(listener("http", port), infrastructure=own()))
    before = gw.log.read_text().count("live in")

    def accepted(name):
        return gw.condition("Gateway", name, "Programmed") == ("True", "Programmed")

    gw.apply(gateway(listener("http", free_port()), name="another"))
    eventually(lambda: accepted("another"), "another Gateway is served")
    assert gw.log.read_text().count("live in") == before
    gw.apply(parameters("own", {"logLevel": "info"}))
    gw.apply(gateway(listener("http", free_port()), name="third"))
    eventually(lambda: accepted("third"), "a third Gateway is served")
    eventually(lambda: gw.log.read_text().count("live in") > before, "the log tells again")


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_when_it_starts(world, workers):
    gw = world.gateway(parameters("own", {"workers": workers}), gateway(listener("http", free_port()), infrastructure=own()))
    threads = len(os.listdir(f"/proc/{gw.process.pid}/task"))
    other = world.gateway(gateway(listener("http", free_port())), flags=["--workers", "2"])
    assert threads - len(os.listdir(f"/proc/{other.process.pid}/task")) == workers - 2


# --- what is set, one by one; limits.md has the others, whose tests are beside those of their flags ---

def one_gateway(world, spec, *objects, **options):
    """The port of a Gateway with these parameters, and its program."""
    port = free_port()
    return port, world.gateway(parameters("own", spec), gateway(listener("http", port), infrastructure=own()), objects, **options)


def test_via(world):
    echo = world.echo("b")
    port, gw = one_gateway(world, {"via": "edge"}, backend("b", echo.port), route("r", rule("b")))
    answer = fetch(port)
    assert (answer.header("via"), answer.echo["headers"]["via"]) == ("1.1 edge", ["1.1 edge"])
    gw.apply(parameters("own", {"via": "off"}))
    eventually(lambda: fetch(port).header("via") is None, "no Via")
    assert "via" not in fetch(port).echo["headers"]


def test_trace_sampling(world):
    echo = world.echo("b")
    port, gw = one_gateway(world, {"traceSampling": 0}, backend("b", echo.port), route("r", rule("b")))

    def flags():
        return {fetch(port).echo["headers"]["traceparent"][0].rpartition("-")[2] for _ in range(20)}
    assert flags() == {"00"}
    gw.apply(parameters("own", {"traceSampling": 100}))
    eventually(lambda: flags() == {"01"}, "every trace is sampled")


def test_trusted_proxies(world):
    echo = world.echo("b")
    port, gw = one_gateway(world, {"trustedProxies": ["10.0.0.0/8"]}, backend("b", echo.port), route("r", rule("b")))

    def told():
        return fetch(port, headers={"X-Forwarded-For": "192.0.2.7"}).echo["headers"]["x-forwarded-for"]
    assert told() == ["127.0.0.1"]
    gw.apply(parameters("own", {"trustedProxies": ["10.0.0.0/8", "127.0.0.0/8"]}))
    eventually(lambda: told() == ["192.0.2.7, 127.0.0.1"], "the client is believed")


def test_http2_of_clients_for_new_connections(world):
    echo = world.echo("b")
    port, gw = one_gateway(world, {"limits": {"http2MaxStreams": 7, "http2StreamWindowBytes": 70000, "maxHeadBytes": 5000}},
                           backend("b", echo.port), route("r", rule("b")))

    def announced():
        with Http2(port) as client:
            assert client.fetch().status == 200
            settings = client.connection.remote_settings
            return settings.max_concurrent_streams, settings.initial_window_size, settings.max_header_list_size
    assert announced() == (7, 70000, 5000)
    with Http2(port) as old:
        assert old.fetch().status == 200
        gw.apply(parameters("own", {"limits": {"http2MaxStreams": 9}}))
        eventually(lambda: announced() == (9, 65536, 65536), "new connections hear of it")
        assert old.fetch().status == 200 and old.connection.remote_settings.max_concurrent_streams == 7


def test_backend_http2_window(world):
    seen = []
    backend_h2 = Http2Backend(lambda stream: (seen.append(stream.connection.h2.remote_settings.initial_window_size), stream.answer()))
    world.parts.append(backend_h2)
    port, _ = one_gateway(world, {"limits": {"backendHttp2WindowBytes": 70000}}, service("b", appProtocol="kubernetes.io/h2c"),
                          endpoints("b", backend_h2.port), route("r", rule("b")))
    assert fetch(port).status == 200
    assert seen == [70000]


def test_backend_http2_ping(world):
    """A backend that has died without a word, as seen by a Gateway whose parameters say how long that may take."""
    def script(stream):
        if stream.path == "/silent" and stream.connection.index == 0:
            return stream.connection.silence()
        stream.answer()
    backend_h2 = Http2Backend(script)
    world.parts.append(backend_h2)
    port, _ = one_gateway(world, {"timeouts": {"backendHttp2PingInterval": "300ms", "backendHttp2Ping": "1s"}},
                          service("b", appProtocol="kubernetes.io/h2c"), endpoints("b", backend_h2.port), route("r", rule("b")),
                          flags=["--workers", "1"])
    assert fetch(port).status == 200
    assert fetch(port, "/silent").status == 200 and len(backend_h2.connections) == 2


@pytest.mark.parametrize("attempts,statuses", [(1, {200, 503}), (2, {200})])
def test_connect_attempts(world, attempts, statuses):
    """One of two endpoints, in turn, is bound and does not listen."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        good = world.scripted()
        port, _ = one_gateway(world, {"limits": {"connectAttempts": attempts}, "loadBalancing": {"policy": "RoundRobin"}},
                              backend("b", good.port, nobody.getsockname()[1]), route("r", rule("b")), flags=["--workers", "1"])
        assert {fetch(port).status for _ in range(10)} == statuses


def test_retry_backoff(world):
    """The wait before a try is never less; how much more it is, is nobody's business here."""
    def script(backend, connection):
        while backend.next_request(connection) is not None:
            connection.send(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" if len(backend.heads) == 1 else OK)
    port, _ = one_gateway(world, {"timeouts": {"retryBackoff": "400ms"}}, backend("b", world.scripted(script).port),
                          route("r", rule("b", retry={"codes": [503], "attempts": 1})))
    begun = time.monotonic()
    assert fetch(port).status == 200
    assert time.monotonic() - begun >= 0.4


def test_the_buffer_of_the_access_log(world):
    """A buffer for a dozen lines and requests faster than it is emptied: lines are dropped, and counted."""
    port, gw = one_gateway(world, {"accessLog": True, "limits": {"accessLogBufferBytes": 4096}})

    def dropped():
        with Raw(port) as connection:
            connection.send(request_bytes() * 300)
            assert [connection.read_response().status for _ in range(300)] == [404] * 300
        return gw.metric("cardea_access_log_dropped_lines_total") > 0
    eventually(dropped, "lines are dropped")


def test_tls_to_backends(world, tmp_path):
    """What a policy says itself comes before what the Gateway's parameters say."""
    ca = authority("ca")
    certificate = issued("app.internal", by=ca)

    def tell(backend, connection):
        text = " ".join(map(str, connection.socket.cipher()[:2])).encode()
        backend.answer(connection, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text)
    app, old = (world.scripted(tell, tls=serving(certificate, tmp_path, version=version)) for version in (None, "1.2"))
    port, gw = one_gateway(world, {"backendTls": {"cipherSuites": ["TLS_CHACHA20_POLY1305_SHA256"]}}, backend("app", app.port), backend("old", old.port),
                           ca_bundle("ca", ca), backend_tls("app", "app", "app.internal", "ca"), backend_tls("old", "old", "app.internal", "ca"),
                           route("r", rule("app", matches=[match(prefix="/app")]), rule("old", matches=[match(prefix="/old")])))
    assert fetch(port, "/app").body == b"TLS_CHACHA20_POLY1305_SHA256 TLSv1.3"
    gw.apply(parameters("own", {"backendTls": {"ciphers": ["ECDHE-ECDSA-AES256-GCM-SHA384"]}}))
    eventually(lambda: fetch(port, "/old").body == b"ECDHE-ECDSA-AES256-GCM-SHA384 TLSv1.2", "the cipher")
    gw.apply(parameters("own", {"backendTls": {"minVersion": "1.3"}}))
    eventually(lambda: fetch(port, "/old").status == 502, "the version is too old")
    assert fetch(port, "/app").status == 200
    gw.apply(backend_tls("old", "old", "app.internal", "ca", options={"gateway.cardea.dev/tls-min-version": "1.2"}))
    eventually(lambda: fetch(port, "/old").status == 200, "the policy says otherwise")


def test_tls_to_backends_by_flag(world, tmp_path):
    ca = authority("ca")
    old = world.scripted(tls=serving(issued("app.internal", by=ca), tmp_path, version="1.2"))
    port = free_port()
    world.gateway(gateway(listener("http", port)), backend("old", old.port), ca_bundle("ca", ca), backend_tls("old", "old", "app.internal", "ca"),
                  route("r", rule("old")), flags=["--backend-tls-min-version", "1.3"])
    assert fetch(port).status == 502


# --- which object, and what is wrong with it ---

REF = {"group": "gateway.cardea.dev", "kind": "GatewayParameters", "name": "own"}


@pytest.mark.parametrize("change", [{"group": "example.com"}, {"kind": "ConfigMap"}, {"name": "gone"}, {"group": "", "kind": "Secret"}], ids=str)
def test_a_reference_of_a_gateway_that_finds_nothing(world, change):
    port = free_port()
    gw = world.gateway(parameters("own", {}), gateway(listener("http", port), infrastructure={"parametersRef": REF | change}))
    assert gw.condition("Gateway", "gw", "Accepted") == ("False", "InvalidParameters")
    assert gw.condition("Gateway", "gw", "Programmed")[0] == "False"
    gw.apply(gateway(listener("http", port), infrastructure={"parametersRef": REF}))
    eventually(lambda: gw.condition("Gateway", "gw", "Programmed") == ("True", "Programmed"), "it is served")
    assert fetch(port).status == 404


@pytest.mark.parametrize("change", [{"group": "example.com"}, {"kind": "ConfigMap"}, {"name": "gone"}, {"namespace": "other"}, {"namespace": None}], ids=str)
def test_a_reference_of_a_class_that_finds_nothing(world, change):
    def with_ref(reference):
        return CLASS | {"spec": CLASS["spec"] | {"parametersRef": {key: value for key, value in reference.items() if value}}}
    whole = REF | {"namespace": "default"}
    gw = world.gateway(parameters("own", {"limits": {"maxFields": 3}}), with_ref(whole | change))
    assert gw.condition("GatewayClass", "test", "Accepted") == ("False", "InvalidParameters")
    gw.apply(with_ref(whole))
    eventually(lambda: gw.condition("GatewayClass", "test", "Accepted") == ("True", "Accepted"), "the reference is right")


def test_a_bad_object_of_a_class(world):
    """The class says so, and none of its Gateways is served as if nothing were wrong."""
    port = free_port()
    gw = world.gateway(parameters("of-class", {"limits": {"maxFields": 0}}), class_with_parameters(), gateway(listener("http", port)))
    assert gw.condition("GatewayClass", "test", "Accepted") == ("False", "InvalidParameters")
    assert gw.condition("Gateway", "gw", "Accepted") in (None, ("False", "InvalidParameters"))
    gw.apply(parameters("of-class", {"limits": {"maxFields": 3}}))
    eventually(lambda: gw.condition("Gateway", "gw", "Programmed") == ("True", "Programmed"), "it is served")
    assert status_with_fields(port, 5) == 431
