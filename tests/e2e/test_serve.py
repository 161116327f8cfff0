# SPDX-License-Identifier: Apache-2.0
"""What a person sees of `cardea serve`: the command line, start-up, statuses, the admin address, metrics, the access log."""
import contextlib
import json
import re
import socket
import subprocess

import pytest
import yaml

from certificates import self_signed
from client import Raw, careless, curl, eventually, fetch, request_bytes
from manifests import (backend, gateway, listener, listener_set, match, namespace, redirect, route, rule, secret)
from processes import free_port, program


def cardea(*arguments):
    return subprocess.run([str(program()), *map(str, arguments)], capture_output=True, text=True, timeout=60)


# --- the command line ---


def test_help_names_every_flag():
    text = cardea("serve", "--help").stdout
    for flag in ("--port-map", "--advertise-port-map", "--bind", "--admin", "--status-dir", "--drain-timeout", "--workers",
                 "--access-log", "--log-level", "--max-head-bytes", "--idle-timeout"):
        assert flag in text
    assert {"serve", "echo"} <= set(re.findall(r"\w+", cardea("--help").stdout))
    assert "--listen" in cardea("echo", "--help").stdout


def test_version():
    result = cardea("--version")
    assert result.returncode == 0 and re.search(r"\d+\.\d+", result.stdout)


@pytest.mark.parametrize("arguments", [
    [], ["frobnicate"], ["serve"], ["serve", "--nonsense", "x"], ["serve", "x", "--port-map", "80"], ["serve", "x", "--idle-timeout", "soon"],
    ["serve", "x", "--bind", "nowhere"], ["serve", "x", "--workers", "-1"], ["echo", "--listen", "80"]], ids=" ".join)
def test_wrong_arguments_are_refused_with_a_reason(arguments):
    result = cardea(*arguments)
    assert result.returncode == 2 and len(result.stderr) > 10 and result.stdout == ""


def test_a_path_that_does_not_exist(tmp_path):
    result = cardea("serve", tmp_path / "nothing", "--admin", f"127.0.0.1:{free_port()}")
    assert result.returncode == 1 and "nothing" in result.stderr


def test_an_admin_port_that_is_taken(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = cardea("serve", tmp_path, "--admin", f"127.0.0.1:{taken.getsockname()[1]}")
    assert result.returncode == 1 and "in use" in result.stderr


# --- one gateway, asked in many ways ---


@pytest.fixture(scope="module")
def served(shared_world):
    port, tls_port = free_port(), free_port()
    echo = shared_world.echo("shown")
    log = shared_world.folder / "access.log"
    gw = shared_world.gateway(
        gateway(listener("http", port), listener("https", tls_port, "HTTPS", "secret.test", ["cert"])),
        secret("cert", self_signed("secret.test")), backend("shown", echo.port),
        route("shown", {**rule("shown", matches=[match(prefix="/a")]), "name": "first"},
              rule("shown", matches=[match(prefix="/b")]), rule("missing", matches=[match(prefix="/c")])),
        flags=["--access-log", log, "--workers", "1"])
    gw.port, gw.tls_port, gw.access_log = port, tls_port, log
    return gw


def test_startup_says_what_is_served_where(served):
    text = served.log.read_text()
    assert str(served.port) in text and str(served.tls_port) in text and str(served.admin_port) in text
    assert "missing" in text, "what is wrong is said too"


def test_admin_pages(served):
    assert served.admin("/readyz").status == served.admin("/livez").status == 200
    assert "cardea" in served.admin("/build").body.decode().lower()
    statuses = served.admin("/status")
    assert statuses.status == 200 and "HTTPRoute" in statuses.body.decode() and "BackendNotFound" in statuses.body.decode()
    assert served.admin("/nothing").status == 404
    assert fetch(served.admin_port, "/status", host="x", method="POST", body=b"").status == 405


def test_the_plan_shows_everything_but_secrets(served):
    page = served.admin("/plan")
    assert page.status == 200
    text = page.body.decode()
    assert "default/shown:80" in text and "PRIVATE" not in text
    key = yaml.safe_load((served.manifests / "secret-default-cert.yaml").read_text())["data"]["tls.key"]
    assert key not in text and key[40:100] not in text
    json.loads(text)


def test_the_admin_address_is_loopback_alone(served):
    result = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=False)
    if result.returncode == 0:
        lines = [line for line in result.stdout.splitlines() if f":{served.admin_port} " in line]
        assert lines and all("127.0.0.1:" in line for line in lines)


