# SPDX-License-Identifier: Apache-2.0
"""ExternalAuth: another service decides about a request, over HTTP and by Envoy's gRPC protocol. Fails closed."""
import json
import subprocess
import threading
import time

import pytest

from backends import answering
from client import Raw, eventually, fetch, request_bytes
from http2 import Http2
from http2_backend import Http2Backend
from manifests import (backend, cors, endpoints, gateway, header_modifier, listener, match, redirect, ref, reference_grant, rewrite, route,
                       rule, service)
from processes import ROOT, ending, free_port


def auth(service_name, protocol="HTTP", body=None, **config):
    filter_ = {"protocol": protocol, protocol.lower(): config, "backendRef": ref(service_name)}
    return {"type": "ExternalAuth", "externalAuth": filter_ | ({"forwardBody": {"maxSize": body}} if body is not None else {})}


def says(status, *lines, body=b""):
    """A service that answers everything with this."""
    head = "\r\n".join([f"HTTP/1.1 {status} X", *lines, f"Content-Length: {len(body)}"])
    return answering(head.encode() + b"\r\n\r\n" + body)


def serve(world, script, *filters, rules=None, flags=(), extra=()):
    """(port, the authorization service, the gateway) of one rule with `filters`, before a backend that tells what it got."""
    port = free_port()
    app, asked = world.echo("app"), world.scripted(script)
    gw = world.gateway(gateway(listener("http", port)), backend("app", app.port), backend("auth", asked.port), *extra,
                       route("r", *(rules or [rule("app", filters=filters)])), flags=flags)
    return port, asked, gw


def head_of(asked, index=0):
    """(request line, fields by lower-case name) of a request that the service got."""
    line, *lines = asked.heads[index].decode("latin-1").split("\r\n")[:-2]
    return line, {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}


# --- HTTP -----------------------------------------------------------------------------------------------------------


def test_200_lets_it_pass_with_what_the_service_says(world):
    port, asked, gw = serve(world, says(200, "X-User: ada", "X-Role: admin", "Content-Type: text/odd", "Server: authd", body=b"fine"), auth("auth"))
    response = fetch(port, "/a/b?c=d", method="POST", body=b"body", headers={"X-User": "mallory", "Content-Type": "text/plain"})
    assert response.status == 200 and response.echo["name"] == "app" and response.echo["body_bytes"] == 4
    got = response.echo["headers"]
    assert (got["x-user"], got["x-role"], got["content-type"]) == (["ada"], ["admin"], ["text/plain"]) and "server" not in got
    line, fields = head_of(asked)
    assert line == "POST /a/b?c=d HTTP/1.1" and fields["host"] == "any.test" and fields["content-length"] == "0"
    assert gw.condition("HTTPRoute", "r", "Accepted") == ("True", "Accepted")


def test_what_the_service_is_shown(world):
    port, asked, _ = serve(world, says(200), auth("auth", path="/check/", allowedHeaders=["Cookie", "x-forwarded-for"]))
    assert fetch(port, "/a?b", headers={"Authorization": "Bearer x", "Cookie": "a=b", "X-Other": "1", "Host2": "x"}).status == 200
    line, fields = head_of(asked)
    assert line == "GET /check/a?b HTTP/1.1"
    assert fields == {"host": "any.test", "authorization": "Bearer x", "cookie": "a=b", "x-forwarded-for": "127.0.0.1", "content-length": "0"}


def test_named_fields_are_the_services_alone(world):
    port, _, _ = serve(world, says(200, "X-User: ada", "X-Other: 1"), auth("auth", allowedResponseHeaders=["X-User", "X-Role"]))
    got = fetch(port, headers={"X-Role": "admin", "X-User": "mallory", "X-Kept": "1"}).echo["headers"]
    assert got["x-user"] == ["ada"] and "x-role" not in got and "x-other" not in got and got["x-kept"] == ["1"]


@pytest.mark.parametrize("status", [201, 204, 302, 401, 403, 404, 500, 503])
def test_anything_else_is_the_clients_answer(world, status):
    body = b"" if status == 204 else b"not you"
    port, _, gw = serve(world, says(status, "WWW-Authenticate: Basic realm=x", "Location: https://login.test/", "Set-Cookie: a=1", body=body),
                        auth("auth"))
    response = fetch(port, "/secret")
    assert (response.status, response.body) == (status, body)
    assert response.header("www-authenticate") and response.header("location") and response.header("set-cookie") == "a=1"


