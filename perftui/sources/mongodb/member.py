"""One member of a deployment: the client that all its sources share, and what is known of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from perftui.model.mongodb import IndexBuilds
from perftui.model.sample import Capability, Failure
from perftui.model.target import Connection, Target
from perftui.sources.base import Source
from perftui.sources.mongodb.client import close_client, max_time_ms, open_client
from perftui.sources.mongodb.failures import NO_SUCH_COMMAND, NOT_ALLOWED, explain_member
from perftui.sources.mongodb.rights import Login, read_login
from perftui.sources.mongodb.uri import MongoUri

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]

SAME_SERVER = frozenset({"timeout", "rights", "unsupported", "internal"})
"""Kinds of failures after which it is the same server, and the same login, as before."""


class Reply(NamedTuple):
    """A command's answer and its size."""

    document: dict[str, Any]
    received_bytes: int


class Member:
    """Reached directly by its address, whatever the rest of its set does."""

    def __init__(self, target: Target, connection: Connection, parts: MongoUri, address: str) -> None:
        self.target, self.connection, self.parts, self.address = target, connection, parts, address
        self.timeout_s = connection.timeout_s
        self.max_time_ms = max_time_ms(connection)
        self.name_in_set: str | None = None
        self.set_name: str | None = None
        self.is_unlisted = False
        """Hidden or an arbiter by its own word: the set's `hello` names no such member."""
        self.state_in_set: str | None = None
        self.lag_s: float | None = None
        self.ping_ms: float | None = None
        self.index_builds: IndexBuilds | None = None
        """How many there are, from the last `serverStatus`; `None` where that is refused."""
        self.connections: int | None = None
        """How many the server has, from the last `serverStatus`."""
        self.scans_per_s: float | None = None
        """Collection scans of the whole server, from the last two `serverStatus`."""
        self.hello: Mapping[str, Any] = {}
        self.login: Login | None = None
        self.closed = False
        self._client: Client | None = None
        self._looking: asyncio.Task[Login] | None = None
        self._old_hello = False

    @property
    def is_mongos(self) -> bool:
        return self.hello.get("msg") == "isdbgrid"

    @property
    def tells_its_state(self) -> bool:
        """Whether it is read itself, with the right to see the set as it does."""
        return self.login is not None and self.login.may("members")

    async def client(self) -> Client:
        """The shared client; its first command connects. A late poll must not open another one."""
        if self.closed:
            raise ConnectionAbortedError
        if self._client is None and self.connection.way is not None:
            await asyncio.to_thread(self.connection.way.socket_to, unquote(self.address))
        if self._client is None:
            self._client = open_client(self.connection, self.address, parts=self.parts)
        return self._client

    async def ask(self, command: Mapping[str, Any]) -> Reply:
        """Run a command on `admin`, read leniently: `command` alone ignores the client's options for dates and text."""
        from bson import decode
        from bson.raw_bson import RawBSONDocument

        client = await self.client()
        lenient = client.codec_options
        limited = {**command, "maxTimeMS": self.max_time_ms}
        raw = await client.admin.command(limited, codec_options=lenient.with_options(document_class=RawBSONDocument))
        return Reply(decode(raw.raw, lenient), len(raw.raw))

    async def ask_hello(self) -> Reply:
        """Who this server is; before 4.4.2 the command had another name."""
        if not self._old_hello:
            try:
                return await self.ask({"hello": 1})
            except Exception as error:
                if getattr(error, "code", None) != NO_SUCH_COMMAND:
                    raise
                self._old_hello = True
        return await self.ask({"isMaster": 1})

    async def look(self) -> Login:
        """Find out once who this server is and what this login may do there.

        Sources that ask at the same time share one attempt: one after the other would outlast their time.
        """
        if self.login is not None:
            return self.login
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(_heard)
        return await asyncio.shield(self._looking)

    def capabilities(self, *names: str) -> tuple[Capability, ...]:
        """The state of these capabilities; empty until the rights are known."""
        found = () if self.login is None else self.login.capabilities()
        return tuple(capability for capability in found if capability.name in names)

    def forget(self) -> None:
        """Server and rights may be others now: look again at the next connect."""
        self.login = None

    def explain(self, error: BaseException) -> Failure:
        """What went wrong, in words; after what may mean another server or login, look again."""
        failure = explain_member(error, self.connection, self.address, self._client)
        if failure.kind not in SAME_SERVER:
            self.forget()
        return failure

    async def close(self) -> None:
        self.closed = True
        if self._looking is not None:
            self._looking.cancel()
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                await close_client(client)

    async def _look(self) -> Login:
        self.hello = (await self.ask_hello()).document
        login = self.login = await read_login(self._answer)
        return login

    async def _answer(self, command: dict[str, Any]) -> Mapping[str, Any]:
        return (await self.ask(command)).document


class MemberSource(Source):
    """What the sources of one member have in common."""

    def __init__(self, member: Member) -> None:
        super().__init__(member.target)
        self._member = member
        self.timeout_s = member.timeout_s

    def explain(self, error: BaseException) -> Failure:
        failure = self._member.explain(error)
        if failure.kind not in SAME_SERVER:
            self._connected = False
        return failure

    def reconnect(self) -> None:
        super().reconnect()
        self._member.forget()


def _heard(task: asyncio.Task[Login]) -> None:
    """All who waited for it may be gone."""
    if not task.cancelled():
        task.exception()


def is_not_allowed(error: BaseException) -> bool:
    """The server refuses this command to this login, or does not have it."""
    return getattr(error, "code", None) in NOT_ALLOWED
