"""Long work beside the event loop that nobody has to wait for: Ctrl-C and quitting end the program at once."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


async def in_background(
    function: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Result:
    """What the function returns or raises, from a thread of its own.

    As `asyncio.to_thread`, but cancelled, or at the program's end, the thread is left behind instead of waited for.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Result] = loop.create_future()

    def settle(finish: Callable[[Any], None], outcome: object) -> None:
        if not answer.done():
            finish(outcome)

    def work() -> None:
        try:
            outcome: object = function(*arguments, **named)
            finish: Callable[[Any], None] = answer.set_result
        except Exception as error:
            outcome, finish = error, answer.set_exception
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, finish, outcome)

    threading.Thread(target=work, name="perftui-analysis", daemon=True).start()
    return await answer
