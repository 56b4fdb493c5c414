"""Work beside the event loop: its answer comes back, and nobody waits for it who does not want to."""

import asyncio
import signal
import subprocess
import sys
import threading

import pytest

from perftui.analysis.background import in_background

_FOR_EVER = """
import asyncio, threading
from perftui.analysis.background import in_background
def work():
    print("working", flush=True)
    threading.Event().wait()
try:
    asyncio.run(in_background(work))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


async def test_returns_what_the_function_returns() -> None:
    assert await in_background(divmod, 7, 2) == (3, 1)
    assert await in_background(sorted, [1, 2], reverse=True) == [2, 1]


async def test_raises_what_the_function_raises() -> None:
    with pytest.raises(ZeroDivisionError):
        await in_background(divmod, 7, 0)


async def test_an_answer_that_comes_too_late_is_dropped() -> None:
    begun, may_end = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    threads: list[threading.Thread] = []

    def work() -> None:
        threads.append(threading.current_thread())
        loop.call_soon_threadsafe(begun.set)
        may_end.wait()

    waiting = asyncio.ensure_future(in_background(work))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    may_end.set()
    await asyncio.to_thread(threads[0].join)
    assert await in_background(int, "7") == 7


def test_ctrl_c_does_not_wait_for_it() -> None:
    with subprocess.Popen([sys.executable, "-c", _FOR_EVER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        process.send_signal(signal.SIGINT)
        try:
            assert process.stdout.read() == "interrupted\n"
            assert process.wait(60) == 0
        finally:
            process.kill()
