"""The verdict in one sentence: whole, or cut to a line's width with the most telling parts first."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from perftui.model.verdict import Problem, Verdict

When = Callable[[float], str]
"""Writes a moment, such as `02:12:05`."""
_MOST_UNSEEN = 3
_LEAST_CUT = 16
"""Characters of a clause that are worth showing without its end."""


def utc(at: float, now: float) -> str:
    """With the date where that is another day's than `now`'s."""
    shown = datetime.fromtimestamp(at, UTC)
    is_today = shown.date() == datetime.fromtimestamp(now, UTC).date()
    return f"{shown:%H:%M:%S} UTC" if is_today else f"{shown:%Y-%m-%d %H:%M:%S} UTC"


def word(verdict: Verdict) -> str:
    """The first word: what colour only repeats."""
    return verdict.problem.severity if verdict.problem is not None else verdict.status


def parts(verdict: Verdict, when: When) -> list[str]:
    """What follows the first word, the most telling part first."""
    if verdict.problem is not None:
        return _of_problem(verdict.problem, when, len(verdict.others))
    if verdict.status == "looking":
        return ["too little was seen yet to tell"]
    found = []
    if verdict.unseen:
        missing = [one.what for one in verdict.unseen]
        more = f" and {len(missing) - _MOST_UNSEEN} more" if len(missing) > _MOST_UNSEEN else ""
        found.append(f"may not see {', '.join(missing[:_MOST_UNSEEN])}{more}")
        needs = next((one.needs for one in verdict.unseen if one.needs), None)
        found += [f"needs {needs}" if needs and len(needs) < 60 else needs or ""]
    if verdict.looked_at:
        found.append(f"looked at {', '.join(verdict.looked_at)}" + (", and saw nothing wrong" if found else ""))
    return [part for part in found if part]


def _of_problem(problem: Problem, when: When, others: int) -> list[str]:
    since = f"since {when(problem.since)}" if problem.since_known else f"since before {when(problem.since)}"
    further = f"and {others} more problem{'s' if others > 1 else ''}" if others else ""
    found = [f"{problem.what} {since}", problem.cost, problem.cause, problem.elsewhere, further]
    return [part for part in found if part]


def sentence(verdict: Verdict, when: When | None = None) -> str:
    """All of it; `when` absent: in UTC."""
    text = f"{word(verdict)}: {'; '.join(parts(verdict, when or (lambda at: utc(at, verdict.at))))}."
    if verdict.problem is None or not verdict.problem.help:
        return text
    return f"{text} To do: {verdict.problem.help}" + (
        f" ({verdict.problem.command})." if verdict.problem.command else "."
    )


def fitted(found: Sequence[str], width: int) -> str:
    """The first part in any case, then as many clauses as have room, and the beginning of the next; cuts are marked."""
    if not found:
        return ""
    clauses = [clause for part in found[1:] for clause in part.split("; ")]
    text = found[0]
    for place, clause in enumerate(clauses):
        longer, is_last = f"{text}; {clause}", place == len(clauses) - 1
        if len(longer) + (0 if is_last else 2) > width:
            room = width - len(text) - 3
            return f"{text}; {clause[:room].rstrip()}…" if room >= _LEAST_CUT else f"{text} …"
        text = longer
    return text
