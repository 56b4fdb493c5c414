"""Of a machine: who really takes its CPU, disks for which a busy machine waits, thrashing, and servers elsewhere."""

import pytest
from helpers.incidents import (
    APPLICATION,
    HOST,
    MB,
    MONGODB,
    Change,
    Story,
    Targets,
    after,
    endpoint,
    set_figures,
    set_slot,
)
from msgspec.structs import replace

from perftui.model.host import DiskTraffic, Filesystem, HostMetrics, MemoryUse, Process
from perftui.model.mongodb import StorageCache

MONGOD = Process(pid=10, name="mongod", command="mongod", role="mongod", cpu_share=0.1)


def python(pid: int, cores: float) -> Process:
    return Process(pid=pid, name="python", command=f"python burn{pid}.py", role="other", cpu_share=cores)


def burning(*processes: Process) -> Change:
    def change(targets: Targets, _at: float, _passed: int) -> None:
        set_figures(targets, "host", "host", cpu_share=0.99, processes=(*processes, MONGOD))

    return change


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


def disk(
    *, cpu: float, iowait: float, pressure: float | None, busy: float = 0.97, traffic: float = 80.0 * MB
) -> Change:
    def change(targets: Targets, at: float, _passed: int) -> None:
        traffic_now = DiskTraffic(busy_share=busy, read_bytes_per_s=traffic)
        figures = {"cpu_share": cpu, "iowait_share": iowait, "io_pressure": pressure, "uptime_s": at}
        set_figures(targets, "host", "host", disk=traffic_now, **figures)

    return change


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


def memory(left: float, pressure: float | None) -> Change:
    def change(targets: Targets, at: float, _passed: int) -> None:
        use = MemoryUse(total_bytes=16_000 * MB, available_bytes=round(left * 16_000 * MB))
        set_figures(targets, "host", "host", memory=use, memory_pressure=pressure, uptime_s=at)

    return change


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


def elsewhere(targets: Targets, at: float, _passed: int) -> None:
    """The monitor's own machine, on which something else works hard; no watched server runs there."""
    burner = python(77, 1.9)
    laptop = HostMetrics(hostname="laptop", cores=(1.0, 1.0), cpu_share=0.99, processes=(burner,), uptime_s=at)
    set_slot(targets, "host", host=laptop)


def slow_elsewhere(targets: Targets, at: float, passed: int) -> None:
    elsewhere(targets, at, passed)
    set_figures(targets, "application", "application", endpoints=(endpoint(average_ms=900.0), endpoint("/users")))


def test_the_monitors_own_machine_is_not_blamed_for_servers_elsewhere() -> None:
    story = Story()
    story.play(40, elsewhere)
    last = story.play(12, slow_elsewhere)[-1]
    assert last.problem is not None
    assert (last.problem.code, last.effects) == ("slow-endpoint", ())
    assert "machine" not in last.problem.elsewhere
    assert [one.code for one in last.others] == ["cpu-beside"]
    assert last.others[0].severity == "warning"
    assert last.others[0].cost.startswith("no watched server was seen to run there; 99 % of 2 cores")


def test_it_comes_last_whatever_else_is_wrong() -> None:
    def few_members(targets: Targets, at: float, passed: int) -> None:
        elsewhere(targets, at, passed)
        cache = StorageCache(used_bytes=480 * MB, maximum_bytes=500 * MB, dirty_bytes=120 * MB)
        set_figures(targets, "mongodb", "mongodb", cache=cache)

    def disk_too(targets: Targets, at: float, passed: int) -> None:
        few_members(targets, at, passed)
        full = MemoryUse(total_bytes=16_000 * MB, available_bytes=100 * MB)
        set_figures(targets, "host", "host", memory=full)

    story = Story()
    story.play(40, elsewhere)
    last = story.play(20, disk_too)[-1]
    assert last.problem is not None
    assert last.problem.code == "cache-squeeze"
    assert {one.code for one in last.others} == {"cpu-beside", "memory-short"}


