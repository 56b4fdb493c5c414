"""Keeps the proofs of our indexes up to date on every member's state."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from perftui.model.proof import IndexProof, Measured, ProofStart
from perftui.model.snapshot import TargetState
from perftui.monitor.digest import Digest
from perftui.monitor.proof import ENOUGH, MeasuredAfter, measured_group, prove

_EVERY_S = 2.0
_MOST = 20


class Proofs:
    """The newest `ProofStart`s, and what came of them on each member."""

    def __init__(self) -> None:
        self._starts: tuple[ProofStart, ...] = ()
        self._proved: dict[str, tuple[IndexProof, ...]] = {}
        self._next_at = 0.0

    def watch(self, starts: Iterable[ProofStart]) -> None:
        """Prove these from now on, instead of those before."""
        newest = sorted(starts, key=lambda start: start.finished_at)[-_MOST:]
        self._starts, self._next_at = tuple(newest), 0.0
        self._proved = {}

    def applied(
        self, states: tuple[TargetState, ...], digest_of: Callable[[str], Digest | None], now: float
    ) -> tuple[TargetState, ...]:
        """The states with their proofs; the same objects where nothing is to be proved."""
        if not self._starts and not any(state.proofs for state in states):
            return states
        if now >= self._next_at or now < self._next_at - _EVERY_S:
            self._next_at = now + _EVERY_S
            for state in states:
                if state.target.kind == "mongodb":
                    self._renew(state, states, digest_of(state.target.id), now)
        return tuple([_with(state, self._proved.get(state.target.id, ())) for state in states])

    def _renew(self, state: TargetState, states: Sequence[TargetState], digest: Digest | None, now: float) -> None:
        target = state.target
        fresh = tuple(
            [
                prove(start, _after(start, state, states, digest, now), uses=_uses(state, start), now=now)
                for start in self._starts
                if start.target_id in (target.id, target.group)
            ]
        )
        if fresh != self._proved.get(target.id, ()):
            self._proved[target.id] = fresh


def _after(
    start: ProofStart, state: TargetState, states: Sequence[TargetState], digest: Digest | None, now: float
) -> MeasuredAfter:
    offset_s = state.clock_offset_s or 0.0

    def after(shape_id: str) -> Measured | None:
        """From the profile where it holds enough; else from an application that measured the same shape."""
        seen = None if digest is None else digest.since(shape_id, start.finished_at + offset_s, now + offset_s)
        if seen is not None and seen.executions >= ENOUGH and not seen.only_slow:
            return seen
        return next(_in_applications(states, shape_id, start.finished_at), seen)

    return after


def _with(state: TargetState, proofs: tuple[IndexProof, ...]) -> TargetState:
    return state if state.proofs == proofs else replace(state, proofs=proofs)


def _in_applications(states: Sequence[TargetState], shape_id: str, since: float) -> Iterator[Measured]:
    """What applications measured themselves, in windows that began after `since`."""
    for state in states:
        metrics = state.application
        if metrics is None or metrics.queries is None or metrics.window_s is None:
            continue
        read_at = max((source.read_at or 0.0 for source in state.sources), default=0.0)
        if read_at - metrics.window_s >= since:
            for group in metrics.queries.groups:
                if group.by == "shape" and group.shape_id == shape_id:
                    yield measured_group(group, read_at - metrics.window_s, read_at)


def _uses(state: TargetState, start: ProofStart) -> int | None:
    if state.indexes is None:
        return None
    for collection in state.indexes.collections:
        if collection.ns == start.ns:
            return next((index.uses for index in collection.indexes if index.name == start.index), None)
    return None
