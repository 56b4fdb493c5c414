"""Closes what writes behind when its process ends, whether or not the application still holds it."""

import atexit
import sys
from collections.abc import Callable
from typing import Any

_BEFORE_OTHERS = 100
"""In a worker of multiprocessing: before its queues, pools and managers go, which `write` may need."""


class Ending:
    """Calls `close` at the end of the process, until it is told that this is done."""

    def __init__(self, close: Callable[[], object]) -> None:
        self._close = close
        atexit.register(close)
        self._of_worker = _at_end_of_worker(close)

    def is_done(self) -> None:
        atexit.unregister(self._close)
        if self._of_worker is not None:
            self._of_worker.cancel()


def _at_end_of_worker(close: Callable[[], object]) -> Any:
    """Workers of multiprocessing end by `os._exit`, which `atexit` never hears of. One has loaded it by then."""
    process, util = sys.modules.get("multiprocessing.process"), sys.modules.get("multiprocessing.util")
    if process is None or util is None or process.parent_process() is None:
        return None
    return util.Finalize(None, close, exitpriority=_BEFORE_OTHERS)
