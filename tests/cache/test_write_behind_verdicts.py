"""Is it the store that takes nothing now, or the write? All that waits tells, however small a batch is."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.waiting import wait_until
from pymongo.errors import BulkWriteError
from redis.exceptions import NoScriptError, ResponseError

from perftui import Write, WriteBehind
from perftui.cache.refusals import is_refusal
from perftui.cache.spill import read_spilled


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spilled"


class Target:
    """A store that raises what `raises` says of a write."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.asked: list[str] = []
        self.raises: Callable[[Write], Exception | None] = lambda _one: None

    def write(self, batch: Sequence[Write]) -> None:
        self.asked.extend(one.key for one in batch)
        for one in batch:
            if (error := self.raises(one)) is not None:
                raise error
        self.kept.update((one.key, one.value) for one in batch)


def refuse_all(_one: Write) -> Exception:
    return ResponseError("NEWCODE not now")


def refuse_bad(one: Write) -> Exception | None:
    return ResponseError("WRONGTYPE") if one.key.startswith("bad") else None


@pytest.mark.parametrize("hot", [False, True], ids=["batches of one", "a hot key"])
def test_a_store_that_takes_nothing_for_a_moment_has_nothing_rejected(hot: bool, folder: Path) -> None:
    target = Target()
    target.raises = refuse_all
    with WriteBehind(target.write, folder, flush_s=0.02, batch=3 if hot else 1, attempts=2) as behind:
        for number in range(20):
            behind.put("hot" if hot and number < 15 else f"k{number}", number)
        wait_until(lambda: behind.report().retries >= 40)
        assert behind.report().rejected == 0
        target.raises = lambda _one: None
        assert behind.flush(60)
        assert (behind.report().written, behind.report().rejected) == (20, 0)


@pytest.mark.parametrize(("batch", "bad"), [(1, 1), (1, 4), (2, 4)])
def test_what_is_never_taken_is_rejected_and_keeps_nobody(batch: int, bad: int, folder: Path) -> None:
    """Also where what is taken stands between such as are not."""
    target, heard = Target(), list[str]()
    target.raises = refuse_bad
    with WriteBehind(
        target.write,
        folder,
        flush_s=0.02,
        batch=batch,
        attempts=2,
        on_lost=lambda writes, _why: heard.extend(one.key for one in writes),
    ) as behind:
        for part in range(2):
            for number in range(bad):
                behind.put(f"bad{part}{number}", 1)
            if part == 0:
                for number in range(3 * bad):
                    behind.put(f"good{number}", number)
        wait_until(lambda: len(target.kept) == 3 * bad)
        wait_until(lambda: heard)
    assert all(key.startswith("bad") for key in heard)


def test_a_hot_key_whose_first_write_is_never_taken_goes_on(folder: Path) -> None:
    target = Target()
    target.raises = lambda one: ResponseError("WRONGTYPE") if one.value == 0 else None
    with WriteBehind(target.write, folder, flush_s=0.02, batch=3, attempts=2) as behind:
        for number in range(20):
            behind.put("hot", number)
        assert behind.flush(60)  # nothing else waits that could tell: it is tried twice as often
        assert (behind.report().written, behind.report().rejected) == (19, 1)
    assert target.kept == {"hot": 19}


def test_the_only_one_is_tried_twice_as_often_and_left_in_the_file_by_a_close(folder: Path) -> None:
    target, closing = Target(), threading.Event()

    def raises(_one: Write) -> Exception:
        if len(target.asked) == 5:
            closing.wait(60)
        return ResponseError("NEWCODE not now")

    target.raises = raises
    behind = WriteBehind(target.write, folder, flush_s=0.02, attempts=3)
    behind.put("a", 1)
    wait_until(lambda: len(target.asked) == 5)
    assert behind.report().rejected == 0
    close = threading.Thread(target=behind.close, args=(1.0,))
    close.start()
    wait_until(lambda: behind._loop.closing.is_set())
    closing.set()
    close.join()
    assert (behind.report().rejected, behind.report().waiting) == (0, 1)
    (file,) = folder.iterdir()
    assert [one.key for one in read_spilled(file)] == ["a"]


def test_a_connection_that_breaks_ends_the_round_at_once(folder: Path) -> None:
    target = Target()
    down = threading.Event()

    def raises(one: Write) -> Exception | None:
        if one.key.startswith("bad"):
            return ResponseError("WRONGTYPE")
        down.set()
        return OSError("away")

    target.raises = raises
    with WriteBehind(target.write, folder, flush_s=0.5, batch=3, attempts=50) as behind:
        for key in ("bad0", "bad1", "bad2", "a", "b", "c"):
            behind.put(key, 1)
        wait_until(lambda: target.asked.count("bad0") >= 6)
        target.raises = lambda _one: None
        assert behind.flush(60)
    first = target.asked[: target.asked.index("bad0", 4)]  # from the first batch to that of the second round
    assert [key for key in first if len(key) == 1] == ["c"]


def test_a_stop_ends_the_round_at_once(folder: Path) -> None:
    """And nothing is rejected that stands in the file."""
    target, go, in_it = Target(), threading.Event(), threading.Event()

    def raises(one: Write) -> Exception | None:
        if target.asked.count("bad0") >= 2:
            in_it.set()
            go.wait(60)
        return refuse_bad(one)

    target.raises = raises
    behind = WriteBehind(target.write, folder, flush_s=0.02, batch=3, attempts=1)
    for key in ("bad0", "bad1", "bad2", "a", "b", "c"):
        behind.put(key, 1)
    assert in_it.wait(60)
    behind.close(timeout_s=0.0)
    asked = len(target.asked)
    writer = next(one for one in threading.enumerate() if one.name == "perftui-writes-write")
    go.set()
    writer.join(60)
    assert len(target.asked) == asked
    assert behind.report().rejected == 0
    (file,) = folder.iterdir()
    assert len(read_spilled(file)) == 6


def test_what_passes_is_told_from_a_refusal() -> None:
    passes = [
        NoScriptError("No matching script. Please use EVAL."),
        ResponseError("NOSCRIPT No matching script."),
        ResponseError("DENIED Redis is running in protected mode"),
        BulkWriteError({"writeErrors": [], "writeConcernErrors": [{"code": 64}]}),
    ]
    assert [is_refusal(error) for error in passes] == [False] * 4
    assert is_refusal(BulkWriteError({"writeErrors": [{"code": 121}], "writeConcernErrors": []}))
