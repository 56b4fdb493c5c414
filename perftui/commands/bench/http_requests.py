"""What `perftui bench http` sends, from its options and targets."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from perftui.model.errors import UserError
from perftui.model.redaction import remember_secret
from perftui.model.secret import Secret
from perftui.model.target import Connection

if TYPE_CHECKING:
    from perftui.load.request import Request

_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\x00]*?)[ \t]*")
_METHOD = re.compile(r"[A-Z]{1,20}")
_PARAMETER = re.compile(r"[A-Za-z0-9_.~-]{1,64}")
_LARGEST_BODY = 10_000_000
_SHOWN_HEADERS = frozenset({"accept", "accept-encoding", "accept-language", "cache-control", "content-type", "pragma"})
"""Headers whose values are no secrets."""

Headers = tuple[tuple[str, Secret], ...]


def requests_of(arguments: argparse.Namespace, connections: Sequence[Connection]) -> "list[Request]":
    """One for each URL, and a second one of it for what passes its cache by. Raises `UserError`."""
    from perftui.load.request import Request, names_for

    method, body = _method_and_body(arguments)
    headers, uncached = _headers(arguments.header), _headers(arguments.uncached_header)
    parameter = _parameter(arguments.uncached_parameter)
    names = names_for([(method, _http_url(one)) for one in connections])
    found: list[Request] = []
    for name, connection in zip(names, connections, strict=True):
        plain = Request(
            name=name,
            url=connection.uri,
            method=method,
            headers=_merged(tuple(connection.headers.items()), headers),
            body=body,
            verify_tls=connection.verify_tls,
            ca_file=connection.ca_file,
        )
        if not uncached and not parameter:
            found.append(plain._replace(base=0 if found else None))
            continue
        past = plain._replace(
            name=f"{name} (uncached)",
            headers=_merged(plain.headers, uncached),
            unique_parameter=parameter,
            uncached=True,
        )
        found += [past, plain._replace(base=len(found))]
    return found


def headers_of(texts: Sequence[str], connection: Connection) -> Headers:
    """The connection's own headers, and those that were typed. Raises `UserError`."""
    return _merged(tuple(connection.headers.items()), _headers(texts))


def _http_url(connection: Connection) -> str:
    if connection.target.kind != "application":
        raise UserError(f"{connection.target.address} is no http:// or https:// URL; perftui bench http takes URLs.")
    return connection.uri.reveal()


def _method_and_body(arguments: argparse.Namespace) -> tuple[str, bytes | None]:
    from perftui.load.request import READING_METHODS

    body = None if arguments.body is None else _body(arguments.body)
    method = (arguments.method or ("GET" if body is None else "POST")).upper()
    if not _METHOD.fullmatch(method) or method in ("CONNECT", "TRACE"):
        raise UserError("--method is the name of an HTTP method, such as GET or POST.")
    if method not in READING_METHODS and arguments.read_only:
        raise UserError(f"{method} may change something on the server, and --read-only takes that away.")
    return method, body


def _body(text: str) -> bytes:
    if not text.startswith("@"):
        return text.encode("utf-8", "surrogateescape")
    place = Path(text[1:])
    try:
        if place.stat().st_size > _LARGEST_BODY:
            raise UserError(f"--body: {place} is larger than {_LARGEST_BODY // 1_000_000} MB.")
        return place.read_bytes()
    except OSError as error:
        raise UserError(f"--body: {place} cannot be read: {error.strerror or error}.") from None


def _headers(texts: Sequence[str]) -> Headers:
    """The values of those that may hold a secret are hidden wherever they would be printed."""
    found = []
    for text in texts:
        match = _HEADER.fullmatch(text)
        if match is None or not match[2].isascii():
            raise UserError("A header is written as 'NAME: VALUE', in ASCII and on one line.")
        if match[1].lower() not in _SHOWN_HEADERS:
            remember_secret(match[2])
        found.append((match[1], Secret(match[2])))
    return tuple(found)


def _merged(first: Headers, second: Headers) -> Headers:
    """The second's in place of the first's of the same name."""
    names = {name.lower() for name, _ in second}
    return (*((name, value) for name, value in first if name.lower() not in names), *second)


def _parameter(name: str | None) -> str | None:
    if name is not None and not _PARAMETER.fullmatch(name):
        raise UserError("--uncached-parameter is the name of a query parameter: letters, digits, _ . ~ and -.")
    return name
