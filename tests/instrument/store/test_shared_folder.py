"""Workers of one application see each other's figures, and lose none of those that are killed."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.ticking import no_ticks_but_ours as no_ticks_but_ours

from perftui.instrument.registry import Registry
from perftui.instrument.store.folder import SharedFolder
from perftui.instrument.store.kinds import Kind

KIND = Kind("endpoint", "api", ("route",), True, ("errors",), ("active",))
WORKER = """
import sys, time
from perftui.instrument.registry import Registry
from perftui.instrument.store.kinds import Kind
registry = Registry("shop", shared=sys.argv[1])
block = registry.block(Kind("endpoint", "api", ("route",), True, ("errors",), ("active",)), "/a")
for _ in range(int(sys.argv[2])):
    block.record(time.monotonic(), 0.25)
    block.add(0)
block.shift(0, 1)
registry.publish("samples", lambda: {"pid": True})
registry.tick(time.monotonic())
print("counted", flush=True)
sys.stdin.read()
"""


class Worker:
    """A process that counts and then waits."""

    def __init__(self, folder: Path, records: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(folder), str(records)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "counted\n"

    def end(self, number: int = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        self.process.communicate()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "metrics"


def counted(registry: Registry) -> tuple[int, int, float, int]:
    reading = registry.read()
    series = reading.one(KIND.name, "/a")
    if series is None:
        return 0, 0, 0.0, 0
    window = series.window(reading.since_minute(5))
    return series.total.count, window.count, series.gauges.get("active", 0.0), window.counter("errors")


def test_each_serves_the_figures_of_all_and_of_those_that_were_killed(folder: Path) -> None:
    registry = Registry("shop", shared=folder)
    registry.block(KIND, "/a").record(time.monotonic(), 0.5)
    one, two = Worker(folder, 100), Worker(folder, 200)
    assert counted(registry) == (301, 301, 2.0, 300)
    assert len(registry.read().workers) == 3
    assert {worker.pid for worker, _ in registry.read().side("samples")} == {one.process.pid, two.process.pid}
    one.end()
    assert counted(registry) == (301, 301, 2.0, 300)
    registry.workers.fold()
    assert counted(registry) == (301, 301, 1.0, 300)
    assert len(registry.read().workers) == 2
    two.end(signal.SIGTERM)
    registry.workers.fold()
    assert counted(registry) == (301, 301, 0.0, 300)
    window = registry.read().series(KIND.name)[0].window(registry.read().since_minute(5))
    assert (window.min_us, window.max_us) == (250_000, 500_000)
    assert sorted(file.suffix for file in folder.iterdir() if file.suffix in (".slab", ".new")) == [".slab"]


def test_what_all_had_counted_is_there_at_the_next_start(folder: Path) -> None:
    Worker(folder, 7).end()
    registry = Registry("shop", shared=folder)
    registry.tick(time.monotonic())
    assert counted(registry)[0] == 7


def test_a_clear_holds_for_all_workers_also_after_they_die(folder: Path) -> None:
    registry = Registry("shop", shared=folder)
    block = registry.block(KIND, "/a")
    block.record(time.monotonic(), 0.5)
    first, second = Worker(folder, 10), Worker(folder, 10)
    second.end()
    registry.clear_sections(("api",))
    assert counted(registry) == (21, 0, 1.0, 0)
    block.record(time.monotonic(), 0.5)
    third = Worker(folder, 5)
    assert counted(registry)[:2] == (27, 6)
    first.end()
    third.end()
    registry.workers.fold()
    assert counted(registry) == (27, 6, 0.0, 5)
    assert counted(Registry("shop", shared=folder))[:2] == (27, 6)


def test_a_fold_that_was_interrupted_is_not_done_twice(folder: Path) -> None:
    Worker(folder, 7).end()
    registry = Registry("shop", shared=folder)
    registry.block(KIND, "/a")
    (dead,) = [file for file in folder.glob("*.slab") if registry.workers.id not in file.name]
    kept = dead.read_bytes()
    registry.workers.fold()
    dead.write_bytes(kept)
    assert counted(registry)[0] == 7
    registry.workers.fold()
    assert counted(registry)[0] == 7
    assert not dead.exists()


def test_one_worker_is_elected_and_another_when_it_dies(folder: Path) -> None:
    elected = "import sys\n" + WORKER.replace('print("counted"', 'assert registry.elected\nprint("counted"')
    process = subprocess.Popen(
        [sys.executable, "-c", elected, str(folder), "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "counted\n"
    registry = Registry("shop", shared=folder)
    assert not registry.elected
    process.kill()
    process.communicate()
    assert registry.elected


def test_a_forked_child_counts_for_itself_and_its_parent_s_death_is_seen(folder: Path) -> None:
    code = f"""
