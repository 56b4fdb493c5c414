"""The store of a registry: hands out blocks, reads them back merged, runs what must not run in a request's time."""

import os
import sys
import warnings
import weakref
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from perftui.instrument.store.block import Block
from perftui.instrument.store.bounds import Bounds
from perftui.instrument.store.cleared import SECTIONS
from perftui.instrument.store.exclusive import EXCLUSIVE
from perftui.instrument.store.folder import SharedFolder
from perftui.instrument.store.kinds import Kind
from perftui.instrument.store.late import LateBlock
from perftui.instrument.store.reading import Reading
from perftui.instrument.store.slab import SlabFullError
from perftui.instrument.store.ticker import Job, begin_to_tick
from perftui.instrument.store.workers import Workers

PUBLISHED_EVERY_S = 1.0
Labelled = tuple[Kind, tuple[str, ...]]


class Forgetful(Protocol):
    def forget(self) -> None: ...


class Store:
    """Opened when the first block is asked for, so that a process that only imports an application leaves no trace."""

    def __init__(self, shared: str | os.PathLike[str] | None) -> None:
        """`shared`: the folder in which all workers of the application keep their figures."""
        self.faults: Counter[str] = Counter()
        """What went wrong inside the library, by where: it is counted, never raised."""
        self.generation = 0
        """How many forks lie between the first process and this one: blocks do not survive a fork."""
        self.bounds: Bounds = {}
        """How many series of each kind there are at most, also of workers that are gone."""
        self._shared = shared
        self._workers: Workers | None = None
        self.opened = False
        """Whether this process has a place for its figures, which others can see."""
        self._blocks: dict[Labelled, Block] = {}
        self._late: dict[Labelled, LateBlock] = {}
        self._publishers: dict[str, Callable[[], Any]] = {}
        self._jobs: list[Job] = []
        self._forgetful: weakref.WeakSet[Forgetful] = weakref.WeakSet()
        self.every(PUBLISHED_EVERY_S, self._publish)
        _STORES.add(self)

    def alone(self) -> bool:
        """Whether this process alone serves the application; asked where no folder is shared."""
        return True

    def block(self, kind: Kind, *labels: str) -> Block:
        """The block of a kind and labels. The bound is the caller's: `BlockTable` keeps one."""
        return self.make_block(kind, labels)

    def make_block(self, kind: Kind, labels: tuple[str, ...]) -> Block:
        """The same block for the same labels, in any thread."""
        found = self._blocks.get((kind, labels))
        return found or EXCLUSIVE.do(lambda: self._new_block((kind, labels))) or self.late_block(kind, labels)

    def _new_block(self, labelled: Labelled) -> Block | None:
        found = self._blocks.get(labelled)
        if found is None and (self._workers is not None or not sys.is_finalizing()):
            found = self._blocks[labelled] = self._opened().block(*labelled)
        return found

    def late_block(self, kind: Kind, labels: tuple[str, ...]) -> Block:
        """One for now: this thread is at work on the store, or the interpreter ends, or the store fails."""
        return self._late.setdefault((kind, labels), LateBlock(kind))

    def _settle_late(self) -> None:
        for labelled in list(self._late):
            block = self.make_block(*labelled)
            late = None if isinstance(block, LateBlock) else self._late.pop(labelled, None)
            if late is not None:
                late.settle(block)

    def open(self) -> None:
        """Be seen from now on: a worker's first request may be the one that never ends."""
        self.opened = True
        self.guard("open", lambda: self.workers)

    @property
    def workers(self) -> Workers:
        """Opened here where nothing was counted yet; raises `RuntimeError` where that cannot be."""
        found = self._workers or EXCLUSIVE.do(self._opened)
        if found is None:
            raise RuntimeError("this thread is just opening the registry")
        return found

    def _opened(self) -> Workers:
        """For who holds the store."""
        if self._workers is None:
            if sys.is_finalizing():
                raise RuntimeError("the interpreter ends: nothing is opened any more")
            self._workers, trouble = self._first_workers()
            begin_to_tick(self)
            if trouble is not None:
                warnings.warn(f"perftui counts this process alone: {trouble}", RuntimeWarning, stacklevel=2)
        return self._workers

    @property
    def elected(self) -> bool:
        """True in the one worker that does what must be done once for all."""
        return self.workers.elected

    def read(self) -> Reading:
        """The figures of all workers of the shared folder, or of this process alone."""
        self._settle_late()
        self.workers.offer(self._side())
        return self.workers.read()

    def publish(self, name: str, function: Callable[[], Any]) -> None:
        """Once a second, offer what `function()` gives (small, JSON-able) to all workers: `Reading.side(name)`."""
        self._publishers[name] = function

    def every(self, seconds: float, function: Callable[[], Any], *, at_once: bool = True) -> None:
        """Call a function on the registry's own thread, first `at_once` or after so many seconds.

        What it raises is counted in `faults`.
        """
        self._jobs.append(Job(seconds, function, at_once=at_once))

    def forget_after_fork(self, table: Forgetful) -> None:
        """Call `table.forget()` in each child; the table is not kept alive for that."""
        self._forgetful.add(table)

    def clear_sections(self, sections: tuple[str, ...] = SECTIONS) -> None:
        """Begin the windows of these sections anew, in all workers; totals go on."""
        self.workers.clear(sections)

    def tick(self, now: float) -> None:
        """Once a second, by the registry's thread."""
        self.guard("late", self._settle_late)
        self.guard("tick", lambda: self.workers.tick(now))
        for job in tuple(self._jobs):
            if job.due(now):
                self.guard(getattr(job.function, "__qualname__", "job"), job.function)

    def guard(self, where: str, function: Callable[[], Any]) -> Any:
        """What the function gives; `None` where it failed, which is counted."""
        try:
            return function()
        except Exception:  # whatever fails in here, the application goes on
            self.faults[where] += 1
            return None

    def begin_in_child(self) -> None:
        """After a fork: figures of our own, and none of the parent's, which the parent serves."""
        self.generation += 1
        workers, self._workers = self._workers, None
        self.opened, self._blocks, self._late = False, {}, {}
        if workers is not None:
            self.guard("fork", workers.leave)
        for table in list(self._forgetful):
            self.guard("fork", table.forget)

    def _publish(self) -> None:
        self.workers.publish(self._side())

    def _side(self) -> dict[str, Any]:
        side = {name: self.guard(f"publish {name}", function) for name, function in tuple(self._publishers.items())}
        return {name: value for name, value in side.items() if value is not None}

    def _first_workers(self) -> tuple[Workers, Exception | None]:
        """Where the folder cannot be used, this process alone in its own memory, and why."""
        if self._shared is None:
            return Workers(None, self.alone, self.bounds), None
        try:
            return Workers(SharedFolder(Path(self._shared)), self.alone, self.bounds), None
        except (OSError, ValueError, SlabFullError) as error:
            self.faults["shared folder"] += 1
            return Workers(None, lambda: False, self.bounds), error


def _after_fork() -> None:
    for store in list(_STORES):
        store.begin_in_child()


_STORES: "weakref.WeakSet[Store]" = weakref.WeakSet()
os.register_at_fork(after_in_child=_after_fork)
