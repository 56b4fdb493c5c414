"""What happened to collections' indexes between two readings, in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from perftui.model.event import Severity
from perftui.model.index import CollectionState, GoneCollection, Index, IndexBuild, IndexOverview
from perftui.model.text import safe_text

_NAMED = 5
_LONGEST_NAME = 100
_ABORTED = "were aborted while they were built"


class Change(NamedTuple):
    """`subject` is the namespace."""

    kind: str
    severity: Severity
    message: str
    subject: str


def index_changes(before: IndexOverview, now: IndexOverview) -> Iterator[Change]:
    """One sentence for each collection and kind of change; nothing of collections that only one reading has."""
    yield from _builds(before.builds, now.builds)
    yield from _gone(before.gone, now.gone)
    known = {state.ns: state for state in before.collections}
    for state in now.collections:
        old = known.get(state.ns)
        if old is not None and old is not state and old.read_at is not None and state.indexes != old.indexes:
            yield from _indexes(old, state)


def _gone(before: Sequence[GoneCollection], now: Sequence[GoneCollection]) -> Iterator[Change]:
    """One sentence each, or one for all of a database where many of it are gone at once."""
    known = {(one.ns, one.listed_at) for one in before}
    of_database: dict[str, list[GoneCollection]] = {}
    for one in now:
        if (one.ns, one.listed_at) not in known:
            of_database.setdefault(one.ns.partition(".")[0], []).append(one)
    for database, gone in of_database.items():
        if len(gone) > _NAMED:
            names = _names([one.ns.removeprefix(f"{database}.") for one in gone])
            message = f"Collections {names} of {_safe(database)} are gone: they were dropped or renamed."
            yield Change("collection.gone", "warning", message, database)
        else:
            yield from map(_one_gone, gone)


def _one_gone(one: GoneCollection) -> Change:
    held = "" if one.documents is None else f" It held {one.documents:,} documents."
    message = f"Collection {_safe(one.ns)} is gone: it was dropped or renamed.{held}"
    return Change("collection.gone", "warning", message, one.ns)


def _indexes(old: CollectionState, state: CollectionState) -> Iterator[Change]:
    was, now = _by_name(old.indexes), _by_name(state.indexes)
    if not was or not now:
        # A reading that failed is not the end of all indexes: `_id_` can never be dropped.
        return
    ready = [name for name, index in now.items() if not index.building and (name not in was or was[name].building)]
    gone = [name for name in was if name not in now]
    kept = [(was[name], now[name]) for name in was if name in now]
    given_up = [name for name in gone if was[name].building]
    dropped = [name for name in gone if not was[name].building]
    hidden = [new.name for old_one, new in kept if new.hidden and not old_one.hidden]
    shown = [new.name for old_one, new in kept if old_one.hidden and not new.hidden]
    ns = state.ns
    yield from _change("index.created", "info", ready, ns, "is ready", "are ready")
    yield from _change("index.dropped", "warning", dropped, ns, "was dropped", "were dropped")
    yield from _change("index.build.aborted", "warning", given_up, ns, "was aborted while it was built", _ABORTED)
    yield from _change("index.hidden", "warning", hidden, ns, "was hidden from the planner", "were hidden")
    yield from _change("index.unhidden", "info", shown, ns, "is no longer hidden", "are no longer hidden")


def _builds(before: Sequence[IndexBuild], now: Sequence[IndexBuild]) -> Iterator[Change]:
    was, there = {_identity(build): build for build in before}, {_identity(build): build for build in now}
    for key, build in there.items():
        old = was.get(key)
        if old is None:
            message = f"The build of {_what(build)} started."
            yield Change("index.build.started", "info", message, build.ns)
        if build.waits_for_quorum and not (old is not None and old.waits_for_quorum):
            message = (
                f"The build of {_what(build)} waits for other members' votes (commit quorum): it does not end while "
                "a voting member is down."
            )
            yield Change("index.build.waiting", "warning", message, build.ns)
    for key, build in was.items():
        if key not in there:
            yield Change("index.build.ended", "info", f"The build of {_what(build)} is no longer running.", build.ns)


def _identity(build: IndexBuild) -> tuple[str, tuple[str, ...]]:
    """Not the opid: a member that becomes primary goes on under another one."""
    return build.ns, build.names


def _by_name(indexes: Sequence[Index]) -> Mapping[str, Index]:
    return {index.name: index for index in indexes}


def _what(build: IndexBuild) -> str:
    return f"{_names(build.names)} on {_safe(build.ns)}" if build.names else f"an index on {_safe(build.ns)}"


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(_safe(name) for name in names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"


def _change(kind: str, severity: Severity, names: Sequence[str], ns: str, one: str, several: str) -> Iterator[Change]:
    if names:
        what, does = ("Index", one) if len(names) == 1 else ("Indexes", several)
        yield Change(kind, severity, f"{what} {_names(names)} on {_safe(ns)} {does}.", ns)


def _safe(name: str) -> str:
    return safe_text(name, _LONGEST_NAME)
