"""Diagnostic data of a real server is read as the server tells it; what is torn or hostile is a sentence."""

import asyncio
import os
import random
import struct
import time
import zlib
from collections.abc import Iterator
from datetime import UTC
from itertools import pairwise
from pathlib import Path
from typing import Any

import bson
import pytest
from helpers.diagnosing import CHUNK, PERIOD_MS, copied, diagnosed, now_of
from helpers.mongodb import good, sources
from helpers.waiting import wait_until
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.mongodb import MongoServer
from perftui.servers import MongodProcess
from perftui.sources.mongodb.diagnostic.chunk import LARGEST_CHUNK_BYTES, chunk_times, read_chunk
from perftui.sources.mongodb.diagnostic.document import MOST_FIELDS, read_fields
from perftui.sources.mongodb.diagnostic.errors import DiagnosticDataError
from perftui.sources.mongodb.diagnostic.files import find_chunks, is_diagnostic, read_place
from perftui.sources.mongodb.diagnostic.past import Wish, read_past
from perftui.sources.mongodb.diagnostic.place import folder_of
from perftui.sources.mongodb.diagnostic.readings import Reading, ReadingMaker, is_wanted, readings

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[MongodProcess, Path]]:
    with diagnosed() as found:
        yield found


@pytest.fixture
def folder(server: tuple[MongodProcess, Path], tmp_path: Path) -> Path:
    """A copy that stands still."""
    return copied(server[1], tmp_path / "diagnostic.data")


def everything(_path: tuple[str, ...]) -> bool:
    return True


def varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def written(reference: dict[str, Any], columns: list[list[int]]) -> bytes:
    """A chunk as the server writes one: `columns` are the figures of the samples after the first."""
    firsts = [field.figure for field in read_fields(bson.encode(reference)) if field.figure is not None]
    steps = [
        (value - before) % 2**64
        for first, column in zip(firsts, columns, strict=True)
        for before, value in zip([first, *column], column, strict=False)
    ]
    stream, index = bytearray(), 0
    while index < len(steps):
        zeros = 0
        while index + zeros < len(steps) and steps[index + zeros] == 0:
            zeros += 1
        stream += varint(0) + varint(zeros - 1) if zeros else varint(steps[index])
        index += zeros or 1
    plain = bson.encode(reference) + struct.pack("<II", len(firsts), len(columns[0])) + bytes(stream)
    return struct.pack("<I", len(plain)) + zlib.compress(plain)


def test_each_figure_is_the_one_that_the_server_tells(server: tuple[MongodProcess, Path]) -> None:
    mongod, folder = server
    told = now_of(mongod)
    moment = round(told["start"].replace(tzinfo=UTC).timestamp(), 3)

    def sample() -> dict[str, Any] | None:
        for place in reversed(find_chunks(folder).chunks):
            chunk = read_chunk(read_place(place), is_wanted)
            if moment in chunk.times:
                return chunk.sample(chunk.times.index(moment))
        return None

    found = wait_until(sample)
    status, live = found["serverStatus"], told["serverStatus"]
    assert status["opcounters"]["insert"] > 100
    for section in ("opcounters", "connections", "network", "opLatencies", "globalLock", "asserts"):
        for name, value in live[section].items():
            if isinstance(value, int) and not isinstance(value, bool):
                assert status[section][name] == value, f"{section}.{name}"
    assert (
        status["wiredTiger"]["cache"]["bytes currently in the cache"]
        == (live["wiredTiger"]["cache"]["bytes currently in the cache"])
    )
    assert status["host"] == live["host"]
    assert status["repl"]["isWritablePrimary"] is True
    assert found["systemMetrics"]["memory"]["MemTotal_kb"] == told["systemMetrics"]["memory"]["MemTotal_kb"]


def test_rates_are_those_of_the_counters(folder: Path) -> None:
    place = find_chunks(folder).chunks[0]
    chunk = read_chunk(read_place(place), is_wanted)
    assert len(chunk.times) == CHUNK
    found = list(readings(chunk, ReadingMaker(), 0.0, 0.0))
    assert [one.at for one in found] == chunk.times
    first, last = chunk.sample(0)["serverStatus"], chunk.sample(CHUNK - 1)["serverStatus"]
    inserted = inserts_of(found)
    assert inserted == pytest.approx(last["opcounters"]["insert"] - first["opcounters"]["insert"], abs=0.01)
    assert found[-1].server.role == "PRIMARY"
    assert found[-1].machine is not None
    assert 0 <= (found[-1].machine.cpu_share or 0.0) <= 1
    assert (found[-1].machine.memory.total_bytes or 0) > 0


def inserts_of(found: list[Reading]) -> float:
    """What the rates amount to."""
    return sum(
        (after.server.operations.insert or 0.0) * ((after.server.uptime_s or 0.0) - (before.server.uptime_s or 0.0))
        for before, after in pairwise(found)
    )


