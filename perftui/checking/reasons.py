"""Why a limit on something that was seen could not be judged, and what to do about it."""

from typing import NamedTuple

from perftui.checking.judge import Outcome
from perftui.checking.words import NOUNS, lasting
from perftui.model.budgets.judging import COVERED


class Reason(NamedTuple):
    """Two sentences, the second empty where there is nothing to do."""

    why: str
    help: str


def unjudged(outcome: Outcome) -> Reason | None:
    """`None`: it could be judged."""
    standing = outcome.standing
    if outcome.over_since is not None:
        return None
    if standing.ok is not None and standing.state != "unknown":
        return None
    if outcome.figures is None:
        return _of_its_own(outcome)
    if not outcome.figures.count and outcome.figures.count is not None and standing.value is None:
        return _nothing(outcome)
    if standing.value is None or standing.ok is None:
        return _unknown(outcome)
    return _too_little(outcome)


def _of_its_own(outcome: Outcome) -> Reason:
    noun, samples = NOUNS[outcome.on], outcome.standing.samples
    why = f"{samples or 0:,} {noun} are too few for this budget of its own"
    return Reason(why, f"Have more {noun} before the check, or lower the samples of that budget.")


def _nothing(outcome: Outcome) -> Reason:
    noun = NOUNS[outcome.on]
    if outcome.on == "benchmark":
        return Reason("it was saved without its samples", "Give pytest-benchmark --benchmark-save-data.")
    if outcome.on == "redis":
        return Reason("nobody asked Redis for a key while it was watched", "Watch it longer: --for 30s.")
    return Reason(
        f"no {noun} in the window of {lasting(outcome.standing.window_s)}",
        f"Have some {noun} before the check, or give the budget a longer window.",
    )


def _unknown(outcome: Outcome) -> Reason:
    why = f"this source does not tell what {outcome.standing.expr} needs"
    if outcome.on == "redis":
        return _nothing(outcome)
    if outcome.on == "benchmark":
        return Reason(why, "Take another limit, such as p(95) or avg.")
    other = ", or take p(50), p(95), p(99) or avg" if outcome.standing.expr.lstrip().startswith("p(") else ""
    return Reason(why, f"Check it against perftui's own metrics document{other}.")


def _too_little(outcome: Outcome) -> Reason:
    noun, standing, figures = NOUNS[outcome.on], outcome.standing, outcome.figures
    few = outcome.needed is not None and standing.samples is not None and standing.samples < outcome.needed
    if standing.expr.startswith(("rate", "count")) and figures is not None:
        covered, window_s = lasting(figures.covered_s), standing.window_s or 0.0
        share = COVERED if standing.expr.startswith("rate") else 1.0
        return Reason(
            f"only {covered} of a window of {lasting(window_s)} were seen, {lasting(window_s * share)} are needed",
            "Check later or watch longer (--for), or give the budget a shorter window.",
        )
    if few:
        return Reason(
            f"{standing.samples or 0:,} {noun}, {outcome.needed:,} are needed",
            f"Have more {noun} before the check, or give the budget samples = {max(standing.samples or 1, 1)}.",
        )
    return Reason("there are too few figures", f"Have more {noun} before the check.")
