"""Index builds whose end no perftui has seen: told how they ended, or watched again where they go on."""

import asyncio
import time
from typing import TYPE_CHECKING

from perftui.model.event import Event, Severity

if TYPE_CHECKING:
    from perftui.actions.base import ActionProgress, Outcome
    from perftui.actions.journal import Journal, Record
    from perftui.tui.app import PerftuiApp

_AGAIN_S, _LONGEST_S = 5.0, 60.0


async def look_after_builds(app: "PerftuiApp", journal: "Journal") -> None:
    """Until something is known of each that a connection reaches: a server may come back later than we do.

    Raises `OSError` where the journal cannot be used.
    """
    told, wait_s, known = False, _AGAIN_S, set[str]()
    while left := await _look(app, journal, known):
        if not told:
            where, command = left[-1].intent.where, left[-1].intent.command
            app.say(f"Nobody saw the end of a build at {where}: look at Indexes (7). {command}", "warning")
            told = True
        if not any(_is_ours(app, record) for record in left):
            return
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, _LONGEST_S)


async def _look(app: "PerftuiApp", journal: "Journal", known: set[str]) -> "list[Record]":
    """Tell of those that a server tells about, and add them to `known`; returns the others."""
    from perftui.actions.pending import unfinished_builds
    from perftui.actions.settle import settle_builds

    builds = [one for one in await asyncio.to_thread(unfinished_builds, journal) if one.intent.id not in known]
    if not builds:
        return []
    for record, outcome in await settle_builds(journal, app.settings.connections):
        if record.intent.id in known:
            continue
        known.add(record.intent.id)
        if outcome.state == "unverified":
            _watch_again(app, journal, record)
        else:
            _tell(app, record, outcome)
    return [one for one in builds if one.intent.id not in known]


def _is_ours(app: "PerftuiApp", record: "Record") -> bool:
    from perftui.actions.pending import concerns

    return any(concerns(record, connection) for connection in app.settings.connections)


def _watch_again(app: "PerftuiApp", journal: "Journal", record: "Record") -> None:
    app.run_worker(_follow(app, journal, record), group="actions", exit_on_error=False)


async def _follow(app: "PerftuiApp", journal: "Journal", record: "Record") -> None:
    """To its end; leaving perftui leaves it to the next start, and says so."""
    from perftui.actions.pending import concerns
    from perftui.actions.settle import follow_build, still_building

    connection = next(one for one in app.settings.connections if concerns(record, one))
    action = still_building(record, connection)
    action.report_to(_Progress(app))
    app.running_actions.append(action)
    try:
        outcome = await follow_build(journal, record, action)
    finally:
        app.running_actions.remove(action)
    _tell(app, record, outcome)


class _Progress:
    """Says how far it is: at each phase and each tenth, so that other words stay to be read."""

    def __init__(self, app: "PerftuiApp") -> None:
        self._app = app
        self._said: tuple[str, int | None] | None = None

    def __call__(self, progress: "ActionProgress") -> None:
        share = progress.done / progress.total if progress.done is not None and progress.total else None
        step = (progress.phase, None if share is None else int(share * 10))
        if step != self._said:
            self._said = step
            part = "" if share is None else f", {share:.0%}"
            self._app.say(f"An earlier perftui's build goes on and is watched again: {progress.message}{part}.")


def _tell(app: "PerftuiApp", record: "Record", outcome: "Outcome") -> None:
    """In the events and the bottom line; what was built is proved from now on."""
    from perftui.tui.proofs import renew_proofs

    done, intent = outcome.state == "done", record.intent
    severity: Severity = "info" if done else "warning"
    message = f"{intent.where}: {intent.action}: {outcome.message}"
    kind = f"action.{outcome.state}"
    app.feed.tell(Event(at=time.time(), target_id=intent.target_id, kind=kind, severity=severity, message=message))
    app.say(f"Nobody saw the end of a build. {outcome.message}", "good" if done else "warning")
    renew_proofs(app)
    app.feed.refresh()
