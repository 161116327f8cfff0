# SPDX-License-Identifier: Apache-2.0
"""The API server of a test cluster, over one kept connection a thread: quicker than a kubectl for each question."""
import http.client
import json
import ssl
import threading

from machine import STATE

GATEWAY = "/apis/gateway.networking.k8s.io/v1"
PLURALS = {"Gateway": "gateways", "HTTPRoute": "httproutes", "GRPCRoute": "grpcroutes", "TLSRoute": "tlsroutes", "TCPRoute": "tcproutes",
           "UDPRoute": "udproutes", "ListenerSet": "listenersets", "BackendTLSPolicy": "backendtlspolicies", "ReferenceGrant": "referencegrants",
           "GatewayClass": "gatewayclasses", "Namespace": "namespaces", "Secret": "secrets", "ConfigMap": "configmaps", "Service": "services",
           "Deployment": "deployments", "Pod": "pods", "Lease": "leases"}


class Refused(Exception):
    def __init__(self, status, text):
        super().__init__(f"{status}: {text}")
        self.status = status


class Api:
    def __init__(self, cluster):
        config = (STATE / cluster / "admin.kubeconfig").read_text()
        self.host, _, self.port = config.split("https://")[1].split('"')[0].partition(":")
        self.tls = ssl.create_default_context(cafile=STATE / cluster / "pki" / "ca.crt")
        self.tls.load_cert_chain(STATE / cluster / "pki" / "admin.crt", STATE / cluster / "pki" / "admin.key")
        self.own = threading.local()

    def call(self, method, path, body=None, kind="application/json", timeout=30):
        """The answer's JSON. A connection that the server closed meanwhile is made anew, once."""
        data = None if body is None else json.dumps(body)
        for fresh in (False, True):
            connection = getattr(self.own, "connection", None)
            if connection is None or fresh:
                connection = self.own.connection = http.client.HTTPSConnection(self.host, int(self.port), context=self.tls, timeout=timeout)
            try:
                connection.request(method, path, data, {"Content-Type": kind} if data else {})
                response = connection.getresponse()
                text = response.read()
                break
            except (http.client.HTTPException, ConnectionError):
                if fresh:
                    raise
        if response.status >= 300:
            raise Refused(response.status, text.decode()[:500])
        return json.loads(text) if text.startswith(b"{") else text.decode()

    def path(self, kind, name="", namespace="default"):
        group = {"Deployment": "/apis/apps/v1", "Lease": "/apis/coordination.k8s.io/v1"}.get(kind)
        group = group or ("/api/v1" if kind in ("Namespace", "Secret", "ConfigMap", "Service", "Pod") else GATEWAY)
        where = "" if kind in ("GatewayClass", "Namespace") else f"/namespaces/{namespace}"
        return f"{group}{where}/{PLURALS[kind]}" + (f"/{name}" if name else "")

    def get(self, kind, name, namespace="default"):
        return self.call("GET", self.path(kind, name, namespace))

    def list(self, kind, namespace="default", selector=""):
        return self.call("GET", self.path(kind, "", namespace) + (f"?labelSelector={selector}" if selector else ""))["items"]

    def apply(self, *objects):
        """Server-side, so that it may be said again."""
        for each in objects:
            meta = each["metadata"]
            self.call("PATCH", self.path(each["kind"], meta["name"], meta.get("namespace", "default")) + "?fieldManager=checks&force=true",
                      each, "application/apply-patch+yaml")

    def create(self, each):
        return self.call("POST", self.path(each["kind"], "", each["metadata"].get("namespace", "default")), each)

    def merge(self, kind, name, patch, namespace="default"):
        return self.call("PATCH", self.path(kind, name, namespace), patch, "application/merge-patch+json")

    def delete(self, kind, name, namespace="default", missing_is_fine=True):
        try:
            self.call("DELETE", self.path(kind, name, namespace))
        except Refused as refused:
            if refused.status != 404 or not missing_is_fine:
                raise

    def log(self, pod, namespace):
        return self.call("GET", f"/api/v1/namespaces/{namespace}/pods/{pod}/log")

    def proxied(self, pod, namespace, port, path):
        """A page of a pod, through the API server."""
        return self.call("GET", f"/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy{path}")


def condition(live, kind, parent=None):
    """"True Accepted" of an object, or of a route's parent, of its present generation; None while there is none."""
    holder = live.get("status", {})
    if parent is not None:
        holder = next((entry for entry in holder.get("parents", []) if entry["parentRef"]["name"] == parent), {})
    for one in holder.get("conditions", []):
        if one["type"] == kind and one.get("observedGeneration") == live["metadata"]["generation"]:
            return f"{one['status']} {one['reason']}"
    return None
