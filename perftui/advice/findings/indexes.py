"""What is wrong with the indexes of one collection, over all members of the set and the shapes that they serve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from perftui.advice.findings.index_merit import has_other_meaning, hidden_for_long, unused
from perftui.advice.findings.index_order import badly_ordered, readings_of
from perftui.advice.findings.index_overlap import covering, is_plain, too_many
from perftui.advice.findings.safe import safe_to_show
from perftui.advice.load import ShapeLoad
from perftui.model.finding import Finding
from perftui.model.index import CollectionState, Index


@dataclass(frozen=True)
class IndexFindings:
    indexes: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    """By the index's name; only those that have any."""
    collection: tuple[Finding, ...] = ()


def index_findings(
    members: Sequence[CollectionState],
    loads: Sequence[ShapeLoad] = (),
    now: float = 0.0,
    *,
    complete: bool = True,
    shard_key: tuple[str, ...] | None = None,
) -> IndexFindings:
    """Judge the indexes of one collection as its members have them, the primary's first; `now` in Unix seconds.

    Unless `complete`, not every member was read, so that no index can be called unused. Of a sharded collection
    neither an unused nor a redundant index is named where its `shard_key` is not known.
    """
    if not members or members[0].kind in ("view", "system"):
        return IndexFindings()
    first = members[0]
    may_go = not any(member.sharded for member in members) or shard_key is not None
    everywhere = _by_name(members)
    plain = [one for one in first.indexes if is_plain(one)]
    asked = readings_of(loads, first.ns)
    kept: dict[str, tuple[Finding, ...]] = {}
    for same in everywhere.values():
        index = same[0]
        free = may_go and not has_other_meaning(index, shard_key or ())
        findings = (
            covering(index, plain) if free else None,
            unused(same, now) if free and complete and len(same) == len(members) else None,
            hidden_for_long(index, now),
            badly_ordered(index, asked),
        )
        if any(findings):
            kept[index.name] = tuple([safe_to_show(finding) for finding in findings if finding is not None])
    crowded = too_many(members, sum(load.executions for load in loads if load.op in _WRITING))
    return IndexFindings(kept, () if crowded is None else (crowded,))


def _by_name(members: Sequence[CollectionState]) -> dict[str, list[Index]]:
    """Each index as the members have it, the first member's first."""
    found: dict[str, list[Index]] = {}
    for member in members:
        for index in member.indexes:
            found.setdefault(index.name, []).append(index)
    return found


_WRITING = frozenset(("insert", "update", "delete", "findandmodify"))
