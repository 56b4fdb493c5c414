"""A Redis without memory: what it refuses for that, and what may be done without losing data."""

import pytest
from helpers.incidents import Change, Story, Targets, set_figures
from helpers.redis_incidents import MB, change_redis, problem_after

from perftui.model.host import MemoryUse
from perftui.model.redis import CommandStats, RedisMemory

FULL = RedisMemory(used_bytes=4 * MB, maximum_bytes=4 * MB, policy="noeviction")
REFUSED = (CommandStats(command="set", calls=5, rejected_per_s=30.0, failed_per_s=10.0),)


def full(**fields: object) -> Change:
    return change_redis(memory=FULL, commands=REFUSED, **fields)


def test_what_helps_deletes_no_data() -> None:
    found = problem_after(8, full())
    assert found.command == "redis-cli config set maxmemory 6mb"
    assert found.help.startswith("see that its machine has the memory")
    assert "only where all of it is a cache" in found.help


def test_no_more_is_given_than_its_machine_has() -> None:
    def change(targets: Targets, at: float, passed: int) -> None:
        full()(targets, at, passed)
        memory = MemoryUse(total_bytes=40 * MB, used_bytes=37 * MB, available_bytes=3 * MB)
        set_figures(targets, "host", "host", memory=memory)

    story = Story()
    story.play(40)
    last = story.play(8, change)[-1]
    assert last.problem is not None
    problems = (last.problem, *last.effects, *last.others)
    (found,) = [one for one in problems if one.code == "redis-full"]
    assert found.command is None


@pytest.mark.parametrize("version", ["6.2.14", "7.0.0", "8.2.1"])
@pytest.mark.parametrize("errors", [{}, {"BUSYGROUP": 40.0, "OOM": 0.0}])
def test_commands_that_fail_for_another_reason_do_not_make_it_full(version: str, errors: dict[str, float]) -> None:
    """As XGROUP CREATE does of a group that is there."""
    story = Story()
    story.play(40)
    assert {one.status for one in story.play(20, full(version=version, errors_per_s=errors))} == {"healthy"}


@pytest.mark.parametrize(
    ("version", "errors", "cost"),
    [
        ("6.2.14", {"OOM": 25.0, "ERR": 9.0}, "25/s commands refused"),
        ("6.0.16", {}, "40/s commands refused"),
        (None, {}, "40/s commands refused"),
    ],
)
def test_refused_writes_are_counted_as_far_as_it_tells_them(
    version: str | None, errors: dict[str, float], cost: str
) -> None:
    found = problem_after(8, full(version=version, errors_per_s=errors))
    assert (found.code, found.cost) == ("redis-full", cost)
