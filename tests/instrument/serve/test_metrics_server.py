"""The stand-alone server over real sockets: port, unix path, fork, bad clients, and its end."""

import http.client
import json
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from helpers.waiting import wait_until

from perftui.instrument import CacheMonitor, Registry, serve_metrics
from perftui.instrument.serve.server import MetricsServer

TOKEN = "correct horse"
PATH = "/perftui/v1/metrics"


@pytest.fixture
def registry() -> Registry:
    registry = Registry("nightly")
    CacheMonitor("pages", registry).hit("a")
    return registry


@pytest.fixture
def server(registry: Registry) -> Iterator[MetricsServer]:
    with serve_metrics(registry, token=TOKEN) as server:
        yield server


def connection_of(server: MetricsServer) -> http.client.HTTPConnection:
    assert server.port is not None
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)


def test_it_serves_reads_and_clears(server: MetricsServer) -> None:
    document = json.loads(urlopen(server.url).read())
    assert (document["service"]["name"], document["cache"]["pages"]["hits"]) == ("nightly", 1)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    answer = urlopen(Request(server.url + ":clear", b'{"type": "all"}', headers))
    assert json.loads(answer.read()) == {"cleared": "all"}
    for method, body in (("POST", b'{"type": "all"}'), ("BREW", None)):
        with pytest.raises(HTTPError) as refused:
            urlopen(Request(server.url, body, method=method))
        refused.value.close()
        assert refused.value.code in (405, 501)


def test_one_connection_takes_many_requests(server: MetricsServer) -> None:
    with closing(connection_of(server)) as connection:
        for method in ("GET", "HEAD", "OPTIONS", "GET", "DELETE", "GET"):
            connection.request(method, PATH)
            answer = connection.getresponse()
            assert answer.status == {"OPTIONS": 204, "DELETE": 405}.get(method, 200)
            assert bool(answer.read()) == (method in ("GET", "DELETE"))
        local = connection.sock.getsockname()
        assert connection.sock.getsockname() == local


def test_a_body_that_is_not_read_is_no_next_request(server: MetricsServer) -> None:
    with closing(connection_of(server)) as connection:
        connection.request("POST", PATH, body=b"GET /perftui/v1/metrics:clear HTTP/1.1\r\n\r\n")
        answer = connection.getresponse()
        assert (answer.status, answer.headers["connection"]) == (405, "close")
        answer.read()


def test_a_body_without_length_is_refused(server: MetricsServer) -> None:
    with closing(connection_of(server)) as connection:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        connection.request("POST", PATH + ":clear", body=iter([b"{}"]), headers=headers, encode_chunked=True)
        assert connection.getresponse().status == 411


@pytest.mark.parametrize("nonsense", [b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"X" * 70_000, b""])
def test_nonsense_does_not_stop_it(server: MetricsServer, nonsense: bytes) -> None:
    assert server.port is not None
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(nonsense)
        client.shutdown(socket.SHUT_WR)
        try:
            while client.recv(65536):
                pass
        except ConnectionError:
            pass
    assert urlopen(server.url).status == 200


def test_many_silent_clients_keep_nobody_out_for_long(server: MetricsServer) -> None:
    assert server.port is not None
    silent = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(60)]
    try:
        gone = [client for client in silent[40:] if client.recv(1) == b""]
        assert len(gone) == 20
        assert len([thread for thread in threading.enumerate() if thread.name == "perftui-metrics"]) < 60
    finally:
        for client in silent:
            client.close()
    wait_until(lambda: _answers(server.url))


def _answers(url: str) -> bool:
    try:
        with urlopen(url) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_a_port_in_use_gives_a_sentence(server: MetricsServer) -> None:
    assert server.port is not None
    with pytest.raises(OSError, match=rf"port {server.port} of 127\.0\.0\.1 is in use"):
        serve_metrics(port=server.port)


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [("127.0.0.1", 70_000, "from 0 to 65535"), ("127.0.0.1", -1, "from 0"), ("203.0.113.7", 0, "no address of this"),
     ("no such host.invalid", 0, "no address of this")],
)  # fmt: skip
def test_a_place_that_cannot_be_gives_a_sentence(host: str, port: int, words: str) -> None:
    with pytest.raises((OSError, ValueError), match=words):
        serve_metrics(port=port, host=host)


