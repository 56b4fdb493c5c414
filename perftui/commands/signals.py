"""The signals that end a command early."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def heard_by(stop: Callable[[int], object]) -> Iterator[None]:
    """Ctrl-C, SIGTERM and SIGHUP call `stop` with their number; what nohup or a shell has ignored stays so."""
    loop = asyncio.get_running_loop()
    heard = [number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    for number in heard:
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in heard:
            loop.remove_signal_handler(number)
