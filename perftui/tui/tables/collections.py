"""Collections with their sizes, growth, scans and findings, the largest first."""

from collections.abc import Sequence

from perftui.model.index import CollectionState
from perftui.tui.formatting import number, rate, size
from perftui.tui.table_spec import TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.grades import graded, plain, words
from perftui.tui.tables.scores import finding_column
from perftui.tui.view import State, View


def rows(view: View) -> Sequence[CollectionState]:
    target = view.target("mongodb")
    return () if target is None or target.indexes is None else target.indexes.collections


def grade_scans(row: CollectionState, view: View) -> State:
    """Scans of a large collection are what an index is for."""
    if not row.scans_per_s or (row.documents or 0) <= view.thresholds.examined_documents:
        return "normal"
    return "over" if row.scans_per_s >= 1 else "warning"


def kind(row: CollectionState) -> str | None:
    """What it is beside a plain collection."""
    said: list[str] = [] if row.kind == "collection" else [row.kind]
    said += [word for word, is_so in (("capped", row.capped), ("sharded", row.sharded)) if is_so]
    return ", ".join(said) or None


def _unused(row: CollectionState) -> int:
    """Indexes that were never used since the server counts."""
    return sum(1 for index in row.indexes if index.uses == 0 and index.name != "_id_")


def _growth(per_s: float | None) -> str:
    return rate(per_s) if not per_s or per_s < 0 else "+" + rate(per_s)


def _empty(view: View) -> str:
    otherwise = "There is no collection, or this login may not list them."
    return explain_absence(view, "mongodb", "mongodb.indexes", otherwise)


def _full_text(row: CollectionState, _view: View) -> str:
    said = [f"{finding.message} {finding.advice}".strip() for finding in row.findings]
    return " ".join((row.ns, *said))


COLLECTIONS: TableSpec[CollectionState] = TableSpec(
    name="collections",
    columns=(
        words("ns", "COLLECTION", 20, lambda row: row.ns, flexible=True),
        plain("documents", "DOCUMENTS", 10, lambda row: row.documents, number),
        plain("growth", "GROWTH/s", 9, lambda row: row.documents_per_s, _growth, 3),
        plain("average", "AVERAGE", 7, lambda row: row.average_bytes, size, 6),
        plain("data", "DATA", 6, lambda row: row.data_bytes, size, 4),
        plain("storage", "ON DISK", 7, lambda row: row.storage_bytes, size, 5),
        plain("index_size", "INDEXES", 7, lambda row: row.index_bytes, size),
        plain("count", "NUMBER", 6, lambda row: len(row.indexes), number),
        graded("scans", "SCANS/s", 8, lambda row: row.scans_per_s, rate, grade_scans, 1),
        words("kind", "KIND", 10, kind, 7),
        finding_column(lambda row: (*row.findings, *(one for index in row.indexes for one in index.findings)), 1),
        plain("unused", "UNUSED", 6, _unused, number, 8),
    ),
    rows=rows,
    filled_by=("mongodb", "indexes"),
    key=lambda row: row.ns,
    default_sort="documents",
    full_text=_full_text,
    empty=_empty,
)
