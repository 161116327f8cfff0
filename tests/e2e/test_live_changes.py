# SPDX-License-Identifier: Apache-2.0
"""Everything that can change changes, all the time, under constant load of HTTP/1.1, HTTP/2, gRPC and WebSocket, in clear text
and in TLS, from clients that know nothing of us: 0 unexpected answers, 0 streams cut."""
import itertools
import time

import pytest

from certificates import authority, issued, self_signed
from client import careless, eventually, fetch, trusting
from loads import Grpc, H2load, Http2WebSockets, Load, WebSockets
from manifests import (CLASS, backend, backend_tls, ca_bundle, endpoints, gateway, grpc_route, header_modifier, listener, listener_set, match,
                       parameters, ref, route, rule, secret, service)
from processes import free_port

SECONDS = 15
NAME = "stays.test"
OF_CLASS = {"group": "gateway.cardea.dev", "kind": "GatewayParameters", "namespace": "default", "name": "of-class"}
OWN = {"parametersRef": {"group": "gateway.cardea.dev", "kind": "GatewayParameters", "name": "own"}}
CALLS = {"method": {"service": "grpc.testing.TestService"}}


class Place:
    """A gateway with every kind of route on one clear and one TLS listener, and all that changes around them."""

    def __init__(self, world, interop_server):
        self.world, self.grpc_port = world, interop_server
        self.clear, self.tls, self.extra = free_port(), free_port(), free_port()
        self.ca = authority("live")
        self.certificate = issued(NAME, by=self.ca)
        self.pages = [world.echo("page") for _ in range(2)]
        self.ws, self.spare = world.echo("ws"), world.echo("spare")
        self.marker = 0
        self.listeners = [listener("http", self.clear), listener("https", self.tls, "HTTPS", certificates=["cert"])]
        self.gateway = world.gateway(
            CLASS | {"spec": CLASS["spec"] | {"parametersRef": OF_CLASS}}, parameters("of-class", {}), parameters("own", {}),
            gateway(*self.listeners, infrastructure=OWN), secret("cert", self.certificate),
            service("pages"), self.slice_of_pages(), backend("ws", self.ws.port), backend("spare", self.spare.port), backend("calls", self.grpc_port), backend("lost", self.spare.port),
            self.pages_route(), route("lost", rule("lost", matches=[match(prefix="/lost")])), route("ws", rule("ws", matches=[match(prefix="/ws")])), grpc_route("calls", rule("calls", matches=[CALLS])))

    # --- what the load uses, in other words ---

    def slice_of_pages(self):
        return [endpoints("pages", page.port, slice_name=f"pages-{n}") for n, page in enumerate(self.pages)]

    def pages_route(self, weight=1, **more):
        return route("pages", rule(ref("pages", weight=weight), ref("pages", weight=2), **more))

    # --- the changes; each is a function of the turn ---

    def other_routes(self, turn):
        routes = [route(f"other-{n}", rule("spare", matches=[match(prefix=f"/{turn}/{n}", headers={"x-turn": str(turn)})]), hostnames=[f"h{n}.test", NAME])
                  for n in range(10)]
        self.gateway.apply(routes)
        if turn % 2:
            self.gateway.remove(routes[::2])

    def weights_and_filters(self, turn):
        self.gateway.apply(self.pages_route(turn % 3, filters=[header_modifier("Response", set={"X-Turn": str(turn)})]))

    def time_outs_and_retries(self, turn):
        self.gateway.apply(self.pages_route(timeouts={"request": f"{20 + turn}s"}, retry={"attempts": turn % 3 + 1, "codes": [503]}))

    def scaled(self, turn):
        """An endpoint more or less, of what is loaded and of what the streams use."""
        more = [endpoints(name, self.spare.port, slice_name=f"{name}-more") for name in ("pages", "ws")]
        if turn % 2:
            self.gateway.remove(*more)
        else:
            self.gateway.apply(*more)

    def rolled(self, turn):
        """As a Deployment does it: a new process, the old one is draining, then it is out, then it ends."""
        old, at = self.pages[turn % 2], turn % 2
        self.pages[at] = self.world.echo("page")
        self.gateway.apply(endpoints("pages", old.port, slice_name="pages-old", conditions={"ready": False, "serving": True, "terminating": True}))
        self.gateway.apply(self.slice_of_pages())
        self.live(turn)
        self.gateway.remove(endpoints("pages", old.port, slice_name="pages-old"))
        self.live(turn)
        self.world.parts.remove(old)
        old.stop()

    def certificate_renewed(self, turn):
        self.certificate = issued(NAME, by=self.ca, kind="rsa" if turn % 4 == 0 else "ecdsa")
        self.gateway.apply(secret("cert", self.certificate))

    def listeners_come_and_go(self, turn):
        more = [listener("extra", self.extra), listener("narrow", self.clear, hostname="narrow.test"),
                listener("secret", self.tls, "HTTPS", "secret.test", ["cert"])]
        self.gateway.apply(gateway(*self.listeners, *(more if turn % 2 else []), infrastructure=OWN))

    def gateways_come_and_go(self, turn):
        another = [gateway(listener("shared", self.clear, hostname="another.test"), name="another"),
                   listener_set(listener("set", self.clear, hostname="set.test"), parent="another")]
        if turn % 2:
            self.gateway.remove(*another)
        else:
            self.gateway.apply(*another)

    def settings(self, turn):
        self.gateway.apply(parameters("own", {
            "logLevel": ("debug", "info", "warn", "off")[turn % 4], "accessLog": turn % 2 == 0, "via": f"turn-{turn % 2}",
            "limits": {"http2MaxStreams": 100 + turn, "maxFields": 50 + turn, "maxIdlePerEndpoint": turn % 5 + 1},
            "timeouts": {"idle": f"{60 + turn}s", "request": f"{30 + turn}s", "http2Stall": f"{50 + turn}s"},
            "tls": {"minVersion": ("1.2", "1.3")[turn % 2]}, "backendTls": {"minVersion": ("1.3", "1.2")[turn % 2]},
            "loadBalancing": {"policy": ("LeastOfTwo", "RoundRobin", "Random")[turn % 3]}}))
        self.gateway.apply(parameters("of-class", {"limits": {"maxTrailerBytes": 8192 + turn}, "traceSampling": turn % 100}))

    def mistakes(self, turn):
        """Files that cannot be read, objects that are wrong, and a route of the load that is wrong for a moment."""
        self.gateway.write("broken.yaml", ("kind: [", "- - -", "apiVersion: v1\nkind: Secret\nmetadata: {name: 1}\n", "\0")[turn % 4])
        wrong = self.pages_route()
        wrong["spec"]["rules"][0]["backendRef"] = wrong["spec"]["rules"][0].pop("backendRefs")
        self.gateway.apply(wrong, gateway(listener("http", free_port(), "HTTPZ"), name="wrong"), secret("nothing", self_signed("a.test")))
        self.gateway.apply(backend_tls("nobody", "lost", "lost.test", "missing"))
        self.live(turn)
        (self.gateway.manifests / "broken.yaml").unlink()
        self.gateway.apply(self.pages_route())
        self.gateway.remove(backend_tls("nobody", "lost", "lost.test", "missing"), gateway(name="wrong"), secret("nothing", self.certificate))

    def around_the_streams(self, turn):
        """The routes and Services that streams came by, changed in what does not concern them."""
        self.gateway.apply(route("ws", rule("ws", matches=[match(prefix="/ws"), match(exact=f"/ws-{turn}")],
                                            filters=[header_modifier("Response", set={"X-Turn": str(turn)})])))
        self.gateway.apply(grpc_route("calls", rule("calls", matches=[CALLS, {"method": {"service": f"shop.v{turn}"}}])))
        self.gateway.apply(ca_bundle(f"bundle-{turn % 2}", self.certificate), service("ws", appProtocol=("kubernetes.io/ws", "http")[turn % 2]))

    def live(self, turn):
        """Waits until a route is served that was written after everything before."""
        self.marker += 1
        text = f"{turn}-{self.marker}"
        self.gateway.apply(route("marker", rule("spare", matches=[match(exact="/marker")], filters=[header_modifier("Response", set={"X-Marker": text})])))
        eventually(lambda: fetch(self.clear, "/marker").header("x-marker") == text, "the change")

    def changes(self):
        return [self.other_routes, self.weights_and_filters, self.scaled, self.rolled, self.certificate_renewed, self.listeners_come_and_go, self.settings,
                self.time_outs_and_retries, self.mistakes, self.gateways_come_and_go, self.around_the_streams]


