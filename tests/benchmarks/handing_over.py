"""What handing over and looking back cost: redaction a frame, an hour of diagnostic data, and the stalls it makes.

`python -m tests.benchmarks.handing_over` starts a mongod for a minute and prints a table.
"""

import asyncio
import struct
import sys
import tempfile
import time
import tracemalloc
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import bson
from helpers.diagnosing import keep_diagnostic_data, size_of
from helpers.snapshots import busy_snapshot
from helpers.waiting import wait_until

from perftui.handover.redactor import Redactor
from perftui.handover.vocabulary import own_words
from perftui.servers import PrivateServers
from perftui.sources.mongodb.diagnostic.chunk import chunk_times
from perftui.sources.mongodb.diagnostic.files import find_chunks, read_place
from perftui.sources.mongodb.diagnostic.past import Wish, read_past

SAMPLES = 300
CHUNKS = 12
"""Of 300 samples: an hour at a sample a second."""
_START = b"\x09start\x00"


def redaction() -> None:
    started = time.process_time()
    words = len(own_words())
    print(f"vocabulary, once         {1000 * (time.process_time() - started):8.0f} ms CPU   {words:,} words")
    for operations in (5, 500, 5000):
        redactor, frames = Redactor(), [busy_snapshot(sequence, operations) for sequence in range(1, 12)]
        redactor.snapshot(frames[0])
        started = time.process_time()
        for frame in frames[1:]:
            redactor.snapshot(frame)
        print(f"a frame, {operations:5,} operations {100 * (time.process_time() - started):8.1f} ms CPU")


def real_chunk() -> bytes:
    """One whole chunk of a mongod under a small load, compressed as the server wrote it."""
    with PrivateServers() as servers:
        mongod = servers.start_mongod(replica_set="rs0")
        with mongod.client() as client:
            folder = keep_diagnostic_data(mongod)
            client.admin.command({"setParameter": 1, "diagnosticDataCollectionSamplesPerChunk": SAMPLES})
            while size_of(folder) == 0 or not whole_chunks(folder):
                client.shop.items.insert_one({"number": 1})
                time.sleep(0.01)
        wait_until(lambda: bool(whole_chunks(folder)))
        return whole_chunks(folder)[0]


def whole_chunks(folder: Path) -> list[bytes]:
    chunks = [read_place(place) for place in find_chunks(folder).chunks]
    return [chunk for chunk in chunks if len(chunk_times(chunk)) == SAMPLES]


def hour(folder: Path, chunk: bytes) -> None:
    """The chunk twelve times, one after the other in time."""
    plain = zlib.decompress(chunk[4:])
    place = plain.index(_START) + len(_START)
    (begins,) = struct.unpack_from("<q", plain, place)
    times = chunk_times(chunk)
    span = round(1000 * (times[-1] - times[0] + times[1] - times[0]))
    with (folder / "metrics.2026-01-01T00-00-00Z-00000").open("wb") as file:
        for number in range(CHUNKS):
            at = begins + number * span
            data = plain[:place] + struct.pack("<q", at) + plain[place + 8 :]
            packed = struct.pack("<I", len(data)) + zlib.compress(data)
            moment = datetime.fromtimestamp(at / 1000, UTC)
            file.write(bson.encode({"_id": moment, "type": 1, "data": bson.Binary(packed)}))


def wish_for(folder: Path) -> Wish:
    """Whose newest sample is taken for the server's own."""
    from perftui.sources.mongodb.diagnostic.chunk import read_chunk
    from perftui.sources.mongodb.diagnostic.readings import is_wanted

    newest = read_chunk(read_place(find_chunks(folder).chunks[-1]), is_wanted)
    status = newest.sample(SAMPLES - 1)["serverStatus"]
    began = newest.times[-1] - status["uptimeMillis"] / 1000
    return Wish(0.0, newest.times[-1] + 1, 0.0, status["pid"], began)


async def longest_stall(work: Callable[[], object]) -> float:
    """Of the event loop while a thread works, in milliseconds."""
    reading = asyncio.create_task(asyncio.to_thread(work))
    longest, last = 0.0, time.perf_counter()
    while not reading.done():
        await asyncio.sleep(0.005)
        now = time.perf_counter()
        longest, last = max(longest, now - last - 0.005), now
    await reading
    return longest * 1000


def past() -> None:
    chunk = real_chunk()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hour(folder, chunk)
        wish = wish_for(folder)
        started, wall = time.process_time(), time.perf_counter()
        found = read_past(folder, wish)
        cpu, took = time.process_time() - started, time.perf_counter() - wall
        print(
            f"an hour of the past      {1000 * cpu:8.0f} ms CPU   {took:.1f} s, {len(found.readings):,} readings,",
            end=" ",
        )
        print(f"{size_of(folder) / 1e6:.1f} MB compressed")
        tracemalloc.start()
        read_past(folder, wish)
        print(f"its memory at most       {tracemalloc.get_traced_memory()[1] / 1e6:8.1f} MB")
        tracemalloc.stop()
        stall = asyncio.run(longest_stall(lambda: read_past(folder, wish)))
        idle = asyncio.run(longest_stall(lambda: time.sleep(took)))
        print(f"longest stall of the loop{stall:8.1f} ms      {idle:.1f} ms while the thread sleeps as long")


if __name__ == "__main__":
    redaction()
    past()
