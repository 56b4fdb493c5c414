"""The lines above Indexes: builds under way first, then the collection that was opened, or all of them."""

from perftui.model.index import CollectionState, IndexBuild, IndexOverview
from perftui.tui.formatting import duration, number, rate, share, size
from perftui.tui.lines import Piece, bar
from perftui.tui.tables.collections import grade_scans
from perftui.tui.tables.indexes import done
from perftui.tui.tables.scores import SEVERITY_STATES, SIGNS, worst_first
from perftui.tui.view import View

Lines = list[list[Piece]]
_MOST_BUILDS, _MOST_FINDINGS = 4, 2


def index_lines(view: View, overview: IndexOverview) -> Lines:
    lines = [_build(build) for build in overview.builds[:_MOST_BUILDS]]
    if len(overview.builds) > _MOST_BUILDS:
        lines.append([(f" and {len(overview.builds) - _MOST_BUILDS} more builds", "accent")])
    opened = next((one for one in overview.collections if one.ns == view.collection), None)
    if opened is not None:
        return [*lines, _collection(opened, view), *_findings(opened)]
    return [*lines, _all(overview)]


def _build(build: IndexBuild) -> list[Piece]:
    known = done(build)
    pieces: list[Piece] = [(" BUILDING ", "accent"), (f"{build.ns} {', '.join(build.names)} ", "value")]
    if known is not None:
        pieces += [("[", "bracket"), (bar(known, 20), "good"), ("] ", "bracket"), (share(known), "value")]
        pieces.append((f" {number(build.done)} of {number(build.total)} ", "label"))
    if build.running_s is not None:
        pieces.append((f" {duration(build.running_s)} ", "normal"))
    if build.waits_for_quorum:
        pieces.append((" ! waits for the commit quorum: is a voting member down?", "over"))
    elif build.message:
        pieces.append((f" {build.message}", "dim"))
    return pieces


def _collection(one: CollectionState, view: View) -> list[Piece]:
    scans = grade_scans(one, view)
    return [
        (f" {one.ns} ", "heading"),
        (" documents ", "label"), (number(one.documents), "value"),
        ("  data ", "label"), (size(one.data_bytes), "value"),
        ("  on disk ", "label"), (size(one.storage_bytes), "value"),
        ("  indexes ", "label"), (f"{len(one.indexes)}, {size(one.index_bytes)}", "value"),
        ("  scans/s ", "label"), (rate(one.scans_per_s), "value" if scans == "normal" else scans),
        ("   Esc shows all collections", "dim"),
    ]  # fmt: skip


def _findings(one: CollectionState) -> Lines:
    return [
        [(f" {SIGNS.get(finding.severity, '-')} {finding.message} {finding.advice}", SEVERITY_STATES[finding.severity])]
        for finding in worst_first(one.findings)[:_MOST_FINDINGS]
    ]


def _all(overview: IndexOverview) -> list[Piece]:
    indexes = [index for one in overview.collections for index in one.indexes]
    found = sum(len(index.findings) for index in indexes) + sum(len(one.findings) for one in overview.collections)
    known = [one.index_bytes for one in overview.collections if one.index_bytes is not None]
    pieces: list[Piece] = [
        (" collections ", "label"), (number(len(overview.collections)), "value"),
        ("  indexes ", "label"), (number(len(indexes)), "value"),
        ("  size ", "label"), (size(sum(known)) if known else "-", "value"),
        ("  findings ", "label"), (f"{found}^" if found else "0", "warning" if found else "value"),
    ]  # fmt: skip
    if overview.left_out:
        pieces.append((f"  {number(overview.left_out)} more collections are not read", "warning"))
    return [*pieces, ("   Enter opens a collection's indexes", "dim")]
