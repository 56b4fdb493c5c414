"""Write-behind within one process: batches, order, back-pressure, refusals, and what is left in files."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.waiting import wait_until

from perftui import BsonCodec, CacheMonitor, QueueFull, Registry, Write, WriteBehind
from perftui.cache.codec import PlainCodec
from perftui.cache.refusals import is_refusal
from perftui.cache.spill import SpillFile, read_spilled
from perftui.cache.spill_records import Waiting
from perftui.instrument import build_document


class Target:
    """A store whose failures are ours to say."""

    def __init__(self) -> None:
        self.batches: list[list[Write]] = []
        self.kept: dict[str, Any] = {}
        self.down = False
        self.poison: set[str] = set()
        self.tries = 0
        self.open = threading.Event()
        self.open.set()

    def write(self, batch: Sequence[Write]) -> None:
        self.tries += 1
        assert self.open.wait(30)
        if self.down:
            raise OSError("away")
        if any(one.key in self.poison for one in batch):
            raise ValueError("not to my taste")
        self.batches.append(list(batch))
        for one in batch:
            if one.deleted:
                self.kept.pop(one.key, None)
            else:
                self.kept[one.key] = one.value


@pytest.fixture
def target() -> Iterator[Target]:
    found = Target()
    yield found
    found.open.set()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spilled"


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_writes_arrive_in_batches_and_in_order(target: Target, folder: Path) -> None:
    registry = Registry()
    monitor = CacheMonitor("behind", registry)
    target.open.clear()
    with WriteBehind(target.write, folder, batch=10, flush_s=0.05, monitor=monitor) as behind:
        for number in range(95):
            behind.put(f"k{number % 7}", number)
        behind.remove("k0")
        target.open.set()
        assert behind.flush(20)
        report = behind.report()
    assert (report.accepted, report.written, report.waiting, report.lost) == (96, 96, 0, 0)
    assert max(map(len, target.batches)) == 10
    assert [one.value for batch in target.batches for one in batch] == [*range(95), None]
    assert set(target.kept) == {f"k{number}" for number in range(1, 7)}
    (cache,) = (build_document(registry).cache or {}).values()
    assert (cache.sets, cache.errors) == (96, 0)
    assert files_in(folder) == []


def test_a_value_is_taken_as_it_was(target: Target, folder: Path) -> None:
    target.open.clear()
    with WriteBehind(target.write, folder, flush_s=0.05) as behind:
        value = {"n": 1}
        behind.put("a", value)
        value["n"] = 2
        with pytest.raises(TypeError):
            behind.put("b", object())
        target.open.set()
        assert behind.flush(20)
    assert target.kept == {"a": {"n": 1}}


def test_a_store_that_is_away_for_a_while_loses_nothing_and_leaves_no_file(target: Target, folder: Path) -> None:
    target.down = True
    with WriteBehind(target.write, folder, flush_s=0.05) as behind:
        for number in range(250):
            behind.put(f"k{number % 3}", number)
        wait_until(lambda: target.tries >= 3 and behind.report().spilled >= 250)
        (file,) = files_in(folder)
        assert file.stat().st_mode & 0o777 == 0o600
        assert len(read_spilled(file)) == 250
        target.down = False
        assert behind.flush(20)
        wait_until(lambda: file.stat().st_size == 0)
        report = behind.report()
    assert [one.value for batch in target.batches for one in batch] == list(range(250))
    assert (report.written, report.waiting, report.lost) == (250, 0, 0)
    assert report.retries >= 3
    assert report.last_error == "OSError: away"
    assert files_in(folder) == []


def test_a_replay_at_any_moment_puts_no_older_value_over_a_newer_one(folder: Path) -> None:
    """As if the process were killed right after each write: what the file holds then is written once more."""
    kept: dict[str, int] = {}
    checked, calls, wrong = [0], [0], list[str]()

    def write(batch: Sequence[Write]) -> None:
        calls[0] += 1
        if calls[0] % 7 < 4:
            raise OSError("away")
        kept.update((one.key, one.value) for one in batch)
        (file,) = folder.glob("*.spill")
        after = dict(kept)
        after.update((one.key, int(PlainCodec().decode(one.data))) for one in read_spilled(file))
        wrong.extend(key for key, value in kept.items() if after[key] < value)
        checked[0] += file.stat().st_size > 0

    with WriteBehind(write, folder, flush_s=0.02, batch=7) as behind:
        for number in range(400):
            behind.put(f"k{number % 5}", number)
            if number % 40 == 0:
                wait_until(lambda: behind.report().waiting < 10)
        assert behind.flush(30)
        report = behind.report()
    assert (report.lost, report.rejected, report.written) == (0, 0, 400)
    assert wrong == []
    assert kept == {f"k{number}": 395 + number for number in range(5)}
    assert checked[0] > 0


def test_while_the_file_is_in_use_nothing_is_written_that_is_not_in_it(folder: Path) -> None:
    """Else a replay of the first value of `a` could follow its second."""
    down, written, in_file = [True], list[list[Any]](), list[list[str]]()

    def write(batch: Sequence[Write]) -> None:
        if down[0]:
            raise OSError("away")
        if not written:
            behind.put("a", 2)
        written.append([one.value for one in batch])
        (file,) = folder.glob("*.spill")
        in_file.append([one.key for one in read_spilled(file)])

    with WriteBehind(write, folder, flush_s=1.0, batch=2) as behind:
        for key in ("x", "y", "a"):
            behind.put(key, 1)
        wait_until(lambda: behind.report().spilled == 3)
        down[0] = False
        assert behind.flush(20)
    assert written == [[1, 1], [1, 2]]
    assert in_file[1] == ["x", "y", "a", "a"]


def test_a_full_queue_makes_the_writer_wait(target: Target, folder: Path) -> None:
    target.down = True
    with WriteBehind(target.write, folder, flush_s=0.05, most=5) as behind:
        for number in range(5):
            behind.put(f"k{number}", number)
        with pytest.raises(QueueFull, match="5 writes wait"):
            behind.put("more", 1, timeout_s=0.01)
        waiting = threading.Thread(target=behind.put, args=("later", 1))
        waiting.start()
        with pytest.raises(QueueFull):
            asyncio.run(behind.put_async("more", 1, timeout_s=0.01))
        target.down = False
        waiting.join(20)
        asyncio.run(behind.put_async("at last", 1, timeout_s=20))
        assert behind.flush(20)
        assert behind.report().accepted == 7
    assert len(target.kept) == 7
    with pytest.raises(RuntimeError, match="closed"):
        behind.put("after", 1)


def test_what_is_refused_is_set_aside_and_the_others_of_its_key_wait_for_it(target: Target, folder: Path) -> None:
    target.poison = {"bad"}
    heard: list[tuple[list[Any], str]] = []
    behind = WriteBehind(
        target.write,
        folder,
        flush_s=0.02,
        attempts=2,
        on_lost=lambda writes, why: heard.append(([one.value for one in writes], why)),
    )
    target.open.clear()
    for number, key in enumerate(["a", "bad", "b", "bad", "c"]):
        behind.put(key, number)
    target.open.set()
    assert behind.flush(60)
    report = behind.close()
    assert target.kept == {"a": 0, "b": 2, "c": 4}
    assert heard == [([1], "refused: ValueError: not to my taste"), ([3], "refused: ValueError: not to my taste")]
    assert (report.written, report.rejected, report.lost) == (3, 2, 0)
    (aside,) = files_in(folder)
    assert aside.name == "writes.rejected"
    assert aside.stat().st_mode & 0o777 == 0o600
    assert [one.key for one in read_spilled(aside)] == ["bad", "bad"]


def test_what_a_close_could_not_write_the_next_start_replays_first(target: Target, folder: Path) -> None:
    target.down = True
    first = WriteBehind(target.write, folder, flush_s=0.05)
    for number in range(30):
        first.put(f"k{number % 4}", number)
    first.remove("k0")
    assert first.close(timeout_s=0.05).waiting == 31
    (file,) = files_in(folder)
    assert file.stat().st_mode & 0o777 == 0o600
    target.down = False
    with WriteBehind(target.write, folder, flush_s=0.05) as second:
        second.put("k1", "newer")
        assert second.flush(20)
        assert (second.report().replayed, second.report().written) == (31, 32)
    assert target.kept == {"k1": "newer", "k2": 26, "k3": 27}
    assert files_in(folder) == []


def test_files_of_processes_that_live_or_have_another_name_are_left_alone(target: Target, folder: Path) -> None:
    target.down = True
    with WriteBehind(target.write, folder, flush_s=0.05, name="one") as living:
        living.put("a", 1)
        wait_until(lambda: living.report().spilled == 1)
        other = SpillFile(folder, "two")
        other.append([Waiting("b", b"t2")])
        other.close()
        with WriteBehind(target.write, folder, flush_s=0.05, name="one") as second:
            assert second.report().replayed == 0
        target.down = False
        assert living.flush(20)
    assert [file.name.partition(".")[0] for file in files_in(folder)] == ["two"]


@pytest.mark.parametrize("damage", ["cut", "changed", "nothing left"])
def test_a_damaged_file_gives_what_is_whole_and_the_rest_is_counted(damage: str, target: Target, folder: Path) -> None:
    file = SpillFile(folder, "writes")
    for key in "abc":
        file.append([Waiting(key, b"tvalue")])
    file.close()
    data = bytearray(file.path.read_bytes())
    if damage == "changed":
        data[-1] ^= 1
    file.path.write_bytes(data[:-1] if damage == "cut" else data[:5] if damage == "nothing left" else data)
    with WriteBehind(target.write, folder, flush_s=0.05) as behind:
        assert behind.flush(20)
        assert behind.report().lost == 1
    assert set(target.kept) == (set() if damage == "nothing left" else {"a", "b"})


def test_a_file_that_cannot_be_written_is_told_and_what_is_lost_is_counted(
    target: Target, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: object, _writes: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SpillFile, "append", full)
    target.down = True
    heard: list[int] = []
    behind = WriteBehind(target.write, folder, flush_s=0.05, on_lost=lambda writes, why: heard.append(len(writes)))
    behind.put("a", 1)
    behind.put("b", 1)
    report = behind.close(timeout_s=0.05)
    assert (report.lost, heard) == (2, [2])


def test_a_store_that_hangs_does_not_keep_writes_out_of_the_file(target: Target, folder: Path) -> None:
    target.open.clear()
    behind = WriteBehind(target.write, folder, flush_s=0.05)
    behind.put("a", 1)
    wait_until(lambda: target.tries == 1)
    behind.put("b", 2)
    wait_until(lambda: behind.report().spilled == 2)
    assert behind.close(timeout_s=0.05).lost == 0
    (file,) = files_in(folder)
    assert [one.key for one in read_spilled(file)] == ["a", "b"]


def test_documents_of_mongodb_need_their_codec(target: Target, folder: Path) -> None:
    from bson import Decimal128, ObjectId

    with WriteBehind(target.write, folder, flush_s=0.05, codec=BsonCodec()) as behind:
        behind.put("a", {"id": ObjectId("0123456789abcdef01234567"), "price": Decimal128("1.10")})
        assert behind.flush(20)
    assert target.kept["a"]["price"] == Decimal128("1.10")


def test_errors_that_waiting_helps_are_told_from_refusals() -> None:
    from pymongo.errors import AutoReconnect, BulkWriteError, ServerSelectionTimeoutError
    from redis.exceptions import ConnectionError as Down
    from redis.exceptions import OutOfMemoryError, ResponseError

    refused = [ValueError(), TypeError(), BulkWriteError({}), ResponseError()]
    waiting = [OSError(), AutoReconnect(), ServerSelectionTimeoutError(), Down(), OutOfMemoryError(), RuntimeError()]
    assert [is_refusal(error) for error in refused] == [True] * 4
    assert [is_refusal(error) for error in waiting] == [False] * 6


def test_nonsense_is_refused(target: Target, folder: Path) -> None:
    for batch, most, flush_s, name in ((0, 1, 1.0, "a"), (1, 0, 1.0, "a"), (1, 1, 0.0, "a"), (1, 1, 1.0, "../a")):
        with pytest.raises(ValueError, match="plain word"):
            WriteBehind(target.write, folder, batch=batch, most=most, flush_s=flush_s, name=name)
    assert not folder.exists()
