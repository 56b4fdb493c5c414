"""A file of suggested budgets: TOML, each with the figures that it comes from."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from perftui.bench.words import duration
from perftui.checking.suggesting import Observed, Suggestion
from perftui.checking.words import NOUNS, lasting
from perftui.model.text import safe_text


def budget_file(
    suggested: Sequence[Suggestion], sources: Iterable[str], headroom: float, minutes: int, at: datetime | None = None
) -> str:
    """The whole file; `minutes`: the window that was looked at, and that the budgets have."""
    moment = (at or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC")
    lines = [
        f"# Suggested by perftui check --suggest, {moment}, from {safe_text(', '.join(sources), 200)}.",
        f"# What was observed, and {headroom * 100:g} % more, rounded up. Change what you know better:",
        "# a budget should say what is good enough, not what happened to be. docs/library-budgets.md has all limits.",
    ]
    for one in suggested:
        lines += ["", *(_entry(one, minutes) if one.limits else _left_out(one))]
    return "\n".join(lines) + "\n"


def _entry(one: Suggestion, minutes: int) -> list[str]:
    on = one.observed.on
    lines = [
        f"[[{on}]]",
        f"# {_figures(one.observed)}",
        f"match = {_text(one.observed.pattern)}",
        f"limits = [{', '.join(map(_text, one.limits))}]",
    ]
    return lines if on == "benchmark" else [*lines, f'window = "{minutes}m"']


def _left_out(one: Suggestion) -> list[str]:
    return [f"# No budget for {one.observed.on} {safe_text(one.observed.words, 100)}: {one.why_not}."]


def _figures(one: Observed) -> str:
    known = [
        f"p95 {duration(one.p95_s)}" if one.p95_s is not None else "",
        f"errors {one.error_rate * 100:.3g} %" if one.error_rate is not None else "",
        f"hits {one.hit_rate * 100:.3g} %" if one.hit_rate is not None else "",
    ]
    counted = f"{one.samples:,} {NOUNS[one.on]}" + (f" in {lasting(one.covered_s)}" if one.on != "benchmark" else "")
    return "observed: " + ", ".join([*filter(None, known), counted])


def _text(text: str) -> str:
    """A basic string of TOML: JSON's, but that DEL is escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
