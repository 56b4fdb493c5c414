"""What was accepted is in the store when the program ends, however it ends and whoever still holds the write-behind."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from helpers.waiting import wait_until

from perftui import Write, WriteBehind
from perftui.cache.spill import read_spilled
from perftui.cache.write_endings import Ending
from perftui.cache.write_queue import WriteQueue

WRITER = """
import multiprocessing, os, sys, time
from perftui import WriteBehind
store, folder = sys.argv[1], sys.argv[2]
def write(batch):
    with open(store, "a") as file:
        file.writelines(f"{one.key}\\n" for one in batch)
def away(batch):
    raise OSError("away")
def accept(write=write):
    behind = WriteBehind(write, folder, name="views", flush_s=30)
    for number in range(50):
        behind.put(f"k{number}", number)
"""
ENDINGS = {
    "dropped": "accept()",
    "a worker of multiprocessing": """
worker = multiprocessing.get_context("fork").Process(target=accept)
worker.start()
worker.join()
""",
    "a process of a pool": """
from concurrent.futures import ProcessPoolExecutor
with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
    pool.submit(accept).result()
""",
}


def run(ending: str, store: Path, folder: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", WRITER + ending, str(store), str(folder)]
    subprocess.run(command, check=True, timeout=60)


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_what_was_accepted_is_written_at_the_end(ending: str, tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "spilled"
    run(ending, store, folder)
    assert store.read_text("utf-8").split() == [f"k{number}" for number in range(50)]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_what_the_store_does_not_take_at_the_end_is_in_the_file(ending: str, tmp_path: Path) -> None:
    run(f"accept.__defaults__ = (away,)\n{ending}", tmp_path / "store", tmp_path / "spilled")
    (file,) = (tmp_path / "spilled").iterdir()
    assert [one.key for one in read_spilled(file)] == [f"k{number}" for number in range(50)]


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("perftui-dropped")}


def test_one_that_nobody_holds_any_more_writes_what_it_has_and_leaves_no_thread(tmp_path: Path) -> None:
    kept: list[str] = []

    def write(batch: Sequence[Write]) -> None:
        kept.extend(one.key for one in batch)

    behind = WriteBehind(write, tmp_path / "spilled", name="dropped", flush_s=0.05)
    behind.put("a", 1)
    behind.put("b", 2)
    del behind
    gc.collect()
    wait_until(lambda: not threads())
    assert kept == ["a", "b"]
    assert list((tmp_path / "spilled").iterdir()) == []


def test_one_that_nobody_holds_any_more_waits_for_its_store(tmp_path: Path) -> None:
    kept: list[str] = []
    tries: list[float] = []
    down = [True]

    def write(batch: Sequence[Write]) -> None:
        tries.append(time.monotonic())
        if down[0]:
            raise OSError("away")
        kept.extend(one.key for one in batch)

    behind = WriteBehind(write, tmp_path / "spilled", name="dropped", flush_s=0.05)
    behind.put("a", 1)
    del behind
    gc.collect()
    wait_until(lambda: len(tries) >= 4)
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses[2] > 1.5 * pauses[0]
    down[0] = False
    wait_until(lambda: kept == ["a"])
    wait_until(lambda: not threads())


FLUSHING = """
import os, signal, sys
from perftui import WriteBehind
behind = WriteBehind(lambda batch: None, sys.argv[1], name="views", flush_s=30)
behind.put("a", 1)
child = os.fork()
if child == 0:
    signal.alarm(20)
    try:
        behind.flush()
    except RuntimeError as error:
        print(error, flush=True)
    os._exit(0)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status))
"""


def test_a_child_of_a_fork_does_not_wait_for_writes_of_its_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FLUSHING, str(tmp_path)]
    said = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True).stdout
    assert said == "this write-behind was made before the fork: make one in each process\n0\n"


CLOSING_ELSEWHERE = """
import os, signal, sys, threading, time
from perftui import WriteBehind
def write(batch):
    time.sleep(600)
behind = WriteBehind(write, sys.argv[1], name="views", flush_s=30)
behind.close_on_sigterm()
behind.put("a", 1)
threading.Thread(target=behind.close, args=(1.0,)).start()
time.sleep(0.2)
os.kill(os.getpid(), signal.SIGTERM)
behind.close()
time.sleep(60)
"""


def test_a_sigterm_while_another_thread_closes_waits_for_that(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CLOSING_ELSEWHERE, str(tmp_path / "spilled")]
    ended = subprocess.run(command, check=False, timeout=30, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (-signal.SIGTERM, "")
    (file,) = (tmp_path / "spilled").iterdir()
    assert [one.key for one in read_spilled(file)] == ["a"]


def test_a_sigterm_while_the_last_write_is_written_is_told_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the writing thread saw the end before the one that closes did, nobody went on with the signal."""
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    late, in_it = threading.Event(), threading.Event()
    told, waited = Ending.is_done, WriteQueue.wait_written

    def is_done(self: Ending) -> None:
        if threading.current_thread() is not threading.main_thread():
            in_it.set()
            late.wait(60)
        told(self)

    def wait_written(self: WriteQueue, seconds: float | None) -> bool:
        done = waited(self, seconds)
        wait_until(lambda: in_it.is_set() or "perftui-dropped-write" not in threads())
        return done

    monkeypatch.setattr(Ending, "is_done", is_done)
    monkeypatch.setattr(WriteQueue, "wait_written", wait_written)
    try:
        behind = WriteBehind(
            lambda _batch: os.kill(os.getpid(), signal.SIGTERM), tmp_path / "spilled", name="dropped", flush_s=30
        )
        behind.close_on_sigterm()
        behind.put("a", 1)
        behind.close(timeout_s=60)
        assert heard == [signal.SIGTERM]
    finally:
        late.set()
        signal.signal(signal.SIGTERM, before)
