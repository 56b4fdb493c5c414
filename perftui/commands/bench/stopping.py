"""Ctrl-C, SIGTERM and SIGHUP cancel the work once, and wait for what it puts back."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from perftui.commands import say
from perftui.commands.signals import heard_by


async def until_stopped(work: Coroutine[Any, Any, int]) -> int:
    """The work's exit code, or 128 and the signal's number."""
    task = asyncio.ensure_future(work)
    ended_by = list[int]()

    def stop(number: int) -> None:
        if ended_by:
            say("perftui: ending; it waits for what is being put back.")
        else:
            task.cancel()
        ended_by.append(number)

    with heard_by(stop), suppress(asyncio.CancelledError):
        code = await task
        return 128 + ended_by[0] if ended_by else code
    return 128 + ended_by[0] if ended_by else 1
