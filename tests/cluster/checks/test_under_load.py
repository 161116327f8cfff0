# SPDX-License-Identifier: Apache-2.0
"""What happens to requests while something happens to the controller, the API server, the proxies or the backends: nothing."""
import base64
import pathlib
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


AUTHORITY = """
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = names
x509_extensions = extensions
[names]
commonName = supplied
[extensions]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""


def authority(folder, begun):
    """A CA like those that controllers make, which is good since that moment: (certificate, key)."""
    folder = pathlib.Path(folder)
    (folder / "config").write_text(AUTHORITY)
    (folder / "index.txt").touch()
    (folder / "serial").write_text("4e01\n")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=Cardea controllers",
            "-keyout", "key", "-out", "request")
    first, last = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(moment)) for moment in (begun, begun + 365 * 24 * 3600))
    openssl("ca", "-batch", "-selfsign", "-notext", "-config", "config", "-keyfile", "key", "-in", "request", "-out", "certificate",
            "-startdate", first, "-enddate", last)
    return (folder / "certificate").read_text(), (folder / "key").read_text()


def test_the_controllers_ca_is_replaced(scene, tmp_path):
    """The next one is trusted for a day before it signs (cluster/ca_rotation.h). Here the day began so that two minutes are left
    of it, in which proxies hear of it."""
    def live():
        data = scene.api.get("Secret", "cardea-controller-ca", SYSTEM)["data"]
        return {name: base64.b64decode(value).decode() for name, value in data.items()}

    old = live()
    skew, overlap, left = 3600, 24 * 3600, 120
    certificate, key = authority(tmp_path, time.time() - skew - overlap + left)
    with Load(served_at(scene), "steady.test") as load:
        scene.api.merge("Secret", "cardea-controller-ca", {"stringData": {"next.crt": certificate, "next.key": key}}, SYSTEM)
        eventually("the next CA signs", lambda: live()["ca.crt"] == certificate, left + 60)
        now = live()
        assert now["ca.key"] == key and now["previous.crt"] == old["ca.crt"] and "next.crt" not in now
        # All proxies come anew, to a controller that shows a certificate of the new CA.
        before = scene.controllers()
        scene.api.delete("Pod", before[0], SYSTEM)
        eventually("another controller", lambda: scene.controllers() and not set(before) & set(scene.controllers()) and scene.leader(), 90)
        arrives(scene, "after-rotation")
    load.assert_good()


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
