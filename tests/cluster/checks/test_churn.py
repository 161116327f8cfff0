# SPDX-License-Identifier: Apache-2.0
"""Much that changes: what does not concern us costs nothing, what does is followed, and a bad object spoils nothing but itself."""
import itertools
import json
import threading
import time

import pytest

from api import Refused, condition
from load import Load
from machine import command, eventually
from scene import SYSTEM, Scene, route


@pytest.fixture(scope="module")
def scene(cardea):
    scene = Scene(cardea, "churned")
    scene.gateway()
    scene.backend("still")
    scene.route("still", "still", "still.test")
    scene.address()
    yield scene
    scene.end()


def secret(number, value):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"noise-{number}", "namespace": "default"}, "stringData": {"value": str(value)}}


def processor_seconds(scene):
    return scene.metric("process_cpu_seconds_total")


def test_a_thousand_secrets_that_nobody_refers_to(scene):
    for number in range(1000):
        scene.api.create(secret(number, 0))
    scene.address()
    translations, used, began = scene.metric("cardea_translations_total"), processor_seconds(scene), time.monotonic()
    for turn in range(1, 4):
        for number in range(1000):
            scene.api.merge("Secret", f"noise-{number}", {"stringData": {"value": str(turn)}})
    spent, took = processor_seconds(scene) - used, time.monotonic() - began
    after = scene.metric("cardea_translations_total")
    for number in range(1000):
        scene.api.delete("Secret", f"noise-{number}")
    assert after == translations
    assert spent / took < 0.02, f"{spent:.2f} s of CPU in {took:.0f} s for {3000 / took:.0f} changes a second"


def test_one_of_a_hundred_routes_changes_every_50_ms(scene):
    names = [f"moving-{number}" for number in range(100)]
    for name in names:
        scene.route(name, "still", f"{name}.test")
    address = scene.address()
    versions, failures, progress = {}, [], []
    ended = threading.Event()

    def change():
        for turn, name in zip(itertools.count(1), itertools.cycle(names)):
            if ended.is_set():
                return
            began = time.monotonic()
            changed = route(name, "still", f"{name}.test", ["churned"])
            changed["spec"]["rules"][0]["filters"] = [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {
                "set": [{"name": "X-Turn", "value": str(turn)}]}}]
            try:
                scene.api.merge("HTTPRoute", name, {"spec": changed["spec"]})
                versions[name] = turn
            except (OSError, Refused) as failure:
                failures.append(repr(failure))
            ended.wait(max(0, 0.05 - (time.monotonic() - began)))

    def current():
        live = [one for one in scene.api.list("HTTPRoute") if one["metadata"]["name"] in names]
        return sum(condition(one, "Accepted", "churned") == "True Accepted" for one in live)

    changer = threading.Thread(target=change)
    with Load(address, "still.test") as load, Load(address, "moving-7.test") as moving:
        changer.start()
        until = time.monotonic() + 120
        while time.monotonic() < until:
            progress.append(current())
            time.sleep(2)
        ended.set()
        changer.join()
        eventually("every status is of the last generation", lambda: current() == 100, 30)
    assert not failures
    # While the changes go on, all but the last few routes have a status of their present generation.
    assert min(progress[1:]) >= 80, progress
    load.assert_good()
    moving.assert_good()
    last = names[versions[names[0]] % 100]
    assert header(address, f"{last}.test", "X-Turn") == str(versions[last])


def header(address, host, name):
    import http.client
    connection = http.client.HTTPConnection(address, 80, timeout=10)
    connection.request("GET", "/", headers={"Host": host})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.getheader(name)


