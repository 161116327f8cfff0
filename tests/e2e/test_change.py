# SPDX-License-Identifier: Apache-2.0
"""Edits are live without a restart; while everything around them changes, no request gets an answer that it should not."""
import contextlib
import json
import os
import re
import shutil
import subprocess

import pytest

from certificates import self_signed
from client import Closed, Raw, eventually, fetch, request_bytes, trusting
from loads import load
from manifests import (CLASS, backend, endpoints, gateway, listener, match, ref, route, rule, secret, to_yaml)
from processes import free_port


@pytest.mark.threads
def test_everything_around_a_route_changes(world):
    """Routes, listeners, backends, certificates and Gateways come and go; the load on what stays sees none of it."""
    port, tls_port, extra_port = free_port(), free_port(), free_port()
    certificate = self_signed("stays.test")
    echo = world.echo("stays")
    https = listener("https", tls_port, "HTTPS", "stays.test", ["cert"])
    base = [listener("http", port, hostname="stays.test"), https]
    gw = world.gateway(gateway(*base), secret("cert", certificate), backend("stays", echo.port),
                       route("stays", rule("stays"), hostnames=["stays.test"]))
    with load(port, ["stays"], host="stays.test") as kept, load(port, ["stays"], host="stays.test", clients=2, fresh=True) as fresh, \
            load(tls_port, ["stays"], host="stays.test", clients=2, tls=trusting(certificate)) as secure, \
            Raw(port) as idle:
        assert idle.call(request_bytes(host="stays.test")).status == 200
        for turn in range(5):
            others = [route(f"other-{n}", rule("stays", matches=[match(prefix=f"/{turn}/{n}")]), hostnames=[f"h{n}.test", "stays.test"])
                      for n in range(20)]
            gw.apply(others)
            more = listener("more", port, hostname="h3.test")
            wide = listener("wide", extra_port)
            another = self_signed(f"another-{turn}.test")
            gw.apply(gateway(*base, more, wide), secret("unrelated", another), backend(f"new-{turn}", echo.port))
            eventually(lambda: fetch(extra_port, f"/{turn}/3", host="h3.test").status == 200, "the new listener and routes")
            for running in (kept, fresh, secure):
                running.wait_for_more()
            gw.apply(gateway(*base))
            gw.remove(others)

            def closed():
                # A connection that was on its way when the listener went may be closed without an answer.
                with contextlib.suppress(ConnectionRefusedError):
                    with contextlib.suppress(Closed, ConnectionResetError):
                        fetch(extra_port)
                    return False
                return True
            eventually(closed, "the listener is gone")
        assert idle.call(request_bytes(host="stays.test")).status == 200, "a connection from the beginning still serves"


@pytest.mark.threads
def test_a_route_moves_from_one_backend_to_another(world):
    port = free_port()
    blue, green = world.echo("blue"), world.echo("green")
    gw = world.gateway(gateway(listener("http", port)), backend("blue", blue.port), backend("green", green.port), route("r", rule("blue")))
    with load(port, ["blue", "green"]) as running:
        for name in ["green", "blue"] * 5:
            gw.apply(route("r", rule(name)))
            eventually(lambda: fetch(port).echo["name"] == name, "the move")
            running.wait_for_more()
            assert fetch(port).echo["name"] == name


@pytest.mark.threads
def test_endpoints_come_and_go(world):
    """A rolling update: each endpoint leaves the slice before its process would end, so nobody notices."""
    port = free_port()
    echoes = [world.echo(f"e{n}") for n in range(3)]
    gw = world.gateway(gateway(listener("http", port)), backend("many", *[e.port for e in echoes]), route("r", rule("many")))
    slices = endpoints("many", *[e.port for e in echoes])
    with load(port, [e.name for e in echoes]) as running:
        for turn in range(6):
            gw.remove(slices[turn % 3])
            running.wait_for_more()
            gw.apply(slices[turn % 3])
            running.wait_for_more()


@pytest.mark.threads
def test_certificates_are_renewed_under_load(world):
    port = free_port()
    old, new = self_signed("renew.test"), self_signed("renew.test", kind="rsa")
    echo = world.echo("renew")
    gw = world.gateway(gateway(listener("https", port, "HTTPS", "renew.test", ["cert"])), secret("cert", old), backend("renew", echo.port),
                       route("r", rule("renew")))
    both = trusting(old)
    both.load_verify_locations(cadata=new.chain)
    with load(port, ["renew"], host="renew.test", tls=both, fresh=True) as running:
        for certificate in (new, old, new):
            gw.apply(secret("cert", certificate))
            eventually(lambda: fetch(port, host="renew.test", tls=trusting(certificate), sni="renew.test").status == 200, "renewed")
            running.wait_for_more(20)


