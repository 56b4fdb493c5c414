"""Made-up workloads: random fields, data, shapes and existing indexes, so that nobody can build for fixed cases."""

from collections.abc import Callable
from typing import Any

from .commands import aggregate, count, delete, distinct, find, group, limit, match, modify, only, order, update
from .draw import Data, Draw
from .workload import Command, Definition, IndexSpec, Shape, Workload, index

Condition = Callable[[], Any]
_NAME = "items"
_OPERATIONS = {
    "find": 70,
    "count": 6,
    "distinct": 4,
    "group": 6,
    "pipeline": 6,
    "update": 3,
    "delete": 2,
    "modify": 3,
}


def random_workloads(number: int, seed: int) -> dict[str, Definition]:
    """Each depends on the seed and its own number only."""
    return {f"random-{seed}-{place:03d}": random_workload for place in range(number)}


def random_workload(draw: Draw) -> Workload:
    data, kinds = _data(draw)
    shapes = [Maker(draw, data, kinds).shape(place) for place in range(draw.choice([1, 1, 2, 2, 3, 4, 5, 6]))]
    return Workload({_NAME: data}, shapes, _existing(draw, kinds))


def _data(draw: Draw) -> tuple[Data, dict[str, str]]:
    n = draw.choice([draw.size(60, 400), *[draw.size(3_000, 9_900)] * 5, *[draw.size(10_100, 25_000)] * 4, 30_000])
    kinds = {"at": "time"}
    columns: dict[str, Any] = {"at": draw.rising_times(draw.randint(5, 300), n)}
    for place in range(draw.randint(5, 9)):
        kind = draw.choice(list(_COLUMNS))
        kinds[f"{kind}{place}"] = kind
        columns[f"{kind}{place}"] = _COLUMNS[kind](draw, n)
    return Data(draw, **columns), kinds


