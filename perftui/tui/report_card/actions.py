"""A card's last part: what perftui changed on these servers lately, from the journal."""

from collections.abc import Callable, Iterable, Iterator

from perftui.actions.journal import Journal, Record
from perftui.tui.formatting import timestamp
from perftui.tui.report_card.markdown import code, inline
from perftui.tui.view import View

LATELY_S = 24 * 3600.0
_MOST = 20


def actions(view: View, journal: Journal, hide: Callable[[str], str]) -> Iterator[str]:
    """A line for each, the newest first. `hide` makes a sentence of ours fit to be given away."""
    try:
        records = journal.read()
    except OSError as error:
        yield inline(f"The journal cannot be read: {error.strerror}.")
        return
    lines = [_line(record, hide) for record in _of(records, view)]
    yield "\n".join(lines[:_MOST]) if lines else "None in the last 24 hours."
    if len(lines) > _MOST:
        yield f"{len(lines) - _MOST} more are in the journal."


def _of(records: Iterable[Record], view: View) -> list[Record]:
    """Those of the frame's servers, at most a day before it, and none that came after it."""
    now = view.snapshot.taken_at
    places = {state.target.id for state in view.snapshot.targets}
    places |= {state.target.group for state in view.snapshot.targets if state.target.group}
    found = [one for one in records if one.intent.target_id in places and now - LATELY_S <= one.intent.at <= now]
    return sorted(found, key=lambda one: -one.intent.at)


def _line(record: Record, hide: Callable[[str], str]) -> str:
    intent, outcome = record.intent, record.outcome
    came = "no outcome was written" if outcome is None else f"{outcome.state}: {hide(outcome.message or '')}"
    text = f"- {timestamp(intent.at, utc=True)[:19]} UTC {intent.action} on {hide(intent.where)}:"
    return f"{inline(text)} {code(hide(intent.command))} {inline(came)}"
