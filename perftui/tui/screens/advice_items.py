"""The pieces of an analysis as a list with a cursor and tags. Pure."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from perftui.model.analysis import AnalysedShape, Analysis, Declined, Recommendation, Suggestion
from perftui.tui.formatting import size
from perftui.tui.index_words import keys_text
from perftui.tui.lines import Line, Piece, fill, fit
from perftui.tui.screens.advice_lines import times
from perftui.tui.view import State

Kind = Literal["index", "rewrite", "none"]
_WORDS: dict[Kind, tuple[str, State]] = {"index": ("INDEX", "good"), "rewrite": ("REWRITE", "accent"),
                                         "none": ("no index", "dim")}  # fmt: skip


class Item(Struct, frozen=True):
    """One thing that was advised, or why nothing was."""

    kind: Kind
    key: str
    ns: str
    text: str
    shapes: tuple[str, ...]
    """Ids of the shapes that it is about."""
    recommendation: Recommendation | None = None
    reason: str = ""


def items_of(analysis: Analysis, shape_id: str | None = None) -> list[Item]:
    """Recommendations, rewrites, refusals; what concerns the shape that was asked for stands first."""
    shapes = {shape.id: shape for shape in analysis.shapes}
    items = [
        *(_index(one) for one in analysis.recommendations),
        *(_other("rewrite", one, one.message, shapes) for one in analysis.suggestions),
        *(_other("none", one, one.reason, shapes) for one in analysis.declined),
    ]
    return sorted(items, key=lambda item: shape_id not in item.shapes) if shape_id is not None else items


def _index(one: Recommendation) -> Item:
    return Item("index", f"index {one.ns} {one.name}", one.ns, f"{one.ns} {keys_text(one.keys)}", one.serves, one)


def _other(kind: Kind, one: Suggestion | Declined, reason: str, shapes: dict[str, AnalysedShape]) -> Item:
    shape = shapes.get(one.shape)
    text = f"{one.ns} {shape.shape if shape is not None else one.shape}"
    return Item(kind, f"{kind} {one.ns} {one.shape} {reason}", one.ns, text, (one.shape,), None, reason)


class ItemList:
    """The cursor and the tags follow the item's key, whatever a new analysis brings."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.tags: set[str] = set()
        self.created: set[str] = set()
        """Names of the indexes that were created from here."""
        self.cursor = 0

    def show(self, items: Iterable[Item]) -> None:
        key = self.current.key if self.current is not None else None
        self.items = list(items)
        known = {item.key for item in self.items}
        self.tags &= known
        self.cursor = next((index for index, item in enumerate(self.items) if item.key == key), 0)

    @property
    def current(self) -> Item | None:
        return self.items[self.cursor] if self.cursor < len(self.items) else None

    def move(self, step: int) -> None:
        self.cursor = max(0, min(self.cursor + step, len(self.items) - 1))

    def toggle_tag(self) -> bool:
        """Only an index can be created, so only an index is tagged."""
        item = self.current
        if item is None or item.recommendation is None:
            return False
        self.tags ^= {item.key}
        return True

    def chosen(self) -> list[Recommendation]:
        """The tagged recommendations, else the one under the cursor."""
        tagged = [item.recommendation for item in self.items if item.key in self.tags and item.recommendation]
        if tagged:
            return tagged
        return [self.current.recommendation] if self.current is not None and self.current.recommendation else []

    def lines(self, width: int, height: int) -> list[Line]:
        """A title, and the items in sight, the cursor's among them."""
        if not self.items:
            return []
        figures = f" {'CHEAPER':>8} {'SERVES':>10} {'SIZE':>5} "
        title = Line(
            tuple(fill([(fit("  ADVICE   WHAT", width - len(figures)), "normal"), (figures, "normal")], width)), "title"
        )
        top = max(0, min(self.cursor - height // 2, len(self.items) - height))
        return [title, *(self._line(index, width) for index in range(top, min(top + height, len(self.items))))]

    def _line(self, index: int, width: int) -> Line:
        item = self.items[index]
        word, state = _WORDS[item.kind]
        if item.recommendation is not None and item.recommendation.name in self.created:
            word, state = "created", "dim"
        tagged, under = item.key in self.tags, index == self.cursor
        figures = _figures(item)
        head: list[Piece] = [((">" if under else " ") + ("*" if tagged else " "), "normal"), (fit(word, 9), state)]
        room = width - 11 - len(figures)
        pieces = [
            *head,
            (fit(item.text, max(room, 10)), "dim" if item.kind == "none" else "normal"),
            (figures, "value"),
        ]
        return Line(tuple(fill(pieces, width)), "cursor" if under else "tagged" if tagged else "normal")


def _figures(item: Item) -> str:
    one = item.recommendation
    if one is None:
        return ""
    count = len(one.serves)
    bytes_ = f"{size(one.size_bytes):>6}" if one.size_bytes is not None else ""
    return f" {times(one.expected.improvement):>8} {count:>3} shape{' ' if count == 1 else 's'}{bytes_:>6} "
