"""One member of a deployment: the client that all its sources share, and what is known of it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.model.sample import Capability, Failure
from perftui.model.target import Connection, Target
from perftui.sources.mongodb.client import max_time_ms, open_client
from perftui.sources.mongodb.failures import NOT_ALLOWED, explain_member
from perftui.sources.mongodb.rights import Login, capabilities, read_login
from perftui.sources.mongodb.uri import MongoUri

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]


class Reply(NamedTuple):
    """A command's answer and its size."""

    document: dict[str, Any]
    received_bytes: int


class Member:
    """Reached directly by its address, whatever the rest of its set does."""

    def __init__(self, target: Target, connection: Connection, parts: MongoUri, address: str) -> None:
        self.target, self.connection, self.parts, self.address = target, connection, parts, address
        self.max_time_ms = max_time_ms(connection)
        self.name_in_set: str | None = None
        self.set_name: str | None = None
        self.state_in_set: str | None = None
        self.lag_s: float | None = None
        self.ping_ms: float | None = None
        self.login: Login | None = None
        self.open_server = False
        self._client: Client | None = None
        self._looked = asyncio.Lock()

    async def client(self) -> Client:
        """The shared client; its first command connects."""
        if self._client is None:
            self._client = open_client(self.connection, self.address, parts=self.parts)
        return self._client

    async def ask(self, command: dict[str, Any]) -> Reply:
        """Run a command on `admin`, read leniently: `command` alone ignores the client's options for dates and text."""
        from bson import decode
        from bson.codec_options import CodecOptions
        from bson.raw_bson import RawBSONDocument

        client = await self.client()
        limited = {**command, "maxTimeMS": self.max_time_ms}
        raw = await client.admin.command(limited, codec_options=CodecOptions(RawBSONDocument))
        return Reply(decode(raw.raw, client.codec_options), len(raw.raw))

    async def look_at_rights(self, *, open_server: bool) -> None:
        """Find out once what this login may do; `open_server`: a guarded command worked without a login."""
        async with self._looked:
            if self.login is None:
                self.login = await read_login(await self.client(), self.max_time_ms)
                self.open_server = open_server and self.login.user is None

    def capabilities(self, *names: str) -> tuple[Capability, ...]:
        """The state of these capabilities; empty until the rights are known."""
        if self.login is None:
            return ()
        found = capabilities(self.login, open_server=self.open_server)
        return tuple(capability for capability in found if capability.name in names)

    def forget_rights(self) -> None:
        """They may be others now: look again at the next connect."""
        self.login = None

    def explain(self, error: BaseException) -> Failure:
        failure = explain_member(error, self.connection, self.address, self._client)
        if failure.kind == "login":
            self.login = None
        return failure

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                await client.close()


def is_not_allowed(error: BaseException) -> bool:
    """The server refuses this command to this login, or does not have it."""
    return getattr(error, "code", None) in NOT_ALLOWED
