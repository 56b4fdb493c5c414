"""What the Overview shows below its table where the screen has room: endpoints, operations and events."""

from typing import Any

from msgspec.structs import replace

from perftui.model.application import EndpointStats
from perftui.tui.formatting import clock, duration, milliseconds, share
from perftui.tui.lines import Line, Piece, fill, fit
from perftui.tui.staleness import say_old
from perftui.tui.table_spec import TableSpec
from perftui.tui.tables import endpoints, events, operations
from perftui.tui.tables.grades import signed
from perftui.tui.view import View

_LEAST_HEIGHT, _MOST = 34, 16
_TWO_FROM, _THREE_FROM = 100, 190

Block = tuple[str, list[list[Piece]]]
"""A title and its lines."""


def height_for(screen_height: int) -> int:
    """How many lines it takes on a screen of this height; 0: there is no room."""
    return 0 if screen_height < _LEAST_HEIGHT else min(screen_height // 4, _MOST)


def overview_lines(view: View, width: int, height: int) -> list[Line]:
    """Blocks beside each other, as exactly `height` lines."""
    if height < 3:
        return []
    count = 3 if width >= _THREE_FROM else 2 if width >= _TWO_FROM else 1
    blocks = _blocks(view, height - 1)[:count]
    each = width // max(len(blocks), 1)
    lines = []
    for row in range(height):
        pieces: list[Piece] = []
        for title, body in blocks:
            shown = [(f" {title} ", "heading")] if row == 0 else body[row - 1] if row <= len(body) else []
            pieces += [*fill(shown, each - 1), (" ", "normal")]
        lines.append(Line(tuple(fill(pieces, width)), "title" if row == 0 else "normal"))
    return lines


def _blocks(view: View, room: int) -> list[Block]:
    """The most telling first; what there is no target for has no block."""
    blocks: list[Block] = []
    if view.target("application") is not None:
        blocks.append(_of_table("Endpoints, slowest first: 4", endpoints.ENDPOINTS, view, _endpoints(view)[:room]))
    blocks.append(("Latest events: 8", _events(view)[:room]))
    if view.target("mongodb") is not None:
        view = replace(view, group=None)
        blocks.append(_of_table("Running now, longest first: 2", operations.OPERATIONS, view, _operations(view)[:room]))
    return blocks


def _of_table(title: str, spec: TableSpec[Any], view: View, lines: list[list[Piece]]) -> Block:
    """What is old is dimmed and says how old it is."""
    old = say_old(spec, view)
    return (f"{title}, {old}", [[(text, "dim") for text, _ in line] for line in lines]) if old else (title, lines)


def _endpoints(view: View) -> list[list[Piece]]:
    rows = sorted(endpoints.rows(view), key=lambda row: -(row.latency_ms.p95 or 0.0))
    lines: list[list[Piece]] = []
    for row in rows:
        errors = endpoints.grade_errors(row, view)
        lines.append(
            [
                (f" {fit(_p95(row, view), 9, 'right')} ", endpoints.grade_p95(row, view)),
                (f"{fit(_errors(row, view), 11, 'right')} ", errors),
                (fit(endpoints.name(row), 200).rstrip(), "normal"),
            ]
        )
    return lines or _said(endpoints.ENDPOINTS.empty(view))


def _p95(row: EndpointStats, view: View) -> str:
    return signed(milliseconds(row.latency_ms.p95), endpoints.grade_p95(row, view))


def _errors(row: EndpointStats, view: View) -> str:
    return f"{signed(share(row.server_error_rate), endpoints.grade_errors(row, view))} 5xx"


def _events(view: View) -> list[list[Piece]]:
    lines: list[list[Piece]] = [
        [
            (f" {clock(event.at, view.utc)} ", "dim"),
            (fit(event.severity, 10), events.SEVERITY_STATES[event.severity]),
            (fit(events.sentence(event, view), 300).rstrip(), "normal"),
        ]
        for event in reversed(view.snapshot.events)
    ]
    return lines or _said("Nothing has happened yet.")


def _operations(view: View) -> list[list[Piece]]:
    rows = sorted(operations.rows(view), key=lambda row: -(row.running_s or 0.0))
    lines: list[list[Piece]] = [
        [
            (f" {fit(duration(row.running_s), 8, 'right')} ", operations.grade_running(row, view)),
            (fit(f"{row.ns or '-'} {row.text or row.op}", 200).rstrip(), "normal"),
        ]
        for row in rows
    ]
    return lines or _said(operations.OPERATIONS.empty(view))


def _said(sentence: str) -> list[list[Piece]]:
    return [[(f" {sentence}", "dim")]]