def test_a_denial_over_http2_and_to_head(world):
    port, _, _ = serve(world, says(401, "X-Why: no"), auth("auth"))
    with Http2(port) as client:
        stream = client.fetch(method="POST", body=b"x" * 100_000)
        assert stream.status == 401 and stream.header("x-why") == "no"
        assert client.fetch().status == 401, "the connection goes on"
    assert fetch(port, method="HEAD").status == 401


def test_a_large_denial_comes_whole(world):
    page = b"<p>" * 100_000
    port, _, _ = serve(world, says(403, body=page), auth("auth"))
    assert fetch(port).body == page


def test_a_client_may_be_slow_to_read_a_denial(world):
    page = b"<p>" * 10_000_000
    port, _, _ = serve(world, says(403, body=page), auth("auth"), flags=["--external-auth-timeout", "200ms"])
    with Raw(port) as client:
        client.send(request_bytes())
        time.sleep(0.6)
        response = client.read_response()
    assert response.status == 403 and response.complete and response.body == page


def test_the_connection_to_the_service_is_kept(world):
    port, asked, _ = serve(world, says(200, body=b"x" * 100), auth("auth"), flags=["--workers", "1"])
    with Raw(port) as client:
        for _ in range(5):
            assert client.call(request_bytes()).status == 200
    assert asked.connections == 1 and len(asked.heads) == 5


def test_what_is_counted(world):
    port, _, gw = serve(world, says(403), auth("auth"))
    assert [fetch(port).status for _ in range(3)] == [403] * 3
    page = gw.admin("/metrics").body.decode()
    counted = [line for line in page.splitlines() if line.startswith("cardea_backend_responses_total") and 'backend_name="auth"' in line]
    assert any(line.endswith(" 3") for line in counted), counted


def test_a_kept_connection_that_was_closed_is_made_anew(world):
    def one_each(served, connection):
        served.next_request(connection)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        connection.socket.close()
    port, asked, _ = serve(world, one_each, auth("auth"), flags=["--workers", "1"])
    with Raw(port) as client:
        for _ in range(5):
            assert client.call(request_bytes()).status == 200
    assert asked.connections == 5


def broken(kind):
    def script(served, connection):
        if kind == "closes":
            connection.socket.close()
        elif kind == "garbage":
            served.next_request(connection)
            connection.send(b"what?\r\n\r\n")
        elif kind == "switches":
            served.next_request(connection)
            connection.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
        else:
            served.next_request(connection)
            connection.wait_for_close()
    return script


@pytest.mark.parametrize("kind", ["closes", "garbage", "switches", "silent"])
def test_no_verdict_is_no(world, kind):
    port, _, _ = serve(world, broken(kind), auth("auth"), flags=["--external-auth-timeout", "300ms"])
    response = fetch(port)
    assert response.status == 503 and b"authorization" in response.body
    assert fetch(port).status == 503


def test_the_requests_time_is_the_services_too(world):
    port, _, _ = serve(world, broken("silent"), rules=[rule("app", filters=[auth("auth")], timeouts={"request": "300ms"})])
    assert fetch(port).status == 504


def test_a_service_that_is_not_there(world):
    port = free_port()
    app = world.echo("app")
    gw = world.gateway(
        gateway(listener("http", port)), backend("app", app.port), service("idle"), service("away", namespace="away"),
        route("r", rule("app", matches=[match("/idle")], filters=[auth("idle")]),
              rule("app", matches=[match("/gone")], filters=[auth("nothing")]),
              rule("app", matches=[match("/refuses")], filters=[auth("refuses")])),
        backend("refuses", free_port()))
    assert (fetch(port, "/idle").status, fetch(port, "/gone").status, fetch(port, "/refuses").status) == (503, 500, 503)
    assert gw.condition("HTTPRoute", "r", "ResolvedRefs") == ("False", "BackendNotFound")


def test_a_service_in_another_namespace_needs_a_grant(world):
    port = free_port()
    app, asked = world.echo("app"), world.scripted(says(200))
    filter_ = auth("auth")
    filter_["externalAuth"]["backendRef"]["namespace"] = "away"
    gw = world.gateway(gateway(listener("http", port)), backend("app", app.port), backend("auth", asked.port, namespace="away"),
                       route("r", rule("app", filters=[filter_])))
    assert fetch(port).status == 500 and gw.condition("HTTPRoute", "r", "ResolvedRefs") == ("False", "RefNotPermitted")
    gw.apply(reference_grant("allow", "away", "HTTPRoute", "default", "Service"))
    eventually(lambda: fetch(port).status == 200)


