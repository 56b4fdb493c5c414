"""What both stores and tags need to speak with either client of redis-py."""

from collections.abc import Iterable, Iterator
from inspect import isawaitable
from itertools import islice
from typing import Any, TypeVar

from perftui.cache.stores.base import CHUNK

T = TypeVar("T")


async def settled(answer: Any) -> Any:
    """What a call of either client gives."""
    return await answer if isawaitable(answer) else answer


def chunks(keys: Iterable[T]) -> Iterator[list[T]]:
    """At most so many as one command may take."""
    rest = iter(keys)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
