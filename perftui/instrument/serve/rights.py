"""Who may read the metrics, and who may clear them."""

import hmac
from collections.abc import Collection
from hashlib import sha256

from perftui.instrument.serve.exchange import Refused, Request
from perftui.instrument.serve.local import is_local
from perftui.model.redaction import remember_secret

_BEARER = ("www-authenticate", 'Bearer realm="perftui"')

_LOCAL_ONLY = "only this machine, asked as localhost and through no proxy, or who holds the token may read the metrics"


class Rights:
    """Reading is for this machine or who holds the token; clearing is for who holds the token.

    `loopback_only=False` lets everybody read; `token_only` has this machine send the token too, which a reverse proxy
    on the same machine needs. `hosts` are further names that a request of this machine may use in its Host header.
    """

    def __init__(
        self,
        token: str | None = None,
        *,
        loopback_only: bool = True,
        token_only: bool = False,
        hosts: Collection[str] = (),
    ) -> None:
        """Raises `ValueError` for a token that no client could send, and for `token_only` without a token."""
        if token is not None:
            _check_token(token)
            remember_secret(token)
        elif token_only:
            raise ValueError("token_only needs a token: without one nobody could read the metrics")
        self._digest = None if token is None else _digest(token)
        self._loopback_only, self._token_only = loopback_only, token_only
        self._hosts = frozenset(host.lower() for host in hosts)

    @property
    def may_clear(self) -> bool:
        """Whether anybody may."""
        return self._digest is not None

    def check_read(self, request: Request) -> None:
        """Raises `Refused`."""
        if self._bears_token(request):
            return
        if self._token_only:
            raise Refused(401, "reading the metrics needs the bearer token", _BEARER)
        if not self._loopback_only or is_local(request, self._hosts):
            return
        words = (
            "only this machine, asked as localhost and through no proxy, or who holds the token may read the metrics"
        )
        if self._digest is None:
            raise Refused(403, f"{words}; no token was set")
        raise Refused(401, words, _BEARER)

    def check_raw_keys(self, request: Request) -> None:
        """Keys may be names of people or secrets: this machine alone is no right to see them. Raises `Refused`."""
        if self._digest is None:
            raise Refused(403, "keys are shown as templates only: no token was set for more")
        if not self._bears_token(request):
            raise Refused(401, "raw keys need the bearer token", _BEARER)

    def check_clear(self, request: Request) -> None:
        """Raises `Refused`."""
        if self._digest is None:
            raise Refused(403, "clearing is off: no token was set for it")
        if not self._bears_token(request):
            raise Refused(401, "clearing needs the bearer token", _BEARER)

    def _bears_token(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        # Digests are of one length, so the time of the comparison does not even tell the token's.
        return (
            self._digest is not None
            and scheme.lower() == "bearer"
            and hmac.compare_digest(_digest(given.strip()), self._digest)
        )


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _check_token(token: str) -> None:
    if not token:
        raise ValueError("the token is empty: set one, or pass token=None to have clearing off")
    if not (token.isascii() and token.isprintable()) or token != token.strip():
        raise ValueError("the token must be printable ASCII, without spaces around it: it travels in a header")
