"""The morning after: what became of an index of ours, in words. Pure, and honest where too little ran."""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from perftui.model.index import CollectionState
from perftui.model.proof import Aftermath, AftermathVerdict, IndexProof, Measured, ProofStart, ShapeProof, Verdict
from perftui.model.snapshot import TargetState
from perftui.monitor.proof import ENOUGH

NOT_USED_S = 3600.0
"""An index that nobody has used for so long is not used."""
_MANY_MORE = 2
"""Uses in terms of the measured executions, above which they are named too."""
_RESTART_SLACK_S = 60.0
_UNWELCOME: tuple[AftermathVerdict, ...] = ("worse", "no difference", "not used")
"""Said with the way back; not kept with the message, for what `u` takes back next changes."""
_JUDGED: dict[Verdict, AftermathVerdict] = {"helped": "helped", "worse": "worse", "no difference": "no difference"}

When = Callable[[float], str]


class Uses(Struct):
    """How often the members used it.

    `is_gone`: a member lists the collection's indexes without it, and none has it; one alone may only be late.
    """

    count: int | None = None
    since: float = 0.0
    """The latest moment from which a member counts: its start, or the index' creation."""
    members: int = 0
    where: str = ""
    """Of which member, where only one of several was asked."""
    is_gone: bool = False
    is_listed: bool = False
    """A member has it, or builds it."""


def uses_of(start: ProofStart, states: Sequence[TargetState]) -> Uses:
    """On every member of the connection that was read."""
    found = Uses()
    for state in states:
        if start.target_id in (state.target.id, state.target.group) and state.indexes is not None:
            for collection in state.indexes.collections:
                if collection.ns == start.ns:
                    add_uses(found, start.index, collection)
    return found


def add_uses(found: Uses, name: str, collection: CollectionState) -> None:
    """Take in what one member says of it."""
    index = next((one for one in collection.indexes or () if one.name == name), None)
    found.is_listed = found.is_listed or index is not None
    found.is_gone = not found.is_listed and (found.is_gone or bool(collection.indexes))
    if index is not None and index.uses is not None:
        found.count = (found.count or 0) + index.uses
        found.since = max(found.since, index.used_since or 0.0)
        found.members += 1


def aftermath(
    start: ProofStart, proofs: Sequence[IndexProof], kept: Aftermath | None, uses: Uses, now: float, when: When
) -> Aftermath:
    """From what is measured now, what an earlier session saw, and how often it was used; `when` writes a moment."""
    told = _figures(start, proofs, now)
    if kept is not None and kept.executions and (told is None or (told.executions or 0) < kept.executions):
        told = kept
    if uses.is_gone:
        return _of(start, now, "gone", "it is not there any more: it was dropped since")
    if told is not None:
        return replace(_with_uses(told, uses), seen_at=now, uses=uses.count, told=False)
    if uses.count == 0:
        return _unused(start, uses, now, when)
    return _uncompared(start, proofs, uses, now)


def sentence(start: ProofStart, found: Aftermath, when: When, *, named: bool = True) -> str:
    """Such as `Your index a_1 on shop.prompts of 03:12: p95 152 ms to 6 ms over 41,000 runs.`

    Not `named`, it leaves room for the figures where a line is short.
    """
    name = f" {start.index}" if named else ""
    back = f"; {start.way_back}" if found.verdict in _UNWELCOME else ""
    words = found.message.replace("; u takes it back", "")  # which journals of before 0.5 kept with it
    return f"Your index{name} on {start.ns} of {when(start.finished_at)}: {words}{back}."


def _figures(start: ProofStart, proofs: Sequence[IndexProof], now: float) -> Aftermath | None:
    """Of the member, or the application, that saw most."""
    judged = [proof for proof in proofs if proof.verdict in _JUDGED]
    proof = max(judged, key=lambda one: sum(_executions(shape) for shape in _telling(one)), default=None)
    if proof is None:
        return None
    shape = max(_telling(proof), key=_executions)
    executions = _executions(shape)
    words, verdict = f"{_change(shape)} over {executions:,} runs", _JUDGED[proof.verdict]
    if len(proof.shapes) > 1:
        words += f" ({sum(one.verdict == 'helped' for one in proof.shapes)} of {len(proof.shapes)} shapes helped)"
    if verdict == "worse":
        words = f"slower than before: {words}"
    elif verdict == "no difference":
        words = f"no difference: {words}"
    return replace(_of(start, now, verdict, words), executions=executions)


