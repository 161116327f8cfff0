# SPDX-License-Identifier: Apache-2.0
"""Services of a cluster: from the machine, from the node and from pods; the addresses of load balancers."""
import json
import subprocess
import time

import pytest

from machine import command, eventually, kubectl, pool

POD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: cardea-tests/busybox:1
          args: [-c, "mkdir /tmp/w && hostname > /tmp/w/index.html && exec httpd -f -p 8080 -h /tmp/w"]
          readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
"""


def apply(cluster, text):
    command("kubectl", "apply", "-f", "-", name=cluster, input=text)


def service(name, **spec):
    return json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                       "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}], "type": "LoadBalancer", **spec}})


def address(cluster, name):
    read = ["get", "service", name, "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}"]
    return eventually(f"an address of {name}", lambda: kubectl(cluster, *read))


def refusals(cluster, name):
    return kubectl(cluster, "get", "events", "--field-selector", f"involvedObject.name={name},reason=AllocationFailed",
                   "-o", "jsonpath={.items[*].message}")


def curl(url):
    return subprocess.run(["curl", "-sS", "--max-time", "5", url], capture_output=True, text=True)


@pytest.fixture(scope="module")
def web(cluster):
    apply(cluster, POD)
    kubectl(cluster, "rollout", "status", "deployment/web", "--timeout=60s")
    pods = kubectl(cluster, "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].metadata.name}").split()
    return cluster, set(pods)


def test_an_address_answers_everywhere(web):
    cluster, pods = web
    apply(cluster, service("web"))
    url = f"http://{address(cluster, 'web')}/"
    eventually("the machine gets an answer", lambda: curl(url).stdout.strip() in pods)
    assert {curl(url).stdout.strip() for _ in range(50)} == pods
    assert command("exec", "curl", "-sS", url, name=cluster).stdout.strip() in pods
    pod = sorted(pods)[0]
    for target in (url, "http://web/", "http://web.default.svc.cluster.local/"):
        assert kubectl(cluster, "exec", pod, "--", "wget", "-qO-", target).strip() in pods


def test_an_address_that_is_asked_for(web):
    cluster, pods = web
    wanted = pool(cluster, 250)
    apply(cluster, service("wanted", loadBalancerIP=wanted, externalTrafficPolicy="Local"))
    assert address(cluster, "wanted") == wanted
    eventually("an answer", lambda: curl(f"http://{wanted}/").stdout.strip() in pods)


def test_what_cannot_be_given_is_refused_with_an_event(web):
    cluster, _ = web
    wanted = pool(cluster, 240)
    apply(cluster, service("first", loadBalancerIP=wanted))
    address(cluster, "first")
    apply(cluster, service("outside", loadBalancerIP="192.0.2.1"))
    apply(cluster, service("second", loadBalancerIP=wanted))
    eventually("the refusal", lambda: refusals(cluster, "outside") == f"192.0.2.1 is not in {pool(cluster, 0)}/24")
    eventually("the refusal", lambda: refusals(cluster, "second") == f"{wanted} is in use")
    # What is freed goes to who waits for it.
    kubectl(cluster, "delete", "service", "first")
    assert address(cluster, "second") == wanted


def test_an_address_that_nobody_has_refuses_at_once(web):
    cluster, _ = web
    start = time.monotonic()
    answer = curl(f"http://{pool(cluster, 230)}/")
    assert answer.returncode == 7 and time.monotonic() - start < 2  # a reset; without it, 3 s of looking for it


def test_a_service_of_another_class_is_left_alone(web):
    cluster, _ = web
    apply(cluster, service("foreign", loadBalancerClass="example.com/other"))
    apply(cluster, service("after"))
    address(cluster, "after")  # so that the one before has been seen
    assert kubectl(cluster, "get", "service", "foreign", "-o", "jsonpath={.status.loadBalancer}") == "{}"
