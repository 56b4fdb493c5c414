"""Whose host it is, and what of a URL is shown."""

import socket

import pytest

from perftui.load.address import is_loopback, shown_url
from perftui.load.request import names_for


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_local(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "0.0.0.0", "2001:db8::1", "::ffff:192.0.2.1"])
def test_nothing_else_is_local(host: str) -> None:
    assert not is_loopback(host)


def test_a_name_that_does_not_resolve_is_an_error() -> None:
    with pytest.raises(socket.gaierror):
        is_loopback("nowhere.invalid")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://localhost:8000", "http://localhost:8000/"),
        ("https://ann:geheim@web/a?q=cats&page=2#part", "https://web/a?q=cats&page=2"),
        ("http://web/a?token=abcd&sig=efgh&api_key=1234&q=x", "http://web/a?token=***&sig=***&api_key=***&q=x"),
        (f"http://web/a?q={'x' * 33}", "http://web/a?q=***"),
        (f"http://web/reset/{'aB3' * 20}/now", "http://web/reset/***/now"),
        ("http://web/a\x1b[31m?b\u202e=1", "http://web/a\u241b[31m?b\ufffd=1"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(url: str, shown: str) -> None:
    assert shown_url(url) == shown


def test_names_are_short_where_that_tells_them_apart() -> None:
    assert names_for([("GET", "http://web/a?q=1"), ("GET", "http://web/b")]) == ["GET /a?q=1", "GET /b"]
    both = [("GET", "http://one/a"), ("GET", "http://two/a")]
    assert names_for(both) == ["GET http://one/a", "GET http://two/a"]
    hidden = [("GET", "http://web/a?token=1234"), ("GET", "http://web/a?token=5678")]
    assert names_for(hidden) == ["GET http://web/a?token=*** #1", "GET http://web/a?token=*** #2"]
