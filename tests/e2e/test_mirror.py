# SPDX-License-Identifier: Apache-2.0
"""RequestMirror: other backends get copies, and the request notices nothing of it."""
import signal
import socket
import threading

import pytest

from client import Raw, eventually, fetch, request_bytes
from manifests import backend, gateway, header_modifier, listener, redirect, ref, rewrite, full_path, route, rule
from processes import free_port


def mirror(name, **fields):
    return {"type": "RequestMirror", "requestMirror": {"backendRef": ref(name), **fields}}


@pytest.fixture
def serve(world):
    """Serves a rule to backend b with these filters; copies go to m (and other). Gives the port, the three, the gateway."""
    def make(*filters, scripts=(None, None, None), flags=(), on_backend=(), ports=None):
        port = free_port()
        scripted = [world.scripted(script) for script in scripts]
        to = [s.port for s in scripted]
        gw = world.gateway(gateway(listener("http", port)), backend("b", to[0]), backend("m", *(ports or [to[1]])), backend("other", to[2]),
                           route("r", rule(ref("b", filters=list(on_backend)) if on_backend else "b", filters=filters)),
                           flags=["--workers", "1", *flags])
        return port, *scripted, gw
    return make


def first_line(head):
    return head.split(b"\r\n", 1)[0]


@pytest.mark.parametrize("body", [None, b"", b"data", bytes(range(256)) * 2000], ids=["none", "empty", "small", "large"])
def test_a_copy_is_sent_with_its_body(serve, body):
    port, b, m, _, gw = serve(mirror("m"))
    assert fetch(port, "/a?b=c", host="shop.test", method="POST", headers={"X-Own": "1"}, body=body).body == b"ok"
    m.wait_for(lambda s: len(s.heads) == 1, "the copy")
    assert first_line(m.heads[0]) == b"POST /a?b=c HTTP/1.1"
    assert b"\r\nHost: shop.test\r\n" in m.heads[0], "the host stays"
    assert b"\r\nX-Own: 1\r\n" in m.heads[0]
    assert m.bodies[0] == b.bodies[0] == (body or b"")
    eventually(lambda: gw.metric("cardea_mirrored_requests_total") == 1, "the copy is counted")


def test_a_chunked_body_with_trailers_is_copied(serve):
    port, b, m, _, _ = serve(mirror("m"))
    with Raw(port) as connection:
        connection.send(request_bytes("POST", headers={"Transfer-Encoding": "chunked"}))
        for piece in (b"one", b"two"):
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        assert connection.call(b"0\r\nX-Sum: 6\r\n\r\n", "POST").status == 200
    m.wait_for(lambda s: len(s.bodies) == 1, "the copy")
    for seen in (b.bodies[0], m.bodies[0]):
        assert b"one" in seen and b"two" in seen and seen.endswith(b"0\r\nX-Sum: 6\r\n\r\n")


def test_several_mirrors_and_connections_that_are_used_again(serve):
    port, b, m, n, gw = serve(mirror("m"), mirror("other"))
    with Raw(port) as connection:
        for number in range(20):
            assert connection.call(request_bytes(target=f"/{number}")).status == 200
            eventually(lambda number=number: gw.metric("cardea_mirrored_requests_total") == 2 * (number + 1), "both copies")
    for one in (b, m, n):
        assert [first_line(head) for head in one.heads] == [f"GET /{number} HTTP/1.1".encode() for number in range(20)]
        assert one.connections == 1


def test_filters_before_a_mirror_show_in_the_copy(serve):
    port, b, m, n, _ = serve(header_modifier("Request", set={"X-Before": "1"}), mirror("m"), rewrite(path=full_path("/new")), mirror("other"))
    fetch(port, "/old")
    for one, path in ((b, b"/new"), (m, b"/old"), (n, b"/new")):
        one.wait_for(lambda s: len(s.heads) == 1, "the request")
        assert first_line(one.heads[0]) == b"GET " + path + b" HTTP/1.1"
        assert b"\r\nX-Before: 1\r\n" in one.heads[0]


