"""All workers of an application: this process's slab, the others', and what those that are gone had counted."""

import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from perftui.instrument.store.block import SLOT_S, Block
from perftui.instrument.store.bounds import Bounds
from perftui.instrument.store.cleared import SECTIONS, Baseline, Cleared, Section, series_name
from perftui.instrument.store.exited import EXITED, Exited, ExitedPart, fold
from perftui.instrument.store.folder import SharedFolder, State
from perftui.instrument.store.kinds import Kind
from perftui.instrument.store.overflow import hold_to, trim
from perftui.instrument.store.reading import Reading, Source
from perftui.instrument.store.slab import Slab, SlabFullError
from perftui.instrument.store.slabs import own_slab, slab_of
from perftui.instrument.store.view import SlabView, Worker

ALONE = "this"
_REMEMBERED_DEAD = 1000


class Workers:
    """Where this process writes, and what it can read. Without a folder that is only itself."""

    def __init__(self, folder: SharedFolder | None, complete: Callable[[], bool], bounds: Bounds) -> None:
        """`bounds`: of what workers that are gone had counted.

        Raises `OSError` and `SlabFullError` where the folder has no place for this process, and leaves nothing.
        """
        self.folder, self._complete, self._bounds = folder, complete, bounds
        self._lock = threading.Lock()
        self._cleared = Cleared()
        self._views: dict[str, SlabView] = {}
        self._side: dict[str, Any] = {}
        self._leading: int | None = None
        self._spare: Slab | None = None
        self._spare_view: SlabView | None = None
        if folder is None:
            self.id, self.slab = ALONE, Slab()
        else:
            self.id, self.slab = own_slab(folder)
        self._own = SlabView(self.id, self.slab.words, self.slab.reals)

    def block(self, kind: Kind, labels: tuple[str, ...]) -> Block:
        """In the slab; where that is full, in memory that only this process reads."""
        try:
            return self.slab.block(kind, labels)
        except SlabFullError:
            if self._spare is None:
                self._spare = Slab()
                self._spare_view = SlabView(self.id, self._spare.words, self._spare.reals)
            return self._spare.block(kind, labels)

    def leave(self) -> None:
        """In a child after a fork: the leadership is the parent's, as are the slab and its lock."""
        self._leading = None

    @property
    def elected(self) -> bool:
        """True in one of the workers. It stays so for as long as that lives."""
        if self.folder is None:
            return True
        if self._leading is None:
            self._leading = self.folder.try_to_lead()
        return self._leading is not None

    def offer(self, side: dict[str, Any]) -> None:
        """Samples for readings in this process, as of now."""
        self._side = side

    def publish(self, side: dict[str, Any]) -> None:
        """Samples of this worker, for all to read."""
        self._side = side
        if self.folder is not None:
            self.folder.publish(self.id, msgspec.json.encode(side))

    def tick(self, now: float) -> None:
        """A sign of life; the elected one also looks after those that are gone."""
        self.slab.see(now)
        folder = self.folder
        if folder is not None and self.elected and any(self._gone(folder, identity) for identity in folder.slabs()):
            self.fold()

    def fold(self) -> None:
        """Take the slabs of dead workers into the state file."""
        folder = self.folder
        if folder is None:
            return
        with folder.alone():
            state, minute = folder.state(), int(time.monotonic() // SLOT_S)
            dead = [identity for identity in folder.slabs() if self._gone(folder, identity)]
            for identity in dead:
                view = None if identity in state.exited.folded else slab_of(folder, identity)
                if view is not None:
                    fold(state.exited, view, minute)
                    state.cleared = state.cleared.move(identity, EXITED)
            trim(state.exited, minute)
            state.cleared = hold_to(state.exited, state.cleared, self._bounds)
            del state.exited.folded[:-_REMEMBERED_DEAD]
            folder.keep(state)
            for identity in dead:
                folder.remove(identity)
            folder.sweep()

    def _gone(self, folder: SharedFolder, identity: str) -> bool:
        return identity != self.id and not folder.lives(identity)

    def read(self) -> Reading:
        """All workers now. A worker that dies afterwards changes nothing in this reading."""
        self.slab.turn(time.monotonic())
        if self.folder is None:
            with self._lock:
                self._own.refresh()
                return self._reading([self._own], State(Exited(), self._cleared), complete=self._complete())
        with self.folder.shared(), self._lock:
            state = self.folder.state()
            return self._reading(self._live_views(self.folder, state), state, complete=self._spare is None)

    def _live_views(self, folder: SharedFolder, state: State) -> list[SlabView]:
        names = [name for name in folder.slabs() if name not in state.exited.folded]
        known, self._views = self._views, {}
        for name in names:
            view = self._own if name == self.id else known.get(name) or slab_of(folder, name)
            if view is not None:
                view.refresh()
                self._views[name] = view
        return list(self._views.values())

    def _reading(self, views: list[SlabView], state: State, *, complete: bool) -> Reading:
        sources = [Source(view.id, view.parts(), view.started, view.history_since) for view in views]
        if self._spare_view is not None:
            self._spare_view.refresh()
            sources.append(Source(f"{self.id} spare", self._spare_view.parts(), self._spare_view.started, 0))
        if state.exited.series:
            parts = [ExitedPart(series) for series in state.exited.series.values()]
            sources.append(Source(EXITED, parts, state.exited.started, 0))
        workers = [view.worker for view in views]
        sides = [(worker, self._side_of(worker)) for worker in workers]
        return Reading(sources, workers, sides, state.cleared, complete=complete)

    def _side_of(self, worker: Worker) -> dict[str, Any]:
        if worker.id == self.id or self.folder is None:
            return self._side
        try:
            return dict(msgspec.json.decode(self.folder.side(worker.id)))
        except (msgspec.MsgspecError, TypeError, ValueError):
            return {}

    def clear(self, sections: tuple[str, ...] = SECTIONS) -> None:
        """Begin the windows of these sections anew, in all workers."""
        if self.folder is None:
            self._cleared = self._cleared_now(self.read(), self._cleared, sections)
            return
        self.fold()
        with self.folder.alone():
            state = self.folder.state()
            with self._lock:
                reading = self._reading(self._live_views(self.folder, state), state, complete=True)
            state.cleared = self._cleared_now(reading, state.cleared, sections)
            self.folder.keep(state)

    def cleared_at(self, section: str) -> float:
        """When any worker last cleared this section, on the monotonic clock; 0: never."""
        return (self._cleared if self.folder is None else self.folder.state().cleared).at(section)

    def _cleared_now(self, reading: Reading, before: Cleared, sections: tuple[str, ...]) -> Cleared:
        cleared = dict(before.sections)
        for name in sections:
            cleared[name] = Section(time.monotonic(), {})
        for source in reading.sources:
            for part in source.parts:
                if part.kind.section in sections:
                    figures = cleared[part.kind.section].figures.setdefault(source.id, {})
                    figures[series_name(part.kind.name, part.labels)] = Baseline.of(part.total())
        return Cleared(cleared)
