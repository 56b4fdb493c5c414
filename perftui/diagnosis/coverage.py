"""What was looked at, and what may not be read: without it `healthy` would be a guess."""

from collections.abc import Container, Iterator

from perftui.diagnosis.answering import gave_nothing
from perftui.diagnosis.words import name, one_of
from perftui.model.sample import Capability
from perftui.model.snapshot import Snapshot, SourceState, TargetState
from perftui.model.verdict import Unseen

_VITAL = {
    "operations": "what runs and who waits for whom",
    "server status": "queues, tickets, the cache and connections",
    "profiler": "slow queries",
    "slow log": "slow queries",
    "slow queries": "slow queries",
    "info": "everything of Redis",
    "metrics": "the application's endpoints",
}
"""Capabilities without which a problem of their kind cannot be seen."""
_SLOW_QUERIES = {"profiler", "slow log", "slow queries"}


def looked_at(snapshot: Snapshot) -> Iterator[str]:
    """In words, a piece for each system: `12 endpoints`, `34 query shapes`."""
    for state in snapshot.targets:
        if state.application is not None:
            yield one_of(len(state.application.endpoints), "endpoint", "endpoints")
        if state.mongodb is not None:
            yield f"MongoDB {name(state.target.name, 30)}"
        if state.queries is not None:
            yield one_of(len(state.queries.rows), "query shape", "query shapes")
        if state.redis is not None:
            yield f"Redis {name(state.target.name, 30)}"
        if state.host is not None:
            yield "this machine"


def unseen(snapshot: Snapshot) -> Iterator[Unseen]:
    """What is refused, or was not understood, and matters."""
    for state in snapshot.targets:
        told: set[str] = set()
        for source in state.sources:
            for one in (*_refused(state, source), *_missing(state, source)):
                if one.what not in told:
                    told.add(one.what)
                    yield one


def unread(snapshot: Snapshot, told: Container[str]) -> Iterator[Unseen]:
    """Targets that gave nothing at all, but for those of which it is `told` why."""
    for state in snapshot.targets:
        if state.target.id not in told and gave_nothing(state):
            failed = any(source.failure is not None for source in state.sources)
            why = "could not be read" if failed else "has not answered yet"
            yield Unseen(target_id=state.target.id, what=f"{name(state.target.name)}, which {why}")


def _refused(state: TargetState, source: SourceState) -> Iterator[Unseen]:
    failure = source.failure
    if failure is not None and failure.kind in ("rights", "login", "tls", "protocol", "unsupported"):
        what = f"{source.source.partition('.')[2].replace('_', ' ') or state.target.kind} of {name(state.target.name)}"
        yield Unseen(target_id=state.target.id, what=what, needs=name(failure.message, 200), grant=failure.help)


def _missing(state: TargetState, source: SourceState) -> Iterator[Unseen]:
    for one in source.capabilities:
        if one.state == "missing" and one.name in _VITAL and not (one.name in _SLOW_QUERIES and _sees_slow(state)):
            yield Unseen(
                target_id=state.target.id,
                what=f"{_VITAL[one.name]} of {name(state.target.name)}",
                needs=_needs(one),
                grant=one.grant,
            )


def _sees_slow(state: TargetState) -> bool:
    """From another source, such as the log instead of the profiler."""
    if state.target.kind == "redis":
        return False
    return state.queries is not None and state.queries.read_from in ("profiler", "slowlog")


def _needs(capability: Capability) -> str:
    return capability.needs or "a right that this login lacks"
