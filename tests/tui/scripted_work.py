"""Answers of a server that is not there, given when the test lets them; and the monitor that asks for them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fakes import FakeFeed, full_snapshots
from frames import until
from msgspec.structs import replace
from table_samples import MONGO
from textual.pilot import Pilot

from perftui.model.analysis import Analysis
from perftui.model.plan import Plan
from perftui.model.secret import Secret
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.model.target import Connection, Target
from perftui.tui.app import PerftuiApp
from perftui.tui.work import AdviceWish, Asked, Tell, Work

CONNECTION = Connection(target=MONGO, uri=Secret("mongodb://root:hunter2@db1:27017"))


class ScriptedWork(Work):
    """Keeps what it was asked. An exception among the answers is raised."""

    def __init__(self, *answers: Plan | Analysis | str | Exception) -> None:
        self.plans = [answer for answer in answers if not isinstance(answer, Analysis)]
        self.analyses = [answer for answer in answers if not isinstance(answer, Plan)]
        self.asked: list[Any] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.cancelled = 0

    async def explain(
        self, connection: Connection, target: Target, asked: Any, *, verbosity: Asked, max_time_ms: int
    ) -> Any:
        assert connection is CONNECTION
        assert target == MONGO
        return await self._answer((verbosity, max_time_ms, asked.command), self.plans)

    async def advise(self, connection: Connection, wish: AdviceWish, tell: Tell) -> Any:
        assert connection is CONNECTION
        tell(f"facts about {wish.ns}")
        return await self._answer(wish, self.analyses)

    async def rehearse(self, connection: Connection, wish: AdviceWish, tell: Tell) -> Any:
        tell("starting a private mongod")
        return await self.advise(connection, wish, tell)

    async def _answer(self, asked: Any, answers: list[Any]) -> Any:
        self.asked.append(asked)
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@asynccontextmanager
async def asking(
    work: Work,
    *keys: str,
    size: tuple[int, int] = (100, 30),
    snapshots: Sequence[Snapshot] | None = None,
    live: bool = True,
    **changes: Any,
) -> AsyncIterator[tuple[Any, Pilot[Any], FakeFeed]]:
    """The monitor with a connection, this work, and these keys pressed."""
    settings = replace(Settings(utc=True, connections=(CONNECTION,)), **changes)
    feed = FakeFeed(snapshots or full_snapshots(60), settings=settings, live=live)
    app = PerftuiApp(feed, settings)
    app.work = work
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.view is not None)
        await pilot.press(*keys)
        await pilot.pause()
        yield app, pilot, feed
