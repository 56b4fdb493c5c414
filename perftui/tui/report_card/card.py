"""The whole card: when and where, the verdict, the figures, what the screen shows, what was done."""

from collections.abc import Iterator
from datetime import datetime

from perftui import __version__
from perftui.actions.journal import Journal
from perftui.diagnosis.sentence import sentence, utc
from perftui.handover.redactor import Redactor
from perftui.model.verdict import Problem, Verdict
from perftui.tui.formatting import duration, timestamp
from perftui.tui.report_card.actions import actions
from perftui.tui.report_card.figures import figures
from perftui.tui.report_card.hiding import hidden_view
from perftui.tui.report_card.markdown import heading, inline
from perftui.tui.report_card.shown import Draw, hider
from perftui.tui.view import View

LONGEST = 60_000
"""Characters: a chat or a ticket takes no more, nor do terminals take more by OSC 52."""


def make_card(draw: Draw, view: View, journal: Journal, *, hidden: bool = True) -> str:
    """Markdown of at most `LONGEST` characters, its end left out where that is too little."""
    redactor = Redactor() if hidden else None
    given = view if redactor is None else hidden_view(view, redactor)
    hide = hider(redactor)
    parts = [heading("perftui report card", 1), *_head(given, hidden=hidden)]
    parts += [heading("Verdict"), *_verdict(given.snapshot.verdict)]
    parts += [heading("Figures"), *figures(given, view.snapshot.window_s)]
    if drawn := list(draw(given, view, hide)):
        parts += [heading("On screen"), *drawn]
    parts += [heading("Actions"), *actions(view, journal, hide)]
    text = "\n\n".join(parts) + "\n"
    return text if len(text) <= LONGEST else text[: LONGEST - 40] + "\n```\n\nCut: the rest had no room.\n"


def _head(view: View, *, hidden: bool) -> Iterator[str]:
    snapshot = view.snapshot
    local = datetime.fromtimestamp(snapshot.taken_at).astimezone()
    here = f"{local:%Y-%m-%d %H:%M:%S} {inline(local.tzname() or '')} (local)"
    source = "now" if view.live else "the past or a recording"
    hiding = "Values, hosts and users are hidden." if hidden else "Values, hosts and users are shown."
    yield "\n".join(
        (
            f"- {timestamp(snapshot.taken_at, utc=True)[:19]} UTC, {here}, {source}",
            f"- read every {snapshot.interval_s:g} s, digests of the last {duration(snapshot.window_s)}",
            f"- perftui {__version__}. {hiding}",
        )
    )


def _verdict(verdict: Verdict | None) -> Iterator[str]:
    if verdict is None:
        yield "There is none yet."
        return
    yield f"**{inline(sentence(verdict))}**"
    problems = [("Follows from it", one) for one in verdict.effects] + [("Also wrong", one) for one in verdict.others]
    lines = [f"- {title}: {inline(_short(one, verdict.at))}" for title, one in problems]
    if verdict.looked_at:
        lines.append(f"- Looked at: {inline(', '.join(verdict.looked_at))}")
    lines += [f"- May not be read: {inline(f'{one.what}: needs {one.needs}')}" for one in verdict.unseen]
    if lines:
        yield "\n".join(lines)


def _short(problem: Problem, now: float) -> str:
    since = f"since {'' if problem.since_known else 'before '}{utc(problem.since, now)}"
    return "; ".join(one for one in (f"{problem.severity}: {problem.what} {since}", problem.cost, problem.cause) if one)
