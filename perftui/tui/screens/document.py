"""What a details screen shows, as data: facts, graphs, rows and text, laid out for a width."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from perftui.tui.formatting import UNKNOWN, day_clock
from perftui.tui.lines import Line, Piece, cells, fill, fit, fold_words, sparkline, wrap
from perftui.tui.screens.pretty import pretty_json
from perftui.tui.screens.timeline_model import fold
from perftui.tui.view import View

_MOST_FOLDS = 400
_FACT_WIDTH = 38


class Fact(NamedTuple):
    label: str
    value: str
    state: str = "normal"


@dataclass(frozen=True, slots=True)
class Facts:
    """Figures in as many columns as there is room for."""

    facts: tuple[Fact, ...]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Words as they are, folded or cut at the edge."""

    text: str
    heading: str = ""
    role: str = "normal"
    prose: bool = False
    """Sentences: folded between words."""


@dataclass(frozen=True, slots=True)
class Json:
    """A server's document, pretty."""

    text: str
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """Lines already made of pieces."""

    lines: tuple[tuple[Piece, ...], ...]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Spark:
    """A series on one line, with its last value and the range of all."""

    label: str
    values: tuple[float | None, ...]
    show: Callable[[float | None], str]


@dataclass(frozen=True, slots=True)
class Sparks:
    sparks: tuple[Spark, ...]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A series with axes, drawn by plotext."""

    times: tuple[float | None, ...]
    values: tuple[float | None, ...]
    show: Callable[[float], str]
    heading: str = ""
    limit: float | None = None
    height: int = 12


@dataclass(frozen=True, slots=True)
class Drawn:
    """Lines that something else makes for a width, such as a plan's tree."""

    draw: Callable[[int], Sequence[Line]]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Beside:
    """Two columns where there is room, else one below the other."""

    left: tuple["Block", ...]
    right: tuple["Block", ...]
    from_width: int = 140
    heading: str = ""


Block = Facts | Text | Json | Rows | Sparks | Chart | Drawn | Beside


@dataclass(frozen=True, slots=True)
class Document:
    title: str
    blocks: tuple[Block, ...]
    copied: str = ""
    """What `y` copies: the whole text of the thing."""
    at: float | None = None
    """When it was last seen."""
    renewed: "Callable[[View], Document] | None" = None
    """The same with what a later View still tells about it, its row being gone."""


def lay_out(document: Document, width: int, *, folded: bool, utc: bool) -> list[Line]:
    """All lines of a document at a width. A block that holds nothing leaves no heading behind."""
    return lay_out_blocks(document.blocks, width, folded=folded, utc=utc)


def lay_out_blocks(blocks: Sequence[Block], width: int, *, folded: bool, utc: bool) -> list[Line]:
    """The blocks below each other, a blank line between."""
    lines: list[Line] = []
    for block in blocks:
        body = _lay_out_block(block, width, folded, utc)
        if not body:
            continue
        if lines:
            lines.append(Line())
        if block.heading:
            lines.append(_heading(block.heading, width))
        lines.extend(body)
    return lines


def _heading(text: str, width: int) -> Line:
    text = fit(text, min(cells(text), width - 2))
    rule = "─" * max(width - cells(text) - 3, 0)
    return Line(((f" {text} ", "heading"), (rule, "dim")))


def _lay_out_block(block: Block, width: int, folded: bool, utc: bool) -> list[Line]:
    if isinstance(block, Facts):
        return _facts(block.facts, width)
    if isinstance(block, Sparks):
        return [_spark(spark, width) for spark in block.sparks if any(value is not None for value in spark.values)]
    if isinstance(block, Rows):
        return [Line(tuple(fill((("  ", "normal"), *pieces), width))) for pieces in block.lines]
    if isinstance(block, Json):
        return _text(pretty_json(block.text, width - 4) if block.text else [], "normal", width, folded)
    if isinstance(block, Text) and block.prose:
        return [Line((("  " + part, block.role),)) for part in fold_words(block.text, width - 3)] if block.text else []
    if isinstance(block, Text):
        return _text(block.text.splitlines(), block.role, width, folded)
    if isinstance(block, Drawn):
        return [Line(tuple(fill((("  ", "normal"), *line.pieces), width)), line.base) for line in block.draw(width - 3)]
    if isinstance(block, Beside):
        return _beside(block, width, folded, utc)
    from perftui.tui.widgets.chart import draw_chart

    return draw_chart(block.times, block.values, width - 1, block.height, show=block.show, utc=utc, limit=block.limit)


def _beside(block: Beside, width: int, folded: bool, utc: bool) -> list[Line]:
    if width < block.from_width or not block.right:
        return lay_out_blocks((*block.left, *block.right), width, folded=folded, utc=utc)
    half = (width - 1) // 2
    left = lay_out_blocks(block.left, half, folded=folded, utc=utc)
    right = lay_out_blocks(block.right, width - half - 1, folded=folded, utc=utc)
    return [
        Line((*fill(one.pieces, half), (" ", "normal"), *fill(other.pieces, width - half - 1)))
        for one, other in zip_longest(left, right, fillvalue=Line())
    ]


def _facts(facts: Sequence[Fact], width: int) -> list[Line]:
    """In columns, read downwards; a value too long for its column has a line of its own below."""
    known = [fact for fact in facts if fact.value]
    if not known:
        return []
    columns = max(1, min(width // _FACT_WIDTH, len(known)))
    label_width = max(cells(fact.label) for fact in known)
    cell_width = width // columns
    room = cell_width - label_width - 5
    short = [fact for fact in known if cells(fact.value) <= room]
    height = -(-len(short) // columns)
    lines = []
    for y in range(height):
        pieces: list[Piece] = []
        for fact in short[y::height]:
            pieces += _fact(fact, label_width, cell_width)
        lines.append(Line(tuple(pieces)))
    lines += [Line(tuple(_fact(fact, label_width, width))) for fact in known if cells(fact.value) > room]
    return lines


def _fact(fact: Fact, label_width: int, width: int) -> list[Piece]:
    label = f"  {fit(fact.label, label_width)}  "
    state = "dim" if fact.value == UNKNOWN else fact.state
    return [(label, "label"), (fit(fact.value, max(width - cells(label) - 1, 1)) + " ", state)]


def _spark(spark: Spark, width: int) -> Line:
    known = [value for value in spark.values if value is not None]
    said = f"  {spark.show(spark.values[-1])} now, {spark.show(min(known))} to {spark.show(max(known))}"
    room = max(width - 14 - cells(said), 8)
    curve = sparkline(fold(spark.values, room, max), room)
    return Line(
        tuple(
            fill(
                [
                    (f"  {fit(spark.label, 11)} ", "label"),
                    (curve, "spark"),
                    (said, "value"),
                ],
                width,
            )
        )
    )


def _text(lines: Sequence[str], role: str, width: int, folded: bool) -> list[Line]:
    laid: list[Line] = []
    for line in lines:
        parts = wrap(line, width - 3, _MOST_FOLDS) if folded else (fit(line, width - 3).rstrip(),)
        laid.extend(Line((("  " + part, role),)) for part in parts or ("",))
    return laid


def say_gone(document: Document, now: float, utc: bool) -> str:
    """A note for a thing that is not in the newest Snapshot any more."""
    return "" if document.at is None else f"gone, last seen {day_clock(document.at, now, utc)}"