def test_wrk_sees_nothing_but_success_while_routes_change(world):
    port = free_port()
    echo = world.echo("wrk")
    gw = world.gateway(gateway(listener("http", port)), backend("wrk", echo.port), route("r", rule("wrk")))
    wrk = subprocess.Popen(["wrk", "-t1", "-c16", "-d5s", f"http://127.0.0.1:{port}/"], stdout=subprocess.PIPE, text=True)
    turn = 0
    while wrk.poll() is None:
        turn += 1
        gw.apply(route("other", rule("wrk", matches=[match(exact=f"/other/{turn}")]), hostnames=["other.test"]))
        eventually(lambda: fetch(port, f"/other/{turn}", host="other.test").status == 200)
    output = wrk.stdout.read()
    assert int(re.search(r"(\d+) requests in", output).group(1)) > 0
    assert "Socket errors" not in output and "Non-2xx" not in output, output
    assert turn > 3


def test_requests_under_way_finish_under_the_routes_that_they_began_with(world):
    port = free_port()
    echo = world.echo("slow")
    r = route("r", rule("slow"))
    gw = world.gateway(gateway(listener("http", port)), backend("slow", echo.port), r)
    with Raw(port) as connection:
        connection.send(request_bytes(target="/?delay=2s"))
        gw.remove(r)
        eventually(lambda: fetch(port).status == 404, "the route is gone")
        assert connection.read_response().status == 200


def test_only_the_listener_that_changed_is_reopened(world):
    ports = [free_port(), free_port()]
    echo = world.echo("two")
    gw = world.gateway(gateway(listener("a", ports[0]), listener("b", ports[1])), backend("two", echo.port), route("r", rule("two")))
    with Raw(ports[0]) as stays, Raw(ports[1]) as concerned:
        assert stays.call(request_bytes()).status == concerned.call(request_bytes()).status == 200
        gw.apply(gateway(listener("a", ports[0])))

        def refused():
            with contextlib.suppress(ConnectionRefusedError):
                Raw(ports[1]).close()
                return False
            return True
        eventually(refused, "the second listener is closed")
        assert stays.call(request_bytes()).status == 200


# --- the files ---


def test_an_edit_that_is_invalid_keeps_the_last_good_version(world):
    port = free_port()
    a, b = world.echo("a"), world.echo("b")
    good = route("r", rule("a"))
    gw = world.gateway(gateway(listener("http", port)), backend("a", a.port), backend("b", b.port), good)
    for broken in (to_yaml(good).replace("backendRefs", "backendRef"),  # a field that does not exist
                   to_yaml(good).replace("port: 80", "port: eighty"),
                   to_yaml(good).replace("port: 80", "port: 80000"),
                   "this: is: not: yaml: [",
                   "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"):
        gw.write("httproute-default-r.yaml", broken)
        marker = route("marker", rule("b", matches=[match(exact="/marker")]))
        gw.apply(marker)
        eventually(lambda: fetch(port, "/marker").echo["name"] == "b", "a later change is live")
        assert fetch(port).echo["name"] == "a"
        assert "httproute-default-r.yaml" in gw.log.read_text()
        gw.remove(marker)
        eventually(lambda: fetch(port, "/marker").echo["name"] == "a")
    gw.apply(route("r", rule("b")))
    eventually(lambda: fetch(port).echo["name"] == "b", "the good edit after them")


def test_a_message_names_the_place_and_what_is_allowed(world):
    port = free_port()
    gw = world.gateway(gateway(listener("http", port)))
    gw.write("bad.yaml", to_yaml(route("bad", rule(matches=[match(prefix="/a", method="GRAB")]))))
    eventually(lambda: "bad.yaml" in gw.log.read_text())
    line = next(text for text in gw.log.read_text().splitlines() if "bad.yaml" in text)
    assert re.search(r"bad\.yaml:\d+:\d+", line) and "rules[0].matches[0].method" in line and "GET" in line, line


def test_an_object_that_is_invalid_at_the_start_is_absent_and_others_serve(world):
    port = free_port()
    echo = world.echo("good")
    bad = route("bad", rule("good", matches=[match(prefix="/bad")]))
    bad["spec"]["colour"] = "green"
    gw = world.gateway(gateway(listener("http", port)), backend("good", echo.port), bad, route("good", rule("good", matches=[match(prefix="/good")])))
    assert (fetch(port, "/good").status, fetch(port, "/bad").status) == (200, 404)
    assert "colour" in gw.log.read_text()
    del bad["spec"]["colour"]
    gw.apply(bad)
    eventually(lambda: fetch(port, "/bad").status == 200)


