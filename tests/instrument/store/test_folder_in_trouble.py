"""A shared folder that cannot take this process, cannot be read for a while, or whose locks a forked child has."""

import errno
import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from helpers.ticking import no_ticks_but_ours as no_ticks_but_ours

from perftui.instrument import Registry
from perftui.instrument.store.folder import SharedFolder
from perftui.instrument.store.kinds import Kind

OPEN = Path("/proc/self/fd")
KIND = Kind("endpoint", "api", ("route",), True, ("errors",), ("active",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "metrics"


def count(registry: Registry, number: int = 1) -> None:
    for _ in range(number):
        registry.block(KIND, "/a").record(time.monotonic(), 0.1)


def counted(registry: Registry) -> int:
    series = registry.read().one(KIND.name, "/a")
    return 0 if series is None else series.total.count


def open_files() -> Iterator[str]:
    for one in OPEN.iterdir():
        with suppress(OSError):
            yield str(one.readlink())


@contextmanager
def limited(kind: int, most: int) -> Iterator[None]:
    before = resource.getrlimit(kind)
    resource.setrlimit(kind, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(kind, before)


@contextmanager
def forked(work: Callable[[], None] = lambda: None) -> Iterator[None]:
    """A child that has done some work, and lives on until it is killed."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        work()
        os.write(tell, b"x")
        signal.pause()
        os._exit(0)
    try:
        assert os.read(told, 1) == b"x"
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(told)
        os.close(tell)


def no_room(_file: int, _at: int, _length: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("where", ["no room for the file", "no room in the file"])
def test_where_there_is_no_room_this_process_counts_alone_and_keeps_no_descriptor(
    folder: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    registry = Registry("shop", shared=folder, only_process=True)
    if "in" in where.split():
        monkeypatch.setattr(os, "posix_fallocate", no_room)
    most = 1_000_000 if "for" in where.split() else resource.RLIM_INFINITY
    with limited(resource.RLIMIT_FSIZE, most), pytest.warns(RuntimeWarning, match="counts this process alone: .Errno"):
        count(registry)
    count(registry, 99)
    assert counted(registry) == 100
    assert not registry.read().complete
    assert not [name for name in open_files() if name.startswith(str(folder))]
    assert list(folder.iterdir()) == []
    assert registry.faults == {"shared folder": 1}


def test_a_file_that_cannot_be_opened_for_a_while_makes_no_living_worker_dead(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry("shop", shared=folder)
    count(registry)
    assert registry.elected
    with forked(lambda: count(registry, 100)):
        for failing in range(6):
            fail_once(monkeypatch, failing)
            registry.guard("fold", registry.workers.fold)
            monkeypatch.undo()
        assert (counted(registry), len(registry.read().workers)) == (101, 2)
    assert registry.faults["fold"] > 1


def fail_once(monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    """As where the process has no descriptor left for the moment."""
    opened, calls = os.open, iter(range(100))

    def sometimes(*arguments: Any) -> int:
        if next(calls) == failing:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return opened(*arguments)

    monkeypatch.setattr(os, "open", sometimes)


def test_what_was_counted_is_not_forgotten_where_it_cannot_be_read_for_a_while(folder: Path) -> None:
    registry = Registry("shop", shared=folder)
    count(registry)
    gone = os.fork()
    if gone == 0:
        count(registry, 10)
        os._exit(0)
    os.waitpid(gone, 0)
    registry.workers.fold()
    state = folder / "state"
    state.rename(folder / "kept")
    state.mkdir()
    for work in (registry.workers.fold, registry.read):
        with pytest.raises(IsADirectoryError):
            work()
    state.rmdir()
    (folder / "kept").rename(state)
    assert counted(registry) == 11


def test_a_child_that_is_forked_during_a_read_keeps_no_lock(folder: Path) -> None:
    registry = Registry("shop", shared=folder)
    count(registry)
    shared = registry.workers.folder
    assert shared is not None
    cleared = threading.Event()

    def clear() -> None:
        registry.clear("api")
        cleared.set()

    with ExitStack() as stack:
        with shared.shared():
            stack.enter_context(forked())
        threading.Thread(target=clear, daemon=True).start()
        assert cleared.wait(10)


def test_a_child_has_none_of_the_locks_of_its_parent(folder: Path) -> None:
    registry = Registry("shop", shared=folder)
    count(registry)
    assert registry.elected
    shared = registry.workers.folder
    assert shared is not None
    with shared.alone():
        child = os.fork()
        if child == 0:
            os._exit(any(name.endswith(".lock") for name in open_files()))
        assert os.waitpid(child, 0)[1] == 0
    assert SharedFolder(folder).lives(registry.workers.id)
