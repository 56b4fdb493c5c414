"""A plan as a document: its figures, what is worst, the winning tree beside a rejected one, the raw reply."""

from perftui.model.plan import Plan, Verbosity
from perftui.model.settings import Thresholds
from perftui.tui.formatting import UNKNOWN, clock, milliseconds, number
from perftui.tui.lines import Line
from perftui.tui.plan_tree import tree_lines, worst_words
from perftui.tui.screens.document import Beside, Block, Drawn, Fact, Facts, Json, Text
from perftui.tui.view import State

SIDE_BY_SIDE_FROM = 140
_HOW: dict[Verbosity, str] = {
    "queryPlanner": "queryPlanner: planned, not run",
    "executionStats": "executionStats: the read part was run",
    "profile": "a profiled execution",
}


def plan_blocks(plan: Plan, place: int, width: int, limits: Thresholds, *, utc: bool) -> tuple[Block, ...]:
    """`place` counts through the plans: 0 is the winning one. Where there is room it stands beside a rejected one."""
    said = worst_words(plan, limits)
    blocks: list[Block] = [_facts(plan, limits, utc)]
    if plan.error or not plan.finished:
        blocks.append(
            Text(plan.error or "It did not finish: the counters are those of a part.", role="over", prose=True)
        )
    if said:
        blocks.append(Text(said, role="warning", prose=True))
    count = len(plan.rejected)
    winning = _tree(plan, 0, limits)
    if not count:
        return (*blocks, winning, Text("The server considered no other plan.", role="dim"))
    if width >= SIDE_BY_SIDE_FROM:
        beside = Beside((winning,), (_tree(plan, max(place, 1), limits),), SIDE_BY_SIDE_FROM)
        return (*blocks, beside)
    return (*blocks, _tree(plan, place, limits))


def raw_blocks(plan: Plan) -> tuple[Block, ...]:
    return (Json(plan.raw, "WHAT THE SERVER SAID"),)


def places(plan: Plan, width: int) -> tuple[int, ...]:
    """What the key for the other plans goes through."""
    first = 1 if width >= SIDE_BY_SIDE_FROM and plan.rejected else 0
    return tuple(range(first, len(plan.rejected) + 1))


def _tree(plan: Plan, place: int, limits: Thresholds) -> Drawn:
    place = min(place, len(plan.rejected))
    root = plan.rejected[place - 1] if place else plan.winning
    heading = f"REJECTED PLAN {place} OF {len(plan.rejected)}" if place else "WINNING PLAN"

    def draw(width: int) -> list[Line]:
        return tree_lines(plan, root, width, limits)

    return Drawn(draw, heading)


def _facts(plan: Plan, limits: Thresholds, utc: bool) -> Facts:
    examined = max(plan.documents_examined or 0, plan.keys_examined or 0)
    much = examined > limits.examined_documents and (plan.returned or 0) < examined * limits.returned_per_examined
    state: State = "over" if much else "normal"
    return Facts(
        (
            Fact("read from", _HOW[plan.verbosity]),
            Fact("at", clock(plan.taken_at, utc)),
            Fact("keys examined", _counted(plan, plan.keys_examined)),
            Fact("documents", _counted(plan, plan.documents_examined) + ("!" if much else ""), state),
            Fact("returned", _counted(plan, plan.returned)),
            Fact("time", milliseconds(plan.time_ms) if plan.verbosity != "queryPlanner" else ""),
            Fact("indexes", ", ".join(plan.indexes) or "none", "normal" if plan.indexes else "warning"),
            Fact("engine", plan.engine if plan.engine != "unknown" else UNKNOWN),
            Fact("sharded", "yes" if plan.sharded else ""),
            Fact("server", plan.server_version or ""),
        )
    )


def _counted(plan: Plan, value: int | None) -> str:
    """A planned query has no counters, which is not the same as unknown ones."""
    return "" if plan.verbosity == "queryPlanner" and value is None else number(value)
