# SPDX-License-Identifier: Apache-2.0
"""Much that changes: what does not concern us costs nothing, what does is followed, and a bad object spoils nothing but itself."""
import http.client
import itertools
import threading
import time

import pytest
import yaml

from api import Refused, condition
from load import Load
from machine import ROOT, command, eventually
from scene import SYSTEM, Scene, route, sum_of


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
    translations, used, began = scene.metric("cardea_control_translate_seconds_count"), processor_seconds(scene), time.monotonic()
    for turn in range(1, 4):
        for number in range(1000):
            scene.api.merge("Secret", f"noise-{number}", {"stringData": {"value": str(turn)}})
    spent, took = processor_seconds(scene) - used, time.monotonic() - began
    after = scene.metric("cardea_control_translate_seconds_count")
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
    connection = http.client.HTTPConnection(address, 80, timeout=10)
    connection.request("GET", "/", headers={"Host": host})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.getheader(name)


PARENT = {"parentRefs": [{"name": "churned"}]}
MISSING = {"rules": [{"backendRefs": [{"name": "missing", "port": 80}]}]}
TO_STILL = {"backendRefs": [{"name": "still", "port": 80}]}
FOREIGN = {"group": "example.net", "kind": "Nothing", "name": "x"}
# What the API server lets in though it is bad, and what must stand in its status.
POISON = [
    ("HTTPRoute", {**PARENT, "hostnames": ["bad.test"], **MISSING}, "ResolvedRefs False BackendNotFound"),
    ("HTTPRoute", {"parentRefs": [{"name": "churned", "sectionName": "none"}], "rules": [TO_STILL]}, "Accepted False NoMatchingParent"),
    ("HTTPRoute", {**PARENT, "hostnames": ["regex.test"], "rules": [
        {"matches": [{"path": {"type": "RegularExpression", "value": "/(((("}}], **TO_STILL}]}, "Accepted False UnsupportedValue"),
    ("GRPCRoute", {**PARENT, "hostnames": ["badgrpc.test"], **MISSING}, "ResolvedRefs False BackendNotFound"),
    ("TLSRoute", {**PARENT, "hostnames": ["tls.test"], **MISSING}, "ResolvedRefs False BackendNotFound"),
    ("TCPRoute", {**PARENT, **MISSING}, "ResolvedRefs False BackendNotFound"),
    ("UDPRoute", {**PARENT, **MISSING}, "ResolvedRefs False BackendNotFound"),
    ("Gateway", {"gatewayClassName": "cardea", "listeners": [
        {"name": "https", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "garbage"}]}}]}, "ResolvedRefs False InvalidCertificateRef"),
    ("Gateway", {"gatewayClassName": "cardea", "listeners": [{"name": "odd", "port": 99, "protocol": "example.net/odd"}]},
     "Accepted False UnsupportedProtocol"),
    ("Gateway", {"gatewayClassName": "cardea", "infrastructure": {"parametersRef": FOREIGN}, "listeners": [
        {"name": "http", "port": 80, "protocol": "HTTP"}]}, "Accepted False InvalidParameters"),
    ("ListenerSet", {"parentRef": {"name": "churned"}, "listeners": [{"name": "x", "port": 81, "protocol": "HTTP"}]}, "Accepted False NotAllowed"),
    ("BackendTLSPolicy", {"targetRefs": [{"group": "", "kind": "Service", "name": "policed"}], "validation": {
        "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "missing"}], "hostname": "x.test"}}, "Accepted False NoValidCACertificate"),
    ("ReferenceGrant", {"from": [{"group": "example.net", "kind": "Odd", "namespace": "nowhere"}], "to": [{"group": "", "kind": "Odd"}]}, None),
    ("GatewayClass", {"controllerName": "cardea.dev/gateway-controller", "parametersRef": FOREIGN}, "Accepted False InvalidParameters"),
]


def said(live):
    """Every condition of an object's status, whatever it is about."""
    status = live.get("status", {})
    holders = [status, *status.get("parents", []), *status.get("ancestors", []), *status.get("listeners", [])]
    return {f"{one['type']} {one['status']} {one['reason']}" for holder in holders for one in holder.get("conditions", [])}


def test_a_poisoned_object_of_each_kind(scene):
    scene.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "garbage", "namespace": "default"},
                 "stringData": {"tls.crt": "no certificate", "tls.key": "no key"}, "type": "kubernetes.io/tls"},
                {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "policed", "namespace": "default"}, "spec": {"ports": [{"port": 80}]}})
    scene.route("policed", "policed", "policed.test")  # a policy is told of where its Service is used
    address = scene.address()
    eventually("the route has its status", lambda: condition(scene.api.get("HTTPRoute", "still"), "Accepted", "churned") == "True Accepted")
    still = scene.api.get("HTTPRoute", "still")["status"]
    with Load(address, "still.test") as load:
        for number, (kind, spec, _) in enumerate(POISON):
            scene.apply({"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": {"name": f"poison-{number}"}, "spec": spec})
        # A good one after all of them is served.
        scene.route("good", "still", "good.test")
        with Load(address, "good.test", threads=1, each_second=20, keep=False) as good:
            eventually("the good route is served", lambda: good.answered > 0, 30)
        eventually("it says so", lambda: condition(scene.api.get("HTTPRoute", "good"), "Accepted", "churned") == "True Accepted")
        for number, (kind, _, wanted) in enumerate(POISON):
            if wanted:
                eventually(f"{kind} poison-{number} says {wanted}", lambda: wanted in said(scene.api.get(kind, f"poison-{number}")))
        assert condition(scene.api.get("Gateway", "churned"), "Programmed") == "True Programmed"
        assert scene.api.get("HTTPRoute", "still")["status"] == still
        for number, (kind, _, _) in enumerate(POISON):
            scene.api.delete(kind, f"poison-{number}")
    load.assert_good()


