"""A poll during which our own clock was set: its time is the new clock's, and it measures no other clock."""

from types import SimpleNamespace

import pytest

from perftui.model.sample import Failure
from perftui.model.target import Target
from perftui.sources.base import Reading, Source


class Clock:
    def __init__(self) -> None:
        self.wall, self.steady = 1_000_000.0, 0.0

    def pass_by(self, seconds: float, *, wall_s: float = 0.0) -> None:
        self.wall, self.steady = self.wall + seconds + wall_s, self.steady + seconds


class Measuring(Source):
    name = "measuring"

    def __init__(self, clock: Clock, set_by_s: float, fails: bool) -> None:
        super().__init__(Target(id="x", kind="redis", name="x", address="x"))
        self._clock, self._set_by_s, self._fails = clock, set_by_s, fails

    async def connect(self) -> None:
        pass

    async def read(self) -> Reading:
        self._clock.pass_by(0.25, wall_s=self._set_by_s)
        if self._fails:
            raise OSError
        return Reading(None, clock_offset_s=7.0)

    def explain(self, error: BaseException) -> Failure:
        return Failure(kind="refused", message=str(error), help="")


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("set_by_s", [-600.0, 600.0, 0.0])
async def test_a_poll_that_our_clock_was_set_in(monkeypatch: pytest.MonkeyPatch, set_by_s: float, fails: bool) -> None:
    clock = Clock()
    fake = SimpleNamespace(time=lambda: clock.wall, perf_counter=lambda: clock.steady)
    monkeypatch.setattr("perftui.sources.base.time", fake)
    sample = await Measuring(clock, set_by_s, fails).poll()
    assert sample.taken_at == 1_000_000.0 + set_by_s
    assert sample.duration_ms == 250.0
    assert sample.clock_offset_s == (None if fails or set_by_s else 7.0)
