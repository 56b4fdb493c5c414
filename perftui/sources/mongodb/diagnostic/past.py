"""The last hour of a server of this machine, from its own diagnostic data."""

import time
from pathlib import Path
from typing import NamedTuple

from perftui.sources.mongodb.diagnostic.chunk import read_chunk
from perftui.sources.mongodb.diagnostic.errors import DiagnosticDataError
from perftui.sources.mongodb.diagnostic.files import find_chunks, read_place
from perftui.sources.mongodb.diagnostic.readings import Reading, ReadingMaker, is_wanted, readings

MOST_BYTES = 32 * 1024 * 1024
"""Compressed, of one server: an hour has about one or two."""
_SAME_START_S = 30.0
_WORK_S, _REST_S = 0.002, 0.004


class Wish(NamedTuple):
    """How far back, how often, and of which server: its process and when it began."""

    since: float
    until: float
    step_s: float
    pid: int
    began_at: float


class Past(NamedTuple):
    readings: tuple[Reading, ...]
    """Oldest first."""
    notes: tuple[str, ...]


class Pause:
    """Sleeps after each few milliseconds of work, so that the other threads of this process get their turn."""

    def __init__(self) -> None:
        self._since = time.thread_time()

    def __call__(self) -> None:
        if time.thread_time() - self._since >= _WORK_S:
            time.sleep(_REST_S)
            self._since = time.thread_time()


def read_past(folder: Path, wish: Wish) -> Past:
    """Takes some seconds for an hour, most of them asleep, so that the screen goes on. Raises `DiagnosticDataError`."""
    places = find_chunks(folder, since=wish.since, limit_bytes=MOST_BYTES)
    maker, found, notes = ReadingMaker(), list[Reading](), list(places.notes)
    last, pause = wish.since, Pause()
    for place in places.chunks:
        try:
            chunk = read_chunk(read_place(place), is_wanted, pause)
        except DiagnosticDataError as error:
            notes.append(f"A part of {place.path.name} is left out: {error}.")
            continue
        for reading in readings(chunk, maker, last, wish.step_s):
            last = reading.at
            found.append(reading)
            pause()
    if not found:
        raise DiagnosticDataError("holds nothing of the last hour")
    _check_owner(found[-1], wish)
    return Past(tuple(one for one in found if one.at < wish.until), tuple(notes))


def _check_owner(newest: Reading, wish: Wish) -> None:
    """The newest sample must be of this very process: another's past would be a lie."""
    server = newest.server
    same_start = server.uptime_s is not None and abs(newest.at - server.uptime_s - wish.began_at) < _SAME_START_S
    if server.pid != wish.pid or not same_start:
        raise DiagnosticDataError("is of another server")
