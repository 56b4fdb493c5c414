"""Whether strategies for one question really return the same."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Literal, NamedTuple

from perftui.model.bench.mongo import Agreement
from perftui.query_bench.execution import Read
from perftui.query_bench.question import Query

_DIGITS = 12
_DEPTH = 100


class Rows(NamedTuple):
    """A result as digests, one for each document or value."""

    digests: tuple[bytes, ...]
    ordered: bool
    complete: bool


def rows_of(query: Query, read: Read, *, bare: bool) -> Rows:
    """`bare`: a document of one field counts as its value, as where `distinct` or `count` is among the strategies."""
    values = [] if query.runs.op == "count" and read.values == [0] else read.values
    digests = tuple(_digest(_bare(value) if bare else value) for value in values)
    return Rows(digests, query.runs.op in ("find", "aggregate"), read.complete)


def returns_values(query: Query) -> bool:
    """It returns no documents, but values or a number."""
    return query.runs.op in ("count", "distinct")


def agreement(base: str, one: Rows, name: str, other: Rows) -> Agreement:
    """Fields in another order, and numbers of another type, are the same; numbers count to twelve digits."""
    state, why = _judge(one, other)
    return Agreement(base=base, name=name, state=state, why=why)


def _judge(one: Rows, other: Rows) -> tuple[Literal["same", "other order", "different", "not known"], str]:
    if not one.complete or not other.complete:
        return "not known", "a result is longer than what is fetched of it"
    if one.digests == other.digests:
        return "same", f"{_counted(len(one.digests))}, all alike"
    in_one, in_other = Counter(one.digests), Counter(other.digests)
    if in_one == in_other:
        if one.ordered and other.ordered:
            return "other order", f"the same {_counted(len(one.digests))}, in another order"
        return "same", f"{_counted(len(one.digests))}, all alike"
    common = (in_one & in_other).total()
    return "different", f"{len(one.digests):,} against {_counted(len(other.digests))}, of which {common:,} are alike"


def _counted(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"


def _bare(value: Any) -> Any:
    return next(iter(value.values())) if isinstance(value, Mapping) and len(value) == 1 else value


def _digest(value: Any) -> bytes:
    return blake2b(repr(_canonical(value, 0)).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _canonical(value: Any, depth: int) -> Any:
    """What two values have in common that an application takes for the same."""
    if depth > _DEPTH:
        return repr(value)
    if isinstance(value, Mapping):
        return "document", sorted((str(name), _canonical(each, depth + 1)) for name, each in value.items())
    if isinstance(value, list | tuple):
        return "array", [_canonical(each, depth + 1) for each in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return type(value).__name__, value
    if isinstance(value, int | float):
        return "number", _number(Decimal(value))
    if type(value).__name__ == "Decimal128":
        return "number", _number(value.to_decimal())
    return type(value).__name__, str(value)


def _number(value: Decimal) -> str:
    """Whole numbers are exact: an id of 19 digits is no other one's."""
    if not value.is_finite():
        return str(value)
    return str(int(value)) if value == value.to_integral_value() and abs(value) < 10**19 else f"{value:.{_DIGITS}g}"
