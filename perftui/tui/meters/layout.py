"""Puts the blocks of meters beside each other, or one a line where there is little room."""

from collections.abc import Sequence
from importlib import import_module

from perftui.model.target import TargetKind
from perftui.tui.lines import Line, Piece, bar, cells, fill, fit, fold_words, sparkline, width_of
from perftui.tui.meters.block import Block, Meter
from perftui.tui.view import View

COMPACT_BELOW = 110
_KINDS: tuple[TargetKind, ...] = ("host", "mongodb", "redis", "application")
_LABEL = 7
_VALUE = 9
_ROOMY = 150


def rows_for(width: int, height: int, kinds: int) -> int:
    """How many lines the meters take on a screen of this size."""
    if width < COMPACT_BELOW or height < 20:
        return max(min(kinds, height // 5), 1)
    return 4 if height < 50 else 6 if height < 64 else 8


def meter_lines(view: View | None, width: int, rows: int) -> list[Line]:
    """The meters as exactly `rows` lines."""
    blocks = [] if view is None else collect(view)
    if width < COMPACT_BELOW:
        lines = [_compact(block, view, width) for block in blocks[:rows] if view is not None]
    else:
        lines = [] if view is None else _beside(blocks, view, width, rows)
    return [*lines, *[Line()] * (rows - len(lines))]


def collect(view: View) -> list[Block]:
    """The blocks of the targets in view, the machine's first."""
    blocks = []
    for kind in _KINDS:
        state = view.target(kind)
        if state is not None:
            blocks.append(getattr(import_module(f"perftui.tui.meters.{kind}"), f"{kind}_block")(state, view))
    return blocks


def _beside(blocks: Sequence[Block], view: View, width: int, rows: int) -> list[Line]:
    widths = _widths(blocks, width)
    columns = [_column(block, view, room, rows) for block, room in zip(blocks, widths, strict=True)]
    return [Line(tuple(piece for column in columns for piece in column[row])) for row in range(rows)]


def _widths(blocks: Sequence[Block], width: int) -> list[int]:
    """The machine's bars need less than sparklines; alone it takes at most half of the screen."""
    if not blocks:
        return []
    others = len(blocks) - (blocks[0].kind == "host")
    host = 0
    if others < len(blocks):
        least = 34 if width >= _ROOMY else 26
        host = min(width // 2, 60) if not others else max(least, width // (len(blocks) + 1))
    each = (width - host) // others if others else 0
    return [host if block.kind == "host" else each for block in blocks]


def _column(block: Block, view: View, width: int, rows: int) -> list[list[Piece]]:
    """One block as `rows` lines of exactly `width` cells."""
    head = "" if block.kind == "host" else block.name
    roomy = width >= _ROOMY // 4
    indent = 1 if block.kind == "host" else 8 if roomy else len(block.name) + 2
    room = width - indent - 1
    trouble = fold_words(block.trouble, room)[:2] if block.trouble is not None else []
    lines: list[list[Piece]] = []
    for row in range(rows):
        pieces: list[Piece] = [(" " + fit(head if row == 0 else "", indent - 1), "heading")]
        index = row - len(trouble)
        if index < 0:
            pieces.append((fit(trouble[row], room), "over" if _is_bad(block) else "dim"))
        elif index < len(block.meters):
            pieces += _meter(block, block.meters[index], view, room, _VALUE if roomy else _VALUE - 2)
        lines.append(fill(pieces, width))
    return lines


def _is_bad(block: Block) -> bool:
    return block.trouble is not None and not block.trouble.startswith("waiting")


def _meter(block: Block, meter: Meter, view: View, width: int, value_width: int) -> list[Piece]:
    stale = block.trouble is not None
    state = "dim" if stale else meter.state
    if meter.level is not None:
        return _bar(meter, state, width)
    label: Piece = (fit(meter.label, _LABEL) + " ", "label")
    room = width - _LABEL - 1
    if meter.metric is None:
        return [label, (_keep_end(meter.value, room), state)]
    value = fit(meter.value, max(value_width, len(meter.value)), "right")
    spark_room = room - len(value) - 1
    if spark_room < 4:
        return [label, (fit(meter.value, room, "right"), state)]
    spark = sparkline(_values(block, meter, view, spark_room), spark_room, meter.maximum)
    return [label, (spark, "dim" if stale else "spark"), (" ", "normal"), (value, _value_role(state))]


def _keep_end(text: str, width: int) -> str:
    """A route's end tells more than its start."""
    return fit(text, width) if cells(text) <= width else "…" + fit(text[1 - width :], width - 1)


def _bar(meter: Meter, state: str, width: int) -> list[Piece]:
    inner = max(width - 7, 4)
    text = meter.value
    room = max(inner - len(text), 0)
    filled = bar(meter.level, inner)
    shown, value = filled[:room], fit(text, inner - room, "right")
    role = state if state in {"warning", "over", "dim"} else "bar"
    return [
        (fit(meter.label, 4), "label"), (" [", "bracket"), (shown, role), (value, _value_role(state)), ("]", "bracket"),
    ]  # fmt: skip


def _value_role(state: str) -> str:
    return "value" if state == "normal" else state


def _values(block: Block, meter: Meter, view: View, length: int) -> Sequence[float | None]:
    if meter.metric is None:
        return ()
    until = None if view.live else view.snapshot.sequence
    return view.history.values(block.target_id, meter.metric, length, until=until)


def _compact(block: Block, view: View, width: int) -> Line:
    """One line: the most telling figures only, a sparkline for the first one."""
    pieces: list[Piece] = []
    if block.kind != "host":
        pieces.append((" " + fit(block.name, 6), "heading"))
    if block.trouble is not None and _is_bad(block):
        pieces.append((fit(block.trouble, width - width_of(pieces)), "over"))
        return Line(tuple(fill(pieces, width)))
    for index, meter in enumerate(block.meters):
        piece = _compact_meter(block, meter, view, index)
        if width_of(pieces) + width_of(piece) > width:
            continue
        pieces += piece
    return Line(tuple(fill(pieces, width)))


def _compact_meter(block: Block, meter: Meter, view: View, index: int) -> list[Piece]:
    state = "dim" if block.trouble is not None else meter.state
    if meter.level is not None and index < 3:
        return [(" ", "normal"), *_bar(meter, state, 24)]
    label: list[Piece] = [(f" {meter.label} ", "label")]
    if meter.metric is not None and index == 0:
        return [
            *label,
            (sparkline(_values(block, meter, view, 8), 8, meter.maximum), "spark"),
            (fit(meter.value, 7, "right"), _value_role(state)),
            (" ", "normal"),
        ]
    return [*label, (fit(meter.value, max(len(meter.value), 5), "right"), _value_role(state)), (" ", "normal")]
