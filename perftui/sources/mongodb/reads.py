"""Reads of one server on behalf of one login: none is sent that would be refused, none is refused twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from perftui.model.redaction import redact
from perftui.model.text import safe_text
from perftui.sources.mongodb.failures import NOT_ALLOWED, UNAUTHORIZED
from perftui.sources.mongodb.plain import documents, part
from perftui.sources.mongodb.rights import Login, read_login

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]

Entry = Mapping[str, Any]
ANY_RIGHT = ""
_MOST_SENTENCES = 100


class Reads:
    """Commands of one client. What is refused, or fails on the server, becomes a sentence in `notes`."""

    def __init__(self, client: Client, *, max_time_ms: int, login: Login | None = None) -> None:
        self.client, self.max_time_ms = client, max_time_ms
        self.notes: list[str] = []
        self.sent_commands = 0
        self.received_bytes = 0
        self._login = login
        self._refused: set[tuple[str | None, str, str]] = set()

    async def login(self) -> Login:
        """What this login may do, found out once."""
        if self._login is None:
            self._login = await read_login(self._on_admin)
        return self._login

    async def may(
        self, action: str | None, database: str, collection: str = "", *, what: str = "", role: str = ""
    ) -> bool:
        """Whether it is worth asking; a `what` that is not allowed is noted with the `role` that grants it.

        `ANY_RIGHT` is the action of what the server answers to everybody who may do anything in the database, `None`
        that of what it answers to everybody; a privilege on the cluster is one on no database.
        """
        login = await self.login()
        allowed = _holds(login, action, database, collection) and (action, database, collection) not in self._refused
        if not allowed and what:
            self._note_refusal(login, what, database, role or "read")
        return allowed

    async def run(
        self,
        command: Mapping[str, Any],
        action: str | None,
        database: str,
        collection: str = "",
        *,
        what: str,
        role: str = "read",
    ) -> Entry | None:
        """The reply, or `None` with a note where the login may not or the server could not.

        Raises what PyMongo raises where the server cannot be reached.
        """
        from pymongo.errors import OperationFailure

        if not await self.may(action, database, collection, what=what, role=role):
            return None
        try:
            reply = await self.send(database or "admin", command)
        except OperationFailure as error:
            if error.code in NOT_ALLOWED:
                self.refuse(action, database, collection)
            self.explain(error, what, database, role)
            return None
        return reply

    def explain(self, error: Exception, what: str, database: str, role: str = "read") -> None:
        """Note why the server did not answer."""
        if getattr(error, "code", None) == UNAUTHORIZED and self._login is not None:
            self._note_refusal(self._login, what, database, role)
            return
        words = redact(str((getattr(error, "details", None) or {}).get("errmsg") or error).split("\n")[0])
        self.note(f"The server did not give {what}: {safe_text(words, 200)}.")

    def note(self, sentence: str) -> None:
        if sentence not in self.notes and len(self.notes) < _MOST_SENTENCES:
            self.notes.append(sentence)

    def take_notes(self) -> tuple[str, ...]:
        """The sentences since the last time."""
        taken, self.notes = tuple(self.notes), []
        return taken

    def _note_refusal(self, login: Login, what: str, database: str, role: str) -> None:
        on = "admin" if role.startswith("cluster") else database
        self.note(f"This login may not read {what}. Grant: {login.grant(role, on)}")

    async def send(self, database: str, command: Entry) -> Entry:
        """The reply, read leniently: `command` alone ignores the client's options. Raises what PyMongo raises."""
        from bson import decode
        from bson.raw_bson import RawBSONDocument

        self.sent_commands += 1
        limited = {**command, "maxTimeMS": self.max_time_ms}
        lenient = self.client.codec_options
        raw: Any = lenient.with_options(document_class=RawBSONDocument)
        reply = await self.client[database].command(limited, codec_options=raw)
        self.received_bytes += len(reply.raw)
        return decode(reply.raw, lenient)

    def refuse(self, action: str | None, database: str, collection: str = "") -> None:
        """Never ask for this again."""
        self._refused.add((action, database, collection))

    async def _on_admin(self, command: dict[str, Any]) -> Entry:
        return await self.send("admin", command)


def _holds(login: Login, action: str | None, database: str, collection: str) -> bool:
    if action is None:
        return True
    if not database:
        return login.allows_on_cluster(action)
    return login.allows(action, database, collection) if action else login.sees(database)


def first_batch(reply: Entry | None, most: int = 1000) -> list[Entry]:
    """The documents of a cursor's first batch."""
    return [] if reply is None else list(documents(part(reply, "cursor").get("firstBatch"), most))


def split_namespace(ns: str) -> tuple[str, str]:
    """Database and collection, which may hold dots itself."""
    database, _, collection = ns.partition(".")
    return database, collection


def is_namespace(ns: str) -> bool:
    """Whether a server can have such a collection, and the driver can ask for it."""
    database, collection = split_namespace(ns)
    return bool(database and collection) and "\x00" not in ns and not any(sign in database for sign in ' $/\\"')