def test_a_mirror_of_a_backendref(serve):
    port, _, m, n, _ = serve(mirror("other"), on_backend=[mirror("m")])
    fetch(port, method="POST", body=b"data")
    for one in (m, n):
        one.wait_for(lambda s: s.bodies == [b"data"], "the copy")


def test_a_redirect_is_mirrored_when_the_mirror_comes_first(world):
    port = free_port()
    m = world.scripted()
    world.gateway(gateway(listener("http", port)), backend("m", m.port),
                  route("r", rule(filters=[mirror("m"), redirect(hostname="elsewhere.test")])))
    assert fetch(port, "/x").status == 302
    m.wait_for(lambda s: len(s.heads) == 1, "the copy")


# Bounds of four standard deviations of a binomial: a good program fails once in 15,000 runs.
@pytest.mark.parametrize("fields,share", [({"percent": 20}, 0.2), ({"fraction": {"numerator": 50}}, 0.5),
                                          ({"fraction": {"numerator": 7, "denominator": 20}}, 0.35),
                                          ({"percent": 0}, 0.0), ({"percent": 100}, 1.0)])
def test_a_share_of_requests(serve, fields, share):
    port, b, m, _, gw = serve(mirror("m", **fields), flags=["--max-mirrors", "100000"])
    total = 600
    with Raw(port) as connection:
        for _ in range(total):
            assert connection.call(request_bytes()).status == 200
    spread = 4 * (total * share * (1 - share)) ** 0.5

    def all_arrived():
        return len(m.heads) == gw.metric("cardea_mirrored_requests_total")
    eventually(lambda: all_arrived() and abs(len(m.heads) - total * share) <= spread, f"{len(m.heads)} of {total * share}")
    assert len(b.heads) == total


def test_a_mirror_that_never_answers_slows_nothing(serve):
    def stuck(backend, connection):
        backend.next_request(connection)
        connection.wait_for_close()
    port, b, m, _, gw = serve(mirror("m"), scripts=(None, stuck, None), flags=["--mirror-timeout", "300ms"])
    with Raw(port) as connection:
        assert [connection.call(request_bytes()).status for _ in range(50)] == [200] * 50
    eventually(lambda: gw.metric("cardea_mirrored_requests_dropped_total", reason="timed_out") == 50, "all time out")
    assert gw.metric("cardea_mirrored_requests_total") == 0