# --- Order, bodies, upgrades ----------------------------------------------------------------------------------------


def test_filters_run_in_their_order(world):
    before = header_modifier("Request", set={"X-Before": "1", "Authorization": "made"})
    port, asked, _ = serve(world, says(200), before, auth("auth", allowedHeaders=["X-Before"]), rewrite(hostname="inner.test"))
    assert fetch(port).echo["host"] == "inner.test"
    _, fields = head_of(asked)
    assert fields["x-before"] == "1" and fields["authorization"] == "made" and fields["host"] == "any.test"


def test_a_redirect_behind_it_waits_for_the_verdict(world):
    port, asked, _ = serve(world, says(403), rules=[rule(filters=[auth("auth"), redirect(hostname="x.test")])])
    assert fetch(port).status == 403
    port, asked, _ = serve(world, says(200), rules=[rule(filters=[auth("auth"), redirect(hostname="x.test")])])
    assert fetch(port).status == 302


def test_two_services_must_both_agree(world):
    second = world.scripted(says(200, "X-Second: 1"))
    third = world.scripted(says(403))
    port, _, _ = serve(
        world, says(200, "X-First: 1"),
        rules=[rule("app", filters=[auth("auth"), auth("second", allowedHeaders=["X-First"])], matches=[match("/both")]),
               rule("app", filters=[auth("auth"), auth("third")], matches=[match("/one")])],
        extra=[backend("second", second.port), backend("third", third.port)])
    got = fetch(port, "/both").echo["headers"]
    assert got["x-first"] == ["1"] and got["x-second"] == ["1"] and head_of(second)[1]["x-first"] == "1"
    assert fetch(port, "/one").status == 403


def test_preflights_are_not_asked_about(world):
    port, asked, _ = serve(world, says(403), cors(allowOrigins=["https://a.test"], allowMethods=["PUT"]), auth("auth"))
    headers = {"Origin": "https://a.test", "Access-Control-Request-Method": "PUT"}
    assert fetch(port, method="OPTIONS", headers=headers).status == 200 and not asked.heads
    denied = fetch(port, headers={"Origin": "https://a.test"})
    assert denied.status == 403 and denied.header("access-control-allow-origin") == "https://a.test", "a page may see why"


@pytest.mark.parametrize("chunked", [False, True])
def test_the_body_is_shown_and_goes_on(world, chunked):
    port, asked, _ = serve(world, says(200), auth("auth", body=1000))
    text = b"x" * 900
    if chunked:
        with Raw(port) as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n")
            client.send(b"384\r\n" + text[:450])
            response = client.call(text[450:] + b"\r\n0\r\n\r\n")
    else:
        response = fetch(port, method="POST", body=text)
    assert response.status == 200 and response.echo["body_bytes"] == 900
    assert asked.bodies[0] == text and head_of(asked)[1]["content-length"] == "900"


