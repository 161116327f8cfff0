# SPDX-License-Identifier: Apache-2.0
"""What happens to requests while something happens to the controller, the API server, the proxies or the backends: nothing."""
import socket
import ssl
import subprocess
import tempfile
import time

import pytest

from api import condition
from load import Load
from machine import eventually
from scene import SYSTEM, Scene, route


@pytest.fixture(scope="module")
def scene(cardea):
    scene = Scene(cardea, "loaded")
    scene.gateway()
    scene.backend("steady")
    scene.route("steady", "steady", "steady.test")
    scene.address()
    yield scene
    scene.end()


def arrives(scene, name):
    """A new route gets its traffic: the whole chain works."""
    scene.route(name, "steady", f"{name}.test")
    address = scene.address()
    with Load(address, f"{name}.test", threads=1, each_second=20, keep=False) as load:
        eventually(f"{name} is served", lambda: load.answered > 0, 30)
    scene.api.delete("HTTPRoute", name)


def served_at(scene):
    """The address, once requests are answered there."""
    address = scene.address()
    with Load(address, "steady.test", threads=1, each_second=20, keep=False) as load:
        eventually("the first answer", lambda: load.answered > 0, 30)
    return address


def test_the_controller_is_killed_and_comes_back(scene):
    with Load(served_at(scene), "steady.test") as load:
        before = scene.controllers()
        scene.node("pkill", "-KILL", "-f", "cardea controller")
        eventually("the controller is back", lambda: scene.ready(SYSTEM, "cardea-controller") == 1, 90)
        scene.api.delete("Pod", before[0], SYSTEM)
        eventually("another controller", lambda: scene.controllers() and scene.controllers() != before and scene.leader(), 90)
        arrives(scene, "after-kill")
    load.assert_good()


def test_the_leader_goes(scene):
    scene.scale_controller(2)
    with Load(served_at(scene), "steady.test") as load:
        leader = scene.leader()
        scene.api.call("DELETE", f"{scene.api.path('Pod', leader, SYSTEM)}?gracePeriodSeconds=0")
        eventually("another leads", lambda: scene.leader() not in (None, leader), 60)
        arrives(scene, "after-leader")
        eventually("its status is written", lambda: condition(scene.api.get("Gateway", "loaded"), "Programmed") == "True Programmed")
    load.assert_good()
    scene.scale_controller(1)


def test_the_api_server_is_away_for_a_minute(scene):
    address = served_at(scene)
    with Load(address, "steady.test") as load:
        scene.node("pkill", "-STOP", "kube-apiserver")
        try:
            time.sleep(60)  # as long as the scenario says: nothing else tells that it has passed
        finally:
            scene.node("pkill", "-CONT", "kube-apiserver")
        arrives(scene, "after-api")
    load.assert_good()


def test_backends_roll_and_scale(scene):
    with Load(served_at(scene), "steady.test") as load:
        roll_and_scale(scene, "steady", "app=steady", replicas=(4, 1, 2))
    load.assert_good()


def test_proxies_roll_and_scale(scene):
    selector = "gateway.networking.k8s.io/gateway-name=loaded"
    proxy = scene.api.list("Deployment", "default", selector)[0]["metadata"]["name"]
    with Load(served_at(scene), "steady.test", keep=False) as short, Load(scene.address(), "steady.test") as kept:
        roll_and_scale(scene, proxy, selector, replicas=(3, 1))
    short.assert_good()
    kept.assert_good()


def roll_and_scale(scene, deployment, selector, replicas):
    """Twice other pods, then other numbers of them; each step ends when the pods that had to go are gone, which is when
    something may be lost."""
    for step in range(2):
        before = pods(scene, selector)
        scene.api.merge("Deployment", deployment, {"spec": {"template": {"metadata": {"annotations": {"checks/step": str(step)}}}}})
        eventually("other pods", lambda: settled(scene, deployment, selector) and not before & pods(scene, selector), 120)
    for wanted in replicas:
        scene.api.merge("Deployment", deployment, {"spec": {"replicas": wanted}})
        eventually(f"{wanted} pods", lambda: settled(scene, deployment, selector) and len(pods(scene, selector)) == wanted, 120)


def pods(scene, selector):
    """Also those that are ending."""
    return {pod["metadata"]["name"] for pod in scene.api.list("Pod", "default", selector)}


def settled(scene, deployment, selector):
    live = scene.api.get("Deployment", deployment)
    status, wanted = live["status"], live["spec"]["replicas"]
    return status.get("observedGeneration") == live["metadata"]["generation"] and len(pods(scene, selector)) == wanted and \
        status.get("updatedReplicas") == status.get("readyReplicas") == status.get("replicas") == wanted


def certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    f"/CN={name}", "-addext", "subjectAltName=DNS:secret.test", "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.crt"],
                   check=True, capture_output=True)
    return open(f"{folder}/{name}.crt").read(), open(f"{folder}/{name}.key").read()


def test_a_secret_is_rotated(scene):
    with tempfile.TemporaryDirectory() as folder:
        old, new = certificate(folder, "old"), certificate(folder, "new")
        trust = ssl.create_default_context(cadata=old[0] + new[0])

        def secret(pair):
            scene.apply({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "rotated", "namespace": "default"},
                         "stringData": {"tls.crt": pair[0], "tls.key": pair[1]}})

        secret(old)
        scene.gateway("secret", listeners=[{"name": "https", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "rotated"}]}}])
        scene.apply(route("secret", "steady", "secret.test", ["secret"]))
        address = scene.address("secret")

        def presented():
            context = ssl.create_default_context(cadata=old[0] + new[0])
            with socket.create_connection((address, 443), 5) as plain, context.wrap_socket(plain, server_hostname="secret.test") as tls:
                return dict(pair[0] for pair in tls.getpeercert()["subject"])["commonName"]

        eventually("the old one", lambda: presented_or_none(presented) == "old", 30)
        with Load(address, "secret.test", port=443, tls=trust, keep=False) as first:
            eventually("answers", lambda: first.answered > 0, 30)
        with Load(address, "secret.test", port=443, tls=trust, keep=False) as load:
            secret(new)
            eventually("the new one", lambda: presented() == "new", 30)
        load.assert_good()


def presented_or_none(presented):
    try:
        return presented()
    except OSError:
        return None


def test_a_namespaces_label_is_removed(scene):
    scene.gateway("labelled", listeners=[{"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {
        "namespaces": {"from": "Selector", "selector": {"matchLabels": {"scenario": "in"}}}}}])
    scene.api.merge("Namespace", "default", {"metadata": {"labels": {"scenario": "in"}}})
    scene.apply(route("labelled", "steady", "labelled.test", ["labelled"]))
    address = scene.address("labelled")
    with Load(served_at(scene), "steady.test") as others:
        with Load(address, "labelled.test", threads=1, each_second=20, keep=False) as load:
            eventually("it is served", lambda: load.answered > 0, 30)
            scene.api.merge("Namespace", "default", {"metadata": {"labels": {"scenario": None}}})
            eventually("it is not any more", lambda: load.unexpected and load.unexpected[-1][1] == 404, 30)
        wanted = "False NotAllowedByListeners"
        eventually("its status says so", lambda: condition(scene.api.get("HTTPRoute", "labelled"), "Accepted", "labelled") == wanted)
    others.assert_good()
