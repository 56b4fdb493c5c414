"""Indexes with their size, use, properties and findings; a build is a row too."""

from collections.abc import Sequence

from msgspec import Struct

from perftui.model.index import CollectionState, Index, IndexBuild
from perftui.model.snapshot import TargetState
from perftui.tui.formatting import UNKNOWN, age, number, share, size
from perftui.tui.index_words import keys_text, properties
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.grades import plain, words
from perftui.tui.tables.scores import SEVERITY_STATES, SIGNS, short_words, worst_first
from perftui.tui.view import State, View


class IndexRow(Struct, frozen=True):
    """An index in its collection."""

    collection: CollectionState
    index: Index
    build: IndexBuild | None = None
    """How far it is, where it is being built and the server tells."""

    @property
    def ns(self) -> str:
        return self.collection.ns


def rows(view: View) -> Sequence[IndexRow]:
    """Those of the collection that was opened, else all."""
    target = view.target("mongodb")
    if target is None or target.indexes is None:
        return ()
    return [
        IndexRow(collection, index, build_of(target, collection.ns, index) if index.building else None)
        for collection in target.indexes.collections
        if view.collection in (None, collection.ns)
        for index in collection.indexes
    ]


def build_of(target: TargetState, ns: str, index: Index) -> IndexBuild | None:
    """The build that makes this index; where the server names none, that of its collection."""
    builds = target.indexes.builds if target.indexes is not None else ()
    mine = [build for build in builds if build.ns == ns]
    return next((build for build in mine if index.name in build.names), mine[0] if mine else None)


def key(row: IndexRow) -> tuple[str, str]:
    return (row.ns, row.index.name)


def done(build: IndexBuild | None) -> float | None:
    """The share of a build that is done, of the phase it is in."""
    if build is None or not build.total or build.done is None:
        return None
    return min(build.done / build.total, 1.0)


def status(row: IndexRow) -> str | None:
    """What matters most of it: the build, the worst finding, that it is hidden."""
    if row.index.building:
        known = done(row.build)
        return "BUILDING" + (f" {share(known)}" if known is not None else "")
    found = worst_first(row.index.findings)
    if not found:
        return "hidden" if row.index.hidden else None
    return short_words(found[0].code) + SIGNS.get(found[0].severity, "")


def grade_status(row: IndexRow, _view: View) -> State:
    if row.index.building:
        return "accent"
    found = worst_first(row.index.findings)
    return SEVERITY_STATES[found[0].severity] if found else "dim"


def _since(row: IndexRow, view: View) -> str:
    at = row.index.used_since
    return UNKNOWN if at is None else age(view.snapshot.taken_at - at)


def _full_text(row: IndexRow, _view: View) -> str:
    said = [f"{finding.message} {finding.advice}".strip() for finding in row.index.findings]
    return " ".join((row.ns, row.index.name, keys_text(row.index.keys), *properties(row.index), *said))


def _empty(view: View) -> str:
    otherwise = "This collection has no indexes." if view.collection else "There is no collection with indexes."
    return explain_absence(view, "mongodb", "mongodb.indexes", otherwise)


INDEXES: TableSpec[IndexRow] = TableSpec(
    name="indexes",
    columns=(
        words("index", "INDEX", 18, lambda row: row.index.name),
        words("keys", "KEYS", 22, lambda row: keys_text(row.index.keys), flexible=True),
        words("ns", "COLLECTION", 18, lambda row: row.ns, 3),
        plain("size", "SIZE", 6, lambda row: row.index.size_bytes, size),
        plain("uses", "USES", 8, lambda row: row.index.uses, number),
        Column("since", "SINCE", 5, text=_since, sort=lambda row: row.index.used_since, priority=4),
        words("properties", "PROPERTIES", 16, lambda row: ", ".join(properties(row.index)), 2),
        words("finding", "FINDING", 18, status, state=grade_status),
    ),
    rows=rows,
    filled_by=("mongodb", "indexes"),
    key=key,
    default_sort="size",
    full_text=_full_text,
    empty=_empty,
)