def test_a_body_that_is_too_large_to_show_is_refused(world):
    port, asked, _ = serve(world, says(200), auth("auth", body=1000))
    assert fetch(port, method="POST", body=b"x" * 1001).status == 413
    with Raw(port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert client.call(b"5dc\r\n" + b"x" * 1500 + b"\r\n0\r\n\r\n").status == 413
    assert not asked.heads
    assert fetch(port, method="POST", body=b"x" * 1000).status == 200


def test_without_forward_body_it_is_not_waited_for(world):
    port, asked, _ = serve(world, says(403), auth("auth", body=0))
    with Raw(port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n")
        assert client.read_response().status == 403
    assert head_of(asked)[1]["content-length"] == "0"


def test_an_upgrade_hides_no_body(world):
    port, asked, _ = serve(world, says(200), auth("auth", body=1000))
    upgrade = {"Connection": "upgrade", "Upgrade": "foo"}
    fetch(port, method="POST", body=b"evil", headers={"Upgrade": "foo"})
    with Raw(port) as client:
        client.call(request_bytes("POST", headers=upgrade, body=b"evil"))
    assert asked.bodies == [b"evil", b"evil"]
    with Raw(port) as client:
        assert client.call(request_bytes("POST", headers=upgrade, body=b"x" * 1001)).status == 413


def test_what_stands_behind_an_answer_to_head_is_no_verdict(world):
    def script(served, connection):
        while (head := served.next_request(connection)) is not None:
            body = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
            connection.send(b"HTTP/1.1 403 No\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    port, _, _ = serve(world, script, auth("auth"), flags=["--workers", "1"])
    with Raw(port) as client:
        assert client.call(request_bytes("HEAD"), "HEAD").status == 403
        assert client.call(request_bytes()).status == 403


def test_a_slow_client_gets_its_denial_whole(world):
    page = b"x" * 8_000_000  # more than the sockets between hold
    port, _, _ = serve(world, says(403, body=page), auth("auth"), flags=["--external-auth-timeout", "300ms"])
    with Raw(port) as client:
        client.send(request_bytes())
        head = client.read_head()
        # Nobody reads until another request has waited in vain for longer than the service has.
        assert fetch(port, "/silent").status == 403
        client.read_body(head)
        assert head.status == 403 and head.body == page


def test_a_service_that_talks_without_end_holds_up_nobody(world):
    def endless(served, connection):
        served.next_request(connection)
        piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.send(piece)

    def interim(served, connection):
        served.next_request(connection)
        while True:
            connection.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000)
    for script, status in ((endless, 200), (interim, 503)):
        port, _, _ = serve(world, script, rules=[rule("app", matches=[match("/asked")], filters=[auth("auth")]), rule("app", matches=[match("/other")])],
                           flags=["--workers", "1", "--external-auth-timeout", "2s"])
        with Raw(port) as client:
            client.send(request_bytes(target="/asked"))
            assert fetch(port, "/other").status == 200
            assert client.read_response().status == status


def test_a_service_that_wants_the_request_again(world):
    def refuse_first(served, connection):
        served.next_request(connection)
        if connection.index == 0:
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            served.next_request(connection)
            connection.socket.close()
        else:
            connection.send(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
    port, asked, _ = serve(world, refuse_first, auth("auth"), flags=["--workers", "1"])
    with Raw(port) as client:
        assert [client.call(request_bytes()).status for _ in range(2)] == [200, 403]
    assert asked.connections == 2


def test_expect_100_continue(world):
    port, _, _ = serve(world, says(200), auth("auth", body=1000))
    with Raw(port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        assert client.read_head().status == 100
        assert client.call(b"body").echo["body_bytes"] == 4


def test_a_body_that_was_shown_is_mirrored_too(world):
    copy = world.scripted(says(200))
    mirror = {"type": "RequestMirror", "requestMirror": {"backendRef": ref("copy")}}
    port, _, _ = serve(world, says(200), auth("auth", body=1000), mirror, extra=[backend("copy", copy.port)])
    assert fetch(port, method="POST", body=b"twice").echo["body_bytes"] == 5
    copy.wait_for(lambda served: served.bodies == [b"twice"], "the copy")


def test_a_copy_goes_out_under_what_held_when_its_request_came(world):
    """What the copy needs was replaced while the service was asked, and is freed with the last who needs it."""
    go, answer = threading.Event(), threading.Event()

    def asking(served, connection):
        while (head := served.next_request(connection)) is not None:
            if b" /first " in head:
                go.wait(20)
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def copied(served, connection):
        while (head := served.next_request(connection)) is not None:
            if b" /first " in head:
                answer.wait(20)
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    copy = world.scripted(copied)
    mirror = {"type": "RequestMirror", "requestMirror": {"backendRef": ref("copy")}}
    port, asked, gw = serve(world, asking, auth("auth"), mirror, extra=[backend("copy", copy.port)], flags=["--workers", "1"])
    with Raw(port) as client:
        client.send(request_bytes(target="/first"))
        asked.wait_for(lambda served: served.heads, "the question")
        gw.apply(route("r", rule("app", filters=[mirror, header_modifier("Response", set={"X-New": "1"})])))
        eventually(lambda: fetch(port).header("x-new"), "the change")
        go.set()
        assert client.read_response().status == 200
    copy.wait_for(lambda served: any(b" /first " in head for head in served.heads), "the copy")
    for number in range(3):  # so that the old tables have every reason to go
        gw.apply(route("r", rule("app", filters=[mirror, header_modifier("Response", set={"X-New": f"again-{number}"})])))
        eventually(lambda: fetch(port).header("x-new") == f"again-{number}", "another change")
    time.sleep(1.5)
    answer.set()
    eventually(lambda: gw.metric("cardea_mirrored_requests_total") == len(copy.heads), "the end of the copy")


def test_an_upgrade_is_asked_about_first(world):
    handshake = {"Connection": "upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    port, asked, _ = serve(world, says(200, "X-User: ada"), auth("auth", body=100))
    with Raw(port) as client:
        assert client.call(request_bytes(headers=handshake)).status == 101
    _, fields = head_of(asked)
    assert "upgrade" not in fields and "connection" not in fields
    port, _, _ = serve(world, says(403), auth("auth"))
    with Raw(port) as client:
        assert client.call(request_bytes(headers=handshake)).status == 403


def test_a_body_that_comes_with_an_upgrade_is_shown(world):
    app = world.scripted()
    port, asked, _ = serve(world, says(200), rules=[rule("plain", filters=[auth("auth", body=100)])], extra=[backend("plain", app.port)])
    websocket = "websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    for method, protocol in ("POST", "other"), ("GET", websocket):
        head = f"{method} / HTTP/1.1\r\nHost: a.test\r\nConnection: upgrade\r\nUpgrade: {protocol}\r\n"
        with Raw(port) as client:
            assert client.call(f"{head}Content-Length: 6\r\n\r\nsecret").status == 200
        assert (asked.bodies.pop(), app.bodies.pop()) == (b"secret", b"secret")
        with Raw(port) as client:
            assert client.call(f"{head}Content-Length: 101\r\n\r\n{'x' * 101}").status == 413
        with Raw(port) as client:
            assert client.call(f"{head}Transfer-Encoding: chunked\r\n\r\n6\r\nsecret\r\n0\r\n\r\n").status == 200
        assert asked.bodies.pop() == b"secret" and app.bodies.pop() == b"6\r\nsecret\r\n0\r\n\r\n"


def test_a_websocket_over_http2_is_asked_about_first(world):
    port, asked, _ = serve(world, says(200), auth("auth", body=100))
    with Http2(port) as client:
        stream = client.websocket()
        client.until(lambda: stream.status or stream.reset)
        assert stream.status == 200 and asked.bodies == [b""]
        client.send(stream, b"\x81\x82\0\0\0\0hi")
        client.until(lambda: stream.body or stream.reset)
        assert stream.body == b"\x81\x02hi"


def test_with_retries_the_service_is_asked_once(world):
    bad = world.scripted(says(503))
    port, asked, _ = serve(world, says(200), rules=[rule("bad", filters=[auth("auth", body=100)], retry={"codes": [503], "attempts": 2, "backoff": "1ms"})],
                           extra=[backend("bad", bad.port)])
    assert fetch(port, method="POST", body=b"again").status == 503
    assert bad.bodies == [b"again"] * 3 and len(asked.heads) == 1


def test_on_a_backend_ref(world):
    port = free_port()
    app, asked = world.echo("app"), world.scripted(says(403))
    world.gateway(gateway(listener("http", port)), backend("app", app.port), backend("auth", asked.port),
                  route("r", rule(ref("app", filters=[auth("auth")]))))
    assert fetch(port).status == 403


# --- gRPC -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authz():
    """(port of an authorization server of Envoy's own types, its log of what it was asked)"""
    program = ROOT / "build" / "interop"
    subprocess.run([ROOT / "tests" / "cluster" / "go", "build", "-C", ROOT / "tests" / "interop", "-o", program, "."], check=True)
    port = free_port()
    process = subprocess.Popen([program, "authz", f"127.0.0.1:{port}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("serving")
    seen = []
    threading.Thread(target=lambda: seen.extend(json.loads(line) for line in process.stdout), daemon=True).start()
    yield port, seen
    ending(process)


def over_grpc(world, authz, protocol="http", **options):
    port = free_port()
    app = world.echo("app")
    world.gateway(gateway(listener("http", port)), backend("app", app.port), backend("auth", authz[0]),
                  route("r", rule("app", filters=[auth("auth", "GRPC", **options)])))
    return port


def asked_about(authz, path):
    """What the server saw of the one request with that path."""
    found, = eventually(lambda: [one for one in authz[1] if one["path"].startswith(path)], "the server tells what it saw")
    return found


def test_grpc_allows_and_changes(world, authz):
    port = over_grpc(world, authz)
    response = fetch(port, "/changes?q=1", headers={"Authorization": "allow", "X-Secret": "s", "X-Old": "client", "X-Many": "1"})
    assert response.status == 200
    got = response.echo["headers"]
    assert got["x-user"] == ["ada"] and got["x-old"] == ["replaced"] and got["x-many"] == ["1", "2"] and "x-secret" not in got
    assert got["x-absent"] == ["added"] and "x-if-present" not in got
    assert response.header("x-for-client") == "hello"
    seen = asked_about(authz, "/changes")
    assert seen["path"] == "/changes?q=1" and seen["method"] == "GET" and seen["host"] == "any.test" and seen["scheme"] == "http"
    assert seen["protocol"] == "HTTP/1.1" and seen["size"] == 0 and seen["source"] == "127.0.0.1" and seen["port"] == port
    assert seen["headers"]["authorization"] == "allow" and seen["headers"]["x-secret"] == "s" and seen["id"] == got["x-request-id"][0]


def test_grpc_denies_in_its_own_words(world, authz):
    port = over_grpc(world, authz)
    response = fetch(port, "/denied", headers={"Authorization": "nobody"})
    assert (response.status, response.body, response.header("x-why")) == (401, b"who are you?", "unknown")
    plain = fetch(port, "/plainly", headers={"Authorization": "plain"})
    assert (plain.status, plain.body) == (403, b"")
    with Http2(port) as client:
        assert client.fetch(path="/denied2", headers=[("authorization", "nobody")]).status == 401


@pytest.mark.parametrize("kind", ["fails", "hangs"])
def test_grpc_without_a_verdict(world, authz, kind):
    port = free_port()
    app = world.echo("app")
    world.gateway(gateway(listener("http", port)), backend("app", app.port), backend("auth", authz[0]),
                  route("r", rule("app", filters=[auth("auth", "GRPC")])), flags=["--external-auth-timeout", "500ms"])
    assert fetch(port, f"/{kind}", headers={"Authorization": kind}).status == 503


def test_grpc_is_shown_only_what_is_allowed_and_the_body(world, authz):
    port = over_grpc(world, authz, allowedHeaders=["Authorization"], body=100)
    assert fetch(port, "/body-text", method="POST", headers={"Authorization": "allow", "X-Hidden": "1"}, body="grüß".encode()).echo["body_bytes"] == 6
    seen = asked_about(authz, "/body-text")
    assert seen["headers"] == {"authorization": "allow"} and seen["body"] == "grüß" and seen["size"] == 6
    assert fetch(port, "/body-bytes", method="POST", headers={"Authorization": "allow"}, body=b"\xff\xfe").status == 200
    assert asked_about(authz, "/body-bytes")["raw"] == "fffe"


def length_delimited(field, content):
    return bytes([field << 3 | 2, len(content)]) + content


@pytest.mark.parametrize("value, user", [(b"ada", ["ada"]), (b" ada\t", ["ada"]), (b"", [""]), (b"ada\n", None), (b"a\0b", None),
                                         (b"ada\r\nX-Role: admin", None)])
def test_a_value_that_cannot_be_sent_leaves_nothing_of_the_client(world, value, user):
    option = length_delimited(1, length_delimited(1, b"X-User") + length_delimited(2, value))
    message = length_delimited(3, length_delimited(2, option))

    def script(stream):
        stream.respond(200, [("content-type", "application/grpc")])
        stream.send(b"\0" + len(message).to_bytes(4) + message)
        stream.send_trailers([("grpc-status", "0")])
    asked, app, port = Http2Backend(script), world.echo("app"), free_port()
    world.parts.append(asked)
    world.gateway(gateway(listener("http", port)), backend("app", app.port), backend("auth", asked.port),
                  route("r", rule("app", filters=[auth("auth", "GRPC")])))
    got = fetch(port, headers={"X-User": "mallory"}).echo["headers"]
    assert got.get("x-user") == user and "x-role" not in got


def test_grpc_answers_have_a_limit(world, authz):
    port = free_port()
    app = world.echo("app")
    world.gateway(gateway(listener("http", port)), backend("app", app.port), backend("auth", authz[0]),
                  route("r", rule("app", filters=[auth("auth", "GRPC")])), flags=["--max-auth-answer-bytes", "256"])
    assert fetch(port, "/long", headers={"Authorization": "allow"}).status == 503
    assert fetch(port, "/short", headers={"Authorization": "nobody"}).status == 401


def test_grpc_is_shown_all_cookies_as_one(world, authz):
    port = over_grpc(world, authz)
    assert fetch(port, "/cookies", headers=[("Authorization", "allow"), ("Cookie", "a=1"), ("Cookie", "b=2")]).status == 200
    assert asked_about(authz, "/cookies")["headers"]["cookie"] == "a=1; b=2"


def test_a_server_that_is_none(world):
    port = free_port()
    app, other = world.echo("app"), world.echo("other")
    world.gateway(gateway(listener("http", port)), backend("app", app.port), endpoints("auth", other.port), service("auth"),
                  route("r", rule("app", filters=[auth("auth", "GRPC")])))
    assert fetch(port).status == 503