def test_status_folder(served):
    files = sorted(path.name for path in served.status_folder.iterdir())
    assert {"Gateway.default.gw.yaml", "GatewayClass.test.yaml", "HTTPRoute.default.shown.yaml"} <= set(files)
    gateway_status = served.status_of("Gateway", "gw")
    assert [a["value"] for a in gateway_status["addresses"]] == ["127.0.0.1"]
    by_name = {entry["name"]: entry for entry in gateway_status["listeners"]}
    assert by_name["http"]["attachedRoutes"] == by_name["https"]["attachedRoutes"] == 1
    assert {kind["kind"] for kind in by_name["http"]["supportedKinds"]} >= {"HTTPRoute"}
    for condition in ("Accepted", "Programmed"):
        assert served.condition("Gateway", "gw", condition) == ("True", condition)
        assert served.condition("Gateway", "gw", condition, listener="http") == ("True", condition)
    assert served.condition("GatewayClass", "test", "Accepted") == ("True", "Accepted")
    features = [feature["name"] for feature in served.status_of("GatewayClass", "test")["supportedFeatures"]]
    assert features == sorted(features) and "HTTPRoute" in features
    assert served.condition("HTTPRoute", "shown", "ResolvedRefs") == ("False", "BackendNotFound")


def test_metrics(served):
    before = served.metric("cardea_http_requests_total")
    names = {name.partition("{")[0] for name in served.metrics()}
    for _ in range(5):
        fetch(served.port, "/a")
    fetch(served.port, "/c")
    eventually(lambda: served.metric("cardea_http_requests_total") >= before + 6, f"requests are counted; there are {sorted(names)}")
    series = [name for name in served.metrics() if 'route="default/shown"' in name or ('shown' in name and 'default' in name)]
    assert series, "routes are named as namespace and name"
    text = served.admin("/metrics").body.decode()
    assert "# TYPE" in text and "_bucket{" in text and "attempts" in text
    unknown = len(served.metrics())
    for n in range(50):
        fetch(served.port, f"/nothing/{n}", host=f"host{n}.test", method="GET")
    assert len(served.metrics()) <= unknown + 10, "what clients invent makes no new series"


def test_tls_handshakes_are_counted(served):
    before = served.metrics()
    fetch(served.tls_port, "/a", host="secret.test", tls=careless(), sni="secret.test")
    eventually(lambda: any("tls" in name and value > before.get(name, 0) for name, value in served.metrics().items()))


def log_lines(served, wanted):
    def found():
        lines = [json.loads(line) for line in served.access_log.read_text().splitlines()]
        return [line for line in lines if wanted in json.dumps(line)]
    return eventually(found, f"a line with {wanted}")


