"""What stands against building these indexes on this collection now, in sentences. Pure."""

from collections.abc import Iterator

from perftui.actions.base import Problem
from perftui.actions.build_commands import CommitQuorum, Group
from perftui.actions.index_conflicts import conflicts
from perftui.actions.index_spec import IndexSpec
from perftui.actions.problems import blocks, remark
from perftui.sources.mongodb.build_preflight import BuildFacts

MOST_INDEXES, MOST_FIELDS = 64, 32
_BYTES_A_KEY = 22
"""The most that a field of a key took in what was measured, prefix compression included."""
_BUSY_WRITES_PER_S = 50.0
_LAGGING_S = 30.0
_LONGEST_OLD_NAME = 127
_NOT_ON_TIME_SERIES = ("unique", "textIndexVersion", "weights", "default_language", "wildcardProjection")


def problems_of(group: Group, facts: BuildFacts, quorum: CommitQuorum | None) -> Iterator[Problem]:
    """Blocking ones first say why nothing may be sent at all."""
    refusal = _collection_refusal(group, facts)
    if refusal is not None:
        yield refusal
        return
    for spec in group.specs:
        yield from _limits(spec, facts)
        yield from conflicts(spec, facts.indexes or ())
    yield from _too_many(group, facts)
    yield from _members(facts, quorum)
    yield from _disk(group, facts)
    yield from _load(facts)
    yield from _builds(group, facts)
    yield from (Problem(blocking=False, message=note) for note in facts.notes)


def estimated_bytes(spec: IndexSpec, documents: int | None) -> int | None:
    if spec.size_bytes is not None or documents is None:
        return spec.size_bytes
    return documents * _BYTES_A_KEY * len(spec.keys)


def _collection_refusal(group: Group, facts: BuildFacts) -> Problem | None:
    if facts.kind == "view":
        return blocks(f"{facts.ns} is a view, which has no indexes.", "Index the collection that it reads.")
    if facts.kind == "system" or group.collection.startswith("system."):
        return blocks(f"{facts.ns} is a system collection.", "Its indexes are the server's own.")
    if facts.exists is False:
        return blocks(f"{facts.ns} does not exist.", "The server would create it, empty: check the name.")
    if facts.exists is None and facts.indexes is None:
        return blocks(f"it cannot be seen whether {facts.ns} exists.", " ".join(facts.notes))
    if facts.primary is False:
        where = f"the primary is {facts.primary_address}" if facts.primary_address else "the set has no primary now"
        return blocks(f"this member is no primary; {where}.", "Try again when there is one.")
    if facts.kind == "timeseries":
        return _time_series(group, facts)
    return None


def _time_series(group: Group, facts: BuildFacts) -> Problem | None:
    for spec in group.specs:
        unsupported = [name for name in _NOT_ON_TIME_SERIES if name in spec.options]
        unsupported += [str(kind) for _, kind in spec.keys if kind in ("text", "hashed", "2d")]
        if unsupported:
            words = f"{facts.ns} is a time-series collection, which cannot have {', '.join(unsupported)}."
            return blocks(words, "Leave that out.")
    return None


def _limits(spec: IndexSpec, facts: BuildFacts) -> Iterator[Problem]:
    if len(spec.keys) > MOST_FIELDS:
        words = f"{spec.index_name} has {len(spec.keys)} fields; an index has at most {MOST_FIELDS}."
        yield blocks(words, "Leave fields out.")
    whole_name = f"{spec.ns}.${spec.index_name}"
    if len(whole_name.encode()) > _LONGEST_OLD_NAME and _older_than(facts.server_version, (4, 2)):
        yield blocks(f"the name {whole_name} is longer than {_LONGEST_OLD_NAME} bytes.", "Choose a shorter --name.")


def _too_many(group: Group, facts: BuildFacts) -> Iterator[Problem]:
    there = len(facts.indexes or ())
    if there + len(group.specs) > MOST_INDEXES:
        words = f"{facts.ns} has {there} indexes; a collection has at most {MOST_INDEXES}."
        yield blocks(words, "Drop one that is not used first.")


def _members(facts: BuildFacts, quorum: CommitQuorum | None) -> Iterator[Problem]:
    for member in facts.blocking_members:
        words = f"{member.address} has a vote and is {member.state}"
        if quorum is None:
            help_ = "Bring it back, or choose a commit quorum yourself, such as majority."
            yield blocks(f"{words}: with the default commit quorum the build would wait for it for ever.", help_)
        else:
            yield remark(f"{words}: a build with commit quorum {quorum} may wait for it; it builds when it is back.")
    for member in facts.members or ():
        if member.lag_s is not None and member.lag_s > _LAGGING_S:
            yield remark(f"{member.address} lags {member.lag_s:,.0f} s behind: the build waits for it.")


def _disk(group: Group, facts: BuildFacts) -> Iterator[Problem]:
    """The build needs room for the index and for the sorted keys beside it."""
    needed = 2 * sum(estimated_bytes(spec, facts.documents) or 0 for spec in group.specs)
    free = facts.disk_free_bytes
    if free is None or not needed:
        return
    figures = f"about {in_megabytes(needed)} are needed while it is built, {in_megabytes(free)} are free"
    if needed > free:
        yield blocks(f"the server's disk is too small: {figures}.", "Free space on the server first.")
    elif needed > free / 2:
        yield remark(f"The server's disk has little room: {figures}.")


def _load(facts: BuildFacts) -> Iterator[Problem]:
    if facts.writes_per_s is not None and facts.writes_per_s >= _BUSY_WRITES_PER_S:
        yield remark(
            f"{facts.ns} takes {facts.writes_per_s:,.0f} writes a second now: they slow down while the index is built, "
            "and the build takes longer. A quieter hour is better."
        )


def _builds(group: Group, facts: BuildFacts) -> Iterator[Problem]:
    for build in facts.builds or ():
        names = ", ".join(build.names) or "an index"
        if build.ns == group.ns and set(build.names) & set(group.names):
            yield blocks(f"{names} on {build.ns} is being built already.", "Wait for it, or abort it.")
        else:
            yield remark(
                f"The server builds {names} on {build.ns} now: two builds at a time share its memory and disk."
            )


def in_megabytes(size: int) -> str:
    return f"{size / 1024**3:,.1f} GB" if size >= 1024**3 else f"{max(size / 1024**2, 0.1):,.1f} MB"


def _older_than(version: str | None, wanted: tuple[int, int]) -> bool:
    parts = (version or "").split(".")
    if len(parts) < 2 or not (parts[0].isdecimal() and parts[1].isdecimal()):
        return False
    return (int(parts[0]), int(parts[1])) < wanted
