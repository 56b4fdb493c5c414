"""A server's own diagnostic data as frames of a replay: what it noted of itself and its machine, a frame a sample."""

from collections import OrderedDict
from itertools import pairwise
from pathlib import Path
from statistics import median

from perftui.model.host import HostMetrics
from perftui.model.mongodb import MongoServer
from perftui.model.snapshot import Snapshot, SourceState, TargetState
from perftui.model.target import Target
from perftui.monitor.recording import FrameEntry, RecordingError
from perftui.sources.mongodb.diagnostic.chunk import Chunk, chunk_times, read_chunk
from perftui.sources.mongodb.diagnostic.errors import DiagnosticDataError
from perftui.sources.mongodb.diagnostic.files import ChunkPlace, find_chunks, read_place
from perftui.sources.mongodb.diagnostic.readings import Reading, ReadingMaker, is_wanted

MOST_BYTES = 256 * 1024 * 1024
MOST_FRAMES = 100_000
"""More than a day at a sample a second."""
_CHUNKS_AT_ONCE = 3
_WINDOW_S = 300.0
_NOTE = "Read from the server's own diagnostic data: no operations, no queries and no events are in it."


class DiagnosticFrames:
    """Reads like a recording, the newest `last_s` seconds. Raises `RecordingError` where there is nothing to read.

    Only where each sample stands is kept, and a few chunks.
    """

    def __init__(self, path: Path, last_s: float) -> None:
        try:
            places = find_chunks(path, limit_bytes=MOST_BYTES)
        except DiagnosticDataError as error:
            raise RecordingError(str(error)) from None
        except PermissionError:
            raise RecordingError(f"{path} may not be read by this user; the server's own user or root may.") from None
        self.notes = list(places.notes)
        self._path = path
        self._samples: list[tuple[ChunkPlace, int]] = []
        entries = self._entries(places.chunks, last_s)
        if not entries:
            raise RecordingError(f"{path} holds no diagnostic data that can be read.{_first(self.notes)}")
        self.entries: tuple[FrameEntry, ...] = entries
        steps = [after.taken_at - before.taken_at for before, after in pairwise(entries[:300])]
        self._interval_s = max(round(median(steps), 1), 0.1) if steps else 1.0
        self._chunks: OrderedDict[ChunkPlace, Chunk] = OrderedDict()
        self._maker, self._made = ReadingMaker(), -1

    def snapshot(self, index: int) -> Snapshot:
        """The sample at this place, with rates since the one before it. Raises `RecordingError`."""
        if index != self._made + 1 or index == 0:
            self._maker = ReadingMaker()
            if index:
                self._read(index - 1)
        reading = self._read(index)
        self._made = index
        return Snapshot(
            sequence=index + 1,
            taken_at=self.entries[index].taken_at,
            interval_s=self._interval_s,
            window_s=_WINDOW_S,
            targets=() if reading is None else _targets(reading, self._interval_s),
        )

    def _read(self, index: int) -> Reading | None:
        place, sample = self._samples[index]
        return self._maker.read(self.entries[index].taken_at, self._chunk(place).sample(sample))

    def _chunk(self, place: ChunkPlace) -> Chunk:
        found = self._chunks.get(place)
        if found is None:
            try:
                found = self._chunks[place] = read_chunk(read_place(place), is_wanted)
            except DiagnosticDataError as error:
                raise RecordingError(f"{place.path}: a part cannot be read: {error}.") from None
            if len(self._chunks) > _CHUNKS_AT_ONCE:
                self._chunks.popitem(last=False)
        return found

    def _entries(self, places: tuple[ChunkPlace, ...], last_s: float) -> tuple[FrameEntry, ...]:
        """From the newest chunk back; the interim file repeats samples that others have."""
        found: list[tuple[float, ChunkPlace, int]] = []
        oldest = float("inf")
        since = float("-inf")
        for place in reversed(places):
            times = self._times(place)
            if times and since == float("-inf"):
                since = times[-1] - last_s
            older = [(at, place, index) for index, at in enumerate(times) if since <= at < oldest]
            found.extend(reversed(older))
            oldest = min(oldest, *times) if times else oldest
            if oldest < since or len(found) >= MOST_FRAMES:
                break
        found = sorted(found[:MOST_FRAMES])
        self._samples = [(place, index) for _, place, index in found]
        return tuple(FrameEntry(0, 0, number, number + 1, at) for number, (at, _, _) in enumerate(found))

    def _times(self, place: ChunkPlace) -> list[float]:
        try:
            return chunk_times(read_place(place))
        except DiagnosticDataError as error:
            self.notes.append(f"A part of {place.path.name} is left out: {error}.")
            return []


def _targets(reading: Reading, interval_s: float) -> tuple[TargetState, ...]:
    server = _state("mongodb", reading.server.host or "mongodb", reading, interval_s, server=reading.server)
    if reading.machine is None:
        return (server,)
    return server, _state("host", reading.machine.hostname, reading, interval_s, machine=reading.machine)


def _state(
    slot: str,
    name: str,
    reading: Reading,
    interval_s: float,
    *,
    server: MongoServer | None = None,
    machine: HostMetrics | None = None,
) -> TargetState:
    if server is not None:
        target = Target(id=f"mongodb://{name}", kind="mongodb", name=name, address=f"mongodb://{name}")
    else:
        target = Target(id="host", kind="host", name=name, address=name)
    source = SourceState(
        source=f"{slot}.diagnostic data", interval_s=interval_s, read_at=reading.at, notes=(_NOTE,), slot=slot
    )
    return TargetState(target=target, sources=(source,), mongodb=server, host=machine)


def _first(notes: list[str]) -> str:
    return f" {notes[0]}" if notes else ""