def test_access_log(served):
    fetch(served.port, "/a/logged-200?x=1", host="log.test", headers={"User-Agent": "tester \"quoted\""}, method="POST", body=b"hello")
    line = log_lines(served, "logged-200")[0]
    text = json.dumps(line)
    assert line["status"] == 200 and line["method"] == "POST" and line["host"] == "log.test"
    assert "default/shown:80" in text and "127.0.0.1:" in text and "first" in text and "http" in text
    assert any("id" in key for key in line) and any("duration" in key for key in line)
    fetch(served.port, "/c/logged-500")
    line = log_lines(served, "logged-500")[0]
    assert line["status"] == 500 and "backend_invalid" in json.dumps(line)
    fetch(served.port, "/logged-404")
    assert log_lines(served, "logged-404")[0]["status"] == 404
    with Raw(served.port) as connection:
        connection.call(b"GET /logged-400 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
    eventually(lambda: any(json.loads(line)["status"] == 400 for line in served.access_log.read_text().splitlines()))


def test_the_log_survives_what_clients_write(served):
    """Control characters and quotes from outside never break a line of the log."""
    with Raw(served.port) as connection:
        connection.call(b"GET /a/%22%0a HTTP/1.1\r\nHost: a.test\r\nUser-Agent: \xff\xfe\"\\\x7f x\r\nConnection: close\r\n\r\n")
    fetch(served.port, "/a/after-it")
    log_lines(served, "after-it")


# --- addresses and ports ---


def test_gateways_share_a_port_while_their_listeners_are_distinct(world):
    port = free_port()
    echo = world.echo("shared")
    gw = world.gateway(
        gateway(listener("http", port, hostname="one.test"), name="one"), gateway(listener("http", port, hostname="two.test"), name="two"),
        gateway(listener("http", port, hostname="one.test"), name="zwei"), backend("shared", echo.port),
        route("r", rule("shared"), parents=["one", "two", "zwei"]))
    assert [fetch(port, host=host).status for host in ("one.test", "two.test", "three.test")] == [200, 200, 404]
    assert gw.condition("Gateway", "one", "Programmed", listener="http") == ("True", "Programmed")
    assert gw.condition("Gateway", "two", "Programmed", listener="http") == ("True", "Programmed")
    assert gw.condition("Gateway", "zwei", "Accepted", listener="http") == ("False", "PortUnavailable")
    gw.remove(gateway(listener("http", port, hostname="one.test"), name="one"))
    eventually(lambda: gw.condition("Gateway", "zwei", "Programmed", listener="http") == ("True", "Programmed"))
    assert fetch(port, host="one.test").status == 200


def test_spec_addresses_are_bound(world):
    port = free_port()
    echo = world.echo("address")
    gw = world.gateway(
        gateway(listener("http", port), name="two", addresses=[{"type": "IPAddress", "value": "127.0.0.2"}]),
        gateway(listener("http", port), name="three", addresses=[{"type": "IPAddress", "value": "127.0.0.3"}]),
        gateway(listener("http", port), name="bad", addresses=[{"type": "IPAddress", "value": "192.0.2.1"}]),
        backend("address", echo.port), route("r2", rule("address"), parents=["two"]))
    assert fetch(port, address="127.0.0.2").status == 200
    assert fetch(port, address="127.0.0.3").status == 404
    with pytest.raises(ConnectionRefusedError):
        Raw(port)
    assert [a["value"] for a in gw.status_of("Gateway", "two")["addresses"]] == ["127.0.0.2"]
    assert gw.condition("Gateway", "bad", "Programmed") == ("False", "AddressNotUsable")


def test_ipv6_and_several_binds(world):
    port = free_port()
    echo = world.echo("binds")
    gw = world.gateway(gateway(listener("http", port)), backend("binds", echo.port), route("r", rule("binds")), binds=("127.0.0.1", "::1"))
    assert fetch(port).status == fetch(port, address="::1").status == 200
    assert sorted(a["value"] for a in gw.status_of("Gateway", "gw")["addresses"]) == ["127.0.0.1", "::1"]


def test_without_bind_it_listens_everywhere(world):
    port = free_port()
    echo = world.echo("everywhere")
    world.gateway(gateway(listener("http", port)), backend("everywhere", echo.port), route("r", rule("everywhere")), binds=())
    assert fetch(port).status == fetch(port, address="::1").status == fetch(port, address="127.0.0.5").status == 200


def test_a_port_that_is_taken_costs_only_its_listener(world):
    port = free_port()
    echo = world.echo("taken")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gw = world.gateway(gateway(listener("http", port), listener("taken", taken.getsockname()[1])), backend("taken", echo.port),
                           route("r", rule("taken")))
        assert fetch(port).status == 200
        status, reason = gw.condition("Gateway", "gw", "Programmed", listener="taken")
        assert status == "False" and reason in ("PortUnavailable", "Invalid"), reason


def test_conflicts_within_a_gateway(world):
    port, other = free_port(), free_port()
    conflicting = gateway(listener("a", port, hostname="same.test"), listener("good", other), listener("c", port, "HTTPS", "same.test", ["none"]),
                          listener("tcp", other, "TCP"))
    gw = world.gateway(conflicting)
    statuses = {name: gw.condition("Gateway", "gw", "Accepted", listener=name) for name in ("a", "good", "c", "tcp")}
    assert statuses["tcp"][0] == "False"
    assert gw.condition("Gateway", "gw", "Accepted") is not None


def test_listener_sets_need_permission(world):
    port, blue, red = free_port(), free_port(), free_port()
    echo = world.echo("sets")
    allowed = {"allowedListeners": {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "blue"}}}}}
    gw = world.gateway(
        namespace("blue", team="blue"), namespace("red", team="red"), gateway(listener("http", port), **allowed),
        [(listener_set(listener("more", own), namespace=ns, parent={"name": "gw", "namespace": "default"}),
          backend("sets", echo.port, namespace=ns),
          route("r", rule("sets"), namespace=ns, parents=[{"kind": "ListenerSet", "name": "set"}]))
         for ns, own in (("blue", blue), ("red", red))])
    assert gw.condition("ListenerSet", "set", "Accepted", namespace="blue") == ("True", "Accepted")
    assert gw.condition("ListenerSet", "set", "Accepted", namespace="red") == ("False", "NotAllowed")
    assert gw.status_of("Gateway", "gw")["attachedListenerSets"] == 1
    assert fetch(blue).status == 200 and fetch(port).status == 404
    with pytest.raises(ConnectionRefusedError):
        Raw(red)


