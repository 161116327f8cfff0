# SPDX-License-Identifier: Apache-2.0
"""The proxies set up for HTTP/2: `http` takes HTTP/1.1, `h2c` takes HTTP/2 without TLS by prior knowledge, `https` takes HTTP/2 by ALPN.
`back` says what the backend is spoken to in: "h1" or "h2" (without TLS)."""
import json

from proxies import CONNECTIONS, IDLE, POOL, ROOT, Envoy, Proxy, nginx_config

STREAMS = 100  # concurrent streams of a connection, in every program


class Front(Proxy):
    def __init__(self, folder, certificate, backend_port, ports, back):
        super().__init__(folder / back, certificate, backend_port, ports[0], ports[1])
        self.h2c, self.back = ports[2], back


class Cardea(Front):
    name = "cardea"
    program = ROOT / "build" / "release" / "cardea"
    version_command = (program, "--version")

    def command(self):
        api = "gateway.networking.k8s.io/v1"
        port = {"name": "http", "port": 80} | ({"appProtocol": "kubernetes.io/h2c"} if self.back == "h2" else {})
        objects = [
            {"apiVersion": api, "kind": "GatewayClass", "metadata": {"name": "bench"},
             "spec": {"controllerName": "cardea.dev/gateway-controller"}},
            {"apiVersion": api, "kind": "Gateway", "metadata": {"name": "bench"}, "spec": {"gatewayClassName": "bench", "listeners": [
                {"name": "http", "port": self.http, "protocol": "HTTP"}, {"name": "h2c", "port": self.h2c, "protocol": "HTTP"},
                {"name": "https", "port": self.https, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "cert"}]}}]}},
            {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "cert"},
             "stringData": {"tls.crt": self.certificate[0].read_text(), "tls.key": self.certificate[1].read_text()}},
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "backend"}, "spec": {"ports": [port]}},
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
             "metadata": {"name": "backend-1", "labels": {"kubernetes.io/service-name": "backend"}}, "addressType": "IPv4",
             "ports": [{"name": "http", "port": self.backend_port}], "endpoints": [{"addresses": ["127.0.0.1"]}]},
            {"apiVersion": api, "kind": "HTTPRoute", "metadata": {"name": "all"},
             "spec": {"parentRefs": [{"name": "bench"}], "rules": [{"backendRefs": [{"name": "backend", "port": 80}]}]}}]
        self.write("all.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        return [self.program, "serve", self.folder / "all.json", "--bind", "127.0.0.1", "--workers", "1", "--admin", "127.0.0.1:0",
                "--idle-timeout", f"{IDLE}s", "--backend-idle-timeout", f"{IDLE}s", "--max-idle-per-endpoint", POOL, "--log-level", "warn"]


class Haproxy(Front):
    name = "haproxy"
    version_command = ("haproxy", "-v")

    def command(self):
        self.write("cert.pem", self.certificate[0].read_text() + self.certificate[1].read_text())
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
  bind 127.0.0.1:{self.h2c} proto h2
  bind 127.0.0.1:{self.https} ssl crt cert.pem alpn h2
  default_backend app
backend app
  server one 127.0.0.1:{self.backend_port} pool-max-conn {POOL} pool-purge-delay {IDLE}s {"proto h2" if self.back == "h2" else ""}
""")
        return ["haproxy", "-db", "-f", path]


class Nginx(Front):
    name = "nginx"
    version_command = ("nginx", "-v")

    def command(self):
        forward = "grpc_pass grpc://app;" if self.back == "h2" else 'proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection "";'
        path = self.write("nginx.conf", nginx_config(self.folder, f"""
  ssl_certificate {self.certificate[0]};
  ssl_certificate_key {self.certificate[1]};
  ssl_protocols TLSv1.3;
  ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
  http2_max_concurrent_streams {STREAMS};
  upstream app {{
    server 127.0.0.1:{self.backend_port};
    keepalive {POOL};
    keepalive_requests 1000000000;
    keepalive_timeout {IDLE}s;
  }}
  server {{
    listen 127.0.0.1:{self.http};
    listen 127.0.0.1:{self.h2c} http2;
    listen 127.0.0.1:{self.https} ssl http2;
    location / {{ {forward} }}
  }}
