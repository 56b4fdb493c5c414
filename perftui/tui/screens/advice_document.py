"""One piece of advice as a document, with today's plan beside it."""

from perftui.model.analysis import AnalysedShape, Analysis, Recommendation
from perftui.model.plan import Plan
from perftui.model.settings import Thresholds
from perftui.tui.formatting import number, size
from perftui.tui.index_words import keys_text
from perftui.tui.lines import Line
from perftui.tui.plan_tree import tree_lines, worst_words
from perftui.tui.screens.advice_items import Item
from perftui.tui.screens.advice_lines import BASES, expectation, keys_more, served_lines
from perftui.tui.screens.document import Beside, Block, Drawn, Fact, Facts, Text
from perftui.tui.screens.finding_lines import finding_lines, mark_lines


def item_blocks(item: Item, analysis: Analysis, plan: Plan | None, limits: Thresholds) -> tuple[Block, ...]:
    """`plan`: today's, of the first shape that the item is about."""
    shape = next((one for one in analysis.shapes if one.id in item.shapes), None)
    today = _today(shape, plan, limits)
    if item.recommendation is None:
        heading = "CHANGE THE QUERY" if item.kind == "rewrite" else "WHY NO INDEX"
        return (Text(item.text, role="value"), Text(item.reason, heading, prose=True), *today)
    one = item.recommendation
    left: tuple[Block, ...] = (Text(one.reason, "WHY", prose=True), _price(one))
    return (
        Text(f"{one.ns} {keys_text(one.keys)}", role="accent"),
        Text(f"{expectation(one)}: {BASES[one.basis]}.", role="value", prose=True),
        *((Drawn(lambda width: mark_lines("!", one.warnings, width, "warning"), "WARNINGS"),) if one.warnings else ()),
        Drawn(lambda width: served_lines(one.shapes, width), "EACH RUN, TODAY AND WITH IT"),
        Beside(left, today),
        Text(one.command, "COMMAND", "accent"),
    )


def overview_blocks(analysis: Analysis) -> tuple[Block, ...]:
    """What the advice was made from."""
    lost = "some" if analysis.lost_entries is None else number(analysis.lost_entries) if analysis.lost_entries else ""
    return (
        Facts(
            (
                Fact("read from", analysis.source),
                Fact("entries", number(analysis.entries)),
                Fact("lost", lost, "warning"),
                Fact("shapes", number(len(analysis.shapes))),
            ),
            "MADE FROM",
        ),
        Drawn(lambda width: mark_lines("-", analysis.notes, width, "normal")),
    )


def _today(shape: AnalysedShape | None, plan: Plan | None, limits: Thresholds) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if plan is not None:

        def draw(width: int) -> list[Line]:
            return tree_lines(plan, plan.winning, width, limits)

        blocks.append(Drawn(draw, "TODAY'S PLAN"))
        if said := worst_words(plan, limits):
            blocks.append(Text(said, role="warning", prose=True))
    elif shape is not None and shape.plan_summary:
        blocks.append(Text(shape.plan_summary, "TODAY'S PLAN"))
    if shape is not None and shape.findings:
        blocks.append(Drawn(lambda width: finding_lines(shape.findings, width), "FINDINGS"))
    return tuple(blocks)


def _price(one: Recommendation) -> Facts:
    return Facts(
        (
            Fact("size", f"about {size(one.size_bytes)}" if one.size_bytes is not None else "-"),
            Fact("writes", keys_more(one.write_cost)),
            Fact("replaces", ", ".join(one.supersedes)),
            Fact("options", ", ".join(f"{name}: {value}" for name, value in one.options.items())),
            Fact("name", one.name),
            Fact("figures", BASES[one.basis]),
        ),
        "PRICE",
    )
