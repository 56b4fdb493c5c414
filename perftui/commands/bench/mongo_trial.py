"""`--with-index`: shown, confirmed, measured without, with and without it again, and dropped whatever happens."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from perftui.actions.base import Outcome
from perftui.actions.index_spec import IndexSpec
from perftui.actions.journal import default_journal
from perftui.actions.trial_index import CreateTrialIndexes, TrialIndex, TrialNotOpened
from perftui.commands import say
from perftui.commands.index.ask import Session
from perftui.commands.index.parsing import document_of, keys_of
from perftui.model.errors import UserError

if TYPE_CHECKING:
    from perftui.bench.progress import ProgressBar
    from perftui.model.settings import Settings
    from perftui.model.target import Connection
    from perftui.query_bench.outcome import Run
    from perftui.query_bench.question import Question
    from perftui.query_bench.session import BenchSession


_LASTING = ("expireAfterSeconds", "unique")
"""Options by which an index does more than make queries fast."""


class Trial:
    """Indexes of one collection, tried in one benchmark."""

    def __init__(self, action: CreateTrialIndexes, session: Session) -> None:
        self._action, self._session = action, session
        command = action.describe().command
        self._index = TrialIndex(action, command, journal=session.journal, read_only=session.read_only)

    @classmethod
    def of(
        cls,
        arguments: argparse.Namespace,
        settings: Settings,
        connection: Connection,
        questions: Sequence[Question],
    ) -> Trial | None:
        """`None` where no index is to be tried. Raises `UserError`."""
        if not arguments.with_index:
            return None
        ns = _namespace(arguments, questions)
        try:
            specs = [_spec(text, ns) for text in arguments.with_index]
            action = CreateTrialIndexes(connection, connection.target, specs)
        except ValueError as error:
            raise UserError(f"--with-index: this index cannot be created: {error}.") from None
        # Its reports are said here: standard output is for what was measured.
        asking = Session(journal=default_journal(), read_only=settings.read_only, yes=arguments.yes, json=True)
        return cls(action, asking)

    async def measure(self, found: Run, questions: Sequence[Question], session: BenchSession, bar: ProgressBar) -> bool:
        """Ask, then measure; false where the index is not there, and it was said why."""

        async def run() -> Outcome:
            return await self._run(found, questions, session)

        outcome = await self._session.act(self._action, run=run)
        bar.close()
        if outcome is None or outcome.state != "done":
            say(f"perftui: {outcome.message if outcome is not None else 'Nothing was done.'}")
            return False
        return True

    async def _run(self, found: Run, questions: Sequence[Question], session: BenchSession) -> Outcome:
        from perftui.query_bench.effect import index_effects

        names = ", ".join(spec.index_name for spec in self._action.specs)
        found.index = f"{names} on {self._action.specs[0].ns}"
        found.create_command = self._action.create_shown()
        measuring = session.measuring
        found.questions = await measuring.questions(questions, "before")
        try:
            found.effects = await index_effects(measuring, questions, found.questions, self._index, names)
        except TrialNotOpened as refused:
            return refused.outcome
        finally:
            self._tell_dropped(found)
        return Outcome(state="done", message=f"{found.index} was tried.")

    def _tell_dropped(self, found: Run) -> None:
        """In words, where it is still there."""
        dropped = self._index.dropped
        if dropped is None:
            return
        if dropped.state == "done":
            say(f"{found.index} was dropped again.")
            return
        say(f"perftui: {found.index} could not be dropped: {dropped.message} Drop it: {self._action.drop_shown()}")
        found.notes.append(f"{found.index} could not be dropped.")


def _namespace(arguments: argparse.Namespace, questions: Sequence[Question]) -> str:
    """The collection that all queries read, or the one that `--ns` names."""
    if arguments.ns and "." in arguments.ns:
        return str(arguments.ns)
    read = list(dict.fromkeys(query.ns for question in questions for query in question.queries))
    if len(read) > 1:
        raise UserError(f"--with-index: the queries read {', '.join(read[:5])}: say by --ns which gets the index.")
    return read[0]


def _spec(text: str, ns: str) -> IndexSpec:
    """Keys alone, or as in createIndexes: `{key: {a: 1}, partialFilterExpression: {b: true}}`."""
    document: dict[str, Any] = document_of(text, "the keys of --with-index")
    if not isinstance(document.get("key"), dict):
        return IndexSpec(ns=ns, keys=keys_of(text))
    lasting = [name for name in _LASTING if name in document]
    if lasting:
        words = "documents that it deletes or writes that it refuses do not come back when it is dropped"
        raise UserError(f"--with-index: no index with {lasting[0]} is tried, for {words}.")
    options = {name: value for name, value in document.items() if name not in ("key", "name")}
    keys = keys_of(json.dumps(document["key"]))
    return IndexSpec(ns=ns, keys=keys, name=str(document.get("name", "")), options=options)
