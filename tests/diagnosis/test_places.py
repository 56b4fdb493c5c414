"""Whose machine it is: what ails one explains nothing about servers elsewhere."""

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
from helpers.machine_incidents import burning, disk, memory, python
from msgspec.structs import replace

from perftui.model.host import HostMetrics, MemoryUse
from perftui.model.mongodb import StorageCache


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
