"""From the verdict to where it shows: the tab, the table and the row."""

from typing import TYPE_CHECKING, Any

from perftui.model.verdict import Problem
from perftui.tui.pages import PAGES, Pane, panes_of
from perftui.tui.screens.grouping import spec_in_view
from perftui.tui.view import View

_PILE = "piled-up-operations"

if TYPE_CHECKING:
    from perftui.tui.screens.main import MainScreen


def show_evidence(screen: "MainScreen") -> None:
    """Open the tab with the verdict's target in view, and put the cursor on its row."""
    app = screen.perftui
    verdict = app.view.snapshot.verdict if app.view is not None else None
    problem = None if verdict is None else verdict.problem
    if problem is None:
        app.say("There is no problem to show." if verdict is not None else "There is no verdict yet.")
        return
    _select_target(screen, problem)
    app.grouping, app.group = ("shape", None) if problem.code == _PILE else (None, None)
    app.renew_view()
    page = next((page for page in PAGES if page.title == problem.evidence.page), PAGES[0])
    screen.show_page(page)
    view = app.view
    found = None if view is None else _find(problem, panes_of(page, view), view)
    if found is None:
        told = problem.evidence.row is None
        app.say(problem.cause or problem.what if told else f"It is not in this table any more: {problem.what}")
        return
    screen.show_row(*found)


def _select_target(screen: "MainScreen", problem: Problem) -> None:
    app = screen.perftui
    for state in app.view.snapshot.targets if app.view is not None else ():
        if state.target.id == problem.target_id:
            app.selected[state.target.kind] = state.target.id
    app.renew_view()


def _find(problem: Problem, panes: tuple[Pane, ...], view: View) -> tuple[int, Any] | None:
    """The table's place among those of the page, and the key of the row."""
    wanted = problem.evidence.row
    if wanted is None:
        return None
    if problem.code == _PILE:
        return _find_pile(wanted, view)
    for place, pane in enumerate(panes):
        spec = spec_in_view(pane, view)
        for row in spec.rows(view):
            key = spec.key(row)
            first = key[0] if isinstance(key, tuple) else key
            if str(first) == wanted:
                return place, key
    return None


def _find_pile(opid: str, view: View) -> tuple[int, Any] | None:
    """The group that the operation belongs to: K there kills all of it."""
    from perftui.tui.tables import operation_groups

    for group in operation_groups.rows(view):
        if any(str(one.opid) == opid for one in group.operations):
            return 0, operation_groups.key(group)
    return None
