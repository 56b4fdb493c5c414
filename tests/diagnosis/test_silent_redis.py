"""A Redis that does not answer: a command keeps it busy, or it is gone, as far as that is seen."""

import pytest
from helpers.incidents import Change, Story, Targets, set_figures, set_slot
from msgspec.structs import replace

from perftui.model.host import Process
from perftui.model.sample import Failure
from perftui.model.verdict import Verdict

ELSEWHERE = ("mongodb", "redis", "application")
"""Its machine is not watched."""
TIMEOUT = Failure(kind="timeout", message="cache:6379 did not answer within 5 s.", help="See whether it is overloaded.")
BUSY = Failure(
    kind="timeout", message="cache:6379 is blocked by a running script.", help="Let the script end, or kill it."
)


def silent(targets: Targets, at: float, passed: int, failure: Failure = TIMEOUT) -> None:
    """Late at first, and then its time is over."""
    names = {"redis": "redis.server", "redis_slow_log": "redis.slowlog"}
    late = {"read_at": at - passed, "waiting": passed > 0, "stale": passed > 2}
    before = [replace(one, source=names[one.slot or ""], **late) for one in targets["redis"].sources]
    failing = {"failure": failure, "failing_since": at - passed + 5} if passed >= 5 else {}
    set_slot(targets, "redis", sources=tuple(replace(one, **failing) for one in before))


def busy(targets: Targets, at: float, passed: int) -> None:
    silent(targets, at, passed, BUSY)


def at_work(targets: Targets, at: float, passed: int) -> None:
    silent(targets, at, passed)
    process = Process(pid=11, name="redis-server", command="redis-server", role="redis", cpu_share=0.99)
    set_figures(targets, "host", "host", processes=(process,))


def others_only(targets: Targets, _at: float, _passed: int) -> None:
    """A machine is watched, but not that of this Redis."""
    process = Process(pid=99, name="python", command="python", role="application", cpu_share=0.1)
    set_figures(targets, "host", "host", processes=(process,))


def other_processes(targets: Targets, at: float, passed: int) -> None:
    silent(targets, at, passed)
    others_only(targets, at, passed)


def play(change: Change, kinds: tuple[str, ...] = ELSEWHERE) -> list[Verdict]:
    story = Story(kinds=kinds)
    story.play(40, others_only if change is other_processes else None)
    return story.play(60, change)


@pytest.mark.parametrize("kinds", [ELSEWHERE, (*ELSEWHERE, "host")])
def test_one_that_may_be_gone_is_not_said_to_be_busy(kinds: tuple[str, ...]) -> None:
    told = play(other_processes if "host" in kinds else silent, kinds)
    first = told[9].problem
    assert first is not None
    assert (first.code, first.what) == ("redis-blocked", "Redis does not answer")
    assert first.cause == "a command or a script, CLIENT PAUSE, or its machine or the network is gone"
    assert first.help.startswith("see whether its machine answers; then")
    assert first.command == "redis-cli --latency"


@pytest.mark.parametrize("kinds", [ELSEWHERE, (*ELSEWHERE, "host")])
def test_after_a_while_it_is_just_not_reached(kinds: tuple[str, ...]) -> None:
    told = play(other_processes if "host" in kinds else silent, kinds)
    codes = [one.problem.code if one.problem else "" for one in told]
    assert codes[12] == "redis-blocked"
    assert set(codes[23:]) == {"unreachable"}
    last = told[-1]
    assert "redis-blocked" not in {one.code for one in (*last.effects, *last.others)}


def test_a_script_of_which_it_tells_is_the_cause_for_as_long_as_it_runs() -> None:
    told = play(busy)
    assert {one.problem.code for one in told[5:] if one.problem} == {"redis-blocked"}
    last = told[-1].problem
    assert last is not None
    assert (last.what, last.cause) == ("Redis is blocked and does not answer", "one command or script keeps it busy")
    assert last.command == "redis-cli script kill"
    assert [one.code for one in told[-1].effects] == ["unreachable"]


def test_a_process_that_computes_is_the_cause_for_as_long_as_it_does() -> None:
    told = play(at_work, (*ELSEWHERE, "host"))
    assert {one.problem.code for one in told[5:] if one.problem} == {"redis-blocked"}
    last = told[-1].problem
    assert last is not None
    assert last.cause == "one command or script keeps it busy: its process uses a whole core"
