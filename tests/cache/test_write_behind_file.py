"""The file of a write-behind: it stays as small as what waits, and is whole at any moment."""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.waiting import wait_until

from perftui import Write, WriteBehind
from perftui.cache import spill_keeper
from perftui.cache.spill import SpillFile, read_spilled
from perftui.cache.spill_records import Waiting, as_record, record_size


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spilled"


def writes(*keys: str) -> list[Waiting]:
    return [Waiting(key, b"t" + key.encode()) for key in keys]


def test_while_the_store_just_keeps_up_the_file_stays_small(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill_keeper, "_SMALL", 20_000)
    sizes, missing, turn = list[int](), list[Any](), threading.Semaphore(0)

    def write(batch: Sequence[Write]) -> None:
        turn.acquire()
        (file,) = folder.glob("*.spill")
        sizes.append(file.stat().st_size)
        held = {one.key for one in read_spilled(file)}
        missing.extend(one.key for one in batch if sizes[-1] and one.key not in held)

    with WriteBehind(write, folder, flush_s=0.05, batch=10, most=50) as behind:
        for number in range(2_000):
            if number == 50:
                wait_until(lambda: behind.report().spilled == 50)
            if number >= 50 and number % 10 == 0:
                turn.release()
            behind.put(f"k{number}", "x" * 1000)
        for _ in range(20):
            turn.release()
        assert behind.flush(60)
        report = behind.report()
    assert max(sizes) < 8 * 50 * 1_020
    assert min(sizes[:-10]) > 0
    assert missing == []
    assert (report.spilled > 1_000, report.written, report.lost) == (True, 2_000, 0)
    assert list(folder.iterdir()) == []


def test_a_new_file_takes_the_place_of_the_old_one_and_is_locked(folder: Path) -> None:
    file = SpillFile(folder, "views")
    file.append(writes("a", "b", "c"))
    file.replace(writes("c"))
    file.append(writes("d"))
    assert [one.key for one in read_spilled(file.path)] == ["c", "d"]
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.size == file.path.stat().st_size == sum(map(record_size, writes("c", "d")))
    other = SpillFile(folder, "views")
    assert other.adopt() == ([], 0)
    file.close()
    assert other.adopt() == (writes("c", "d"), 0)
    other.clear()
    other.close()
    assert list(folder.iterdir()) == []


def test_a_file_that_cannot_be_replaced_stays_as_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = SpillFile(folder, "views")
    file.append(writes("a", "b", "c"))

    def full(_file: int, _data: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            file.replace(writes("c"))
    file.append(writes("d"))
    assert [one.key for one in read_spilled(file.path)] == ["a", "b", "c", "d"]
    assert [path.name for path in folder.iterdir()] == [file.path.name]
    file.close()


def test_what_was_killed_while_it_wrote_a_new_file_is_swept_and_not_read(folder: Path) -> None:
    left = SpillFile(folder, "views")
    left.append(writes("a"))
    left.close()
    half = left.path.with_suffix(".spill-new")
    half.write_bytes(as_record(writes("b")[0])[:7])
    SpillFile(folder, "views").adopt()
    assert half.exists()  # it may be of a process that lives
    os.utime(half, (1, 1))
    SpillFile(folder, "views").adopt()
    assert not half.exists()


KILLED = """
import itertools, pathlib, sys
from perftui.cache.spill import SpillFile
from perftui.cache.spill_records import Waiting
file, waiting = SpillFile(pathlib.Path(sys.argv[1]), "views"), []
for number in itertools.count():
    waiting = [*waiting[-4:], Waiting(f"k{number}", b"t" * 5_000)]
    file.append(waiting[-1:])
    print(number, flush=True)
    if number % 2:
        file.replace(waiting)
"""


def test_a_process_that_is_killed_while_it_replaces_its_file_leaves_all_that_waits(folder: Path) -> None:
    for after in range(20, 30):
        command = [sys.executable, "-c", KILLED, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(after):
                process.stdout.readline()
            process.kill()
            said = [after - 1, *map(int, process.stdout.read().split())]
        (left,) = folder.glob("*.spill")
        keys = [one.key for one in read_spilled(left)]
        assert {f"k{number}" for number in range(said[-1] - 4, said[-1] + 1)} <= set(keys)
        left.unlink()