def test_answers_of_mirrors_are_ignored(serve):
    port, _, m, _, gw = serve(mirror("m"), scripts=(None, lambda b, c: b.answer(c, b"HTTP/1.1 500 No\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100000), None))
    with Raw(port) as connection:
        assert [connection.call(request_bytes()).status for _ in range(10)] == [200] * 10
    eventually(lambda: gw.metric("cardea_mirrored_requests_total") == 10, "all are read whole")
    eventually(lambda: gw.metric("cardea_http_requests_total", code="200") == 10, "every request is counted")


@pytest.mark.parametrize("how", ["reset", "nonsense", "refused"])
def test_a_mirror_that_breaks(serve, how):
    def script(backend, connection):
        backend.next_request(connection)
        if how == "reset":
            connection.reset()
        else:
            connection.send(b"what?\r\n\r\n")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port, b, m, _, gw = serve(mirror("m"), scripts=(None, script, None), ports=[nobody.getsockname()[1]] if how == "refused" else None)
        assert [fetch(port, method="POST", body=b"data").status for _ in range(5)] == [200] * 5
        eventually(lambda: gw.metric("cardea_mirrored_requests_dropped_total", reason="failed") == 5, "all are dropped")


def test_a_mirror_that_cannot_keep_up_is_dropped(serve):
    """It reads nothing: what waits for it grows over its bound, and the request goes on."""
    done = threading.Event()
    port, b, _, _, gw = serve(mirror("m"), scripts=(None, lambda s, c: done.wait(60), None),
                              flags=["--max-mirror-bytes", "64k"])
    body = b"x" * (16 * 1024 * 1024)
    assert fetch(port, method="POST", body=body).status == 200
    assert len(b.bodies[0]) == len(body)
    eventually(lambda: gw.metric("cardea_mirrored_requests_dropped_total", reason="too_slow") == 1, "the copy is dropped")
    done.set()


def test_too_many_mirrors_at_once(serve):
    def stuck(backend, connection):
        backend.next_request(connection)
        connection.wait_for_close()
    port, _, m, _, gw = serve(mirror("m"), scripts=(None, stuck, None), flags=["--max-mirrors", "3"])
    with Raw(port) as connection:
        assert [connection.call(request_bytes()).status for _ in range(10)] == [200] * 10
    assert gw.metric("cardea_mirrored_requests_dropped_total", reason="too_many") == 7
    m.wait_for(lambda s: len(s.heads) == 3, "three copies")


def test_a_request_that_ends_within_its_body_ends_the_copy(serve):
    port, b, m, _, gw = serve(mirror("m"))
    connection = Raw(port).send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
    eventually(lambda: m.connections == 1, "the copy is on its way")
    connection.reset()
    eventually(lambda: gw.metric("cardea_mirrored_requests_dropped_total", reason="request_ended") == 1, "the copy ends")


def test_a_mirror_of_nobody(serve):
    """A reference that resolves to nothing costs the copy alone, and the status says it."""
    port, b, _, _, gw = serve(mirror("missing"))
    assert fetch(port).status == 200
    assert gw.condition("HTTPRoute", "r", "ResolvedRefs") == ("False", "BackendNotFound")


def test_a_mirror_without_endpoints(world):
    port = free_port()
    b = world.scripted()
    gw = world.gateway(gateway(listener("http", port)), backend("b", b.port), backend("m"), route("r", rule("b", filters=[mirror("m")])))
    assert fetch(port).status == 200
    eventually(lambda: gw.metric("cardea_mirrored_requests_dropped_total", reason="no_endpoints") == 1, "it is counted")


def test_what_is_tried_again_is_copied_once(world):
    port = free_port()
    bad, m = world.scripted(lambda b, c: b.answer(c, b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")), world.scripted()
    gw = world.gateway(gateway(listener("http", port)), backend("b", bad.port), backend("m", m.port),
                       route("r", rule("b", filters=[mirror("m")], retry={"codes": [503], "attempts": 2, "backoff": "1ms"})))
    assert fetch(port, method="POST", body=b"data").status == 503
    assert bad.bodies == [b"data"] * 3
    eventually(lambda: gw.metric("cardea_mirrored_requests_total") == 1, "the copy")
    assert m.bodies == [b"data"]


def test_a_drain_lets_copies_end(serve):
    """The request is answered, and its connection gone, long before its copy is."""
    def slow(backend, connection):
        backend.next_request(connection)
        let_go.wait(30)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        ended.append(connection.wait_for_close())
    let_go, ended = threading.Event(), []
    port, _, m, _, gw = serve(mirror("m"), scripts=(None, slow, None), flags=["--drain-timeout", "30s"])
    assert fetch(port).status == 200
    m.wait_for(lambda s: len(s.heads) == 1, "the copy")
    gw.process.send_signal(signal.SIGTERM)
    eventually(lambda: gw.admin("/readyz").status == 503, "it drains")
    assert gw.metric("cardea_mirrored_requests_total") == 0 and gw.process.poll() is None
    let_go.set()
    assert gw.process.wait(20) == 0
    eventually(lambda: ended, "the copy's connection was closed after its answer")
    gw.assert_clean()


def test_the_drain_timeout_bounds_copies(serve):
    port, _, m, _, gw = serve(mirror("m"), scripts=(None, lambda b, c: (b.next_request(c), c.wait_for_close()), None),
                              flags=["--drain-timeout", "500ms"])
    assert fetch(port).status == 200
    m.wait_for(lambda s: len(s.heads) == 1, "the copy")
    gw.process.send_signal(signal.SIGTERM)
    assert gw.process.wait(20) == 0
    gw.assert_clean()