def test_after_its_end_the_port_is_free_and_no_thread_is_left(registry: Registry) -> None:
    server = serve_metrics(registry)
    port = server.port
    assert port is not None
    with closing(connection_of(server)) as connection:
        connection.request("GET", PATH)
        connection.getresponse().read()
        server.close()
        server.close()
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == "perftui-metrics"])
    with serve_metrics(registry, port) as again:
        assert urlopen(again.url).status == 200


def test_a_server_that_nobody_keeps_serves_on(registry: Registry, tmp_path: Path) -> None:
    import gc

    path = tmp_path / "s"
    url = serve_metrics(registry).url
    serve_metrics(registry, unix_path=path)
    gc.collect()
    assert urlopen(url).status == 200
    assert ask_unix(path).startswith(b"HTTP/1.1 200")
    from perftui.instrument.serve.server import _RUNNING

    for server in list(_RUNNING):
        server.close()


def ask_unix(path: Path, host: str = "localhost") -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(f"GET {PATH} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while part := client.recv(65536):
            answer += part
        return answer


def test_a_unix_socket_is_this_machine_s_and_this_user_s(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "metrics.sock"
    with serve_metrics(registry, unix_path=path) as server:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert (server.port, server.unix_path) == (None, path)
        assert ask_unix(path).startswith(b"HTTP/1.1 200 OK")
        assert ask_unix(path, "evil.example").startswith(b"HTTP/1.1 403")
        with pytest.raises(OSError, match="another process serves at"):
            serve_metrics(registry, unix_path=path)
        assert ask_unix(path).startswith(b"HTTP/1.1 200 OK")
    assert not path.exists()


def test_a_dead_process_s_socket_is_replaced_and_any_other_file_left(registry: Registry, tmp_path: Path) -> None:
    dead, file = tmp_path / "dead", tmp_path / "file"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(dead))
    file.write_text("precious")
    with serve_metrics(registry, unix_path=dead):
        assert ask_unix(dead).startswith(b"HTTP/1.1 200")
    with pytest.raises(OSError, match="no socket"):
        serve_metrics(registry, unix_path=file)
    assert file.read_text() == "precious"
    with pytest.raises(OSError, match="cannot listen at"):
        serve_metrics(registry, unix_path=tmp_path / "none" / "s")
    with pytest.raises(OSError, match="too long"):
        serve_metrics(registry, unix_path=tmp_path / ("x" * 200))


FORKS = """
import os, socket, sys
from urllib.request import urlopen
from perftui.instrument import CacheMonitor, Registry, serve_metrics
registry = Registry("parent")
server = serve_metrics(registry)
unix = serve_metrics(registry, unix_path=sys.argv[1])
assert urlopen(server.url).status == 200
ready, go = os.pipe(), os.pipe()
pid = os.fork()
if not pid:
    os.close(go[1])
    server.close(); unix.close()
    with serve_metrics(registry) as own:
        assert urlopen(own.url).status == 200
    os.write(ready[1], b"x")
    os.read(go[0], 1)
    os._exit(0)
os.read(ready[0], 1)
assert os.path.exists(sys.argv[1])
assert urlopen(server.url).status == 200
server.close(); unix.close()
again = serve_metrics(registry, server.port)
assert urlopen(again.url).status == 200
os.write(go[1], b"x")
_, status = os.waitpid(pid, 0)
print(status, os.path.exists(sys.argv[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_neither_holds_the_port_nor_removes_the_socket(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", FORKS, str(tmp_path / "s")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("0 False", "")


def test_a_process_that_ends_leaves_no_socket_and_says_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from perftui.instrument import serve_metrics, Registry;"
        "serve_metrics(Registry()); serve_metrics(Registry(), unix_path=sys.argv[1])"
    )
    command = [sys.executable, "-W", "error", "-c", code, str(tmp_path / "s")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (tmp_path / "s").exists()
