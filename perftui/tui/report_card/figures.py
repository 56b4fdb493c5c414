"""A card's figures: what each target's history holds of its most telling metrics, up to the frame that is shown."""

from collections.abc import Iterator

from perftui.tui.formatting import duration
from perftui.tui.lines import sparkline
from perftui.tui.reach import reach_of
from perftui.tui.report_card.markdown import heading, inline, table
from perftui.tui.screens.timeline_model import fold, make_rows
from perftui.tui.view import View

_COLUMNS = 24
_EVERY_ROW = 1000


def figures(view: View, window_s: float) -> Iterator[str]:
    """A table for each target: now, and what the window held."""
    rows = make_rows(view, window_s, _COLUMNS, room=_EVERY_ROW)
    covered = duration(reach_of(view, window_s).known_s)
    for state in view.snapshot.targets:
        lines = []
        for row in rows:
            known = [value for value in row.columns if value is not None]
            if row.target.id != state.target.id or not known:
                continue
            now = row.show(row.columns[-1])
            curve = sparkline(fold(row.columns, _COLUMNS, max), _COLUMNS)
            lines.append((row.metric.title, now, row.show(min(known)), row.show(max(known)), curve.strip()))
        if lines:
            yield heading(f"{state.target.name} ({_what(view, state.target.id)})", 3)
            yield table(("", "now", "least", "most", f"last {covered}"), lines)
    if not any(row.columns for row in rows):
        yield inline("Nothing was read yet.")


def _what(view: View, target_id: str) -> str:
    state = next(one for one in view.snapshot.targets if one.target.id == target_id)
    parts: list[str] = [state.target.kind]
    if state.mongodb is not None:
        parts += [one for one in (state.mongodb.version, state.mongodb.role) if one]
    elif state.redis is not None and state.redis.version:
        parts.append(state.redis.version)
    return " ".join(parts)
