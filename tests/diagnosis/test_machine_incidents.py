"""Of a machine: who really takes its CPU, disks for which a busy machine waits, thrashing, and servers elsewhere."""

import pytest
from helpers.incidents import (
    MB,
    Change,
    Story,
    Targets,
    after,
    set_figures,
)
from helpers.machine_incidents import MONGOD, burning, disk, memory, python
from msgspec.structs import replace

from perftui.model.host import Filesystem, Process
from perftui.model.mongodb import NetworkTraffic, OperationLatency, StorageCache


def test_a_namesake_that_takes_next_to_nothing_is_not_accused() -> None:
    last = after(10, burning(python(2804, 0.01), python(2934, 0.92), python(2933, 0.95)))
    assert last.problem is not None
    assert last.problem.code == "cpu-beside"
    assert last.problem.what == "2 python saturate the machine's CPU"
    assert last.problem.command == "renice 19 2933 2934"
    assert last.problem.evidence.row == "2933"


def test_of_one_that_burns_its_command_is_told() -> None:
    last = after(10, burning(python(2804, 0.01), python(2934, 1.9), python(2933, 0.0)))
    assert last.problem is not None
    assert last.problem.what == "python (pid 2934) saturates the machine's CPU"
    assert (last.problem.cause, last.problem.command) == ("python burn2934.py", "renice 19 2934")


def test_many_small_ones_count_together() -> None:
    last = after(10, burning(*(python(100 + one, 0.3) for one in range(6))))
    assert last.problem is not None
    assert last.problem.what == "6 python saturate the machine's CPU"


def test_a_container_at_its_own_limit_is_busy_by_itself() -> None:
    """One of eight cores is all that it may take, and its application takes it: nobody else is to blame."""
    web = Process(pid=12, name="python", command="python web.py", role="application", cpu_share=0.95)

    def change(targets: Targets, at: float, _passed: int) -> None:
        set_figures(
            targets, "host", "host", cores=(0.14,) * 8, cpu_share=0.99, container="limited to 1 CPUs",
            processes=(web, MONGOD), uptime_s=at,
        )  # fmt: skip

    last = after(18, change)
    assert last.problem is not None
    assert last.problem.code == "cpu-saturated"
    assert last.problem.cost == "99 % of what this container may take"


def test_who_is_niced_like_the_servers_yields_to_nobody() -> None:
    """All of them were started by a niced shell."""

    def niced(targets: Targets, at: float, _passed: int) -> None:
        processes = (python(2934, 0.9), python(2933, 0.9), replace(MONGOD, nice=19))
        set_figures(targets, "host", "host", cpu_share=0.99, nice_share=0.97, processes=processes, uptime_s=at)

    last = after(12, niced)
    assert last.problem is not None
    assert last.problem.code == "cpu-beside"


def test_who_yields_to_all_others_saturates_nothing() -> None:
    """A backup under `nice`, or what was reniced as the verdict said: it takes only what nobody else wants."""

    def niced(targets: Targets, at: float, passed: int) -> None:
        burning(python(2934, 0.85), python(2933, 0.85))(targets, at, passed)
        assert targets["host"].host is not None
        processes = (*targets["host"].host.processes[:2], replace(MONGOD, nice=0))
        set_figures(targets, "host", "host", nice_share=0.85, processes=processes, uptime_s=at)

    story = Story()
    story.play(40)
    assert {one.status for one in story.play(30, niced)} == {"healthy"}
    assert story.play(12, burning(python(2934, 0.85), python(2933, 0.85)))[-1].status == "problem"
    assert story.play(30, niced)[-1].status == "healthy"


def test_a_busy_machine_has_no_time_to_wait_but_its_processes_have() -> None:
    last = after(12, disk(cpu=0.85, iowait=0.02, pressure=0.62))
    assert last.problem is not None
    assert last.problem.code == "disk-beside"
    assert "processes wait for it 62 % of the time" in last.problem.cost


def test_a_disk_that_mongodb_keeps_busy_is_its_own() -> None:
    def change(targets: Targets, at: float, passed: int) -> None:
        disk(cpu=0.8, iowait=0.04, pressure=0.5)(targets, at, passed)
        cache = StorageCache(used_bytes=300 * MB, maximum_bytes=500 * MB, read_bytes_per_s=70.0 * MB)
        set_figures(targets, "mongodb", "mongodb", cache=cache)

    last = after(12, change)
    assert last.problem is not None
    assert last.problem.code == "disk-saturated"