def test_files_are_edited_in_place_moved_and_removed(world):
    port = free_port()
    a, b = world.echo("a"), world.echo("b")
    gw = world.gateway(gateway(listener("http", port)), backend("a", a.port), backend("b", b.port), route("r", rule("a")))
    file = gw.manifests / "httproute-default-r.yaml"
    file.write_text(to_yaml(route("r", rule("b"))))  # written in place, as some editors do
    eventually(lambda: fetch(port).echo["name"] == "b", "written in place")
    (gw.manifests / "deeper" / "still").mkdir(parents=True)
    file.rename(gw.manifests / "deeper" / "still" / "renamed.yaml")
    eventually(lambda: fetch(port).status == 200)
    (gw.manifests / "deeper" / "still" / "renamed.yaml").write_text(to_yaml(route("r", rule("a"))))
    eventually(lambda: fetch(port).echo["name"] == "a", "a folder that is new is watched too")
    shutil.rmtree(gw.manifests / "deeper")
    eventually(lambda: fetch(port).status == 404, "removed")


def test_the_symlink_swap_of_a_mounted_config_map(world):
    """The kubelet writes a new folder and moves one link, ..data, over the old one."""
    port = free_port()
    a, b = world.echo("a"), world.echo("b")
    mount = world.next_folder("mount")

    def publish(version, text):
        fresh = mount / f"..{version}"
        fresh.mkdir()
        (fresh / "route.yaml").write_text(text)
        (mount / "..data_tmp").symlink_to(fresh.name)
        os.replace(mount / "..data_tmp", mount / "..data")
        for old in mount.glob("..[0-9]*"):
            if old != fresh:
                shutil.rmtree(old)
    publish(1, to_yaml(route("r", rule("a"))))
    (mount / "route.yaml").symlink_to("..data/route.yaml")
    world.gateway(gateway(listener("http", port)), backend("a", a.port), backend("b", b.port), flags=[mount])
    assert fetch(port).echo["name"] == "a"
    for version in range(2, 8):
        name = "ab"[version % 2 == 0]
        publish(version, to_yaml(route("r", rule(name))))
        eventually(lambda: fetch(port).echo["name"] == name, f"version {version}")


def test_documents_lists_and_json(world):
    port = free_port()
    echo = world.echo("list")
    gw = world.gateway()
    (gw.manifests / "list.json").write_text(json.dumps({
        "apiVersion": "v1", "kind": "List", "items": [gateway(listener("http", port)), *backend("list", echo.port)]}))
    (gw.manifests / "two.yaml").write_text(to_yaml(route("one", rule("list", matches=[match(prefix="/one")])),
                                                   route("two", rule("list", matches=[match(prefix="/two")]))))
    eventually(lambda: fetch(port, "/one").status == fetch(port, "/two").status == 200)
    (gw.manifests / "notes.txt").write_text("not a manifest")
    (gw.manifests / "other.yaml").write_text("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {}\n")
    eventually(lambda: "Deployment" in gw.log.read_text(), "one note for a kind that is not ours")


def test_generation_rises_with_the_spec(world):
    port = free_port()
    gw = world.gateway(gateway(listener("http", port)), route("r", rule("x")))

    def generation():
        return gw.status_of("HTTPRoute", "r")["parents"][0]["conditions"][0]["observedGeneration"]
    assert generation() == 1
    gw.apply(route("r", rule(ref("z"))))
    eventually(lambda: generation() == 2)
    labelled = route("r", rule(ref("z")))
    labelled["metadata"]["labels"] = {"a": "b"}
    labelled["status"] = {"parents": []}
    gw.apply(labelled)
    gw.apply(route("marker", rule()))
    eventually(lambda: gw.status_of("HTTPRoute", "marker"))
    assert generation() == 2
    assert all(c["observedGeneration"] == 2 for c in gw.status_of("HTTPRoute", "r")["parents"][0]["conditions"])


def test_a_class_of_somebody_else_is_left_alone_and_said_so_once(world):
    port = free_port()
    foreign = {**CLASS, "metadata": {"name": "foreign"}, "spec": {"controllerName": "example.net/other"}}
    theirs = gateway(listener("http", port), name="theirs")
    theirs["spec"]["gatewayClassName"] = "foreign"
    gw = world.gateway(foreign, theirs)
    with pytest.raises(ConnectionRefusedError):
        Raw(port)
    assert gw.status_of("GatewayClass", "foreign") is None and gw.status_of("Gateway", "theirs") is None
    assert gw.log.read_text().count("example.net/other") == 1
