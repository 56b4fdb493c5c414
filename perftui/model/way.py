"""The way to targets that this machine cannot reach itself, as sources and actions see it."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from perftui.model.sample import Failure


class Way(Protocol):
    """One connection to another machine that leads on to what that machine reaches."""

    @property
    def name(self) -> str:
        """What the user calls it, such as `ops@bastion`."""
        ...

    def socket_to(self, place: str) -> str:
        """Path of a socket here that leads to `host:port`, or to a socket's path there.

        The first call for a place blocks for some 20 ms. While the way is down, connecting to the socket fails.
        """
        ...

    def trouble(self, place: str) -> "Failure | None":
        """Why `place` cannot be reached, where that is known to lie on the way and not at the server."""
        ...

    def received_bytes(self) -> int | None:
        """What came over the link so far, as it was carried; `None` where that cannot be told."""
        ...

    def command(self, remote: str) -> tuple[str, ...]:
        """The arguments that run this command of the shell there, through the same connection."""
        ...
