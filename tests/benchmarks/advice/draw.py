"""Random columns and documents from one seed, and values for queries drawn from them."""

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

Document = dict[str, Any]
MISSING: Any = object()
"""In a column: this document has no such field."""
START = datetime(2026, 1, 1)
_WORD_LIST = (
    "amber basin cedar delta ember fjord grove haven inlet jolly knoll lumen maple north ocean pearl quartz river "
    "stone tidal umbra vivid willow xenon yield zephyr anvil birch coral drift eagle flint gleam hazel ivory jasper "
    "kettle ledge mango nectar orbit plume quill raven sable thorn"
)
_WORDS = _WORD_LIST.split()


class Draw(random.Random):
    """A seeded source of columns."""

    def size(self, low: int, high: int) -> int:
        return self.randint(low, high)

    def uniform_of(self, values: Sequence[Any], n: int) -> list[Any]:
        return self.choices(values, k=n)

    def skewed_of(self, values: Sequence[Any], n: int, skew: float = 1.0) -> list[Any]:
        """Zipf: the k-th value is 1 / k ** skew as frequent as the first."""
        return self.choices(values, weights=[1 / (rank + 1) ** skew for rank in range(len(values))], k=n)

    def shares_of(self, shares: dict[Any, float], n: int) -> list[Any]:
        return self.choices(list(shares), weights=list(shares.values()), k=n)

    def integers(self, low: int, high: int, n: int) -> list[int]:
        return [self.randint(low, high) for _ in range(n)]

    def amounts(self, middle: float, n: int) -> list[float]:
        return [round(middle * self.lognormvariate(0, 0.8), 2) for _ in range(n)]

    def times(self, days: int, n: int) -> list[datetime]:
        """In random order, whole milliseconds."""
        return [START + timedelta(milliseconds=self.randrange(days * 86_400_000)) for _ in range(n)]

    def rising_times(self, days: int, n: int) -> list[datetime]:
        return sorted(self.times(days, n))

    def sparse(self, column: Iterable[Any], share: float) -> list[Any]:
        return [value if self.random() < share else MISSING for value in column]

    def nullable(self, column: Iterable[Any], share: float) -> list[Any]:
        return [value if self.random() < share else None for value in column]

    def words(self, n: int) -> str:
        return " ".join(self.choices(_WORDS, k=n))

    def texts(self, words: int, n: int) -> list[str]:
        return [self.words(words) for _ in range(n)]

    def lists(self, make: Callable[[], Any], longest: int, n: int, shortest: int = 0) -> list[list[Any]]:
        return [[make() for _ in range(self.randint(shortest, longest))] for _ in range(n)]


class Data(list[Document]):
    """The documents of one collection, from which queries draw their values."""

    def __init__(self, draw: Draw, **columns: Iterable[Any]) -> None:
        names = list(columns)
        rows = zip(*columns.values(), strict=True)
        super().__init__(
            {"_id": number} | {name: value for name, value in zip(names, row, strict=True) if value is not MISSING}
            for number, row in enumerate(rows)
        )
        self.draw = draw
        self._sorted: dict[str, list[Any]] = {}

    def pick(self, field: str) -> Any:
        """The value of a random document that has one: frequent values are drawn more often."""
        return self.draw.choice(self._values(field))

    def rare(self, field: str) -> Any:
        """Any of the distinct values, each as likely as the other."""
        return self.draw.choice(self.distinct(field))

    def some(self, field: str, count: int) -> list[Any]:
        """Distinct values."""
        values = self.distinct(field)
        return self.draw.sample(values, min(count, len(values)))

    def distinct(self, field: str) -> list[Any]:
        return sorted(set(self._values(field)))

    def window(self, field: str, share: float) -> Document:
        """A range that holds about this share of the documents."""
        values = self._values(field)
        length = max(1, int(len(values) * share))
        first = self.draw.randrange(max(1, len(values) - length))
        return {"$gte": values[first], "$lt": values[min(len(values) - 1, first + length)]}

    def above(self, field: str, share: float) -> Document:
        """The upper end of the values, about this share of the documents, a little different each time."""
        values = self._values(field)
        part = share * self.draw.uniform(0.8, 1.2)
        return {"$gte": values[min(len(values) - 1, int(len(values) * (1 - part)))]}

    def below(self, field: str, share: float) -> Document:
        values = self._values(field)
        return {"$lt": values[min(len(values) - 1, int(len(values) * share * self.draw.uniform(0.8, 1.2)))]}

    def _values(self, field: str) -> list[Any]:
        """All values in their order, elements of arrays one by one, without nulls."""
        if field not in self._sorted:
            found = (value for document in self for value in _reach(document, field.split(".")))
            self._sorted[field] = sorted(value for value in found if value is not None)
        return self._sorted[field]


def _reach(value: Any, path: list[str]) -> Iterable[Any]:
    if isinstance(value, list):
        for element in value:
            yield from _reach(element, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _reach(value[path[0]], path[1:])
