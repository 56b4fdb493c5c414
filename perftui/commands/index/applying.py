"""`perftui index apply FILE TARGET`: a reviewed analysis becomes indexes, and what they replace may be hidden."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from perftui.actions.apply_analysis import Fitted, chosen, fit, read_analysis, spec_of
from perftui.actions.create_index import CreateIndexes
from perftui.actions.drop_index import DropIndex
from perftui.actions.hide_index import HideIndex
from perftui.actions.index_spec import IndexSpec
from perftui.commands import say
from perftui.commands.index.ask import Session, is_unreached
from perftui.commands.index.parsing import quorum_of
from perftui.commands.index.showing import Report, can_ask, prompt
from perftui.model.errors import UserError
from perftui.model.redaction import redact
from perftui.model.target import Connection


async def apply(arguments: argparse.Namespace, session: Session, connection: Connection) -> None:
    """Those that do not fit any more are refused and the rest is created, in one question."""
    analysis = read_analysis(Path(arguments.targets[0]))
    specs = [spec_of(one, analysis) for one in chosen(analysis, arguments.only)]
    if analysis.target is not None and analysis.target != connection.target.address:
        say(f"The file was made for {analysis.target}, this is {connection.target.address}.")
    fitting = [one.spec for one in await _fitting(session, connection, specs)]
    if not fitting:
        return
    quorum = None if arguments.commit_quorum is None else quorum_of(arguments.commit_quorum)
    action = CreateIndexes(connection, connection.target, fitting, commit_quorum=quorum)
    outcome = await session.act(action)
    if outcome is None or outcome.state == "done":
        await _supersede(arguments.superseded, session, connection, fitting)


async def _fitting(session: Session, connection: Connection, specs: Sequence[IndexSpec]) -> list[Fitted]:
    try:
        fitted = await fit(connection, connection.target, specs)
    except ValueError as error:
        raise UserError(f"The file holds an index that cannot be created: {error}.") from None
    except Exception as error:  # whatever a client raises is told in words
        action = CreateIndexes(connection, connection.target, specs)
        session.unreached = is_unreached(action, error)
        session.tell(Report(action="apply", host=action.host, state="refused", message=redact(action.explain(error))))
        return []
    for one in fitted:
        if one.blocking is not None and not _may_be_chosen_away(one):
            words = f"{one.spec.index_name} on {one.spec.ns} is not created: {one.blocking.message} {one.blocking.help}"
            host, problems = connection.target.name, one.problems
            session.tell(
                Report(action="create index", host=host, state="refused", message=words.rstrip(), problems=problems)
            )
    return [one for one in fitted if one.blocking is None or _may_be_chosen_away(one)]


def _may_be_chosen_away(one: Fitted) -> bool:
    """A voter that is down concerns the whole build, which says so itself."""
    return one.blocking is not None and "commit quorum" in one.blocking.message


async def _supersede(how: str, session: Session, connection: Connection, created: Sequence[IndexSpec]) -> None:
    """Nothing is dropped unless that was asked for: hiding shows what a drop would do."""
    replaced = [(spec.ns, name) for spec in created for name in spec.supersedes]
    for ns, name in dict.fromkeys(replaced):
        if how == "drop":
            session.confirm = name
            await session.act(DropIndex(connection, connection.target, ns, name))
        elif how == "hide" or (how == "ask" and _wants_to_hide(session, ns, name)):
            await session.act(HideIndex(connection, connection.target, ns, name, hidden=True))
        elif how == "ask":
            say(f"{name} on {ns} is not needed any more: perftui index hide TARGET {ns} {name}, later drop it.")


def _wants_to_hide(session: Session, ns: str, name: str) -> bool:
    if session.dry_run or session.yes or not can_ask():
        return False
    return prompt(f"{name} on {ns} is not needed any more. Hide it? [y/N] ").lower() in ("y", "yes")