def own_disk(*, read: float = 0.0, written: float = 0.0, traffic: float, **figures: object) -> Change:
    """A saturated disk, with what MongoDB's cache moves of it."""

    def change(targets: Targets, at: float, passed: int) -> None:
        disk(cpu=0.2, iowait=0.4, pressure=0.9, traffic=traffic)(targets, at, passed)
        cache = StorageCache(
            used_bytes=300 * MB, maximum_bytes=500 * MB, read_bytes_per_s=read, written_bytes_per_s=written
        )
        set_figures(targets, "mongodb", "mongodb", cache=cache, **figures)

    return change


def checkpoint(targets: Targets, at: float, passed: int) -> None:
    """The cache has handed all of it to the system, which writes it for half a minute."""
    own_disk(traffic=40.0 * MB, written=600.0 * MB if passed < 2 else 0.0)(targets, at, passed)


@pytest.mark.parametrize(
    "change",
    [
        own_disk(traffic=2.0 * MB, writes=OperationLatency(per_s=180.0, average_ms=90.0)),
        own_disk(traffic=8.0 * MB, network=NetworkTraffic(requests_per_s=300.0, received_bytes_per_s=3.5 * MB)),
        own_disk(traffic=100.0 * MB, read=15.0 * MB),
        own_disk(traffic=20.0 * MB, role="SECONDARY"),
        checkpoint,
    ],
    ids=["journal of small writes", "journal of large ones", "read-ahead", "a secondary that follows", "a checkpoint"],
)
def test_a_disk_that_mongodb_may_keep_busy_is_not_blamed_on_others(change: Change) -> None:
    last = after(20, change)
    assert last.problem is not None
    assert last.problem.code == "disk-saturated"
    assert "beside" not in last.problem.what
    assert "mostly not through MongoDB's cache" in last.problem.cause
    assert "its journal, read-ahead, or another process" in last.problem.cause


def test_a_backup_on_the_disk_of_a_mongodb_that_does_little_is_beside_it() -> None:
    last = after(12, own_disk(traffic=80.0 * MB, read=0.1 * MB, written=0.5 * MB))
    assert last.problem is not None
    assert last.problem.code == "disk-beside"


def test_a_machine_without_mongodb_is_not_told_of_it() -> None:
    story = Story(kinds=("redis", "host"))
    story.play(40)
    last = story.play(12, disk(cpu=0.2, iowait=0.4, pressure=0.9))[-1]
    assert last.problem is not None
    assert (last.problem.code, last.problem.what) == ("disk-saturated", "the disk is saturated")
    assert last.problem.cause == "80 MB/s"


@pytest.mark.parametrize(
    "change",
    [
        disk(cpu=0.2, iowait=0.03, pressure=0.95),
        disk(cpu=0.85, iowait=0.02, pressure=None),
        disk(cpu=0.85, iowait=0.02, pressure=0.15),
        disk(cpu=0.85, iowait=0.02, pressure=0.9, busy=0.6),
    ],
    ids=["a backup on an idle machine", "an old kernel", "a busy disk that nobody waits for", "a disk with time"],
)
def test_a_disk_that_is_only_used_is_no_problem(change: Change) -> None:
    story = Story()
    story.play(40)
    assert {one.status for one in story.play(30, change)} == {"healthy"}


def filesystem(inodes: float | None, used: float = 0.5) -> Change:
    one = Filesystem(
        mount="/data",
        total_bytes=1000 * MB,
        used_bytes=round(used * 1000) * MB,
        free_bytes=round((1 - used) * 1000) * MB,
        inodes_used_share=inodes,
    )
    return lambda targets, at, _passed: set_figures(targets, "host", "host", filesystems=(one,), uptime_s=at)


def test_a_filesystem_may_be_full_of_files() -> None:
    last = after(6, filesystem(0.999))
    assert last.problem is not None
    assert (last.problem.code, last.problem.severity) == ("disk-full", "critical")
    assert last.problem.what == "the filesystem /data can have no more files"
    assert "with 500 MB free" in last.problem.cost


@pytest.mark.parametrize("change", [filesystem(0.9), filesystem(None)], ids=["many files", "files without a limit"])
def test_files_that_have_room_are_no_problem(change: Change) -> None:
    story = Story()
    story.play(40)
    assert {one.status for one in story.play(20, change)} == {"healthy"}


def test_a_machine_that_thrashes_is_short_of_memory_before_the_last_is_gone() -> None:
    last = after(12, memory(0.09, 0.31))
    assert last.problem is not None
    assert last.problem.code == "memory-short"
    assert "9 % of 16 GB are left; 31 % of the time nothing runs, for want of memory" in last.problem.cost


@pytest.mark.parametrize(
    "change",
    [memory(0.09, 0.02), memory(0.09, None), memory(0.6, 0.4)],
    ids=["little that is left", "an old kernel", "a container that thrashes within its own limit"],
)
def test_memory_that_suffices_is_no_problem(change: Change) -> None:
    story = Story()
    story.play(40)
    assert {one.status for one in story.play(30, change)} == {"healthy"}
