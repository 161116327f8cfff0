# SPDX-License-Identifier: Apache-2.0
"""What scenarios are made of: a Gateway with an address, backends that run, and routes between them."""
import re

from api import Api, condition
from machine import command, eventually

SYSTEM = "cardea-system"


class Scene:
    def __init__(self, cluster, name):
        self.cluster, self.name, self.api = cluster, name, Api(cluster)
        self.made = []

    def apply(self, *objects):
        self.made += [(each["kind"], each["metadata"]["name"], each["metadata"].get("namespace", "default")) for each in objects]
        self.api.apply(*objects)

    def end(self):
        for kind, name, namespace in reversed(self.made):
            self.api.delete(kind, name, namespace)

    # --- objects ---

    def gateway(self, name=None, gateway_class="cardea", listeners=None, **spec):
        name = name or self.name
        self.apply({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": name, "namespace": "default"},
                    "spec": {"gatewayClassName": gateway_class,
                             "listeners": listeners or [{"name": "http", "port": 80, "protocol": "HTTP"}], **spec}})
        return name

    def address(self, name=None):
        """Once the Gateway is programmed."""
        name = name or self.name
        eventually(f"{name} is programmed", lambda: condition(self.api.get("Gateway", name), "Programmed") == "True Programmed", 90)
        return self.api.get("Gateway", name)["status"]["addresses"][0]["value"]

    def backend(self, name, replicas=2, drain=5):
        """`cardea echo`, which keeps serving for a moment when it is to end, as a backend that loses nothing does."""
        self.apply(
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default"}, "spec": {
                "replicas": replicas, "selector": {"matchLabels": {"app": name}},
                "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": {"terminationGracePeriodSeconds": drain + 25, "containers": [{
                    "name": "echo", "image": "cardea:dev", "imagePullPolicy": "IfNotPresent",
                    "args": ["echo", "--listen", "0.0.0.0:8080", "--name", name], "ports": [{"containerPort": 8080}],
                    "lifecycle": {"preStop": {"sleep": {"seconds": drain}}},
                    "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1}}]}}}},
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"},
             "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]}})
        eventually(f"{name} runs", lambda: self.api.get("Deployment", name).get("status", {}).get("readyReplicas") == replicas)
        return name

    def route(self, name, backend, host, gateways=None, path="/"):
        self.apply(route(name, backend, host, gateways or [self.name], path))

    # --- the controller ---

    def controllers(self):
        pods = self.api.list("Pod", SYSTEM, "app.kubernetes.io/name=cardea-controller")
        return sorted(pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"])

    def leader(self):
        """The pod that the Lease names."""
        for lease in self.api.list("Lease", SYSTEM):
            holder = lease["spec"].get("holderIdentity") or ""
            for pod in self.controllers():
                if pod in holder:
                    return pod
        return None

    def metric(self, name, pod=None):
        page = self.api.proxied(pod or self.leader(), SYSTEM, 9901, "/metrics")
        return sum_of(page, name)

    def scale_controller(self, replicas):
        self.api.merge("Deployment", "cardea-controller", {"spec": {"replicas": replicas}}, SYSTEM)
        eventually(f"{replicas} controllers", lambda: self.ready(SYSTEM, "cardea-controller") == replicas and len(self.controllers()) == replicas, 90)
        eventually("a leader", self.leader, 60)

    def ready(self, namespace, name):
        status = self.api.get("Deployment", name, namespace).get("status", {})
        return status.get("readyReplicas", 0) if status.get("updatedReplicas", 0) == status.get("replicas", 0) else -1

    def node(self, *command_line):
        """Runs a command among the processes of the cluster's node."""
        return command("exec", *command_line, name=self.cluster).stdout


def sum_of(page, metric):
    """Of a page of metrics, over all labels."""
    values = re.findall(rf"^{metric}(?:{{[^}}]*}})? (\S+)$", page, re.M)
    assert values, f"no metric {metric}"
    return sum(map(float, values))


def route(name, backend, host, gateways, path="/"):
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": name, "namespace": "default"}, "spec": {
        "parentRefs": [{"name": one} for one in gateways], "hostnames": [host],
        "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": path}}], "backendRefs": [{"name": backend, "port": 80}]}]}}
