"""Why a budget held nothing at all."""

from collections.abc import Sequence

from perftui.checking.judge import Judge
from perftui.checking.reasons import Reason
from perftui.checking.seen import Seen
from perftui.checking.words import KINDS
from perftui.model.budgets.budget import Budget
from perftui.model.names import closest
from perftui.model.text import safe_text

_NAMED = 3
_WHY_NONE = {
    "endpoint": "Send requests before the check.",
    "query": "Give the application's client perftui's MongoMonitor, or check the MongoDB server with its profiler on.",
    "cache": "Give the application's cache a CacheMonitor.",
    "redis": "Check that Redis is one of the sources.",
    "benchmark": "Check that the file is the one that bench run wrote.",
}


def unmatched(budget: Budget, seen: Sequence[Seen]) -> Reason:
    """Without a help where it was not meant for any of these sources."""
    fitting = [one for one in seen if budget.on in one.kinds]
    if not fitting:
        return Reason(f"no source here has {KINDS[budget.on]}", "")
    concerned = [one for one in fitting if budget.concerns(*one.services)]
    if not concerned:
        names = ", ".join(dict.fromkeys(safe_text(name, 60) for one in fitting for name in one.services if name))
        return Reason(f"it is for service {budget.service!r}, and here is {names or 'none with a name'}", "")
    return _none_fits(budget, _seen_names(budget, concerned))


def _none_fits(budget: Budget, names: list[str]) -> Reason:
    if not names:
        return Reason(f"nothing to hold: no {KINDS[budget.on]} were seen", _WHY_NONE[budget.on])
    near = closest(budget.pattern, names)
    shown = ", ".join(safe_text(name, 60) for name in names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    why = f"it fits none of the {KINDS[budget.on]} that were seen: {shown}"
    help_text = "Check the pattern; * stands for anything."
    return Reason(why, f"Did you mean {safe_text(near, 60)}? {help_text}" if near else help_text)


def _seen_names(budget: Budget, seen: Sequence[Seen]) -> list[str]:
    judges = [one.observer for one in seen if isinstance(one.observer, Judge)]
    kinds = ("benchmark", "endpoint") if budget.on == "endpoint" else (budget.on,)
    return sorted(words for judge in judges for (on, _), words in judge.seen.items() if on in kinds)
