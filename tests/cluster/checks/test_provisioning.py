# SPDX-License-Identifier: Apache-2.0
"""What the controller makes for a Gateway in a real cluster, how it follows changes, and what the Gateway's status says of it."""
import json

import pytest

from machine import command, eventually, kubectl, pool

KINDS = "serviceaccounts,configmaps,services,deployments,pods"
LABEL = "gateway.networking.k8s.io/gateway-name"


class Gateway:
    def __init__(self, cluster, name, gateway_class="cardea", **spec):
        self.cluster, self.name = cluster, name
        self.spec = {"gatewayClassName": gateway_class, "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}], **spec}
        self.apply()

    def apply(self, **changes):
        self.spec.update(changes)
        self.spec = {name: value for name, value in self.spec.items() if value is not None}
        apply(self.cluster, {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": self.name},
                             "spec": self.spec})

    def read(self):
        return json.loads(kubectl(self.cluster, "get", "gateway", self.name, "-o", "json"))

    def condition(self, kind):
        live = self.read()
        for condition in live.get("status", {}).get("conditions", []):
            if condition["type"] == kind and condition.get("observedGeneration") == live["metadata"]["generation"]:
                return f"{condition['status']} {condition['reason']}"
        return None

    def until(self, kind, wanted):
        eventually(f"{kind} of {self.name} is {wanted}", lambda: self.condition(kind) == wanted)

    def addresses(self):
        return [address["value"] for address in self.read().get("status", {}).get("addresses", [])]

    def objects(self, kinds=KINDS):
        return json.loads(kubectl(self.cluster, "get", kinds, "-l", f"{LABEL}={self.name}", "-o", "json"))["items"]

    def pods(self):
        return sorted(pod["metadata"]["name"] for pod in self.objects("pods") if "deletionTimestamp" not in pod["metadata"])

    def delete(self):
        kubectl(self.cluster, "delete", "gateway", self.name, "--ignore-not-found", "--wait=false")


def apply(cluster, *objects):
    command("kubectl", "apply", "-f", "-", name=cluster, input="\n---\n".join(map(json.dumps, objects)))


@pytest.fixture
def gateway(cardea):
    """Makes Gateways that are gone after the test."""
    made = []

    def make(name, **spec):
        made.append(Gateway(cardea, name, **spec))
        return made[-1]

    yield make
    for each in made:
        each.delete()


def test_what_is_made_carries_the_infrastructure_and_follows_it(gateway):
    web = gateway("infra", infrastructure={"labels": {"team": "a", "old": "x"}, "annotations": {"note": "1"}})
    web.until("Programmed", "True Programmed")
    assert {each["kind"] for each in web.objects()} == {"ServiceAccount", "ConfigMap", "Service", "Deployment", "Pod"}

    def carried(labels, annotations, gone):
        def all_do():
            objects = [each for each in web.objects() if "deletionTimestamp" not in each["metadata"]]
            return len({each["kind"] for each in objects}) == 5 and all(
                labels.items() <= each["metadata"]["labels"].items() and annotations.items() <= each["metadata"].get("annotations", {}).items()
                and gone not in each["metadata"]["labels"] for each in objects)
        eventually(f"every object carries {labels} {annotations}", all_do)

    carried({"team": "a", "old": "x", "gateway.networking.k8s.io/gateway-class-name": "cardea"}, {"note": "1"}, "new")
    web.apply(infrastructure={"labels": {"team": "b", "new": "y"}, "annotations": {"note": "2"}})
    carried({"team": "b", "new": "y"}, {"note": "2"}, "old")


def test_a_listener_more_or_less_never_rolls_the_pods(gateway):
    web = gateway("listeners")
    web.until("Programmed", "True Programmed")
    pods = web.pods()
    ports = [80, 8080, 8081]
    web.apply(listeners=[{"name": f"p{port}", "port": port, "protocol": "HTTP"} for port in ports])
    eventually("the Service has all ports", lambda: [port["port"] for port in web.objects("services")[0]["spec"]["ports"]] == ports)
    web.until("Programmed", "True Programmed")
    web.apply(listeners=[{"name": "http", "port": 80, "protocol": "HTTP"}])
    eventually("the Service has one port", lambda: [port["port"] for port in web.objects("services")[0]["spec"]["ports"]] == [80])
    web.until("Programmed", "True Programmed")
    assert web.pods() == pods
    assert web.objects("deployments")[0]["metadata"]["generation"] == 1


def test_what_is_changed_by_hand_is_changed_back_but_for_the_replicas(gateway):
    web = gateway("drift")
    web.until("Programmed", "True Programmed")
    kubectl(web.cluster, "scale", "deployment", "drift-cardea", "--replicas=2")
    kubectl(web.cluster, "patch", "service", "drift-cardea", "--type=merge", "-p", '{"spec": {"type": "ClusterIP"}}')
    eventually("the type is back", lambda: web.objects("services")[0]["spec"]["type"] == "LoadBalancer")
    kubectl(web.cluster, "delete", "serviceaccount", "drift-cardea")
    eventually("the account is back", lambda: web.objects("serviceaccounts"))
    assert web.objects("deployments")[0]["spec"]["replicas"] == 2
    eventually("two pods", lambda: len(web.pods()) == 2)


def test_names_as_long_as_may_be(gateway):
    web = gateway("a" * 200 + ".example")
    web.until("Programmed", "True Programmed")
    assert web.addresses()


def test_an_address_that_is_asked_for(gateway):
    web = gateway("static", addresses=[{"type": "Hostname", "value": "web.example"}])
    web.until("Accepted", "False UnsupportedAddress")
    web.apply(addresses=[{"type": "IPAddress", "value": "192.0.2.1"}])
    web.until("Accepted", "True Accepted")
    web.until("Programmed", "False AddressNotUsable")
    assert web.addresses() == []
    wanted = pool(web.cluster, 251)
    web.apply(addresses=[{"type": "IPAddress", "value": wanted}])
    web.until("Programmed", "True Programmed")
    assert web.addresses() == [wanted]
    web.apply(addresses=[{"type": "IPAddress"}])
    eventually("another address", lambda: web.condition("Programmed") == "True Programmed" and web.addresses() not in ([], [wanted]))


def test_a_port_that_the_proxy_needs(gateway):
    web = gateway("reserved", listeners=[{"name": "http", "port": 80, "protocol": "HTTP"}, {"name": "own", "port": 9901, "protocol": "HTTP"}])
    web.until("Programmed", "True Programmed")
    listeners = {each["name"]: each["conditions"] for each in web.read()["status"]["listeners"]}
    accepted = [(each["status"], each["reason"]) for each in listeners["own"] if each["type"] == "Accepted"]
    assert accepted == [("False", "PortUnavailable")]


def test_what_is_somebody_elses_is_left_alone_and_told(cardea, gateway):
    apply(cardea, {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "taken-cardea"},
                   "spec": {"selector": {"app": "other"}, "ports": [{"port": 5}]}})
    web = gateway("taken")
    web.until("Programmed", "False Invalid")
    events = ["get", "events", "--field-selector", "involvedObject.name=taken,reason=ProvisioningFailed", "-o", "name"]
    eventually("an Event", lambda: kubectl(cardea, *events))
    assert kubectl(cardea, "get", "service", "taken-cardea", "-o", "jsonpath={.spec.selector}") == '{"app":"other"}'
    kubectl(cardea, "delete", "service", "taken-cardea")
    web.until("Programmed", "True Programmed")