@pytest.mark.threads
def test_nothing_is_cut_and_nothing_unexpected_is_answered(world, interop, interop_server):
    place = Place(world, interop_server)
    trusted = trusting(place.ca)
    ca_file = place.ca.ca_file(world.folder)
    programs = [H2load(f"{scheme}://127.0.0.1:{port}/", *how, seconds=SECONDS)
                for scheme, port in (("http", place.clear), ("https", place.tls)) for how in ((), ("--h1",))]
    loads = [Grpc(interop, place.clear), Grpc(interop, place.tls, ca_file, NAME),
             WebSockets(f"ws://127.0.0.1:{place.clear}/ws"), WebSockets(f"wss://127.0.0.1:{place.tls}/ws", ssl=trusted, server_hostname=NAME),
             Http2WebSockets(place.clear, "/ws"), Http2WebSockets(place.tls, "/ws", scheme="https", tls=trusting(place.ca), sni=NAME),
             Load(place.clear, ["page", "spare"], clients=2), Load(place.tls, ["page", "spare"], clients=2, tls=careless(), host=NAME),
             Load(place.tls, ["page", "spare"], clients=1, tls=trusted, host=NAME, fresh=True)]
    turns = dict.fromkeys(place.changes(), 0)
    failures = []
    try:
        end = time.monotonic() + SECONDS
        for change in itertools.cycle(turns):
            if time.monotonic() > end and all(turn >= 2 for turn in turns.values()):
                break
            before = [load.progress() for load in loads]
            change(turns[change])
            turns[change] += 1
            place.live(turns[change])
            for load, count in zip(loads, before, strict=True):
                eventually(lambda: load.progress() > count, f"{type(load).__name__} goes on after {change.__name__}")
    except AssertionError as failure:
        failures.append(str(failure))
    for load in [*programs, *loads]:
        try:
            load.stop()
        except AssertionError as failure:
            failures.append(f"{type(load).__name__}: {failure}")
    assert not failures, "\n".join(failures)