def test_a_listener_set_serves_its_routes(world):
    port, more = free_port(), free_port()
    echo = world.echo("set")
    extra = listener_set(listener("more", more), name="extra")
    gw = world.gateway(
        gateway(listener("http", port), allowedListeners={"namespaces": {"from": "Same"}}), extra, backend("set", echo.port),
        route("on-set", rule("set"), parents=[{"kind": "ListenerSet", "name": "extra"}]))
    assert fetch(more).status == 200 and fetch(port).status == 404
    assert gw.condition("ListenerSet", "extra", "Programmed") == ("True", "Programmed")
    assert gw.status_of("Gateway", "gw")["attachedListenerSets"] == 1
    gw.remove(extra)

    def gone():
        with contextlib.suppress(ConnectionRefusedError):
            Raw(more).close()
            return False
        return True
    eventually(gone)


def test_allowed_routes_by_namespace_and_kind(world):
    port = free_port()
    echo = world.echo("allowed")
    selector = {"allowedRoutes": {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"in": "yes"}}}}}
    gw = world.gateway(
        namespace("in", **{"in": "yes"}), namespace("out"), gateway(listener("http", port, **selector)),
        [(route("r", rule("b", matches=[match(prefix=f"/{ns}")]), namespace=ns, parents=[{"name": "gw", "namespace": "default"}]),
          backend("b", echo.port, namespace=ns)) for ns in ("in", "out")])
    assert (fetch(port, "/in").status, fetch(port, "/out").status) == (200, 404)
    assert gw.condition("HTTPRoute", "r", "Accepted", namespace="out") == ("False", "NotAllowedByListeners")
    gw.apply(namespace("out", **{"in": "yes"}))
    eventually(lambda: fetch(port, "/out").status == 200, "the namespace has the label now")


# --- the path's one normal form (docs/path-normal-form.md) ---


def test_the_backend_gets_the_path_that_was_matched(world):
    port = free_port()
    keeper = world.scripted()
    world.gateway(gateway(listener("http", port)), backend("keeper", keeper.port),
                  route("admin", rule(matches=[match(prefix="/admin")], filters=[redirect(hostname="no.test", statusCode=301)])),
                  route("r", rule("keeper")))
    for target in ("/admin", "/./admin", "/x/../admin", "//admin", "/%61dmin", "/x/%2e%2e/admin", "/x/.%2E/admin/y", "/admin/../admin/z"):
        status = fetch(port, target).status
        assert status in (301, 400), (target, status)
        if status == 400:
            continue
    assert keeper.heads == [], "a spelling of /admin reached the backend behind the other route"