"""))
        return ["nginx", "-e", self.folder / "error.log", "-c", path]


class Nghttpx(Front):
    name = "nghttpx"
    version_command = ("nghttpx", "--version")

    def command(self):
        path = self.write("nghttpx.conf", f"""
frontend=127.0.0.1,{self.http};no-tls
frontend=127.0.0.1,{self.h2c};no-tls
frontend=127.0.0.1,{self.https};tls
private-key-file={self.certificate[1]}
certificate-file={self.certificate[0]}
backend=127.0.0.1,{self.backend_port};;{"proto=h2" if self.back == "h2" else "proto=http/1.1"}
workers=1
single-thread=yes
frontend-http2-max-concurrent-streams={STREAMS}
backend-keep-alive-timeout={IDLE}s
frontend-http2-read-timeout={IDLE}s
tls-min-proto-version=TLSv1.3
tls13-ciphers=TLS_AES_128_GCM_SHA256
accesslog-file=/dev/null
errorlog-file=/dev/null
no-server-rewrite=yes
""")
        return ["nghttpx", f"--conf={path}"]


class EnvoyHttp2(Front):
    name = "envoy"

    def version(self):
        return f"envoy {super().version().rpartition('version: ')[2].split('/')[1]}"

    def listener(self, name, port, tls):
        manager = {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": name, "codec_type": "HTTP1" if name == "http" else "HTTP2", "generate_request_id": False,
            "http2_protocol_options": {"max_concurrent_streams": STREAMS},
            "common_http_protocol_options": {"idle_timeout": f"{IDLE}s"},
            "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
                {"match": {"prefix": "/"}, "route": {"cluster": "app", "timeout": "0s"}}]}]},
            "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router", "suppress_envoy_headers": True}}]}
        chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        if tls:
            chain["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                "common_tls_context": {
                    "alpn_protocols": ["h2"],
                    "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
                    "tls_certificates": [{"certificate_chain": {"filename": str(self.certificate[0])},
                                          "private_key": {"filename": str(self.certificate[1])}}]}}}
        return {"name": name, "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}, "filter_chains": [chain]}

    def command(self):
        thresholds = [{"max_connections": CONNECTIONS, "max_pending_requests": CONNECTIONS, "max_requests": CONNECTIONS}]
        cluster = {
            "name": "app", "type": "STATIC", "connect_timeout": "5s", "circuit_breakers": {"thresholds": thresholds},
            "load_assignment": {"cluster_name": "app", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"socket_address": {
                "address": "127.0.0.1", "port_value": self.backend_port}}}}]}]}}
        if self.back == "h2":
            cluster["typed_extension_protocol_options"] = {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}}}}
        path = self.write("envoy.json", json.dumps({"static_resources": {
            "listeners": [self.listener("http", self.http, False), self.listener("h2c", self.h2c, False), self.listener("https", self.https, True)],
            "clusters": [cluster]}}))
        return [Envoy.program, "-c", path, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]


class H1Backend(Proxy):
    """nginx that answers 128 bytes from memory over HTTP/1.1."""

    name = "backend-h1"

    def command(self):
        path = self.write("nginx.conf", nginx_config(self.folder, f"""
  server {{
    listen 127.0.0.1:{self.http};
    location / {{ return 200 "{'x' * 128}"; }}
  }}
"""))
        return ["nginx", "-e", self.folder / "error.log", "-c", path]


class H2Backend(Proxy):
    """nghttpd that answers 128 bytes over HTTP/2, with the trailer that ends an answer of gRPC."""

    name = "backend-h2"

    def command(self):
        (self.folder / "root").mkdir(exist_ok=True)
        (self.folder / "root" / "index.html").write_text("x" * 128)
        return ["nghttpd", "--no-tls", "--address=127.0.0.1", f"--htdocs={self.folder / 'root'}", "--trailer=grpc-status: 0",
                f"--max-concurrent-streams={STREAMS}", "--no-content-length", str(self.http)]