_COLUMNS: dict[str, Callable[[Draw, int], list[Any]]] = {
    "few": lambda draw, n: draw.skewed_of(_values(draw.randint(3, 12)), n, draw.uniform(0, 1.5)),
    "some": lambda draw, n: draw.skewed_of(_values(draw.randint(20, 120)), n, draw.uniform(0, 1.2)),
    "many": lambda draw, n: draw.uniform_of(_values(max(2, n // draw.randint(3, 40))), n),
    "number": lambda draw, n: draw.integers(0, draw.choice([20, 1000, 100_000]), n),
    "amount": lambda draw, n: draw.amounts(50, n),
    "flag": lambda draw, n: draw.shares_of({True: 1 - (rare := draw.choice([0.01, 0.1, 0.4])), False: rare}, n),
    "skewed": lambda draw, n: draw.shares_of({"usual": 0.96, "odd": 0.03, "rare": 0.01}, n),
    "unset": lambda draw, n: draw.nullable(draw.integers(0, 500, n), draw.choice([0.03, 0.5, 0.95])),
    "absent": lambda draw, n: draw.sparse(draw.integers(0, 50, n), draw.choice([0.02, 0.3, 0.9])),
    "list": lambda draw, n: draw.lists(lambda: f"v{draw.randrange(60):03d}", 4, n),
    "parts": lambda draw, n: draw.lists(lambda: {"a": draw.randrange(300), "b": draw.randrange(20)}, 3, n),
}


def _values(number: int) -> list[str]:
    return [f"v{place:05d}" for place in range(number)]


def _existing(draw: Draw, kinds: dict[str, str]) -> list[IndexSpec]:
    """None, or one or two on random fields, of which at most one is an array."""
    plain = [field for field, kind in kinds.items() if kind not in ("list", "parts")]
    found = [
        index(_NAME, {field: draw.choice([1, 1, -1]) for field in draw.sample(plain, draw.randint(1, 2))})
        for _ in range(draw.choice([0, 0, 0, 1, 2]))
    ]
    return list(dict.fromkeys(found))


class Maker:
    """Makes the shapes of one workload."""

    def __init__(self, draw: Draw, data: Data, kinds: dict[str, str]) -> None:
        self.draw, self.data, self.kinds = draw, data, kinds
        self.plain = [field for field, kind in kinds.items() if kind not in ("list", "parts")]

    def shape(self, place: int) -> Shape:
        fields = self.draw.sample(list(self.kinds), self.draw.choice([0, 1, 1, 2, 2, 2, 3]))
        conditions = {path: make for field in fields for path, make in [self._condition(field)]}
        kind = self.draw.shares_of(dict(_OPERATIONS), 1)[0]
        executions = self.draw.choice([3, 20, 60, 200])
        return Shape(
            f"{kind}-{place}", executions, self._command(kind, lambda: {p: m() for p, m in conditions.items()})
        )

    def _command(self, kind: str, where: Callable[[], dict[str, Any]]) -> Callable[[], Command]:
        draw, path = self.draw, self.draw.choice(self.plain)
        sort = " ".join(draw.choice(["", "-"]) + field for field in draw.sample(self.plain, draw.choice([1, 1, 2])))
        size = draw.choice([1, 10, 50])
        change = {"$set": {"note": "changed"}}
        makers: dict[str, Callable[[], Command]] = {
            "count": lambda: count(_NAME, where()),
            "distinct": lambda: distinct(_NAME, path, where()),
            "group": lambda: aggregate(_NAME, match(where()), group(f"${path}", n={"$sum": 1})),
            "pipeline": lambda: aggregate(_NAME, match(where()), order(sort), limit(size)),
            "update": lambda: update(_NAME, where(), change, multi=True),
            "delete": lambda: delete(_NAME, where()),
            "modify": lambda: modify(_NAME, where(), sort, change),
        }
        return makers[kind] if kind in makers else self._find(where, sort, size, path)

    def _find(self, where: Callable[[], dict[str, Any]], sort: str, size: int, path: str) -> Callable[[], Command]:
        """With or without a sort, a limit, a covering projection and a second branch."""
        sort = self.draw.choice([sort, sort, ""])
        size = self.draw.choice([size, size, 0]) if sort else self.draw.choice([size, 0, 0])
        options = {"projection": only(path)} if self.draw.random() < 0.15 else {}
        if self.draw.random() < 0.12:
            left, right = (self._condition(field) for field in self.draw.sample(list(self.kinds), 2))
            return lambda: find(_NAME, {"$or": [{left[0]: left[1]()}, {right[0]: right[1]()}]}, sort, size, **options)
        return lambda: find(_NAME, where(), sort, size, **options)

    def _condition(self, field: str) -> tuple[str, Condition]:
        """A path, and what makes a condition of one kind for it."""
        draw, data, kind = self.draw, self.data, self.kinds[field]
        if kind == "parts":
            return draw.choice([(f"{field}.a", lambda: data.pick(f"{field}.a")), (field, lambda: self._element(field))])
        if kind in ("time", "number", "amount"):
            share = draw.choice([0.002, 0.02, 0.1, 0.5])
            ranges: list[Condition] = [lambda: data.window(field, share), lambda: data.above(field, share)]
            return field, draw.choice([*ranges, *([lambda: data.pick(field)] if kind == "number" else [])])
        if kind in ("unset", "absent"):
            return field, draw.choice(self._optional(field))
        if kind == "skewed":
            return field, draw.choice([lambda: {"$ne": "usual"}, lambda: draw.choice(["odd", "rare"])])
        if kind in ("flag", "list"):
            return field, lambda: data.rare(field)
        several = draw.choice([2, 5, 20])
        choices: list[Condition] = [lambda: data.pick(field)] * 3
        return field, draw.choice([*choices, lambda: {"$in": data.some(field, several)}])

    def _optional(self, field: str) -> list[Condition]:
        return [lambda: self.data.pick(field), lambda: None, lambda: {"$exists": True}, lambda: {"$ne": None}]

    def _element(self, field: str) -> dict[str, Any]:
        return {"$elemMatch": {"a": self.data.pick(f"{field}.a"), "b": {"$gte": 10}}}
