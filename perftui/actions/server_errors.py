"""Every error that a server answers an action with, as a sentence with what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.model.redaction import redact

if TYPE_CHECKING:
    from pymongo.errors import PyMongoError

UNAUTHORIZED = 13
INDEX_NOT_FOUND = 27
BUILD_ABORTED = 276
_NOT_PRIMARY = frozenset({189, 10058, 10107, 11602, 13435, 13436})
_SHUTTING_DOWN = frozenset({91, 11600})
_TOO_SLOW = frozenset({50, 262})


class Words(NamedTuple):
    """What an error means, and what to do."""

    message: str
    help: str


_BY_CODE: dict[int, Words] = {
    2: Words("The server does not accept a value in it: {words}.", "Correct the keys or the option that it names."),
    14: Words("An option has the wrong type: {words}.", "Correct that option."),
    20: Words("The server does not allow this here: {words}.", "Correct what it names, then try again."),
    24: Words("A lock on {ns} was not free in time.", "Wait for, or kill, the long operation on {ns}; then try again."),
    26: Words("{ns} does not exist any more.", "Check the name; nothing was created."),
    27: Words("The index is not there: {words}.", "perftui index list shows the indexes there are."),
    50: Words(
        "It took longer than its time limit and was stopped by the server.",
        "Something holds a lock on {ns}: look for a long operation there, then try again.",
    ),
    67: Words("The server cannot create this index: {words}.", "Correct its keys or options, or drop an index first."),
    72: Words("An option does not fit: {words}.", "Take that option out."),
    73: Words("{ns} is a system collection, whose indexes are the server's own.", "Nothing is to be done."),
    79: Words("The set has no such commit quorum: {words}.", "Use votingMembers, majority or a number of members."),
    85: Words(
        "The same keys are indexed already, under another name or with other options: {words}.",
        "Use that index, or drop it first. A collection can have one text index only.",
    ),
    86: Words("Another index has this name, with other keys or options.", "Choose another name."),
    112: Words("Another operation changed {ns} at the same time.", "Try again; nothing was changed."),
    166: Words("{ns} is a view, which has no indexes.", "Index the collection that the view reads."),
    171: Words(
        "A document holds arrays in two of the fields: an index can hold one array only.",
        "Leave one of the array fields out.",
    ),
    197: Words("The server does not know an option: {words}.", "Take that option out, or correct its name."),
    262: Words("It took longer than its time limit and was stopped by the server.", "Try again when it is less busy."),
    276: Words(
        "The build was aborted: somebody dropped the index, killed the operation, or a member could not go on.",
        "Nothing of it is left. Create it again when you know why.",
    ),
    278: Words("The set has too few members for this commit quorum.", "Choose a smaller one, such as majority."),
    11000: Words(
        "Documents hold the same value in {pattern}: a unique index cannot be built on them.",
        "Remove the duplicates, or create the index without unique.",
    ),
    11601: Words("Somebody killed the operation.", "Nothing of it is left. Create it again when you know why."),
    12586: Words("Another index build or operation holds {ns}.", "Wait until it has ended."),
    12587: Words("Another index build is under way on {ns}.", "Wait until it has ended."),
    13103: Words("An index has at most 32 fields.", "Leave fields out."),
    14031: Words("The server's disk is nearly full.", "Free space on the server first."),
    16755: Words("A document's value in a geo field is no valid place.", "Correct those documents."),
    16766: Words(
        "A document holds an array in the hashed field.", "A hashed index cannot hold arrays; use a plain one."
    ),
    17261: Words(
        "A document names a language that text search does not know.", "Set language_override to another field."
    ),
    17262: Words(
        "A document names a language that text search does not know.", "Set language_override to another field."
    ),
    40353: Words("A collation cannot be used here: {words}.", "Correct the collation, or leave it out."),
    40414: Words("The server misses a field of the command: {words}.", "This server is too old or too new for it."),
    40415: Words("The server does not know a field of the command: {words}.", "This server is too old for it."),
}
_ELECTION = Words(
    "The member stopped being the primary.", "The set elects another one; look whether it was done, then try again."
)
_SHUTDOWN = Words("The server is shutting down.", "Try again when it is back.")


def code_of(error: BaseException) -> int | None:
    """The server's code, also where the driver made another kind of error of it or it is a write concern's."""
    code = getattr(error, "code", None)
    if isinstance(code, int):
        return code
    details = getattr(error, "details", None)
    if not isinstance(details, dict):
        return None
    inner = details.get("writeConcernError")
    codes = (details.get("code"), inner.get("code") if isinstance(inner, dict) else None)
    return next((code for code in codes if isinstance(code, int)), None)


def lost(error: BaseException) -> bool:
    """The answer will not come, and what was asked for may go on: connection, primary or server went away."""
    from pymongo.errors import ConnectionFailure

    return isinstance(error, ConnectionFailure | OSError) or code_of(error) in _NOT_PRIMARY | _SHUTTING_DOWN


def too_slow(error: BaseException) -> bool:
    """The server answered that its time limit was over: a busy one may answer the next look."""
    return code_of(error) in _TOO_SLOW


def words_of(error: BaseException, ns: str, role: str) -> Words | None:
    """The error of a command on `ns`; `role` is the role that would allow it. `None`: it is no server's answer."""
    from pymongo.errors import PyMongoError

    code = code_of(error)
    if code is None or not isinstance(error, PyMongoError):
        return None
    if code == UNAUTHORIZED:
        return _not_allowed(error, ns, role)
    if code in _NOT_PRIMARY:
        return _ELECTION
    if code in _SHUTTING_DOWN:
        return _SHUTDOWN
    known = _BY_CODE.get(code) or (_BY_CODE[40353] if "collation" in str(error).lower() else None)
    if known is None:
        return None
    values = {"ns": ns, "words": _said(error), "pattern": _pattern(error)}
    return Words(known.message.format(**values), known.help.format(**values))


def _not_allowed(error: PyMongoError, ns: str, role: str) -> Words | None:
    if "requires authentication" in str(error):
        return None
    database = ns.partition(".")[0]
    grant = f'db.getSiblingDB("admin").grantRolesToUser("<user>", [{{role: "{role}", db: "{database}"}}])'
    return Words(f"This login may not do this on {ns}.", f"An administrator grants it: {grant}")


def _said(error: PyMongoError) -> str:
    """The server's words without the chain around them, and without documents' values."""
    details: Any = getattr(error, "details", None) or {}
    text = str(details.get("errmsg") or error).split(", full error")[0]
    inner = re.split(r":: caused by ::", text)[-1].strip()
    return redact(" ".join(inner.split()))[:240].rstrip(".")


def _pattern(error: PyMongoError) -> str:
    details: Any = getattr(error, "details", None) or {}
    pattern = details.get("keyPattern")
    return ", ".join(pattern) if isinstance(pattern, dict) and pattern else "the indexed fields"
