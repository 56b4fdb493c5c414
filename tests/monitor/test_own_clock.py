"""Our own clock is set, or stands still in a suspended machine: what was counted of a server's slow queries stays."""

import asyncio

import pytest
from helpers.scripted import START, Answer, ScriptedSource, build, target, watch
from helpers.virtual_time import run_virtual
from msgspec.structs import replace

from perftui.model.mongodb import MongoServer
from perftui.model.query import SlowQuery, SlowQueryBatch
from perftui.model.sample import Sample
from perftui.model.snapshot import TargetState

States = list[tuple[float, TargetState]]
JUMP_AT, END = 30.5, 50.0


class Clocks:
    """Ours, and a server's. One that is suspended finds both further on; a set one differs from the other."""

    def __init__(self, ours_s: float, servers_s: float = 0.0) -> None:
        self._steps = ours_s, servers_s

    def ours(self) -> float:
        return self._at(self._steps[0])

    def servers(self) -> float:
        return self._at(self._steps[1])

    def _at(self, step_s: float) -> float:
        now = asyncio.get_running_loop().time()
        return START + now + (step_s if now >= JUMP_AT else 0.0)


class ClockedSource(ScriptedSource):
    """Its samples have our clock's time; those of the server itself tell how far the server's is from it."""

    def __init__(self, name: str, clocks: Clocks, *, takes_s: float, silent_from: float = END) -> None:
        super().__init__(target(), name, self._answer)
        self._clocks, self._takes_s, self._silent_from = clocks, takes_s, silent_from

    def _answer(self, now: float) -> Answer:
        if self.name == "mongodb.server":
            silent = now >= self._silent_from
            return Answer(failure="timeout") if silent else Answer(MongoServer(version="6.0.5"), after_s=self._takes_s)
        at = self._clocks.servers()
        entry = SlowQuery(at=at, ns="shop.a", op="find", shape_id="s1", shape="find", duration_ms=120)
        return Answer(SlowQueryBatch(entries=(entry,) * 10, read_from="profiler"), after_s=self._takes_s)

    def _sample(self, now: float, answer: Answer) -> Sample:
        sample, ours = super()._sample(now, answer), self._clocks.ours()
        offset = self._clocks.servers() - ours if isinstance(answer.payload, MongoServer) else None
        return replace(sample, taken_at=ours - answer.after_s, clock_offset_s=offset)


def seen(clocks: Clocks, *, server_s: float, batch_s: float, silent_from: float = END) -> States:
    server = ClockedSource("mongodb.server", clocks, takes_s=server_s, silent_from=silent_from)
    batches = ClockedSource("mongodb.queries", clocks, takes_s=batch_s)
    watched = build([server, batches], wall=clocks.ours, window_s=3000)
    return run_virtual(watch(watched, END)).states("db")


def counts(states: States) -> list[tuple[float, int]]:
    return [(at, state.queries.entries) for at, state in states if state.queries is not None]


@pytest.mark.parametrize(
    "clocks",
    [Clocks(-90), Clocks(-600), Clocks(-86_400), Clocks(90), Clocks(3_500), Clocks(7_200), Clocks(600, 600)],
    ids=["back 90 s", "back 10 min", "back a day", "on 90 s", "on an hour", "on two hours", "suspended"],
)
@pytest.mark.parametrize(("server_s", "batch_s"), [(0.05, 0.001), (0.001, 0.05), (0.8, 0.001), (0.001, 0.8)])
def test_nothing_that_was_counted_is_dropped(clocks: Clocks, server_s: float, batch_s: float) -> None:
    found = counts(seen(clocks, server_s=server_s, batch_s=batch_s))
    assert [number for _, number in found] == sorted(number for _, number in found), "nothing is ever taken away"
    before = max(number for at, number in found if at < JUMP_AT)
    assert before >= 40
    assert found[-1][1] >= before + 20


def test_the_rate_of_slow_queries_has_a_gap_and_goes_on() -> None:
    states = seen(Clocks(-600), server_s=0.05, batch_s=0.001)
    rates = [state.slow_queries_per_s for at, state in states if at > JUMP_AT]
    assert None in rates
    assert {rate for rate in rates if rate is not None} == {10.0}


def test_where_the_servers_clock_is_not_told_any_more_batches_wait_only_for_a_while() -> None:
    found = counts(seen(Clocks(600), server_s=0.05, batch_s=0.001, silent_from=JUMP_AT))
    waited = [number for at, number in found if JUMP_AT < at < JUMP_AT + 5]
    assert len(set(waited)) == 1
    assert found[-1][1] > waited[-1] + 50