def _telling(proof: IndexProof) -> list[ShapeProof]:
    return [shape for shape in proof.shapes if shape.verdict == proof.verdict and shape.after is not None]


def _executions(shape: ShapeProof) -> int:
    return 0 if shape.after is None else shape.after.executions


def _change(shape: ShapeProof) -> str:
    before, after = shape.before, shape.after
    if before is None or after is None:
        return shape.message
    for name, read, unit in _FIGURES:
        old, new = read(before), read(after)
        if old is not None and new is not None:
            slow = " of the slow ones" if unit and after.only_slow else ""
            return f"{name} {_figure(old, unit)} to {_figure(new, unit)}{slow}"
    return shape.message


_FIGURES: tuple[tuple[str, Callable[[Measured], float | None], str], ...] = (
    ("p95", lambda one: one.p95_ms, " ms"),
    ("p50", lambda one: one.p50_ms, " ms"),
    ("documents examined", lambda one: one.documents_examined, ""),
)


def _figure(value: float, unit: str) -> str:
    """The profiler knows whole milliseconds only."""
    if unit and value < 1:
        return f"under 1{unit}"
    return f"{_number(value)}{unit}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def _with_uses(told: Aftermath, uses: Uses) -> Aftermath:
    """How often it really was used, where far fewer executions were measured."""
    if uses.count is None or uses.count <= _MANY_MORE * (told.executions or 0):
        return told
    head = told.message.partition("; used ")[0]
    return replace(told, message=f"{head}; used {uses.count:,} times")


def _unused(start: ProofStart, uses: Uses, now: float, when: When) -> Aftermath:
    restarted = uses.since > start.finished_at + _RESTART_SLACK_S
    since = max(uses.since, start.finished_at)
    where = f" on any of {uses.members} members" if uses.members > 1 else f" on {uses.where}" if uses.where else ""
    counted = f" (counted since {when(since)}, when the server started)" if restarted else ""
    if now - since >= NOT_USED_S:
        return _of(start, now, "not used", f"it is not used: 0 uses{where}{counted}", uses)
    return _of(start, now, "too little", f"not used yet{where}{counted}; too little time has passed to tell", uses)


def _uncompared(start: ProofStart, proofs: Sequence[IndexProof], uses: Uses, now: float) -> Aftermath:
    """It was used, or that is not known; its queries were not measured on both sides."""
    most = max((shape for proof in proofs for shape in proof.shapes), key=_executions, default=None)
    after = None if most is None else most.after
    seen = 0 if after is None else after.executions
    if uses.count is None:
        words = (
            f"too little is known to tell: {seen} of at least {ENOUGH} runs seen, and how often it is used is not read"
        )
        return _of(start, now, "too little", words)
    words = f"used {uses.count:,} times"
    if not any(shape.before for shape in start.shapes):
        return _of(start, now, "used", f"{words}; nothing was measured before it, so nothing can be compared", uses)
    before = next(shape.before for shape in start.shapes if shape.before)
    all_seen = not before.only_slow or (after is not None and not after.only_slow)
    if uses.count < ENOUGH or now - start.finished_at < NOT_USED_S or all_seen:
        missing = (
            f"{words}, {seen} of at least {ENOUGH} runs measured since: too little to tell; P measures for a while"
        )
        return _of(start, now, "too little", missing, uses)
    was = "" if before.p95_ms is None else f" (p95 {_figure(before.p95_ms, ' ms')} before)"
    among = "are not among the slow ones any more"
    if seen:
        among = f"were among the slow ones {'once' if seen == 1 else f'{seen:,} times'} since"
    return _of(start, now, "used", f"{words}; its queries{was} {among}", uses)


def _of(start: ProofStart, now: float, verdict: AftermathVerdict, message: str, uses: Uses | None = None) -> Aftermath:
    counted = uses.count if uses is not None else None
    return Aftermath(ns=start.ns, index=start.index, seen_at=now, verdict=verdict, message=message, uses=counted)


def of_start(start: ProofStart, states: Sequence[TargetState]) -> Iterator[IndexProof]:
    """Its proofs on all members."""
    for state in states:
        yield from (one for one in state.proofs if (one.id, one.ns, one.index) == (start.id, start.ns, start.index))
