"""A member reached through a bastion: the driver connects to a socket here and still checks the member's name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from perftui.model.way import Way

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient


def member_through(way: Way, address: str) -> str:
    """The address that a URI must name instead. Blocks for some ms at the first call for a member."""
    return quote(way.socket_to(unquote(address)), safe="")


def keep_server_name(client: AsyncMongoClient[dict[str, Any]], address: str) -> None:
    """Have the certificate checked for this member, whose name the driver does not know: to it, it is a socket."""
    context: Any = client.options.pool_options._ssl_context
    host = address.rpartition(":")[0].strip("[]")
    if context is not None and host:
        context.wrap_bio = partial(_wrap, context.wrap_bio, host)


def _wrap(wrap_bio: Any, host: str, incoming: Any, outgoing: Any, server_side: bool = False, **options: Any) -> Any:
    return wrap_bio(incoming, outgoing, server_side=server_side, **{**options, "server_hostname": host})
