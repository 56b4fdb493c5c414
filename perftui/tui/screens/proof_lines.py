"""Before and after an index as lines: the verdict in words, and a small table of figures."""

from collections.abc import Iterator, Sequence

from perftui.model.proof import IndexProof, Measured, ShapeProof, Verdict
from perftui.tui.formatting import UNKNOWN, clock, milliseconds, number
from perftui.tui.lines import Line, Piece, fill, fit
from perftui.tui.screens.document import Block, Drawn
from perftui.tui.screens.finding_lines import mark_lines
from perftui.tui.tables.queries import READ_FROM
from perftui.tui.view import View

_STATES: dict[Verdict, tuple[str, str]] = {
    "helped": ("good", "+"),
    "no difference": ("warning", "^"),
    "worse": ("over", "!"),
    "waiting": ("dim", "…"),
    "not measured": ("warning", "^"),
}
_COLUMNS = (("", 7), ("EXECUTIONS", 11), ("P50", 9), ("P95", 9), ("DOCUMENTS", 11), ("KEYS", 9))


def proof_blocks(proofs: Sequence[IndexProof], view: View, *, shape_id: str | None = None) -> Iterator[Block]:
    """A section for each index of ours: all of its shapes, or one."""
    for proof in reversed(proofs):
        shapes = [shape for shape in proof.shapes if shape_id in (None, shape.id)]
        if shapes:
            heading = f"PROOF OF {proof.index}, THERE SINCE {clock(proof.finished_at, view.utc)}"
            yield Drawn(lambda width, shapes=shapes: _lines(shapes, width, one=shape_id is not None), heading)  # type: ignore[misc]


def _lines(shapes: Sequence[ShapeProof], width: int, *, one: bool) -> list[Line]:
    lines: list[Line] = []
    for shape in shapes:
        if not one:
            lines.append(Line(tuple(fill([(fit(shape.shape, width), "value")], width))))
        state, sign = _STATES[shape.verdict]
        lines += mark_lines(sign, [f"{shape.verdict}: {shape.message}"], width, state)
        lines += _table(shape, width)
        if shape.verdict in {"no difference", "worse"}:
            lines += mark_lines("→", ["u takes back the last change of an index, and asks first."], width, "value")
    return lines


def _table(shape: ShapeProof, width: int) -> list[Line]:
    rows = [(name, measured) for name, measured in (("before", shape.before), ("after", shape.after)) if measured]
    if not rows:
        return []
    head: list[Piece] = [(title.rjust(size) if title else " " * size, "label") for title, size in _COLUMNS]
    head.append(("  PLAN, FROM", "label"))
    return [Line(tuple(fill(head, width))), *(_row(name, measured, width) for name, measured in rows)]


def _row(name: str, measured: Measured, width: int) -> Line:
    figures = (
        number(measured.executions),
        milliseconds(measured.p50_ms),
        milliseconds(measured.p95_ms),
        number(measured.documents_examined),
        number(measured.keys_examined),
    )
    pieces: list[Piece] = [(name.ljust(_COLUMNS[0][1]), "label")]
    pieces += [(text.rjust(size), "value") for text, (_, size) in zip(figures, _COLUMNS[1:], strict=True)]
    pieces.append((f"  {measured.plan or UNKNOWN}, {_origin(measured)}", "normal"))
    return Line(tuple(fill(pieces, width)))


def _origin(measured: Measured) -> str:
    if measured.read_from == "application":
        return "the application's own document"
    return READ_FROM[measured.read_from] + (", slow ones only" if measured.only_slow else "")