def test_two_samples_in_the_same_millisecond_lose_nothing_of_the_counters() -> None:
    """A server under load takes a late sample and the next one at once."""
    uptimes, inserted = (10_100, 10_100, 10_101, 10_300), (20, 24, 25, 40)
    reference = {
        "start": bson.Int64(10_000),
        "serverStatus": {"uptimeMillis": bson.Int64(10_000), "opcounters": {"insert": bson.Int64(10)}},
    }
    chunk = read_chunk(written(reference, [[*uptimes], [*uptimes], [*inserted]]), is_wanted)
    found = list(readings(chunk, ReadingMaker(), 0.0, 0.0))
    assert len(found) == 5
    assert inserts_of(found) == pytest.approx(30, abs=0.01)


def test_a_longer_step_takes_fewer_samples_and_the_same_counters(folder: Path) -> None:
    chunk = read_chunk(read_place(find_chunks(folder).chunks[0]), is_wanted)
    seldom = list(readings(chunk, ReadingMaker(), 0.0, 1.0))
    assert 2 <= len(seldom) <= (chunk.times[-1] - chunk.times[0]) / 0.9 + 1
    assert all(after.at - before.at >= 0.9 for before, after in pairwise(seldom))


def test_the_folder_is_found_from_the_process_alone(server: tuple[MongodProcess, Path]) -> None:
    mongod, folder = server
    found = folder_of(mongod.pid, None)
    assert found is not None
    assert found.resolve().samefile(folder)
    assert folder_of(mongod.pid, "elsewhere.example:27017") is None
    assert folder_of(2**22 - 1, None) is None
    assert folder_of(os.getpid(), None) is None


def test_only_as_far_back_as_is_wanted_and_as_many_bytes(folder: Path) -> None:
    every = find_chunks(folder)
    assert len(every.chunks) >= 3
    assert every.chunks == tuple(sorted(every.chunks, key=lambda one: one.began_at))
    late = find_chunks(folder, since=every.chunks[-1].began_at + 0.01)
    assert late.chunks == every.chunks[-1:]
    few = find_chunks(folder, limit_bytes=every.chunks[-1].length + 1)
    assert few.chunks == every.chunks[-1:]
    assert "left out" in few.notes[0]


def test_the_past_of_another_process_is_refused(server: tuple[MongodProcess, Path]) -> None:
    mongod, folder = server
    newest = read_past_of(mongod, folder)
    assert newest.readings
    with pytest.raises(DiagnosticDataError, match="another server"):
        read_past(folder, wish_of(mongod, pid=mongod.pid + 1))
    with pytest.raises(DiagnosticDataError, match="another server"):
        read_past(folder, wish_of(mongod, later=3600.0))


def wish_of(mongod: MongodProcess, *, pid: int | None = None, later: float = 0.0) -> Wish:
    with mongod.client() as client:
        uptime_s = client.admin.command("serverStatus")["uptimeMillis"] / 1000
    now = time.time()
    return Wish(now - 600, now, 0.1, mongod.pid if pid is None else pid, now - uptime_s + later)


def read_past_of(mongod: MongodProcess, folder: Path) -> Any:
    return read_past(folder, wish_of(mongod))


def test_a_file_cut_off_anywhere_is_read_up_to_its_last_whole_part(folder: Path, tmp_path: Path) -> None:
    file = next(iter(sorted(folder.glob("metrics.2*"))))
    whole = file.read_bytes()
    places = find_chunks(file).chunks
    for size in random.Random(7).sample(range(len(whole)), 40):
        torn = tmp_path / "metrics.torn"
        torn.write_bytes(whole[:size])
        found = find_chunks(torn)
        assert len(found.chunks) == sum(one.offset + one.length < size for one in places)
        for place in found.chunks:
            assert read_chunk(read_place(place), is_wanted).times