BAD_SERVICE = {"name": "missing", "port": 80}
POISON = [
    {"kind": "HTTPRoute", "spec": {"parentRefs": [{"name": "churned"}], "hostnames": ["bad.test"], "rules": [{"backendRefs": [BAD_SERVICE]}]}},
    {"kind": "HTTPRoute", "spec": {"parentRefs": [{"name": "churned", "sectionName": "none"}], "rules": []}},
    {"kind": "HTTPRoute", "spec": {"parentRefs": [{"name": "churned"}], "hostnames": ["regex.test"], "rules": [{"matches": [{
        "path": {"type": "RegularExpression", "value": "/(((("}}]}]}},
    {"kind": "GRPCRoute", "spec": {"parentRefs": [{"name": "churned"}], "hostnames": ["badgrpc.test"], "rules": [{"backendRefs": [BAD_SERVICE]}]}},
    {"kind": "TLSRoute", "spec": {"parentRefs": [{"name": "churned"}], "hostnames": ["tls.test"], "rules": [{"backendRefs": [BAD_SERVICE]}]}},
    {"kind": "Gateway", "spec": {"gatewayClassName": "cardea", "listeners": [{"name": "https", "port": 443, "protocol": "HTTPS", "tls": {
        "certificateRefs": [{"name": "garbage"}]}}, {"name": "odd", "port": 99, "protocol": "example.net/odd"}]}},
    {"kind": "Gateway", "spec": {"gatewayClassName": "cardea", "infrastructure": {"parametersRef": {
        "group": "example.net", "kind": "Nothing", "name": "x"}}, "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}},
    {"kind": "ListenerSet", "spec": {"parentRef": {"name": "churned"}, "listeners": [{"name": "x", "port": 81, "protocol": "HTTP"}]}},
    {"kind": "BackendTLSPolicy", "spec": {"targetRefs": [{"group": "", "kind": "Service", "name": "poisoned"}], "validation": {
        "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "missing"}], "hostname": "x.test"}}},
    {"kind": "ReferenceGrant", "version": "v1beta1", "spec": {"from": [{"group": "example.net", "kind": "Odd", "namespace": "nowhere"}],
                                                              "to": [{"group": "", "kind": "Odd"}]}},
    {"kind": "GatewayClass", "spec": {"controllerName": "cardea.dev/gateway-controller", "parametersRef": {
        "group": "example.net", "kind": "Nothing", "name": "x"}}},
]


def test_a_poisoned_object_of_each_kind(scene):
    scene.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "garbage", "namespace": "default"},
                 "stringData": {"tls.crt": "no certificate", "tls.key": "no key"}, "type": "kubernetes.io/tls"})
    address = scene.address()
    bad = []
    with Load(address, "still.test") as load:
        for number, poison in enumerate(POISON):
            each = {"apiVersion": f"gateway.networking.k8s.io/{poison.get('version', 'v1')}", "kind": poison["kind"],
                    "metadata": {"name": f"poison-{number}"}, "spec": poison["spec"]}
            if poison["kind"] != "GatewayClass":
                each["metadata"]["namespace"] = "default"
            bad.append(each)
            command("kubectl", "apply", "-f", "-", name=scene.cluster, input=json.dumps(each))
        scene.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "poisoned", "namespace": "default"}, "spec": {"ports": [{"port": 443}]}})
        # A good one after all of them is served.
        scene.route("good", "still", "good.test")
        with Load(address, "good.test", threads=1, each_second=20, keep=False) as good:
            eventually("the good route is served", lambda: good.answered > 0, 30)
        eventually("it says so", lambda: condition(scene.api.get("HTTPRoute", "good"), "Accepted", "churned") == "True Accepted")
        eventually("a bad one says so", lambda: condition(scene.api.get("HTTPRoute", "poison-0"), "ResolvedRefs", "churned") == "False BackendNotFound")
        eventually("another says so", lambda: condition(scene.api.get("Gateway", "poison-6"), "Accepted") == "False InvalidParameters")
        assert condition(scene.api.get("Gateway", "churned"), "Programmed") == "True Programmed"
        assert condition(scene.api.get("HTTPRoute", "still"), "Accepted", "churned") == "True Accepted"
    for each in bad:
        command("kubectl", "delete", each["kind"].lower(), each["metadata"]["name"], "--wait=false", name=scene.cluster)
    load.assert_good()


def second_controller(scene):
    """Another installation with a controller name of its own, in a namespace of its own."""
    live = scene.api.get("Deployment", "cardea-controller", SYSTEM)
    other = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "other-controller", "namespace": SYSTEM}, "spec": live["spec"]}
    labels = {"app.kubernetes.io/name": "other-controller"}
    other["spec"]["selector"] = {"matchLabels": labels}
    other["spec"]["template"]["metadata"] = {"labels": labels}
    other["spec"]["replicas"] = 1
    other["spec"]["template"]["spec"].pop("topologySpreadConstraints", None)
    container = other["spec"]["template"]["spec"]["containers"][0]
    container["args"] = [*container["args"], "--controller-name=example.net/other", "--lease-name=other-controller"]
    scene.apply(other, {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "other"},
                        "spec": {"controllerName": "example.net/other"}})


def test_two_controllers_on_one_route(scene):
    second_controller(scene)
    eventually("the other class is accepted", lambda: condition(scene.api.call("GET", scene.api.path("GatewayClass", "other")), "Accepted") == "True Accepted", 90)
    scene.gateway("theirs", gateway_class="other")
    scene.apply(route("shared", "still", "shared.test", ["churned", "theirs"]))

    def both():
        live = scene.api.get("HTTPRoute", "shared")
        return all(condition(live, "Accepted", parent) == "True Accepted" for parent in ("churned", "theirs"))

    eventually("both have said what they think", both, 60)
    live = scene.api.get("HTTPRoute", "shared")
    assert sorted(entry["controllerName"] for entry in live["status"]["parents"]) == ["cardea.dev/gateway-controller", "example.net/other"]
    before, wrote = live["metadata"]["resourceVersion"], scene.metric("cardea_status_writes_total")
    time.sleep(10)  # long enough for a war to show: nothing else tells that nothing happens
    assert scene.api.get("HTTPRoute", "shared")["metadata"]["resourceVersion"] == before
    assert scene.metric("cardea_status_writes_total") == wrote
    # One goes: its entry does, the other's stays.
    scene.api.merge("HTTPRoute", "shared", {"spec": {"parentRefs": [{"name": "churned"}]}})
    eventually("one entry", lambda: [one["controllerName"] for one in scene.api.get("HTTPRoute", "shared")["status"]["parents"]] ==
               ["cardea.dev/gateway-controller"], 30)