OTHER = "other-system"


def second_controller(scene):
    """The same installation once more, with a controller name of its own, in a namespace of its own."""
    objects = list(yaml.safe_load_all((ROOT / "deploy" / "install.yaml").read_text().replace(SYSTEM, OTHER)))
    for each in objects:
        if each["kind"] in ("ClusterRole", "ClusterRoleBinding"):
            each["metadata"]["name"] = "other-controller"
        if each["kind"] == "ClusterRoleBinding":
            each["roleRef"]["name"] = "other-controller"
        if each["kind"] == "GatewayClass":
            each["metadata"]["name"], each["spec"]["controllerName"] = "other", "example.net/other"
        if each["kind"] == "Deployment":
            each["spec"]["template"]["spec"]["containers"][0]["args"].append("--controller-name=example.net/other")
    # In the file's order: the namespace comes first.
    command("kubectl", "apply", "--server-side", "-f", "-", name=scene.cluster, input=yaml.safe_dump_all(objects))


def status_writes(scene):
    """Of both controllers."""
    [other] = scene.api.list("Pod", OTHER, "app.kubernetes.io/name=cardea-controller")
    theirs = scene.api.proxied(other["metadata"]["name"], OTHER, 9901, "/metrics")
    return scene.metric("cardea_status_writes_total"), sum_of(theirs, "cardea_status_writes_total")


def test_two_controllers_on_one_route(scene):
    second_controller(scene)
    eventually("the other class is accepted", lambda: condition(scene.api.get("GatewayClass", "other"), "Accepted") == "True Accepted", 90)
    scene.gateway("theirs", gateway_class="other")
    scene.apply(route("shared", "still", "shared.test", ["churned", "theirs"]))

    def both():
        live = scene.api.get("HTTPRoute", "shared")
        return all(condition(live, "Accepted", parent) == "True Accepted" for parent in ("churned", "theirs"))

    eventually("both have said what they think", both, 60)
    live = scene.api.get("HTTPRoute", "shared")
    assert sorted(entry["controllerName"] for entry in live["status"]["parents"]) == ["cardea.dev/gateway-controller", "example.net/other"]
    both_programmed = [scene.address(name) for name in ("churned", "theirs")]
    assert len(set(both_programmed)) == 2
    before, wrote = scene.api.get("HTTPRoute", "shared")["metadata"]["resourceVersion"], status_writes(scene)
    assert all(count > 0 for count in wrote)
    time.sleep(10)  # long enough for a war to show: nothing else tells that nothing happens
    assert scene.api.get("HTTPRoute", "shared")["metadata"]["resourceVersion"] == before
    assert status_writes(scene) == wrote
    # One goes: its entry does, the other's stays.
    scene.api.merge("HTTPRoute", "shared", {"spec": {"parentRefs": [{"name": "churned"}]}})
    eventually("one entry", lambda: [one["controllerName"] for one in scene.api.get("HTTPRoute", "shared")["status"]["parents"]] ==
               ["cardea.dev/gateway-controller"], 30)
