"""Real servers on unix sockets: who asks over one is on this machine, unless a proxy says that it hands on."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from helpers.waiting import wait_until

APPLICATION = """
from perftui import Registry, metrics_app, metrics_wsgi_app
registry = Registry("shop")
asgi, wsgi = metrics_app(registry), metrics_wsgi_app(registry)
"""
SERVERS = {
    "uvicorn": ["uvicorn", "served:asgi", "--log-level", "warning", "--uds"],
    "uvicorn behind a proxy": [
        "uvicorn",
        "served:asgi",
        "--log-level",
        "warning",
        "--forwarded-allow-ips",
        "*",
        "--uds",
    ],
    "gunicorn": ["gunicorn", "served:wsgi", "--log-level=error", "--no-control-socket", "--bind"],
}
PATH = "http://localhost/perftui/v1/metrics"


@pytest.fixture(params=SERVERS, ids=lambda name: name.replace(" ", "-"))
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[httpx.Client]:
    (tmp_path / "served.py").write_text(APPLICATION, "utf-8")
    place = tmp_path / "s"
    command = [sys.executable, "-m", *SERVERS[request.param]]
    address = f"unix:{place}" if request.param == "gunicorn" else str(place)
    server = subprocess.Popen([*command, address], cwd=tmp_path)
    try:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(place)), timeout=60) as client:
            wait_until(lambda: _serves(client))
            yield client
    finally:
        server.terminate()
        server.wait(60)


def _serves(client: httpx.Client) -> bool:
    try:
        return client.get("http://localhost/").status_code == 404
    except httpx.TransportError:
        return False


def test_a_peer_on_a_unix_socket_is_local_and_a_proxy_s_visitor_is_not(client: httpx.Client) -> None:
    assert client.get(PATH).json()["service"]["name"] == "shop"
    for headers in ({"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}, {"Host": "shop.example"}):
        assert client.get(PATH, headers=headers).status_code == 403
