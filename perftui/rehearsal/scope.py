"""What of a study is rehearsed: which collections are loaded, and which shapes are tried."""

from collections.abc import Sequence
from dataclasses import dataclass

from perftui.advice.facts import CollectionFacts
from perftui.advice.load import ShapeLoad
from perftui.analysis.grouped_advice import groups_of
from perftui.analysis.study import Study


@dataclass(frozen=True)
class Scope:
    advised: tuple[str, ...]
    """Collections with an index to try and documents to try it on."""
    loaded: tuple[str, ...]
    """These and the ones that are joined with them."""
    loads: tuple[ShapeLoad, ...]
    left_out: tuple[str, ...]
    """Why collections with advice are not rehearsed, in sentences."""

    def sampled(self, study: Study) -> list[tuple[str, int, float]]:
        """Of each collection how many documents are copied, and about how many bytes."""
        facts = [study.facts[ns] for ns in self.loaded]
        return [(each.ns, len(each.sample), len(each.sample) * (each.average_bytes or 0.0)) for each in facts]


def scope_of(study: Study) -> Scope:
    wanted = dict.fromkeys(one.ns for one in study.analysis.recommendations)
    left_out = [f"{ns} is not rehearsed: {reason}." for ns in wanted if (reason := _why_not(study.facts.get(ns)))]
    advised = tuple(ns for ns in wanted if not _why_not(study.facts.get(ns)))
    loads: list[ShapeLoad] = []
    joined: dict[str, None] = dict.fromkeys(advised)
    for group in groups_of(study.loads):
        if set(group.namespaces) & set(advised):
            loads.extend(group.loads)
            joined.update(dict.fromkeys(_known(study, group.namespaces)))
    return Scope(advised, tuple(joined), tuple(loads), tuple(left_out))


def _known(study: Study, namespaces: Sequence[str]) -> list[str]:
    return [ns for ns in namespaces if not _why_not(study.facts.get(ns))]


def _why_not(facts: CollectionFacts | None) -> str | None:
    if facts is None or facts.kind != "collection" or not facts.exists:
        return "there is no such collection on the server"
    if not facts.sample:
        return "no document of it could be read, or its sample did not fit into the memory that a rehearsal may take"
    return None
