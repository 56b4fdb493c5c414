"""From the command line to one action on one index."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from perftui.actions.abort_build import AbortBuild
from perftui.actions.base import Action
from perftui.actions.create_index import CreateIndexes
from perftui.actions.drop_index import DropIndex
from perftui.actions.hide_index import HideIndex
from perftui.actions.index_spec import IndexSpec
from perftui.actions.undo import UndoAction, last_undoable, undo_refused
from perftui.commands.index.ask import Session
from perftui.commands.index.parsing import document_of, keys_of, quorum_of
from perftui.model.errors import UserError
from perftui.model.target import Connection


def action_of(arguments: argparse.Namespace, session: Session, connection: Connection) -> Action:
    """Raises `UserError` for what cannot be meant."""
    if arguments.action == "undo":
        return _undo(arguments, session, connection)
    ns = namespace_of(arguments.targets[1])
    if arguments.action == "create":
        return _create(arguments, connection, ns)
    name: str = arguments.targets[2]
    make: dict[str, Callable[[], Action]] = {
        "drop": lambda: DropIndex(connection, connection.target, ns, name),
        "hide": lambda: HideIndex(connection, connection.target, ns, name, hidden=True),
        "unhide": lambda: HideIndex(connection, connection.target, ns, name, hidden=False),
        "abort": lambda: AbortBuild(connection, connection.target, ns, name),
    }
    return make[arguments.action]()


def namespace_of(text: str) -> str:
    database, dot, collection = text.partition(".")
    if not (database and dot and collection):
        raise UserError(f"'{text}' is no namespace; write DATABASE.COLLECTION.")
    return text


def _create(arguments: argparse.Namespace, connection: Connection, ns: str) -> Action:
    spec = IndexSpec(
        ns=ns,
        keys=keys_of(arguments.targets[2]),
        name=arguments.name or "",
        options=_options(arguments),
    )
    quorum = None if arguments.commit_quorum is None else quorum_of(arguments.commit_quorum)
    try:
        return CreateIndexes(connection, connection.target, [spec], commit_quorum=quorum)
    except ValueError as error:
        raise UserError(f"This index cannot be created: {error}.") from None


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if arguments.unique:
        options["unique"] = True
    if arguments.sparse:
        options["sparse"] = True
    if arguments.partial is not None:
        options["partialFilterExpression"] = document_of(arguments.partial, "the partial filter")
    if arguments.collation is not None:
        options["collation"] = document_of(arguments.collation, "the collation")
    if arguments.expire_after is not None:
        options["expireAfterSeconds"] = int(arguments.expire_after)
    return options


def _undo(arguments: argparse.Namespace, session: Session, connection: Connection) -> Action:
    entry = arguments.targets[1] if len(arguments.targets) > 1 else ""
    record = last_undoable(session.journal, connection, entry)
    if record is None:
        what = f"no entry {entry}" if entry else f"nothing done on {connection.target.name} that can be taken back"
        raise UserError(f"The journal has {what}; perftui index journal shows what it has.", 1)
    if entry and (reason := undo_refused(session.journal, connection, record)) is not None:
        raise UserError(f"Nothing was done: {reason}", 1)
    return UndoAction(connection, connection.target, record)
