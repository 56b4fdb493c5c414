"""Begins the history with the past where a server of this machine has kept it: once a target, in a thread."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from perftui.model.event import Event
from perftui.model.snapshot import Snapshot, TargetState
from perftui.monitor.history import History

if TYPE_CHECKING:
    from perftui.sources.mongodb.diagnostic.past import Past


class PastReader:
    """`look` takes every Snapshot and is cheap: a target is looked at once. Its findings are told as events."""

    def __init__(self, history: History, tell: Callable[[Event], None]) -> None:
        self._history, self._tell = history, tell
        self._looked: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def look(self, snapshot: Snapshot) -> None:
        for state in snapshot.targets:
            if state.mongodb is not None and state.mongodb.pid is not None and state.target.id not in self._looked:
                self._looked.add(state.target.id)
                task = asyncio.create_task(self._fill(state, snapshot))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """A thread that reads goes on for at most a chunk; nobody waits for what it finds."""
        for task in self._tasks:
            task.cancel()

    async def _fill(self, state: TargetState, snapshot: Snapshot) -> None:
        from perftui.sources.mongodb.diagnostic.errors import DiagnosticDataError
        from perftui.sources.mongodb.diagnostic.past import Wish, read_past
        from perftui.sources.mongodb.diagnostic.place import folder_of

        server = state.mongodb
        if server is None or server.pid is None or server.uptime_s is None:
            return
        step_s = max(snapshot.interval_s, 1.0)
        now = snapshot.taken_at
        wish = Wish(now - self._history.rows * step_s, now, step_s, server.pid, now - server.uptime_s)

        def read(pid: int, host: str | None) -> "Past | None":
            folder = folder_of(pid, host)
            return None if folder is None or not folder.exists() else read_past(folder, wish)

        try:
            found = await asyncio.to_thread(read, server.pid, server.host)
        except (DiagnosticDataError, OSError) as error:
            self._say(state, now, f"The past before perftui's start cannot be shown: diagnostic.data {_why(error)}.")
            return
        if found is not None:
            self._take(state, snapshot, found, step_s)

    def _take(self, state: TargetState, snapshot: Snapshot, past: "Past", step_s: float) -> None:
        """Into the history of this server, and of this machine where the server looked at it."""
        bare = TargetState(target=state.target)
        taken = self._history.fill_past([(one.at, replace(bare, mongodb=one.server)) for one in past.readings], step_s)
        machine = next((one for one in snapshot.targets if one.target.id == "host"), None)
        if machine is not None:
            bare = TargetState(target=machine.target)
            self._history.fill_past(
                [(one.at, replace(bare, host=one.machine)) for one in past.readings if one.machine is not None], step_s
            )
        minutes = taken * step_s / 60
        words = f"The {minutes:.0f} min before perftui's start are from the server's own diagnostic data"
        if snapshot.interval_s < step_s:
            words += f", a figure each {step_s:g} s"
        notes = f" {past.notes[0]}" if past.notes else ""
        if taken:
            self._say(state, snapshot.taken_at, f"{words}.{notes}")

    def _say(self, state: TargetState, at: float, message: str) -> None:
        self._tell(Event(at=at, target_id=state.target.id, kind="history.read", severity="info", message=message))


def _why(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "may not be read by this user; the server's own user or root may"
    return f"may not be read: {error.strerror}" if isinstance(error, OSError) else str(error).rstrip(".")
