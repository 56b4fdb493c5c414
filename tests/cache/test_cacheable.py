"""What can be given out again, and what only the first who asks could use."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import pytest

from perftui import AsyncReadThrough, MemoryStore, ReadThrough


def rows(number: int) -> Iterator[int]:
    yield from range(number)


async def rows_later(number: int) -> AsyncIterator[int]:
    yield number


async def later(number: int) -> int:
    return number


class Loader:
    async def __call__(self, number: int) -> int:
        return number


class Rows:
    def __call__(self, number: int) -> Iterator[int]:
        yield number

    def of(self, number: int) -> Iterator[int]:
        yield number


@pytest.mark.parametrize("function", [rows, rows_later, Rows(), Rows().of, partial(rows)])
def test_a_generator_is_refused_where_it_is_decorated(function: Callable[[int], Any]) -> None:
    with pytest.raises(TypeError, match="once only"):
        ReadThrough(MemoryStore(), 60).cached("rows:{number}")(function)


@pytest.mark.parametrize("function", [later, Loader(), partial(later)])
def test_a_coroutine_function_is_refused_where_it_is_decorated(function: Callable[[int], Awaitable[int]]) -> None:
    with pytest.raises(TypeError, match="AsyncReadThrough"):
        ReadThrough(MemoryStore(), 60).cached("later:{number}")(function)


def test_what_does_not_show_before_it_is_called_is_refused_then_and_not_kept() -> None:
    pages = ReadThrough(MemoryStore(), 60)
    calls_later: Callable[[int], Any] = lambda number: later(number)  # noqa: E731
    plain = pages.cached("plain:{number}")(calls_later)
    generator = pages.cached("generator:{number}")(lambda number: (one for one in range(number)))
    for _ in range(2):
        with pytest.raises(TypeError, match="to be awaited"):
            plain(1)
        with pytest.raises(TypeError, match="once only"):
            generator(1)
    assert [key for page in pages.store.direct.scan() for key in page] == []


async def test_a_coroutine_that_gives_a_generator_is_refused_too() -> None:
    pages = AsyncReadThrough(MemoryStore(), 60)

    @pages.cached("rows:{number}")
    async def given(number: int) -> Iterator[int]:
        return rows(number)

    with pytest.raises(TypeError, match="once only"):
        await given(3)
