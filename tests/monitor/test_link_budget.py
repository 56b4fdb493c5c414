"""How a slow link is shared out between sources, with bytes and a clock that the test sets."""

from dataclasses import dataclass

import pytest

from perftui.model.sample import Failure
from perftui.model.target import Target
from perftui.monitor.link_budget import LinkBudget, share_of_each
from perftui.monitor.polling import Polling
from perftui.sources.base import Reading, Source

LIMIT = 10_000


class Sized(Source):
    """Answers with so many bytes."""

    name = "sized"
    interval_s = 1.0

    def __init__(self, size: int) -> None:
        super().__init__(Target(id=str(size), kind="redis", name="x", address="x"))
        self.size = size

    async def connect(self) -> None:
        pass

    async def read(self) -> Reading:
        return Reading(None, received_bytes=self.size, sent_commands=1)

    def explain(self, error: BaseException) -> Failure:
        raise error


@dataclass
class Link:
    """What it has carried, and the time."""

    carried: int | None = 0
    now: float = 0.0


async def answered(size: int, times: int = 2) -> Polling:
    polling = Polling(Sized(size), 1.0)
    for _ in range(times):
        await poll(polling)
    return polling


async def poll(polling: Polling) -> None:
    await polling.start(0.0, lambda *_: None)
    polling.finish(0.0)


@pytest.mark.parametrize(
    ("wanted", "share"),
    [
        ([], 100),
        ([10, 20], 100),
        ([200], 100),
        ([10, 200], 90),
        ([10, 200, 300], 45),
        ([50, 50], 100),
        ([60, 60], 50),
    ],
)
def test_who_wants_less_leaves_it_to_the_others(wanted: list[float], share: float) -> None:
    assert share_of_each(wanted, 100) == share
    assert sum(min(one, share) for one in wanted) <= 100


async def test_only_the_large_are_read_more_rarely() -> None:
    small, large, unknown = await answered(200), await answered(100_000), await answered(100_000, times=1)
    budget = LinkBudget(LIMIT, lambda: None)
    budget.share_out([small, large, unknown])
    assert small.interval_s == unknown.interval_s == 1.0
    assert large.interval_s == pytest.approx((100_000 + 300) / (LIMIT - 500), abs=1)


async def test_nothing_changes_where_the_link_carries_all() -> None:
    pollings = [await answered(1000) for _ in range(5)]
    LinkBudget(LIMIT, lambda: None).share_out(pollings)
    assert {polling.interval_s for polling in pollings} == {1.0}


async def test_what_is_compressed_may_be_read_more_often() -> None:
    polling, link = await answered(100_000), Link()
    budget = LinkBudget(LIMIT, lambda: link.carried, lambda: link.now)
    budget.share_out([polling])
    before = polling.interval_s
    for _ in range(2):
        await poll(polling)
        link.now, link.carried = link.now + 11, (link.carried or 0) + 10_000
        budget.share_out([polling])
    assert before == pytest.approx(10, abs=1)
    assert polling.interval_s == pytest.approx(1.0, abs=1)


async def test_a_link_that_was_made_anew_starts_at_zero_and_changes_nothing() -> None:
    polling, link = await answered(100_000), Link(carried=5_000_000)
    budget = LinkBudget(LIMIT, lambda: link.carried, lambda: link.now)
    budget.share_out([polling])
    before = polling.stretch
    await poll(polling)
    link.now, link.carried = 20.0, 100
    budget.share_out([polling])
    assert polling.stretch == before


async def test_no_interval_is_longer_than_a_minute() -> None:
    polling = await answered(10_000_000)
    LinkBudget(LIMIT, lambda: None).share_out([polling])
    assert polling.interval_s == 60.0