def test_a_gateway_that_goes_or_is_given_away_takes_everything_along(cardea, gateway):
    apply(cardea, {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "theirs"},
                   "spec": {"controllerName": "example.net/other"}})
    web = gateway("leaving")
    web.until("Programmed", "True Programmed")
    web.apply(gatewayClassName="theirs")
    eventually("nothing of ours", lambda: not web.objects("serviceaccounts,configmaps,services,deployments"))
    eventually("the status of one that nobody serves", lambda: {each["status"] for each in web.read()["status"]["conditions"]} == {"Unknown"})
    assert web.addresses() == []
    web.apply(gatewayClassName="cardea")
    web.until("Programmed", "True Programmed")
    web.delete()
    eventually("nothing is left", lambda: not web.objects("serviceaccounts,configmaps,services,deployments"))


def test_a_class_in_use_is_kept(cardea, gateway):
    apply(cardea, {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "second"},
                   "spec": {"controllerName": "cardea.dev/gateway-controller"}})
    web = gateway("kept", gateway_class="second")
    finalizers = ["get", "gatewayclass", "second", "-o", "jsonpath={.metadata.finalizers}", "--ignore-not-found"]
    eventually("the finalizer", lambda: "gateway-exists-finalizer.gateway.networking.k8s.io" in kubectl(cardea, *finalizers))
    kubectl(cardea, "delete", "gatewayclass", "second", "--wait=false")
    web.delete()
    eventually("the class is gone", lambda: kubectl(cardea, "get", "gatewayclass", "second", "--ignore-not-found") == "")
