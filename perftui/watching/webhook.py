"""A webhook: each line as one POST."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, urlsplit

from perftui import __version__
from perftui.model.redaction import MASK, remember_secret
from perftui.model.watch import WatchLine
from perftui.sources.network_failure import network_failure
from perftui.watching.delivery import DeliveryError

if TYPE_CHECKING:
    import httpx

Form = Literal["json", "text"]
_LATER = {408, 425, 429}
"""Refusals that another try may change, beside those of a server in trouble."""
_LIKE_A_TOKEN = 12


class Webhook:
    """`form` is the line itself, or `{"text": message}`, which chats take. Raises `ValueError` for no web address.

    A redirect is not followed: the line, and the token in the address, go where the user said and nowhere else.
    """

    def __init__(self, url: str, *, form: Form = "json", timeout_s: float = 10.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an address that begins with http:// or https://")
        _remember(url)
        self._url, self._form, self._timeout_s = url, form, timeout_s
        self._where = parts.hostname + (f":{parts.port}" if parts.port is not None else "")
        self._is_secret = parts.path.strip("/") != "" or parts.query != "" or parts.username is not None
        self._scheme = parts.scheme
        self._client: httpx.AsyncClient | None = None

    @property
    def name(self) -> str:
        return f"{self._scheme}://{self._where}{'/' + MASK if self._is_secret else ''}"

    async def deliver(self, line: WatchLine) -> None:
        import httpx

        body = line.to_json() if self._form == "json" else json.dumps({"text": line.message}).encode()
        headers = {"content-type": "application/json", "user-agent": f"perftui/{__version__}"}
        client = self._opened()
        try:
            async with client.stream("POST", self._url, content=body, headers=headers) as answer:
                status, wait = answer.status_code, answer.headers.get("retry-after", "")
        except (httpx.HTTPError, OSError, ValueError) as error:
            raise DeliveryError(self._trouble(error)) from None
        if 200 <= status < 300:
            return
        if 300 <= status < 400:
            raise DeliveryError(f"it answers {status}, a redirect; name the address it leads to", for_good=True)
        for_good = status < 500 and status not in _LATER
        wait_s = float(wait) if wait.isdecimal() and len(wait) < 7 else None
        raise DeliveryError(f"it answers {status}", for_good=for_good, wait_s=wait_s)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    def _opened(self) -> httpx.AsyncClient:
        import httpx

        if self._client is None:
            self._client = httpx.AsyncClient(follow_redirects=False, timeout=self._timeout_s)
        return self._client

    def _trouble(self, error: BaseException) -> str:
        import httpx

        failure = network_failure(error, self._where)
        if failure is not None:
            return failure.message.rstrip(".")
        if isinstance(error, httpx.TimeoutException):
            return f"no answer within {self._timeout_s:g} s"
        return f"the request failed ({type(error).__name__})"


def _remember(url: str) -> None:
    """The address is a password where it holds a token: it must not stand in any sentence."""
    parts = urlsplit(url)
    for secret in (url, parts.password, *(value for _, value in parse_qsl(parts.query))):
        remember_secret(secret)
    for part in parts.path.split("/"):
        if len(part) >= _LIKE_A_TOKEN:
            remember_secret(part)
