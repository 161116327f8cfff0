# SPDX-License-Identifier: Apache-2.0
"""`cardea echo` by itself: every protocol that a backend may have to speak."""
import json
import subprocess

import pytest

from certificates import self_signed
from client import PATIENCE, Raw, careless, curl, eventually, fetch
from processes import ending, free_port, program


@pytest.fixture(scope="module")
def port(shared_world):
    return shared_world.echo("alone").port


def test_http_1_and_2_on_one_port(port):
    assert fetch(port).echo["proto"] == "HTTP/1.1"
    answer = json.loads(curl("--http2-prior-knowledge", "-d", "body", f"http://127.0.0.1:{port}/a?b").stdout)
    assert (answer["proto"], answer["path"], answer["body_bytes"], answer["method"]) == ("HTTP/2.0", "/a?b", 4, "POST")
    with Raw(port) as connection:  # begins like the preface, and is none
        assert connection.call("PRIVATE / HTTP/1.1\r\nHost: a\r\n\r\n").echo["method"] == "PRIVATE"


def test_many_streams(port):
    output = subprocess.run(["h2load", "-n", "2000", "-c", "4", "-m", "10", f"http://127.0.0.1:{port}/?bytes=20000"], capture_output=True,
                            text=True, timeout=120, check=True).stdout
    assert "2000 succeeded, 0 failed, 0 errored, 0 timeout" in output, output


def test_grpc_over_both(port):
    for version in ("--http2-prior-knowledge", "--http1.1"):
        output = subprocess.run(["curl", "-sS", "--max-time", str(PATIENCE), version, "-D", "-", "-o", "-", "-H", "content-type: application/grpc",
                                 "--data-binary", "@-", f"http://127.0.0.1:{port}/any.Service/Method"], input=b"\0\0\0\0\2hi", capture_output=True).stdout
        assert b"\0\0\0\0\2hi" in output and b"grpc-status: 0" in output.lower() and b"x-echo-name: alone" in output


@pytest.mark.parametrize("own", [False, True], ids=["self-made", "given"])
def test_tls(tmp_path, own):
    listen = free_port()
    command = [program(), "echo", "--listen-tls", f"127.0.0.1:{listen}", "--name", "secret"]
    trust = ["-k"]
    if own:
        certificate = self_signed("echo.test")
        chain, key = certificate.files(tmp_path)
        command += ["--tls-certificate", chain, "--tls-key", key]
        trust = ["--cacert", certificate.ca_file(tmp_path)]
    process = subprocess.Popen([str(part) for part in command], stderr=subprocess.DEVNULL)
    try:
        def answer(*more):
            result = curl(*trust, *more, "--connect-to", f"echo.test:{listen}:127.0.0.1:{listen}", f"https://echo.test:{listen}/", check=False)
            return json.loads(result.stdout or "{}")
        eventually(lambda: answer().get("tls") == {"version": "TLSv1.3", "serverName": "echo.test", "alpn": "h2"})
        assert answer()["proto"] == "HTTP/2.0"
        assert answer("--http1.1")["tls"]["alpn"] == "http/1.1" and answer("--http1.1")["proto"] == "HTTP/1.1"
        assert fetch(listen, tls=careless(), sni="other.test").echo["tls"]["serverName"] == "other.test"
    finally:
        assert ending(process) == 0


def test_wrong_files_are_named(tmp_path):
    (tmp_path / "x").write_text("nonsense")
    result = subprocess.run([program(), "echo", "--listen-tls", "127.0.0.1:0", "--tls-certificate", tmp_path / "x", "--tls-key", tmp_path / "x"],
                            capture_output=True, text=True, timeout=60)
    assert result.returncode == 1 and "certificate" in result.stderr
