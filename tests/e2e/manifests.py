# SPDX-License-Identifier: Apache-2.0
"""Builds Gateway API objects as plain dicts, with the defaults that most tests want, and writes them as YAML."""
import base64

import yaml

CLASS = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "test"},
         "spec": {"controllerName": "cardea.dev/gateway-controller"}}


def gateway_api(kind, name, namespace, spec, version="v1"):
    return {"apiVersion": f"gateway.networking.k8s.io/{version}", "kind": kind,
            "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def listener(name, port, protocol="HTTP", hostname=None, certificates=(), routes_from="All", **more):
    """`certificates`: names of Secrets, or whole references."""
    result = {"name": name, "port": port, "protocol": protocol,
              "allowedRoutes": {"namespaces": {"from": routes_from}}}
    if hostname:
        result["hostname"] = hostname
    if certificates:
        refs = [{"name": ref} if isinstance(ref, str) else ref for ref in certificates]
        result["tls"] = {"mode": "Terminate", "certificateRefs": refs}
    return result | more


def gateway(*listeners, name="gw", namespace="default", **spec):
    return gateway_api("Gateway", name, namespace, {"gatewayClassName": "test", "listeners": list(listeners), **spec})


def parameters(name, spec, namespace="default"):
    return {"apiVersion": "gateway.cardea.dev/v1alpha1", "kind": "GatewayParameters",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def listener_set(*listeners, name="set", namespace="default", parent="gw", **spec):
    return gateway_api("ListenerSet", name, namespace,
                       {"parentRef": {"name": parent} if isinstance(parent, str) else parent, "listeners": list(listeners), **spec})


def route(name, *rules, hostnames=(), parents=("gw",), namespace="default"):
    """`parents`: names of Gateways, or whole parentRefs."""
    spec = {"parentRefs": [{"name": p} if isinstance(p, str) else p for p in parents], "rules": list(rules)}
    if hostnames:
        spec["hostnames"] = list(hostnames)
    return gateway_api("HTTPRoute", name, namespace, spec)


def grpc_route(name, *rules, hostnames=(), parents=("gw",), namespace="default"):
    return route(name, *rules, hostnames=hostnames, parents=parents, namespace=namespace) | {"kind": "GRPCRoute"}


def rule(*backends, matches=(), filters=(), **more):
    """`backends`: names of Services (their port 80), or whole backendRefs."""
    result = dict(more)
    if backends:
        result["backendRefs"] = [ref(b) if isinstance(b, str) else b for b in backends]
    if matches:
        result["matches"] = list(matches)
    if filters:
        result["filters"] = list(filters)
    return result


def ref(name, weight=None, port=80, **more):
    result = {"name": name, "port": port} | more
    return result if weight is None else result | {"weight": weight}


def match(prefix=None, exact=None, regex=None, headers=None, query=None, method=None):
    """Headers and query parameters: {name: value}; a value that starts with "~" is a regular expression."""
    result = {}
    for kind, value in (("PathPrefix", prefix), ("Exact", exact), ("RegularExpression", regex)):
        if value is not None:
            result["path"] = {"type": kind, "value": value}

    def pairs(values):
        return [{"name": name, "type": "RegularExpression", "value": value[1:]} if value.startswith("~") else
                {"name": name, "value": value} for name, value in values.items()]
    if headers:
        result["headers"] = pairs(headers)
    if query:
        result["queryParams"] = pairs(query)
    if method:
        result["method"] = method
    return result


def redirect(**fields):
    return {"type": "RequestRedirect", "requestRedirect": fields}


def rewrite(**fields):
    return {"type": "URLRewrite", "urlRewrite": fields}


def cors(**fields):
    return {"type": "CORS", "cors": fields}


def full_path(value):
    return {"type": "ReplaceFullPath", "replaceFullPath": value}


def prefix_match(value):
    return {"type": "ReplacePrefixMatch", "replacePrefixMatch": value}


def header_modifier(kind, set=None, add=None, remove=None):
    """`kind`: Request or Response."""
    def pairs(values):
        return [{"name": name, "value": value} for name, value in values.items()]
    body = {}
    if set:
        body["set"] = pairs(set)
    if add:
        body["add"] = pairs(add)
    if remove:
        body["remove"] = list(remove)
    return {"type": f"{kind}HeaderModifier", f"{kind.lower()}HeaderModifier": body}


def service(name, namespace="default", port=80, **port_fields):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
            "spec": {"ports": [{"name": "http", "port": port, **port_fields}]}}


def endpoints(name, *ports, namespace="default", address="127.0.0.1", conditions=None, slice_name=None):
    """One EndpointSlice whose endpoints are (address, port); several ports need several slices."""
    result = []
    for index, port in enumerate(ports):
        endpoint = {"addresses": [address]}
        if conditions:
            endpoint["conditions"] = conditions
        result.append({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                       "metadata": {"name": f"{slice_name or name}-{index}", "namespace": namespace,
                                    "labels": {"kubernetes.io/service-name": name}},
                       "addressType": "IPv6" if ":" in address else "IPv4" if address[0].isdigit() else "FQDN",
                       "ports": [{"name": "http", "port": port}], "endpoints": [endpoint]})
    return result


def backend(name, *ports, namespace="default", **more):
    """A Service and the EndpointSlices of processes that listen on these ports of loopback."""
    return [service(name, namespace), *endpoints(name, *ports, namespace=namespace, **more)]


def secret(name, certificate, namespace="default"):
    def encode(text):
        return base64.b64encode(text.encode()).decode()
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": name, "namespace": namespace},
            "data": {"tls.crt": encode(certificate.chain), "tls.key": encode(certificate.key)}}


def ca_bundle(name, *certificates, namespace="default"):
    """A ConfigMap with the CA certificates to trust."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace},
            "data": {"ca.crt": "".join(certificate.chain for certificate in certificates)}}


def backend_tls(name, service_name, hostname, *bundles, namespace="default", section=None, sans=(), options=None, **validation):
    """A BackendTLSPolicy. `bundles`: names of ConfigMaps, or whole references; `sans`: hostnames, and URIs (with a colon)."""
    target = {"group": "", "kind": "Service", "name": service_name} | ({"sectionName": section} if section else {})
    validation = {"hostname": hostname} | validation
    if bundles:
        validation["caCertificateRefs"] = [{"group": "", "kind": "ConfigMap", "name": b} if isinstance(b, str) else b for b in bundles]
    if sans:
        validation["subjectAltNames"] = [{"type": "URI", "uri": n} if ":" in n else {"type": "Hostname", "hostname": n} for n in sans]
    spec = {"targetRefs": [target], "validation": validation}
    return gateway_api("BackendTLSPolicy", name, namespace, spec | ({"options": options} if options else {}))


def reference_grant(name, namespace, from_kind, from_namespace, to_kind, to_name=None):
    to = {"group": "", "kind": to_kind} | ({"name": to_name} if to_name else {})
    return gateway_api("ReferenceGrant", name, namespace,
                       {"from": [{"group": "gateway.networking.k8s.io", "kind": from_kind, "namespace": from_namespace}],
                        "to": [to]}, version="v1beta1")


def namespace(name, **labels):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def flatten(objects):
    for item in objects:
        if isinstance(item, (list, tuple)):
            yield from flatten(item)
        else:
            yield item


def to_yaml(*objects):
    return yaml.safe_dump_all(list(flatten(objects)), sort_keys=False)


def file_name(item):
    meta = item["metadata"]
    return f"{item['kind'].lower()}-{meta.get('namespace', 'cluster')}-{meta['name']}.yaml"
