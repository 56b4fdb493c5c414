"""The morning after: the first start says what became of indexes that were created before, once."""

import asyncio
import time
from typing import TYPE_CHECKING

from perftui.model.event import Event

if TYPE_CHECKING:
    from perftui.actions.journal import Journal
    from perftui.actions.proof_starts import Untold
    from perftui.model.proof import Aftermath, IndexProof
    from perftui.monitor.aftermath import When
    from perftui.tui.app import PerftuiApp

_LEAST_S, _SETTLED_S, _MOST_S = 8.0, 20.0, 60.0
"""How long it looks: the profile's past and the uses come within some seconds, where they may be read; where its uses
are known, or it is gone, nothing more is likely to come after the second; after the last nothing is."""
_EVERY_S, _KEEP_EVERY_S = 1.0, 5.0
_JUDGED = ("helped", "worse", "no difference")
_UNWELCOME = ("worse", "no difference", "not used", "gone")


async def follow_up(app: "PerftuiApp") -> None:
    """Tell what became of what others created, then keep what this session sees of its own, until it ends."""
    from perftui.actions.journal import default_journal
    from perftui.actions.proof_starts import untold

    journal = default_journal()
    try:
        known = {connection.target.id for connection in app.settings.connections}
        waiting = [one for one in await asyncio.to_thread(untold, journal) if one.start.target_id in known]
        await _tell_all(app, journal, waiting)
        await _keep_on(app, journal)
    except OSError:  # a journal that cannot be used knows of nothing
        return


async def _tell_all(app: "PerftuiApp", journal: "Journal", waiting: "list[Untold]") -> None:
    """Each as soon as something is sure; the rest at the end, unless that was said before."""
    began = time.monotonic()
    while waiting:
        await asyncio.sleep(_EVERY_S)
        waited_s = time.monotonic() - began
        for one in list(waiting):
            found = _found(app, one)
            if waited_s < _looks_s(found):
                continue
            waiting.remove(one)
            if found.conclusive or one.kept is None or not one.kept.told:
                await _tell(app, journal, one, found)


def _looks_s(found: "Aftermath") -> float:
    if found.uses is None and found.verdict != "gone":
        return _MOST_S
    return _LEAST_S if found.conclusive and found.uses is not None else _SETTLED_S


def _found(app: "PerftuiApp", one: "Untold") -> "Aftermath":
    from perftui.monitor.aftermath import aftermath, of_start, uses_of

    states = app.latest.targets if app.latest is not None else ()
    proofs = list(of_start(one.start, states))
    return aftermath(one.start, proofs, one.kept, uses_of(one.start, states), time.time(), _when(app))


async def _tell(app: "PerftuiApp", journal: "Journal", one: "Untold", found: "Aftermath") -> None:
    from msgspec.structs import replace

    from perftui.monitor.aftermath import sentence

    words, bad = sentence(one.start, found, _when(app)), found.verdict in _UNWELCOME
    short = sentence(one.start, found, _when(app), named=False)
    app.feed.tell(
        Event(
            at=time.time(),
            target_id=one.start.target_id,
            kind="action.aftermath",
            severity="warning" if bad else "info",
            message=words,
            subject=one.start.ns,
        )
    )
    app.say(short, "warning" if bad else "good" if found.verdict == "helped" else "normal")
    await asyncio.to_thread(journal.remark, one.record.intent, replace(found, told=True))


def _when(app: "PerftuiApp") -> "When":
    from perftui.tui.formatting import moment

    return lambda at: moment(at, app.utc)


async def _keep_on(app: "PerftuiApp", journal: "Journal") -> None:
    """Write down what is proved at each new verdict and of each twice as many runs: a killed session loses little."""
    kept: dict[tuple[str, str, str], tuple[str, int]] = {}
    while True:
        await asyncio.sleep(_KEEP_EVERY_S)
        for proof in [one for state in (app.latest.targets if app.latest else ()) for one in state.proofs]:
            executions = max((shape.after.executions for shape in proof.shapes if shape.after), default=0)
            verdict, before = kept.get(key := (proof.id, proof.ns, proof.index), ("", 0))
            if proof.verdict in _JUDGED and (proof.verdict != verdict or executions >= 2 * before):
                kept[key] = (proof.verdict, executions)
                await asyncio.to_thread(_keep, journal, proof)


def _keep(journal: "Journal", proof: "IndexProof") -> None:
    """Of what this session saw; what an earlier one saw of more runs stays."""
    from perftui.actions.proof_starts import created_indexes, kept_of
    from perftui.monitor.aftermath import Uses, aftermath

    record = next((one for one in journal.read() if one.intent.id == proof.id), None)
    if record is None:
        return
    for start in created_indexes(record):
        if (start.ns, start.index) == (proof.ns, proof.index):
            kept = kept_of(record, start)
            found = aftermath(start, [proof], None, Uses(count=proof.uses), time.time(), str)
            if kept is None or (found.executions or 0) > (kept.executions or 0):
                journal.remark(record.intent, found)
