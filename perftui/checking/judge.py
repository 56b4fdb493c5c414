"""How budgets stand to the things of one source, seen once or many times."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from perftui.model.budgets.budget import Budget
from perftui.model.budgets.figures import Figures
from perftui.model.budgets.judging import Standing, evaluate
from perftui.model.budgets.limits import Limit, On
from perftui.model.budgets.things import Name, Thing
from perftui.model.metrics import BudgetDocument


class Observer(Protocol):
    """Takes what is seen of a source: once, or again and again."""

    def observe(self, things: Iterable[Thing], at: float) -> None:
        """`at` is Unix seconds."""
        ...


class Outcome(NamedTuple):
    """One limit on one thing."""

    place: int | None
    """Of the budget among those given; `None`: the application's own."""
    on: On
    words: str
    pattern: str
    standing: BudgetDocument
    figures: Figures | None
    """What was judged; `None` where only the standing is told."""
    needed: int | None
    """Requests that the budget wants to see before it judges."""
    counted_since_start: bool = False
    over_since: float | None = None
    """When it first was over, in Unix seconds; `standing` is then the worst there was."""


class _Last(NamedTuple):
    budget: Budget
    limit: Limit
    thing: Thing
    at: float


_Key = tuple[int, Name, str]
_OwnKey = tuple[Name, str, str]


class _Worst(NamedTuple):
    since: float
    standing: BudgetDocument


class Judge:
    """With patience from one look to the next; what is beyond its limit at the last look is over without any.

    So a single look is judged as it is, and of a session both a time that was too slow for long enough and a slow end.
    """

    def __init__(self, budgets: Sequence[Budget], services: Sequence[str | None]) -> None:
        self._budgets = [(place, one) for place, one in enumerate(budgets) if one.concerns(*services)]
        self._standings: dict[_Key, Standing] = {}
        self._last: dict[_Key, _Last] = {}
        self._over: dict[_Key, _Worst] = {}
        self._own: dict[_OwnKey, Outcome] = {}
        self._places: dict[Name, tuple[int, ...]] = {}
        self._by_place = dict(self._budgets)
        self.seen: dict[Name, str] = {}
        """Everything that was seen, by its words."""

    def observe(self, things: Iterable[Thing], at: float) -> None:
        for thing in things:
            self.seen[thing.name] = thing.words
            held = [self._by_place[place] for place in self._places_of(thing)]
            for place, budget in zip(self._places_of(thing), held, strict=True):
                self._judge(place, budget, thing, at)
            anew = {(budget.pattern, limit.expr) for budget in held for limit in budget.limits}
            self._take_own(thing, [one for one in thing.own if (one.budget, one.expr) not in anew], at)

    def outcomes(self) -> list[Outcome]:
        """Those of the budgets given in their order, then the application's own."""
        given = [self._outcome(key, last) for key, last in sorted(self._last.items(), key=lambda item: item[0][0])]
        return [*given, *self._own.values()]

    def _places_of(self, thing: Thing) -> tuple[int, ...]:
        places = self._places.get(thing.name)
        if places is None:
            places = self._places[thing.name] = tuple(p for p, one in self._budgets if thing.matches(one))
        return places

    def _judge(self, place: int, budget: Budget, thing: Thing, at: float) -> None:
        figures, window_s = thing.held(budget)
        for limit in budget.limits:
            key = (place, thing.name, limit.expr)
            found = evaluate(budget, limit, figures, at, self._standings.get(key), window_s)
            self._standings[key], self._last[key] = found, _Last(budget, limit, thing, at)
            if found.document.state == "over":
                self._over[key] = _worse(self._over.get(key), found.document, at)

    def _outcome(self, key: _Key, last: _Last) -> Outcome:
        figures, window_s = last.thing.held(last.budget)
        standing = evaluate(last.budget.at_once(), last.limit, figures, last.at, None, window_s).document
        worst, needed = self._over.get(key), last.budget.samples
        if worst is not None:
            standing = worst.standing
        since = None if worst is None else worst.since
        on, words, whole = last.budget.on, last.thing.words, last.thing.counted_since_start
        return Outcome(key[0], on, words, last.budget.pattern, standing, figures, needed, whole, since)

    def _take_own(self, thing: Thing, limits: Sequence[BudgetDocument], at: float) -> None:
        for limit in limits:
            key = (thing.name, limit.budget or "", limit.expr)
            before = self._own.get(key)
            since = before.over_since if before is not None else None
            if since is not None and before is not None and limit.state == "over":
                limit = _worse(_Worst(since, before.standing), limit, at).standing
            elif since is not None and before is not None:
                limit = before.standing
            elif limit.state == "over":
                since = at if limit.since is None else min(limit.since, at)
            pattern = limit.budget or thing.words
            on, words = thing.name[0], thing.words
            self._own[key] = Outcome(None, on, words, pattern, limit, None, None, over_since=since)


def _worse(known: _Worst | None, standing: BudgetDocument, at: float) -> _Worst:
    if known is None:
        return _Worst(at, standing)
    further = (standing.left or 0.0) <= (known.standing.left or 0.0)
    return _Worst(known.since, standing if further else known.standing)
