"""The load by collection: what is scanned again and again, although no single query is slow."""

from collections.abc import Sequence

from perftui.model.index import CollectionState
from perftui.tui.formatting import milliseconds, number, rate, share
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.collections import grade_scans
from perftui.tui.tables.grades import graded, plain, words
from perftui.tui.view import State, View

_MOST_OF_ALL = 0.3
_READS_PER_S = 1.0
"""Reading a collection's statistics counts as a read of it: less than this may be our own."""


def rows(view: View) -> Sequence[CollectionState]:
    """Those that anything was done to between the last two readings, beside perftui's own reading of them."""
    target = view.target("mongodb")
    known = () if target is None or target.indexes is None else target.indexes.collections
    return [one for one in known if (one.reads_per_s or 0.0) >= _READS_PER_S or one.writes_per_s or one.scans_per_s]


def scanned_per_s(row: CollectionState) -> float | None:
    """Documents a second that its collection scans pass over, at most: one with a limit stops earlier."""
    if row.scans_per_s is None or row.documents is None:
        return None
    return row.scans_per_s * row.documents


def share_of_all(row: CollectionState, view: View) -> float | None:
    """Of the documents that the whole server examines."""
    target = view.target("mongodb")
    examined = target.mongodb.work.examined_documents_per_s if target is not None and target.mongodb else None
    scanned = scanned_per_s(row)
    return min(scanned / examined, 1.0) if scanned is not None and examined else None


def grade_scanned(row: CollectionState, view: View) -> State:
    """Its scans are a good part of what the server reads, and the collection is not small."""
    found = grade_scans(row, view)
    return found if found == "normal" or (share_of_all(row, view) or 1.0) >= _MOST_OF_ALL else "warning"


def busiest(view: View) -> CollectionState | None:
    """The one whose scans stand out; `None`: none does."""
    found = [one for one in rows(view) if grade_scanned(one, view) != "normal"]
    return max(found, key=lambda one: scanned_per_s(one) or 0.0, default=None)


def _empty(view: View) -> str:
    otherwise = "Nothing was read or written between the last two readings, which are up to 30 s apart."
    return explain_absence(view, "mongodb", "mongodb.indexes", otherwise)


def _full_text(row: CollectionState, _view: View) -> str:
    said = f"{row.ns}: {rate(row.scans_per_s)} collection scans a second over {number(row.documents)} documents"
    return f"{said}; P profiles it for a minute: which queries these are."


BUSY_COLLECTIONS: TableSpec[CollectionState] = TableSpec(
    name="busy collections",
    columns=(
        graded("scanned", "SCANNED/s", 11, scanned_per_s, rate, grade_scanned),
        plain("scans", "SCANS/s", 8, lambda row: row.scans_per_s, rate),
        Column("share", "OF ALL", 7, text=lambda row, view: share(share_of_all(row, view)), priority=3),
        plain("reads", "READS/s", 8, lambda row: row.reads_per_s, rate, 1),
        plain("read_ms", "READ", 7, lambda row: row.read_ms, milliseconds),
        plain("writes", "WRITES/s", 8, lambda row: row.writes_per_s, rate, 2),
        plain("write_ms", "WRITE", 7, lambda row: row.write_ms, milliseconds, 4),
        plain("documents", "DOCUMENTS", 10, lambda row: row.documents, number, 5),
        words("ns", "COLLECTION", 16, lambda row: row.ns, flexible=True),
    ),
    rows=rows,
    filled_by=("mongodb", "indexes"),
    key=lambda row: row.ns,
    default_sort="scanned",
    full_text=_full_text,
    empty=_empty,
)
