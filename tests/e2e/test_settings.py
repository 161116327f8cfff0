# SPDX-License-Identifier: Apache-2.0
"""GatewayParameters: by parametersRef of a class and of a Gateway, merged in that order; each Gateway has its own."""
import collections
import os
import threading

import pytest

from client import Raw, eventually, fetch, request_bytes
from manifests import CLASS, backend, endpoints, gateway, listener, parameters, route, rule, service
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
                                  {"loadBalancing": {"policy": "Hash"}}, {"workers": "two"},
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


def balanced(world, load_balancing):
    port = free_port()
    echoes = [world.echo(name) for name in ("one", "two", "three")]
    slices = endpoints("b", *[echo.port for echo in echoes])
    world.gateway(parameters("own", {"loadBalancing": load_balancing}), gateway(listener("http", port), infrastructure=own()),
                  service("b"), slices, route("r", rule("b")), flags=["--workers", "1"])

    def who(**headers):
        return fetch(port, "/", headers=headers).echo["name"]
    return who


def test_round_robin(world):
    who = balanced(world, {"policy": "RoundRobin"})
    assert collections.Counter(who() for _ in range(30)) == {"one": 10, "two": 10, "three": 10}


def test_random(world):
    who = balanced(world, {"policy": "Random"})
    counts = collections.Counter(who() for _ in range(300))
    assert set(counts) == {"one", "two", "three"} and min(counts.values()) > 50


def test_hash_by_header(world):
    who = balanced(world, {"policy": "Hash", "hashOn": "Header", "hashName": "X-User"})
    homes = {user: who(**{"X-User": user}) for user in map(str, range(30))}
    assert set(homes.values()) == {"one", "two", "three"}
    assert all(who(**{"x-user": user}) == home for user, home in homes.items())


def test_hash_by_cookie(world):
    who = balanced(world, {"policy": "Hash", "hashOn": "Cookie", "hashName": "s"})
    assert len({who(Cookie=f"a={n}; s=same") for n in range(20)}) == 1
    assert len({who(Cookie=f"s={n}") for n in range(40)}) == 3


def test_hash_by_address(world):
    who = balanced(world, {"policy": "Hash", "hashOn": "SourceAddress"})
    assert len({who() for _ in range(20)}) == 1


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
