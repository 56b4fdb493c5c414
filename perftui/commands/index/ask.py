"""From a checked action to its outcome on a terminal or in a script: show, ask, run, tell."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from perftui.actions.base import Action, Description, Outcome, Problem, ReportingAction
from perftui.actions.journal import Journal, JournalEntry
from perftui.actions.runner import perform
from perftui.commands import DONE, FOUND, UNREACHABLE, say
from perftui.commands.index.showing import ProgressLine, Report, can_ask, prompt, show
from perftui.model.redaction import redact
from perftui.model.text import safe_text

_NOT_REACHED = frozenset({"name", "refused", "unreachable", "timeout", "tls", "login"})


Runner = Callable[[], Awaitable[Outcome]]


@dataclass
class Session:
    """How this call of perftui acts, and what it has done."""

    journal: Journal
    read_only: bool = False
    dry_run: bool = False
    yes: bool = False
    confirm: str | None = None
    json: bool = False
    reports: list[Report] = field(default_factory=list)
    unreached: bool = False
    ended_by: int | None = None
    """The signal that ended it early."""
    _reason: str = ""

    async def act(self, action: Action, run: Runner | None = None) -> Outcome | None:
        """Check, show, ask and run it; `None` where it only would have. `run` stands in for the runner."""
        problems = await self._check(action)
        if problems is None:
            return self._refused(action, (), self._reason)
        shown = action.describe()
        show(shown, problems)
        blocking = next((problem for problem in problems if problem.blocking), None)
        if blocking is None and (self.read_only or action.connection.read_only):
            blocking = Problem(blocking=True, message="this is read-only mode.")
        if blocking is not None:
            return self._refused(action, problems, f"Nothing was done: {blocking.message} {blocking.help}".rstrip())
        if self.dry_run:
            words = f"Dry run: {shown.would or shown.title}. Nothing was changed."
            self._report(action, "would", words, problems)
            return None
        typed = self.confirm
        if not self.yes or (shown.typed_confirmation is not None and typed is None):
            answer = self._asked(shown)
            if answer is None:
                return self._refused(action, problems, "Nothing was done: not confirmed.")
            typed = answer
        return await self._run(action, shown.command, typed, problems, run)

    async def _check(self, action: Action) -> Sequence[Problem] | None:
        try:
            return await action.check()
        except Exception as error:  # whatever a client raises is told in words
            self._reason = f"Nothing was done: {redact(action.explain(error))}"
            self.unreached = self.unreached or is_unreached(action, error)
            return None

    def _asked(self, shown: Description) -> str | None:
        """What was typed to confirm; `None`: no."""
        if not can_ask():
            wanted = shown.typed_confirmation
            say("Without a terminal: add --yes" + ("." if wanted is None else f" --confirm {wanted}."))
            return None
        if shown.typed_confirmation is not None:
            answer = prompt(f"Type {shown.typed_confirmation} to confirm: ")
            return answer if answer == shown.typed_confirmation else None
        return "" if prompt("Run it? [y/N] ").lower() in ("y", "yes") else None

    async def _run(
        self, action: Action, command: str, typed: str | None, problems: Sequence[Problem], run: Runner | None
    ) -> Outcome:
        entries: list[JournalEntry] = []
        line = ProgressLine()
        if isinstance(action, ReportingAction):
            action.report_to(line.tell)
        try:
            outcome = await (run() if run is not None else self._perform(action, command, typed, entries))
        except asyncio.CancelledError:
            line.end()
            if isinstance(action, ReportingAction):
                say(action.interrupted())
            raise
        line.end()
        self._report(action, outcome.state, outcome.message, problems, entries[0].id if entries else None)
        return outcome

    async def _perform(self, action: Action, command: str, typed: str | None, entries: list[JournalEntry]) -> Outcome:
        return await perform(
            action,
            confirmed_command=command,
            read_only=self.read_only,
            journal=self.journal,
            typed=typed,
            on_intent=entries.append,
        )

    def _refused(self, action: Action, problems: Sequence[Problem], words: str) -> Outcome:
        self._report(action, "refused", words, problems)
        return Outcome(state="refused", message=words)

    def _report(
        self,
        action: Action,
        state: str,
        message: str,
        problems: Sequence[Problem],
        entry: str | None = None,
    ) -> None:
        shown = action.describe()
        report = Report(
            action=action.name,
            host=shown.host,
            commands=tuple(shown.command.splitlines()),
            dry_run=self.dry_run,
            state=state,
            message=message,
            entry=entry,
            problems=tuple(problems),
        )
        self.tell(report, can_undo=shown.undo is not None)

    def tell(self, report: Report, *, can_undo: bool = False) -> None:
        """Keep it for `--json`, or say it at once."""
        self.reports.append(report)
        if not self.json:
            entry = report.entry if can_undo and report.state == "done" else None
            undo = f" (undo: perftui index undo TARGET {entry[:8]})" if entry else ""
            sys.stdout.write(safe_text(report.message) + undo + "\n")

    def finish(self) -> int:
        """Print what `--json` asks for; the exit code of all that was done."""
        if self.json:
            document = {"schema": "perftui.index/1", "actions": self.reports}
            sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
        if self.ended_by is not None:
            return 128 + self.ended_by
        if self.unreached:
            return UNREACHABLE
        return DONE if all(report.state in ("done", "would") for report in self.reports) else FOUND


def is_unreached(action: Action, error: BaseException) -> bool:
    from perftui.sources.mongodb.failures import explain

    access: Any = getattr(action, "access", None)
    failure = explain(error, action.connection) if access is None else access.failure(error)
    return failure.kind in _NOT_REACHED
