"""A request for metrics and its answer, whatever server it came through."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

JSON = "application/json"


class Peer(NamedTuple):
    """Who is at the other end of the connection itself, as the server's socket tells it."""

    address: str | None
    unix_socket: bool = False
    """The connection came over a unix socket, so that the peer is on this machine."""


class Request(NamedTuple):
    """What is known before a body is read."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """Names in lower case; the values of a repeated header are joined by commas."""
    peer: Peer


class Answer(NamedTuple):
    """A whole answer."""

    body: bytes
    content_type: str = JSON
    status: int = 200
    more_headers: tuple[tuple[str, str], ...] = ()

    @property
    def headers(self) -> list[tuple[str, str]]:
        """All headers. Nothing may keep the figures, and no browser may take them for a page."""
        body = [("content-type", self.content_type), ("content-length", str(len(self.body)))]
        fixed = [
            *(body if self.status != 204 else ()),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("vary", "accept, authorization"),
        ]
        return fixed + list(self.more_headers)


class Refused(Exception):  # noqa: N818  # an answer, not an error
    """A status and a sentence for the caller."""

    def __init__(self, status: int, message: str, *more_headers: tuple[str, str]) -> None:
        super().__init__(message)
        self.status, self.more_headers = status, more_headers

    def answer(self) -> Answer:
        body = msgspec.json.encode({"error": str(self)})
        return Answer(body, status=self.status, more_headers=self.more_headers)