import os, sys, time
{WORKER.split("block =", maxsplit=1)[0]}
kind = Kind("endpoint", "api", ("route",), True, ("errors",), ("active",))
registry.block(kind, "/a").record(time.monotonic(), 0.1)
generation = registry.generation
if os.fork() == 0:
    assert registry.generation == generation + 1
    registry.block(kind, "/a").record(time.monotonic(), 0.1)
    print(os.getpid(), flush=True)
    sys.stdin.read()
    os._exit(0)
os.wait()
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(folder), "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    registry = Registry("shop", shared=folder)
    registry.block(KIND, "/b")
    assert counted(registry)[0] == 2
    assert {worker.pid for worker in registry.read().workers} == {parent.pid, child, os.getpid()}
    parent.kill()
    parent.wait()
    registry.workers.fold()
    assert {worker.pid for worker in registry.read().workers} == {child, os.getpid()}
    assert counted(registry)[0] == 2
    parent.communicate()


def test_files_are_for_their_owner_alone(folder: Path) -> None:
    registry = Registry("shop", shared=folder)
    registry.tick(time.monotonic())
    registry.clear_sections()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_that_others_may_write_to_is_refused_and_this_process_counts_alone(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    registry = Registry("shop", shared=folder)
    with pytest.warns(RuntimeWarning, match="nobody else may write there"):
        registry.block(KIND, "/a").record(time.monotonic(), 0.1)
    assert counted(registry)[0] == 1
    assert list(folder.iterdir()) == []
    assert registry.faults == {"shared folder": 1}


@pytest.mark.parametrize("junk", [b"", b"junk", b"\x00" * 100])
def test_junk_in_the_folder_is_passed_over(folder: Path, junk: bytes) -> None:
    registry = Registry("shop", shared=folder)
    registry.block(KIND, "/a").record(time.monotonic(), 0.1)
    for name in ("1-junk.slab", "1-junk.side", "state"):
        (folder / name).write_bytes(junk)
    assert counted(registry)[0] == 1
    registry.tick(time.monotonic())
    registry.clear_sections()
    assert counted(registry)[:2] == (1, 0)
    assert registry.faults == {}


def test_figures_of_another_boot_are_not_taken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Worker(folder, 7).end()
    monkeypatch.setattr("perftui.instrument.store.folder._boot", lambda: "ab")
    registry = Registry("shop", shared=folder)
    registry.tick(time.monotonic())
    assert counted(registry)[0] == 0
    assert len(list(folder.glob("*.slab"))) == 1


def test_a_full_disk_is_no_fault_of_the_application(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real thing needs a file system of our own; here its answer, at the third chunk."""
    calls = []

    def reserve(file: int, at: int, length: int) -> None:
        calls.append(at)
        if len(calls) > 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", reserve)
    registry = Registry("shop", shared=folder)
    for number in range(200):
        registry.block(KIND, f"/{number}").record(time.monotonic(), 0.1)
    reading = registry.read()
    assert sum(series.total.count for series in reading.series(KIND.name)) == 200
    assert not reading.complete


def test_the_environment_names_a_folder_for_each_service(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERFTUI_METRICS_DIR", str(folder))
    for service in ("shop", "../../etc", None):
        Registry(service).tick(time.monotonic())
    assert sorted(file.name for file in folder.iterdir()) == ["_.._etc", "application", "shop"]


def test_a_registry_that_counts_nothing_leaves_no_trace(folder: Path) -> None:
    Registry("shop", shared=folder)
    assert not folder.exists()


def test_published_samples_can_be_read_back(folder: Path) -> None:
    registry = Registry("shop", shared=folder)
    registry.publish("slow", lambda: [{"route": "/a"}])
    registry.publish("broken", lambda: 1 / 0)
    registry.tick(time.monotonic())
    ((worker, value),) = registry.read().side("slow")
    assert (worker.pid, value) == (os.getpid(), [{"route": "/a"}])
    assert registry.read().side("broken") == []
    assert set(registry.faults) == {"publish broken"}
    assert json.loads(SharedFolder(folder).side(worker.id))["slow"] == [{"route": "/a"}]