def test_bytes_that_were_changed_make_a_sentence_or_figures_and_never_an_error(folder: Path) -> None:
    chance = random.Random(11)
    data = read_place(find_chunks(folder).chunks[0])
    plain = zlib.decompress(data[4:])
    for _ in range(60):
        changed = bytearray(plain)
        for _ in range(chance.randint(1, 8)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        for hostile in (data[:4] + zlib.compress(bytes(changed)), bytes(changed[:500])):
            try:
                read_chunk(hostile, is_wanted).sample(0)
                chunk_times(hostile)
            except DiagnosticDataError:
                continue


@given(st.binary(max_size=400))
def test_anything_is_a_sentence(data: bytes) -> None:
    for hostile in (data, struct.pack("<I", len(data)) + zlib.compress(data)):
        for read in (lambda one: read_chunk(one, everything), chunk_times):
            try:
                read(hostile)
            except DiagnosticDataError:
                continue


@pytest.mark.parametrize(
    ("chunk", "words"),
    [
        (struct.pack("<I", 9) + zlib.compress(b"\0" * (LARGEST_CHUNK_BYTES + 1)), "larger than any"),
        (struct.pack("<I", 9) + b"no zlib at all", "decompressed"),
        (b"", "too short"),
        (
            struct.pack("<I", 9)
            + zlib.compress(bson.encode({"start": 1, "a": [True] * MOST_FIELDS}) + struct.pack("<II", 9, 1)),
            "more than any",
        ),
        (
            struct.pack("<I", 9) + zlib.compress(bson.encode({"start": 1}) + struct.pack("<II", 1, 2**31)),
            "more than any",
        ),
        (struct.pack("<I", 9) + zlib.compress(bson.encode({"start": 1}) + struct.pack("<II", 7, 1) + b"\1"), "says 7"),
        (struct.pack("<I", 9) + zlib.compress(bson.encode({"a": 1}) + struct.pack("<II", 1, 1) + b"\1"), "no times"),
        (
            struct.pack("<I", 9) + zlib.compress(bson.encode({"start": 1}) + struct.pack("<II", 1, 3) + b"\1"),
            "last number",
        ),
        (
            struct.pack("<I", 9) + zlib.compress(bson.encode({"start": 1}) + struct.pack("<II", 1, 1) + b"\xff" * 12),
            "too long",
        ),
    ],
)
def test_a_hostile_chunk_is_said_in_a_sentence(chunk: bytes, words: str) -> None:
    with pytest.raises(DiagnosticDataError, match=words):
        read_chunk(chunk, everything)


figures = st.integers(-(2**63), 2**63 - 1)


def test_a_name_that_is_a_figure_and_a_document_is_no_error() -> None:
    """Fields of BSON may occur twice."""
    inner = bson.encode({"b": {"c": 7}})
    body = b"\x12start\0" + struct.pack("<q", 1) + b"\x12a\0" + struct.pack("<q", 5) + b"\x03a\0" + inner + b"\0"
    plain = struct.pack("<i", len(body) + 4) + body + struct.pack("<II", 3, 0)
    found = read_chunk(struct.pack("<I", len(plain)) + zlib.compress(plain), everything)
    assert found.sample(0) == {"start": 1, "a": 5}


@given(st.integers(1, 6).flatmap(lambda n: st.lists(st.lists(figures, min_size=n, max_size=n), min_size=3, max_size=3)))
def test_what_was_written_is_read(columns: list[list[int]]) -> None:
    columns[0] = [1_000 + index for index in range(len(columns[0]))]
    reference = {"start": bson.Int64(999), "a": {"b": bson.Int64(-5), "text": "as it was"}, "c": bson.Int64(2**62)}
    chunk = read_chunk(written(reference, columns), everything)
    assert chunk.times == [0.999, *(value / 1000 for value in columns[0])]
    for index in range(len(columns[0])):
        sample = chunk.sample(index + 1)
        assert sample["a"] == {"b": columns[1][index], "text": "as it was"}
        assert sample["c"] == columns[2][index]


async def test_the_first_reading_has_rates_where_the_server_noted_itself_before(
    server: tuple[MongodProcess, Path],
) -> None:
    mongod, _ = server
    with mongod.client() as client:
        client.admin.command({"setParameter": 1, "diagnosticDataCollectionPeriodMillis": 1000})
    try:
        for _ in range(30):  # a sample that is only just taken tells nothing
            async with sources(mongod.direct_uri) as found:
                first = (await good(found["mongodb.server"])).payload
                assert isinstance(first, MongoServer)
                if first.operations.command is not None:
                    assert first.operations.command > 0
                    return
            await asyncio.sleep(0.13)
    finally:
        with mongod.client() as client:
            client.admin.command({"setParameter": 1, "diagnosticDataCollectionPeriodMillis": PERIOD_MS})
    raise AssertionError("no first reading had rates")


async def test_without_diagnostic_data_the_second_reading_has_them(mongod: MongodProcess) -> None:
    async with sources(mongod.direct_uri) as found:
        first = (await good(found["mongodb.server"])).payload
        assert isinstance(first, MongoServer)
        assert first.operations.command is None
        then = (first.uptime_s or 0.0) + 0.05
        with mongod.client() as client:  # by now its clock has gone on, by more than the step that it counts in
            wait_until(lambda: client.admin.command("serverStatus")["uptimeMillis"] / 1000 > then)
        second = (await good(found["mongodb.server"])).payload
        assert isinstance(second, MongoServer)
        assert second.operations.command is not None


def test_what_is_no_folder_of_diagnostic_data(tmp_path: Path) -> None:
    assert not is_diagnostic(tmp_path)
    (tmp_path / "diagnostic.data").mkdir()
    assert is_diagnostic(tmp_path / "diagnostic.data")
    with pytest.raises(DiagnosticDataError, match="no metrics file"):
        find_chunks(tmp_path / "diagnostic.data")
    (tmp_path / "diagnostic.data" / "metrics.x").write_bytes(b"text, and nothing else")
    found = find_chunks(tmp_path / "diagnostic.data")
    assert found.chunks == ()
    assert "something else from byte 0" in found.notes[0]
