"""One request that is sent over and over."""

from typing import NamedTuple

from perftui.load.address import shown_url
from perftui.model.secret import Secret

READING_METHODS = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing on the server by what they mean."""


class Request(NamedTuple):
    """What is sent, and how it is named."""

    name: str
    """Unique in a run; holds no secret."""
    url: Secret
    method: str = "GET"
    headers: tuple[tuple[str, Secret], ...] = ()
    body: bytes | None = None
    unique_parameter: str | None = None
    """A parameter of the query that gets another value in each request, so that no cache knows it."""
    uncached: bool = False
    """It is sent so as to pass a cache by."""
    base: int | None = None
    """The number of the request that it is compared with; `None`: it is compared with nothing."""
    verify_tls: bool = True
    ca_file: str | None = None

    @property
    def shown(self) -> str:
        """The URL as it may be shown."""
        return shown_url(self.url.reveal())


def names_for(methods_and_urls: list[tuple[str, str]]) -> list[str]:
    """`GET /path?query`, with the host where two would be the same without it, and a number where they still are."""
    short = [f"{method} {shown_url(url, with_host=False)}" for method, url in methods_and_urls]
    if len(set(short)) == len(short):
        return short
    whole = [f"{method} {shown_url(url)}" for method, url in methods_and_urls]
    return [
        name if whole.count(name) == 1 else f"{name} #{whole[: place + 1].count(name)}"
        for place, name in enumerate(whole)
    ]
