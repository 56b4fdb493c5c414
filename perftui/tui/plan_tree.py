"""A plan as a tree to read at a glance: a stage a line, its counters in columns, its own time as a bar. Pure."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from perftui.model.plan import Plan, Stage
from perftui.model.settings import Thresholds
from perftui.tui.formatting import milliseconds, number, size
from perftui.tui.index_words import keys_text, order_text
from perftui.tui.lines import Line, Piece, cells, fill, fit, fold_words
from perftui.tui.view import State

_BAR_WIDTH = 8
_WORST = " ◀ worst"
_BESIDE = 1 + _BAR_WIDTH + len(_WORST)
"""Cells for the bar and what points at the worst stage."""
_DEEPEST_INDENT = 24
_LEAST_LABEL = 26
_MOST_STAGES, _MOST_LINES_OF_A_FILTER = 200, 3
_SIGNS: dict[State, str] = {"over": "!", "warning": "^"}


class Node(NamedTuple):
    """A stage at its place: the branches drawn before it, and those before the lines below it."""

    stage: Stage
    path: tuple[int, ...]
    branch: str
    below: str


class _Counter(NamedTuple):
    title: str
    width: int
    text: Callable[[Stage], str]
    known: Callable[[Stage], bool]


def grade_stage(stage: Stage, limits: Thresholds) -> State:
    """Over: a scan of many documents, a spill, a failure. Warning: a sort in memory, much examined for little."""
    many = limits.examined_documents
    examined = max(stage.documents_examined or 0, stage.keys_examined or 0)
    if stage.failed or stage.used_disk or stage.spills:
        return "over"
    if stage.name in ("COLLSCAN", "CLUSTERED_IXSCAN"):
        return "over" if stage.documents_examined is None or examined > many else "normal"
    if stage.name in ("SORT", "$sort"):
        return "warning"
    if examined > many and (stage.returned or 0) < examined * limits.returned_per_examined:
        return "over" if (stage.returned or 0) < examined * 0.1 else "warning"
    return "normal"


def tree_lines(plan: Plan, root: Stage, width: int, limits: Thresholds) -> list[Line]:
    """The tree of the winning or of a rejected plan, as lines of at most `width` cells."""
    nodes = list(walk(root))
    left_out = len(nodes) - _MOST_STAGES
    counters = _counters(nodes, width)
    columns = sum(counter.width + 1 for counter in counters)
    room = width - columns - (_BESIDE if counters else 1 + len(_WORST))
    longest = max(cells(node.branch) + cells(label(node.stage, plan.ns)) for node in nodes[:_MOST_STAGES])
    room = min(room, max(longest + 2, _LEAST_LABEL))
    whole = sum(node.stage.own_time_ms or 0.0 for node in nodes)
    lines = [_titles(counters, room, width)] if counters else []
    for node in nodes[:_MOST_STAGES]:
        worst = root is plan.winning and node.path == plan.worst and len(nodes) > 1
        lines.append(_stage_line(node, plan, room, counters, whole, worst, width, limits))
        lines += _below(node, width)
    if left_out > 0:
        lines.append(Line(((f"  … {left_out:,} more stages", "dim"),)))
    return lines


def walk(stage: Stage, path: tuple[int, ...] = (), branch: str = "", below: str = "") -> Iterator[Node]:
    """Each stage before its inputs. A deep tree is not indented for ever."""
    yield Node(stage, path, branch, below)
    last = len(stage.inputs) - 1
    room = below if len(below) < _DEEPEST_INDENT else below[:_DEEPEST_INDENT]
    for index, child in enumerate(stage.inputs):
        mark = "└ " if index == last else "├ "
        yield from walk(child, (*path, index), room + mark, room + ("  " if index == last else "│ "))


def label(stage: Stage, ns: str) -> str:
    """The stage's name with what tells it apart."""
    words = [stage.name]
    if stage.index:
        words.append(stage.index)
    if stage.keys:
        words.append(keys_text(stage.keys))
    if stage.name == "COLLSCAN" or (stage.ns and stage.ns != ns):
        words.append(stage.ns or ns)
    if stage.sort:
        words.append(order_text(stage.sort))
    if stage.limit is not None:
        words.append(f"{'limit ' if stage.sort else ''}{stage.limit:,}")
    words += [word for word, is_so in (("backwards", stage.backwards), ("multikey", stage.multikey)) if is_so]
    if stage.detail:
        words.append(stage.detail)
    if stage.collection_scans:
        words.append(f"{stage.collection_scans:,} collection scans")
    return (f"{stage.shard}: " if stage.shard else "") + " ".join(words)