# --- changes that concern a stream; docs/changes.md says what becomes of it ---

def removed_routes(place):
    place.gateway.remove(route("ws"), grpc_route("calls"))


def removed_endpoints(place):
    place.gateway.remove(endpoints("ws", 1), endpoints("calls", 1))


def removed_services(place):
    place.gateway.remove(service("ws"), service("calls"))


def other_backends(place):
    place.gateway.apply(route("ws", rule("lost", matches=[match(prefix="/ws")])), grpc_route("calls", rule("lost", matches=[CALLS])))


def tls_to_backends(place):
    """Which they do not speak, so that nothing new reaches them."""
    place.gateway.apply(ca_bundle("ca", place.ca), *[backend_tls(name, name, "ws.test", "ca") for name in ("ws", "calls")])


def removed_listeners(place):
    place.gateway.apply(gateway(listener("extra", place.extra), infrastructure=OWN))


def other_protocols(place):
    """What spoke in clear text is TLS now, and the other way round, on the same ports."""
    place.gateway.apply(gateway(listener("http", place.clear, "HTTPS", certificates=["cert"]), listener("https", place.tls), infrastructure=OWN))


def removed_gateway(place):
    place.gateway.remove(gateway())


def wrong_parameters(place):
    place.gateway.apply(parameters("own", {"limits": {"maxFields": 0}}))


CONCERNING = [(removed_routes, False), (removed_endpoints, False), (removed_services, False), (other_backends, False), (tls_to_backends, False),
              (removed_listeners, True), (other_protocols, True), (removed_gateway, True), (wrong_parameters, True)]


@pytest.mark.threads
@pytest.mark.parametrize("change,goaway", CONCERNING, ids=[change.__name__ for change, _ in CONCERNING])
def test_a_stream_ends_under_what_it_began_with(world, interop, interop_server, change, goaway):
    """`goaway`: where its listener is gone, clients of HTTP/2 are asked to come to another connection with what is new."""
    place = Place(world, interop_server)
    of_h2 = [Http2WebSockets(place.clear, "/ws", beside=False),
             Http2WebSockets(place.tls, "/ws", scheme="https", beside=False, tls=trusting(place.ca), sni=NAME)]
    sockets = [WebSockets(f"ws://127.0.0.1:{place.clear}/ws"), WebSockets(f"wss://127.0.0.1:{place.tls}/ws", ssl=trusting(place.ca), server_hostname=NAME), *of_h2]
    calls = [Grpc(interop, place.clear), Grpc(interop, place.tls, place.ca.ca_file(world.folder), NAME)]
    for load in [*sockets, *calls]:
        eventually(lambda: load.progress() > 20, "it runs")
    version = place.gateway.metrics()["cardea_control_publications_total"]
    change(place)
    eventually(lambda: place.gateway.metrics()["cardea_control_publications_total"] > version, "the change is live")
    for load in [*sockets, *calls]:
        options = {"of": ["Messages"]} if isinstance(load, Grpc) else {}
        count = load.progress(**options)
        eventually(lambda: load.progress(**options) > count + 20, f"{type(load).__name__} goes on")
    if goaway:
        eventually(lambda: all(load.goaways for load in of_h2), "GOAWAY")
    else:
        assert not any(load.goaways for load in of_h2)
    for load in sockets:
        load.stop()
    for load in calls:
        load.stop(calls_may_fail=True)
