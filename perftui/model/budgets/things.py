"""What budgets can hold, with its names and its figures, wherever these come from."""

from collections.abc import Callable
from dataclasses import dataclass

from perftui.model.budgets.budget import Budget, shape_names
from perftui.model.budgets.figures import Held
from perftui.model.budgets.limits import On
from perftui.model.metrics import BudgetDocument

Name = tuple[On, str]
"""What a thing is and how it is called; of a shape its id, of Redis nothing."""
FiguresOf = Callable[[Budget], Held]
"""For the window of a budget, where there are several to choose from."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One endpoint, shape, cache, Redis server or benchmark."""

    name: Name
    words: str
    """For people."""
    matches: Callable[[Budget], bool]
    held: FiguresOf
    own: tuple[BudgetDocument, ...] = ()
    """Limits that it was held to already, as they stand."""
    counted_since_start: bool = False
    """Its requests are counted since its process started, whatever the window of its times is."""


def endpoint_thing(method: str, route: str, held: FiguresOf, own: tuple[BudgetDocument, ...] = ()) -> Thing:
    name = f"{method} {route}"
    return Thing(("endpoint", name), name, lambda budget: budget.matches(method, route), held, own)


def cache_thing(name: str, held: FiguresOf, own: tuple[BudgetDocument, ...] = ()) -> Thing:
    return Thing(("cache", name), f"cache {name}", lambda budget: budget.matches_cache(name), held, own)


def shape_thing(
    shape_id: str, collection: str, op: str, text: str, held: FiguresOf, own: tuple[BudgetDocument, ...] = ()
) -> Thing:
    names = shape_names(shape_id, collection, op, text)
    words = f"{collection} {text}"
    return Thing(("query", shape_id), words, lambda budget: budget.matches_shape_named(names), held, own)


def redis_thing(names: tuple[str, ...], held: FiguresOf, own: tuple[BudgetDocument, ...] = ()) -> Thing:
    """`names`: what the server is called, and its address."""
    return Thing(("redis", ""), f"Redis {names[0]}", lambda budget: budget.matches_redis(*names), held, own)


def benchmark_thing(name: str, held: FiguresOf) -> Thing:
    return Thing(("benchmark", name), name, lambda budget: budget.matches_benchmark(name), held)
