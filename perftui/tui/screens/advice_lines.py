"""A recommendation as lines: what it is, why, what it should save, what it costs. Pure."""

from collections.abc import Sequence

from perftui.model.analysis import Recommendation, ServedShape
from perftui.tui.formatting import UNKNOWN, number, size
from perftui.tui.index_words import keys_text
from perftui.tui.lines import Line, Piece, fill, fit, fold_words

BASES = {"model": "estimate of the cost model", "rehearsed": "measured on a sample, rehearsed"}
_ARROW = "→"


def times(ratio: float | None) -> str:
    """How many times cheaper: `2,500x`."""
    return UNKNOWN if ratio is None else f"{number(ratio)}x"


def recommendation_summary(one: Recommendation, width: int) -> list[Line]:
    """In short, for a card."""
    lines = [Line(tuple(fill([(keys_text(one.keys) + _options(one), "accent")], width)))]
    lines += _sentences(one.reason, width, "normal")
    lines += _sentences(f"{expectation(one)} ({BASES[one.basis]}).", width, "value")
    lines += _sentences(price(one), width, "normal")
    for warning in one.warnings:
        lines += _sentences(f"! {warning}", width, "warning")
    return lines


def expectation(one: Recommendation) -> str:
    """What an execution should read with it, against today."""
    keys, documents = one.expected.keys_examined, one.expected.docs_examined
    runs = sum(shape.executions for shape in one.shapes)
    before = [shape for shape in one.shapes if shape.docs_before is not None]
    today = sum((shape.docs_before or 0) * shape.executions for shape in before) / runs if before and runs else None
    instead = f" instead of {number(_rounded(today))}" if today is not None else ""
    better = f", {times(one.expected.improvement)} cheaper" if one.expected.improvement else ""
    return f"{number(_rounded(keys))} keys, {number(_rounded(documents))} documents a run{instead}{better}"


def price(one: Recommendation) -> str:
    """Whom it serves, its size, what it costs writes, what it replaces."""
    count = len(one.serves)
    parts = [f"serves {count} shape{'' if count == 1 else 's'}"]
    parts += [f"about {size(one.size_bytes)}"] if one.size_bytes is not None else []
    if one.write_cost is not None:
        parts.append(f"writes {keys_more(one.write_cost)}")
    parts += [f"replaces {', '.join(one.supersedes)}"] if one.supersedes else []
    return "; ".join(parts) + "."


def served_lines(shapes: Sequence[ServedShape], width: int) -> list[Line]:
    """Each shape served: executions, and keys and documents of one, before and after."""
    if not shapes:
        return []
    columns = (("RUNS", 7), ("KEYS", 16), ("DOCUMENTS", 16), ("CHEAPER", 8))
    room = max(width - sum(size + 1 for _, size in columns), 12)
    head: list[Piece] = [(fit("SHAPE", room), "label")]
    head += [(" " + fit(title, size, "right"), "label") for title, size in columns]
    lines = [Line(tuple(fill(head, width)))]
    for one in shapes:
        ratio = cheaper(one)
        worse = ratio is not None and ratio < 1
        cells = (
            number(one.executions),
            change(one.keys_before, one.keys_after),
            change(one.docs_before, one.docs_after),
            times(ratio) + ("!" if worse else ""),
        )
        pieces: list[Piece] = [(fit(one.shape, room), "normal")]
        for text, (title, width_of) in zip(cells, columns, strict=True):
            pieces.append((" " + fit(text, width_of, "right"), "over" if worse and title == "CHEAPER" else "value"))
        lines.append(Line(tuple(fill(pieces, width))))
        if one.blocking_sort_after:
            lines.append(Line(tuple(fill([("  ^ still sorted in memory", "warning")], width))))
    return lines


def cheaper(one: ServedShape) -> float | None:
    """Cost today to cost with it, where one is the least that anything costs."""
    if one.cost_before is None or one.cost_after is None:
        return None
    return one.cost_before / max(one.cost_after, 1.0)


def keys_more(write_cost: float | None) -> str:
    """What a document costs more to write."""
    if write_cost is None:
        return UNKNOWN
    return f"{number(write_cost)} index key{'' if write_cost == 1 else 's'} more a document"


def change(before: float | None, after: float | None) -> str:
    return f"{number(_rounded(before))} {_ARROW} {number(_rounded(after))}"


def _rounded(value: float | None) -> float | None:
    return value if value is None or value < 10 else round(value)


def _options(one: Recommendation) -> str:
    return f" {', '.join(one.options)}" if one.options else ""


def _sentences(text: str, width: int, role: str) -> list[Line]:
    return [Line(tuple(fill([(part, role)], width))) for part in fold_words(text, width)]
