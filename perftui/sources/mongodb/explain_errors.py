"""What a server's or the driver's error at an explain means, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perftui.advice.explaining.answers import Explainable, Refusal
from perftui.model.redaction import redact
from perftui.model.text import safe_text
from perftui.sources.mongodb.failures import UNAUTHORIZED
from perftui.sources.mongodb.rights import Login

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]

_WORDS = 300
_WRITES = frozenset(("update", "delete", "findandmodify"))
_CAUSE = "caused by :: "
_MEANS: dict[int, tuple[str, str]] = {
    18: ("The server refused the login.", "Check the user name and the password in the URI."),
    20: ("The server does not explain this kind of command.", ""),
    26: ("{ns} does not exist.", "Check the names of the database and the collection."),
    27: (
        "{ns} has no text index, which $text needs.",
        "Create a text index on the searched fields: the advice names one.",
    ),
    50: (
        "The server stopped at the limit of {limit} ms, without an answer.",
        "It is busy, or the command reads much: try again, or with a longer limit.",
    ),
    59: ("This server does not know explain for this command.", "It takes a newer version of the server."),
    73: ("The server takes {ns} for no name of a collection: {words}.", "Check the namespace."),
    96: ("The server could not carry out the plan: {words}.", "An index for the sort needs no memory."),
    166: (
        "{ns} is a view, on which this command cannot be explained.",
        "Explain it on the collection behind it.",
    ),
    167: ("{ns} is a view, which does not take an option of this command: {words}.", ""),
    175: ("The collection or an index of it was dropped meanwhile.", "Try again."),
    291: ("No plan is allowed: {words}.", "Look at notablescan and at the command's hint."),
    11601: ("The explain was ended on the server, by somebody's killOp.", "Try again."),
    13436: ("This member is neither primary nor secondary.", "Try again when it has joined its set."),
}
_NOT_PRIMARY = frozenset((10107, 13435))
_GOING_DOWN = frozenset((91, 189, 11600, 11602))
_WRONG_COMMAND = frozenset((2, 9, 14, 15, 16, 17, 40, 72, 168, 169, 224))
_PARSER_CODES = range(15_000, 100_000)
"""Refusals of the query language have numbers of their own."""


async def refusal_of(error: Exception, client: Client, asked: Explainable, limit_ms: int) -> Refusal:
    """The sentence for this error; asks who is logged in where a right is missing."""
    from pymongo.errors import OperationFailure, PyMongoError

    if not isinstance(error, OperationFailure):
        kind = "The server could not be asked" if isinstance(error, PyMongoError) else "This command cannot be sent"
        return Refusal(message=f"{kind}: {_safe(str(error))}.", help="Check the connection, or the command's values.")
    code, words = error.code or 0, _safe(str((error.details or {}).get("errmsg") or error))
    if code == UNAUTHORIZED:
        return await _unauthorized(client, asked)
    return _refused(code, words, asked, limit_ms)


def _refused(code: int, words: str, asked: Explainable, limit_ms: int) -> Refusal:
    if code in _MEANS:
        message, help_ = _MEANS[code]
        return Refusal(message=message.format(ns=asked.ns, words=words, limit=f"{limit_ms:,}"), help=help_, code=code)
    if code in _NOT_PRIMARY:
        return Refusal(message="This member is not the primary.", help="Explain writes on the primary.", code=code)
    if code in _GOING_DOWN:
        return Refusal(message="This member is going down or changes its role.", help="Try again.", code=code)
    if "hint provided does not correspond" in words:
        return Refusal(
            message="The command hints at an index that does not exist or is hidden.",
            help="Explain it without the hint.",
            code=code,
        )
    if code in _WRONG_COMMAND or code in _PARSER_CODES:
        return Refusal(message=f"The server does not accept this command: {words}.", help="Check it.", code=code)
    return Refusal(
        message=f"The server refused with error {code}: {words}.",
        help="Look the code up in the server's documentation.",
        code=code,
    )


async def _unauthorized(client: Client, asked: Explainable) -> Refusal:
    """Explaining needs the right to do what is explained."""
    stages = {key for stage in asked.command.get("pipeline", ()) for key in stage}
    role = "readWrite" if asked.op in _WRITES or stages & {"$out", "$merge"} else "read"
    try:
        login = Login(await client.admin.command({"connectionStatus": 1, "maxTimeMS": 1000}))
    except Exception:
        login = Login(None)
    user, of = login.user or "<user>", login.database
    grant = f'db.getSiblingDB("{of}").grantRolesToUser("{user}", [{{role: "{role}", db: "{asked.database}"}}])'
    who = "This login" if login.user else "Without a login one"
    return Refusal(
        message=f"{who} may not explain {asked.op} on {asked.ns}: it takes the right to do it.",
        help=f"Grant it: {grant}",
        code=UNAUTHORIZED,
    )


def _safe(words: str) -> str:
    """One line without secrets; of a chain of causes the last."""
    line = words.split(", full error:")[0].rpartition(_CAUSE)[2] or words
    return safe_text(redact(line), _WORDS).rstrip(". ")