def test_the_machine_of_a_database_explains_an_application_elsewhere() -> None:
    """Its mongod runs there, by its process id."""

    def change(targets: Targets, at: float, passed: int) -> None:
        burning(python(77, 1.8))(targets, at, passed)
        set_figures(targets, "application", "application", endpoints=(endpoint(average_ms=900.0), endpoint("/users")))

    last = after(12, change)
    assert last.problem is not None
    assert (last.problem.code, [one.code for one in last.effects]) == ("cpu-beside", ["slow-endpoint"])


def addressed(state_kind: str, address: str) -> Change:
    """The same as `elsewhere`, with one of the servers under an address of the machine itself."""

    def change(targets: Targets, at: float, passed: int) -> None:
        elsewhere(targets, at, passed)
        target = replace(targets[state_kind].target, address=address)
        set_slot(targets, state_kind, target=target)

    return change


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("mongodb", "mongodb://localhost:27017"),
        ("redis", "redis://127.0.0.1:6379/0"),
        ("redis", "unix:///run/redis.sock"),
        ("application", "http://[::1]:8000/metrics"),
        ("application", "http://laptop.example.com:8000"),
    ],
)
def test_who_is_addressed_as_this_machine_runs_there(kind: str, address: str) -> None:
    last = after(12, addressed(kind, address))
    assert last.problem is not None
    assert last.problem.code == "cpu-beside"
    assert "no watched server" not in last.problem.cost


def test_a_container_hides_its_process_id_and_is_on_this_machine_all_the_same() -> None:
    """What its mongod reads is its own doing, though the machine knows it under another number."""

    def change(targets: Targets, at: float, passed: int) -> None:
        disk(cpu=0.3, iowait=0.4, pressure=None)(targets, at, passed)
        cache = StorageCache(used_bytes=300 * MB, maximum_bytes=500 * MB, read_bytes_per_s=79.0 * MB)
        set_figures(targets, "mongodb", "mongodb", pid=1, cache=cache)
        local = replace(targets["mongodb"].target, address="mongodb://127.0.0.1:27017")
        set_slot(targets, "mongodb", target=local)

    last = after(12, change)
    assert last.problem is not None
    assert last.problem.code == "disk-saturated"


def test_a_server_that_died_ran_here_all_the_same() -> None:
    """For want of memory: its process is gone, and so is its answer."""
    from perftui.model.sample import Failure

    def died(targets: Targets, at: float, passed: int) -> None:
        memory(0.02, None)(targets, at, passed)
        if passed < 8:
            return
        set_figures(targets, "host", "host", processes=())
        failure = Failure(kind="refused", message="Nothing listens at db:27017.", help="Start it.")
        sources = tuple(
            replace(one, failure=failure, failing_since=at - passed + 8) for one in targets["mongodb"].sources
        )
        set_slot(targets, "mongodb", sources=sources)

    last = after(20, died)
    assert last.problem is not None
    assert (last.problem.code, last.problem.target_id) == ("memory-short", HOST.id)
    assert [(one.code, one.target_id) for one in last.effects] == [("unreachable", MONGODB.id)]


def test_whose_processes_are_not_known_yet_may_run_anything() -> None:
    def change(targets: Targets, at: float, passed: int) -> None:
        slow_elsewhere(targets, at, passed)
        set_figures(targets, "host", "host", processes=())

    story = Story()
    story.play(2, change)
    last = story.play(20, change)[-1]
    assert last.problem is not None
    assert (last.problem.code, [one.code for one in last.effects]) == ("cpu-beside", ["slow-endpoint"])


def test_machines_alone_are_judged() -> None:
    story = Story(kinds=("host",))
    last = story.play(20, elsewhere)[-1]
    assert last.problem is not None
    assert "no watched server" not in last.problem.cost
    assert APPLICATION.id not in {last.problem.target_id}