def worst_words(plan: Plan, limits: Thresholds) -> str:
    """The worst stage in one sentence; empty where nothing is wrong with it."""
    stage = plan.winning
    for place in plan.worst:
        if place >= len(stage.inputs):
            return ""
        stage = stage.inputs[place]
    state = grade_stage(stage, limits)
    if state == "normal":
        return ""
    examined = stage.documents_examined if stage.documents_examined is not None else stage.keys_examined
    figures = f", {number(examined)} examined" if examined is not None else ""
    return f"Look first at {label(stage, plan.ns)}{figures}."


def _counters(nodes: list[Node], width: int) -> list[_Counter]:
    """The columns that hold something; the least telling go first where there is no room."""
    columns = [
        _Counter("KEYS", 8, lambda one: number(one.keys_examined), lambda one: bool(one.keys_examined)),
        _Counter("DOCS", 8, lambda one: number(one.documents_examined), lambda one: bool(one.documents_examined)),
        _Counter("RETURNED", 8, lambda one: number(one.returned), lambda one: one.returned is not None),
        _Counter("MEMORY", 7, lambda one: size(one.memory_bytes), lambda one: bool(one.memory_bytes)),
        _Counter("SPILLED", 7, _spilled, lambda one: bool(one.spills or one.used_disk)),
        _Counter("OWN", 7, lambda one: milliseconds(one.own_time_ms), lambda one: one.own_time_ms is not None),
    ]
    shown = [counter for counter in columns if any(counter.known(node.stage) for node in nodes)]
    for title in ("MEMORY", "RETURNED", "KEYS", "SPILLED", "DOCS"):
        if sum(counter.width + 1 for counter in shown) + _LEAST_LABEL + _BESIDE <= width:
            break
        shown = [counter for counter in shown if counter.title != title]
    return shown


def _spilled(stage: Stage) -> str:
    if stage.spilled_bytes:
        return size(stage.spilled_bytes)
    return f"{stage.spills}x" if stage.spills else ("yes" if stage.used_disk else "-")


def _titles(counters: list[_Counter], room: int, width: int) -> Line:
    pieces: list[Piece] = [(" " * room, "normal")]
    pieces += [(" " + fit(counter.title, counter.width, "right"), "label") for counter in counters]
    return Line(tuple(fill(pieces, width)))


def _stage_line(
    node: Node,
    plan: Plan,
    room: int,
    counters: list[_Counter],
    whole: float,
    worst: bool,
    width: int,
    limits: Thresholds,
) -> Line:
    stage, state = node.stage, grade_stage(node.stage, limits)
    sign = _SIGNS.get(state, " ")
    words = fit(label(stage, plan.ns), max(room - cells(node.branch) - 2, 4)).rstrip()
    name, _, rest = words.partition(" ")
    pieces: list[Piece] = [(node.branch, "dim"), (name, "value" if state == "normal" else state)]
    pieces += [(f" {rest}", "normal"), (f" {sign}" if sign != " " else "", state)]
    pieces = fill(pieces, room)
    for counter in counters:
        text = counter.text(stage)
        pieces.append((" " + fit(text, counter.width, "right"), "dim" if text == "-" else "normal"))
    pieces.append((" " + _bar(stage, whole) if counters else " ", state if state != "normal" else "spark"))
    if worst and state != "normal":
        pieces.append((_WORST, state))
    return Line(tuple(fill(pieces, width)))


def _bar(stage: Stage, whole: float) -> str:
    if not whole or not stage.own_time_ms:
        return " " * _BAR_WIDTH
    filled = round(stage.own_time_ms / whole * _BAR_WIDTH)
    return fit("█" * filled if filled else "▏", _BAR_WIDTH)


def _below(node: Node, width: int) -> list[Line]:
    """Bounds and filter of a stage, under its name."""
    stage = node.stage
    before = f"{node.below}{'│ ' if stage.inputs else '  '}"
    room = max(width - cells(before) - 2, 12)
    said = [f"{field}: {' '.join(intervals)}" for field, intervals in stage.bounds]
    if stage.filter and stage.filter != "{}":
        said.append(f"checks {stage.filter}")
    lines: list[Line] = []
    for text in said:
        folded = fold_words(text, room)
        cut = folded[:_MOST_LINES_OF_A_FILTER]
        if len(folded) > len(cut):
            cut[-1] = fit(cut[-1] + " …", room)
        lines += [Line(tuple(fill([(before, "dim"), (part, "label")], width))) for part in cut]
    return lines
