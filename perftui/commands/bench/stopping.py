"""Ctrl-C, SIGTERM and SIGHUP cancel the work once, and wait for what it puts back."""

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from perftui.commands import say

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def until_stopped(work: Coroutine[Any, Any, int]) -> int:
    """The work's exit code, or 128 and the signal's number."""
    task = asyncio.ensure_future(work)
    loop, ended_by = asyncio.get_running_loop(), list[int]()

    def stop(number: int) -> None:
        if ended_by:
            say("perftui: ending; it waits for what is being put back.")
        else:
            task.cancel()
        ended_by.append(number)

    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # nohup ignores one
    for number in heard:
        loop.add_signal_handler(number, stop, number)
    try:
        with suppress(asyncio.CancelledError):
            code = await task
            return 128 + ended_by[0] if ended_by else code
    finally:
        for number in heard:
            loop.remove_signal_handler(number)
    return 128 + ended_by[0] if ended_by else 1
