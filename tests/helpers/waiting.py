"""Wait for a condition, never for a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

_T = TypeVar("_T")
_STEP_S, _LONGEST_STEP_S, _GROWS = 0.02, 0.1, 1.2
"""Looking costs time that what is waited for needs on a busy machine: more and more rarely."""


def wait_until(condition: Callable[[], _T | None], timeout_s: float = 60.0) -> _T:
    """What `condition` returns as soon as that is true; fails after `timeout_s`."""
    deadline, step_s = time.monotonic() + timeout_s, _STEP_S
    while True:
        if value := condition():
            return value
        assert time.monotonic() < deadline, f"not true within {timeout_s} s: {condition}"
        time.sleep(step_s)
        step_s = min(step_s * _GROWS, _LONGEST_STEP_S)


@overload
async def wait_until_async(condition: Callable[[], Awaitable[_T | None]], timeout_s: float = 60.0) -> _T: ...
@overload
async def wait_until_async(condition: Callable[[], _T | None], timeout_s: float = 60.0) -> _T: ...
async def wait_until_async(condition: Callable[[], Any], timeout_s: float = 60.0) -> Any:
    """The same on the event loop; `condition` may be a plain or an async function."""
    deadline, step_s = time.monotonic() + timeout_s, _STEP_S
    while True:
        answer = condition()
        value = await answer if isinstance(answer, Awaitable) else answer
        if value:
            return value
        assert time.monotonic() < deadline, f"not true within {timeout_s} s: {condition}"
        await asyncio.sleep(step_s)
        step_s = min(step_s * _GROWS, _LONGEST_STEP_S)


def process_exists(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:  # noqa: PTH123 - hot in loops
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
