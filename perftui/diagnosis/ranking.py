"""Which of the problems is the cause, and which only follow from it."""

from collections.abc import Iterable, Mapping, Sequence

from perftui.diagnosis.causes import ACUTE_S, EXPLAINS, FELT, explains
from perftui.diagnosis.places import Places
from perftui.model.verdict import Problem

_SYMPTOMS = {*FELT, "cpu-saturated", "disk-saturated", "pool-full", "long-operation", "restarted"}
_FATAL = {"unreachable", "restarts-again", "no-primary", "stepped-down", "redis-blocked"}


def rank(
    problems: Sequence[Problem], now: float, places: Places
) -> tuple[Problem | None, tuple[Problem, ...], tuple[Problem, ...]]:
    """The culprit, what follows from it, and what else is wrong."""
    if not problems:
        return None, (), ()
    follow = _followers(problems, places)
    caused = {id(effect) for one in problems for effect in follow[id(one)] if not _mutual(one, effect, follow)}
    roots = [one for one in problems if id(one) not in caused] or list(problems)
    culprit = max(roots, key=lambda one: (not places.is_idle(one.target_id), _weight(one, len(follow[id(one)]), now)))
    effects = follow[id(culprit)]
    known = {id(culprit), *map(id, effects)}
    rest = [one for one in problems if id(one) not in known]
    return culprit, _sorted(effects, now), _sorted(rest, now)


def _followers(problems: Sequence[Problem], places: Places) -> dict[int, list[Problem]]:
    """By the id of each, all that follow from it, directly or through others."""
    of_code: dict[str, list[Problem]] = {}
    for one in problems:
        of_code.setdefault(one.code, []).append(one)
    direct = {id(one): _direct_followers(one, of_code, places) for one in problems}
    return {id(one): _reached(one, direct) for one in problems}


def _direct_followers(cause: Problem, of_code: Mapping[str, list[Problem]], places: Places) -> list[Problem]:
    """Only what its code explains is compared with it: of many problems most have nothing to do with each other."""
    effects = (effect for code in EXPLAINS.get(cause.code, ()) for effect in of_code.get(code, ()))
    return [effect for effect in effects if effect is not cause and explains(cause, effect, places)]


def _reached(cause: Problem, direct: Mapping[int, list[Problem]]) -> list[Problem]:
    found: dict[int, Problem] = {}
    waiting = [cause]
    while waiting:
        for effect in direct[id(waiting.pop())]:
            if effect is not cause and id(effect) not in found:
                found[id(effect)] = effect
                waiting.append(effect)
    return list(found.values())


def _mutual(one: Problem, other: Problem, follow: dict[int, list[Problem]]) -> bool:
    """Each may follow from the other: then the earlier one, or the weightier, is the cause."""
    if all(effect is not one for effect in follow[id(other)]):
        return False
    return not (one.since < other.since - 1 or (abs(one.since - other.since) <= 1 and _base(one) > _base(other)))


def _weight(problem: Problem, effects: int, now: float) -> float:
    weight = _base(problem)
    if problem.since_known and now - problem.since < ACUTE_S:
        weight += 50
    return weight + 5 * min(effects, 5)


def _base(problem: Problem) -> float:
    weight = 100.0 if problem.severity == "critical" else 0.0
    weight += 40.0 if problem.code in _FATAL else 0.0
    return weight + (0.0 if problem.code in _SYMPTOMS else 20.0)


def _sorted(problems: Iterable[Problem], now: float) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda one: (-_weight(one, 0, now), one.since, one.code, one.subject)))