# --- clients that we did not write ---


@pytest.fixture(scope="module")
def plain(shared_world):
    port = free_port()
    echo = shared_world.echo("plain")
    shared_world.gateway(gateway(listener("http", port)), backend("plain", echo.port), route("r", rule("plain")))
    return port


def test_curl(plain, tmp_path):
    (tmp_path / "body").write_bytes(b"z" * 200_000)
    base = f"http://any.test:{plain}"
    resolve = ["--resolve", f"any.test:{plain}:127.0.0.1"]
    assert json.loads(curl(*resolve, f"{base}/x?y=1").stdout)["path"] == "/x?y=1"
    assert json.loads(curl(*resolve, "-X", "POST", "--data-binary", f"@{tmp_path / 'body'}", base).stdout)["body_bytes"] == 200_000
    chunked = curl(*resolve, "-T", tmp_path / "body", "-H", "Transfer-Encoding: chunked", "-H", "Expect: 100-continue", base)
    assert json.loads(chunked.stdout)["body_bytes"] == 200_000
    assert "200 OK" in curl(*resolve, "-I", base).stdout
    several = curl(*resolve, "-w", "%{num_connects}\n", "-o", "/dev/null", base, "-o", "/dev/null", base + "/2")
    assert several.stdout.split() == ["1", "0"], "curl reuses its connection"


def test_h2load_over_http_1(plain):
    output = subprocess.run(["h2load", "--h1", "-n", "5000", "-c", "20", "-m", "1", f"http://127.0.0.1:{plain}/"],
                            capture_output=True, text=True, timeout=120, check=True).stdout
    assert "5000 succeeded, 0 failed, 0 errored, 0 timeout" in output, output
    assert "5000 2xx, 0 3xx, 0 4xx, 0 5xx" in output


def test_wrk(plain):
    output = subprocess.run(["wrk", "-t1", "-c50", "-d1s", f"http://127.0.0.1:{plain}/"], capture_output=True, text=True, timeout=60,
                            check=True).stdout
    assert "Socket errors" not in output and "Non-2xx" not in output and "requests in" in output, output


def test_websockets(plain):
    import asyncio

    import websockets

    async def talk():
        async with websockets.connect(f"ws://127.0.0.1:{plain}/chat", max_size=None) as socket_:
            for message in ("hello", b"\x00\xff" * 10, "x" * 70_000, "", b"y" * 300_000):
                await socket_.send(message)
                assert await socket_.recv() == message
            await (await socket_.ping())
        return socket_.close_code
    assert asyncio.run(talk()) == 1000


@pytest.mark.threads
def test_load_from_many_connections(world):
    port = free_port()
    echo = world.echo("load")
    world.gateway(gateway(listener("http", port)), backend("load", echo.port), route("r", rule("load")), flags=["--workers", "4"])
    output = subprocess.run(["wrk", "-t2", "-c64", "-d2s", f"http://127.0.0.1:{port}/"], capture_output=True, text=True, timeout=60,
                            check=True).stdout
    assert "Socket errors" not in output and "Non-2xx" not in output, output
    with Raw(port) as connection:
        assert connection.call(request_bytes()).status == 200


def test_two_programs_do_not_share_a_port_by_accident(world):
    """SO_REUSEPORT is for the workers of one process; a second cardea on the same port must hear that it is taken."""
    port = free_port()
    echo = world.echo("first")
    world.gateway(gateway(listener("http", port)), backend("first", echo.port), route("r", rule("first")))
    second = world.gateway(gateway(listener("http", port)), route("r", rule(matches=[match(prefix="/")], filters=[redirect(hostname="x.test")])))
    assert [fetch(port).status for _ in range(20)] == [200] * 20
    assert second.condition("Gateway", "gw", "Programmed", listener="http")[0] == "False"
