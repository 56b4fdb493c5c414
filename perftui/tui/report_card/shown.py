"""A card's middle part: what the screen shows, drawn from a View that is fit to be given away."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import msgspec
from textual.screen import Screen

from perftui.handover.redactor import Redactor
from perftui.model.analysis import Analysis
from perftui.model.plan import Plan
from perftui.model.target import TargetKind
from perftui.tui.formatting import timestamp
from perftui.tui.report_card.markdown import block, heading, inline, plain, table
from perftui.tui.screens.builders import builder_of
from perftui.tui.screens.details import DetailsScreen
from perftui.tui.screens.document import Block, lay_out, lay_out_blocks
from perftui.tui.screens.main import MainScreen
from perftui.tui.screens.timeline_model import Axis, events_near
from perftui.tui.screens.timeline_model import Row as TimelineRow
from perftui.tui.staleness import say_old
from perftui.tui.table_spec import TableSpec
from perftui.tui.view import View
from perftui.tui.work import AdviceWish

Hide = Callable[[Any], Any]
"""Takes something of the model, or a sentence, and gives it back as it may be given away."""
Draw = Callable[[View, View, Hide], Iterator[str]]
"""From the View to give away and the original one to Markdown."""

_WIDTH = 100
_MOST_ROWS = 12


def look(screen: Screen[Any]) -> Draw:
    """What the screen shows at this moment; drawing it takes time and may be done elsewhere."""
    from perftui.tui.screens.advice import AdviceScreen
    from perftui.tui.screens.plan import PlanScreen
    from perftui.tui.screens.timeline import TimelineScreen

    if isinstance(screen, MainScreen):
        return _table(screen)
    if isinstance(screen, DetailsScreen):
        return partial(_details_page, screen.selected, screen.spec, screen.current_row())
    if isinstance(screen, PlanScreen):
        return partial(_plan, screen.asked.ns, screen.what, screen.problem, screen.plan, screen.place)
    if isinstance(screen, AdviceScreen):
        return partial(_advice, screen.wish, screen.problem, screen.analysis)
    if isinstance(screen, TimelineScreen):
        return partial(_timeline, screen.axis, tuple(screen.rows), screen.column)
    return lambda _view, _original, _hide: iter(())


def _table(screen: MainScreen) -> Draw:
    model = screen.table.model
    if model is None:
        return lambda _view, _original, _hide: iter(())
    chosen = model.tagged_rows() or list(model.rows[:_MOST_ROWS])
    if model.row is not None and model.row not in chosen:
        chosen.insert(0, model.row)
    title = screen.page.title if screen.page.panes else "Slow queries by shape"
    return partial(_rows, model.spec, title, tuple(chosen), model.row, model.total)


def _rows(
    spec: TableSpec[Any],
    title: str,
    chosen: Sequence[Any],
    under_cursor: Any,
    total: int,
    view: View,
    original: View,
    hide: Hide,
) -> Iterator[str]:
    pairs = _paired(spec, view, original)
    rows = [pairs[key] for row in chosen if (key := spec.key(row)) in pairs]
    old = say_old(spec, view)
    yield heading(f"{title}: {len(rows)} of {total:,} rows{', ' if old else ''}{old}", 3)
    if not rows:
        yield inline(spec.empty(view))
        return
    columns = [one for one in spec.columns if one.wanted is None or one.wanted(rows)]
    yield table([one.title for one in columns], [[one.text(row, view) for one in columns] for row in rows])
    if under_cursor is not None:
        yield from _details(spec, under_cursor, view, original, hide)


def _details_page(
    selected: dict[TargetKind, str], spec: TableSpec[Any], row: Any, view: View, original: View, hide: Hide
) -> Iterator[str]:
    """Of the targets that the page stays with."""
    pairs = zip(original.snapshot.targets, view.snapshot.targets, strict=True)
    names = {before.target.id: after.target.id for before, after in pairs}
    given = {kind: names.get(target_id, "") for kind, target_id in selected.items()}
    yield from _details(spec, row, view.standing_on(given), original.standing_on(selected), hide)


def _details(spec: TableSpec[Any], row: Any, view: View, original: View, _hide: Hide) -> Iterator[str]:
    """All that is known of one row."""
    build = builder_of(spec.name)
    hidden = _paired(spec, view, original).get(spec.key(row))
    document = None if build is None or hidden is None else build(view, spec.key(hidden))
    if document is not None:
        yield heading(document.title, 3)
        yield block(plain(lay_out(document, _WIDTH, folded=True, utc=True)))


def _paired(spec: TableSpec[Any], view: View, original: View) -> dict[Any, Any]:
    """The key of each row as it is -> the row as it may be given away: both Views have the same rows in order."""
    before, after = spec.rows(original), spec.rows(view)
    return {spec.key(one): other for one, other in zip(before, after, strict=False)}


def _plan(
    ns: str, what: str, problem: str | None, plan: Plan | None, place: int, view: View, _original: View, hide: Hide
) -> Iterator[str]:
    from perftui.tui.screens.plan_document import plan_blocks

    yield heading(f"Plan of {ns}", 3)
    yield block([hide(what)])
    if problem is not None:
        yield inline(hide(problem))
    if plan is not None:
        yield block(_laid_out(plan_blocks(hide(plan), place, _WIDTH, view.thresholds, utc=True)))


def _advice(
    wish: AdviceWish, problem: str | None, analysis: Analysis | None, view: View, _original: View, hide: Hide
) -> Iterator[str]:
    from perftui.tui.screens.advice_document import item_blocks, overview_blocks
    from perftui.tui.screens.advice_items import items_of

    yield heading(f"Advice for {wish.ns}", 3)
    if problem is not None:
        yield inline(hide(problem))
    if analysis is None:
        return
    given = hide(analysis)
    items = items_of(given, wish.shape_id)[:_MOST_ROWS]
    whole = [item for item in items if item.kind != "none" or wish.shape_id in item.shapes]
    for item in whole:
        yield block(_laid_out(item_blocks(item, given, None, view.thresholds)))
    if others := [item for item in items if item not in whole]:
        yield "\n".join(f"- no index for {inline(item.text)}: {inline(item.reason)}" for item in others)
    yield block(_laid_out(overview_blocks(given)))


def _timeline(
    axis: Axis, rows: Sequence[TimelineRow], column: int, view: View, original: View, _hide: Hide
) -> Iterator[str]:
    """The moment under the cursor, and the events near it."""
    at = axis.times[column] if axis.times else None
    if at is None:
        return
    yield heading(f"At the cursor: {timestamp(at, utc=True)[:19]} UTC", 3)
    names = {
        before.target.id: after.target.name
        for before, after in zip(original.snapshot.targets, view.snapshot.targets, strict=False)
    }
    cells = [(names.get(row.target.id, ""), row.metric.title, row.show(row.columns[column])) for row in rows]
    yield table(("target", "figure", "value"), cells)
    near = events_near(view.snapshot.events, at, 60.0, 10)
    if near:
        yield "\n".join(f"- {inline(timestamp(one.at, utc=True)[:19])} UTC {inline(one.message)}" for one in near)


def _laid_out(blocks: Sequence[Block]) -> list[str]:
    return plain(lay_out_blocks(blocks, _WIDTH, folded=True, utc=True))


def hider(redactor: Redactor | None) -> Hide:
    """`None`: everything stays as it is."""
    if redactor is None:
        return lambda one: one
    return lambda one: redactor.redact(one) if isinstance(one, msgspec.Struct) else redactor.text(one)
