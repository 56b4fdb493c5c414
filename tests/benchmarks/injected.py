"""The monitor on a made-up MongoDB whose operations all change at every poll: `injected.py --operations 5000`."""

import argparse
import random
from collections.abc import Sequence
from typing import ClassVar

from msgspec.structs import replace

from perftui.model.mongodb import Connections, MongoServer, OperationRates
from perftui.model.operation import Operation, OperationList
from perftui.model.sample import Failure
from perftui.model.secret import Secret
from perftui.model.settings import Settings
from perftui.model.target import Connection, Target
from perftui.sources.base import Reading, Source, System
from perftui.sources.registry import open_system

MADE_UP = Target(id="mongodb://made-up:27017", kind="mongodb", name="made-up", address="mongodb://made-up:27017")
_LISTS = 25
"""As many polls as the longest measurement takes, so that ages grow as in life."""
HOST = Target(id="host", kind="host", name="here", address="here")


class MadeUpSource(Source):
    """What both made-up sources share: nothing to connect to, nothing that can fail."""

    def __init__(self, operations: int) -> None:
        super().__init__(MADE_UP)
        self.random = random.Random(1)
        self.count = operations
        self.ages = [self.random.random() * 100 for _ in range(operations)]

    async def connect(self) -> None:
        return

    def explain(self, error: BaseException) -> Failure:
        return Failure(kind="internal", message=f"{error!r}", help="Mend the benchmark.")


class MadeUpOperations(MadeUpSource):
    name: ClassVar[str] = "mongodb.operations"

    def __init__(self, operations: int) -> None:
        """The lists are made beforehand, so that making them is no part of what is measured."""
        super().__init__(operations)
        self.first = [self._operation(number) for number in range(operations)]
        self.lists = [self._list() for _ in range(_LISTS)]
        self.next_list = 0

    async def read(self) -> Reading:
        self.next_list = (self.next_list + 1) % _LISTS
        return Reading(self.lists[self.next_list])

    def _list(self) -> OperationList:
        self.ages = [age + 1.0 if age < 100 else self.random.random() for age in self.ages]
        aged = zip(self.first, self.ages, strict=True)
        return OperationList(operations=tuple(replace(one, running_s=round(age, 3)) for one, age in aged))

    def _operation(self, number: int) -> Operation:
        kind = ("query", "update", "getmore", "command")[number % 4]
        return Operation(
            opid=number + 1,
            op=kind,
            ns=f"shop.orders_{number % 7}",
            running_s=round(self.ages[number], 3),
            client=f"10.0.{number % 250}.{number % 199}:{40_000 + number}",
            app_name="shop",
            user="app@admin",
            plan_summary="COLLSCAN" if number % 3 else "IXSCAN { customer: 1 }",
            yields=number % 100,
            text=f"find {{customer: {number}, state: 'open'}} sort {{createdAt: -1}} limit 20",
            command=f'{{"find": "orders_{number % 7}", "filter": {{"customer": {number}, "state": "open"}}}}',
            killable=True,
        )


class MadeUpServer(MadeUpSource):
    name: ClassVar[str] = "mongodb.server"

    async def read(self) -> Reading:
        rates = OperationRates(query=self.random.random() * 1000, update=self.random.random() * 100)
        server = MongoServer(
            host="made-up:27017",
            version="6.0.5",
            role="PRIMARY",
            operations=rates,
            connections=Connections(current=self.count, active=self.count, available=10_000),
        )
        return Reading(server)


class MadeUpSystem:
    def __init__(self, operations: int) -> None:
        self._sources = (MadeUpServer(operations), MadeUpOperations(operations))

    def sources(self) -> Sequence[Source]:
        return self._sources

    async def close(self) -> None:
        return


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--operations", type=int, default=50)
    arguments = parser.parse_args()
    made_up, host = (Connection(target=target, uri=Secret("")) for target in (MADE_UP, HOST))
    settings = Settings(connections=(made_up, host))

    def open_made_up(connection: Connection, chosen: Settings) -> System:
        if connection.target.kind == "mongodb":
            return MadeUpSystem(arguments.operations)
        return open_system(connection, chosen)

    from perftui.monitor.live import Monitor
    from perftui.tui.app import PerftuiApp

    PerftuiApp(Monitor(settings, open_system=open_made_up), settings).run()


if __name__ == "__main__":
    main()
