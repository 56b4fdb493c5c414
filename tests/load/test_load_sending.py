"""One request to a real server, and what is said of its answer."""

import base64

from helpers.loaded_site import Site
from helpers.serving import asgi_server

from perftui.load.generator import ask_once
from perftui.load.request import Request
from perftui.load.sending import ELSEWHERE, REDIRECTS, TIMEOUT, Answer
from perftui.model.secret import Secret


def ask(url: str, timeout_s: float = 20.0, **more: object) -> Answer:
    (answer,) = ask_once([Request("it", Secret(url), **more)], timeout_s)  # type: ignore[arg-type]
    return answer


def test_sizes_are_those_on_the_line() -> None:
    with asgi_server(Site().app) as url:
        assert ask(f"{url}/plain") == Answer(200, None, 100)
        assert ask(f"{url}/parts") == Answer(200, None, 3000)
        assert ask(f"{url}/packed").body_bytes < 1000
        assert ask(f"{url}/plain", method="HEAD") == Answer(200, None, 0)
        assert ask(f"{url}/no").status == 404


def test_redirects_are_followed_on_the_same_host_only() -> None:
    with asgi_server(site := Site().app) as url:
        assert ask(f"{url}/moved") == Answer(200, None, 100, 1)
        assert ask(f"{url}/away") == Answer(None, ELSEWHERE, 0, 0)
        assert ask(f"{url}/round").failure == REDIRECTS
        assert ask(f"{url}/moved", method="POST", body=b"x").status == 307
    assert site is not None


def test_kinds_of_failures_are_told_apart() -> None:
    with asgi_server(Site().app) as url:
        assert ask(f"{url}/slow", timeout_s=0.2) == Answer(None, TIMEOUT)
        assert ask(f"{url}/cut") == Answer(None, "answer cut short or no HTTP")
        wrong = (("Content-Length", Secret("5")),)
        assert ask(f"{url}/plain", headers=wrong) == Answer(None, "request is no valid HTTP")
    assert ask(f"{url}/plain") == Answer(None, "connection refused")
    assert ask("http://nowhere.invalid/") == Answer(None, "name does not resolve")


def test_headers_logins_and_bodies_arrive() -> None:
    site = Site()
    with asgi_server(site.app) as url:
        login = url.replace("http://", "http://ann:p%40ss@")
        ask(
            f"{login}/plain?a=1",
            method="POST",
            body=b"data",
            headers=(("accept", Secret("text/x")), ("X-Of", Secret("1"))),
        )
    method, target, headers, body = site.seen[0]
    assert (method, target, body) == ("POST", "/plain?a=1", b"data")
    assert headers["authorization"] == f"Basic {base64.b64encode(b'ann:p@ss').decode()}"
    assert (headers["accept"], headers["x-of"], headers["content-length"]) == ("text/x", "1", "4")


def test_a_unique_parameter_is_another_in_each_request() -> None:
    site, request = Site(), Request("it", Secret(""), unique_parameter="fresh")
    with asgi_server(site.app) as url:
        ask_once([request._replace(url=Secret(f"{url}/plain?a=1")), request._replace(url=Secret(f"{url}/plain"))], 20)
    values = [target.partition("fresh=")[2] for _, target, *_ in site.seen]
    assert site.seen[0][1].startswith("/plain?a=1&fresh=")
    assert len(set(values)) == 2
    assert all(values)
