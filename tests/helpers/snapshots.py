"""Snapshots of any size for tests of what keeps, writes and reads them."""

import random
from functools import lru_cache

from hypothesis import strategies as st
from msgspec.structs import replace

from perftui.model.event import Event
from perftui.model.host import HostMetrics
from perftui.model.mongodb import MongoServer, OperationRates
from perftui.model.operation import Operation, OperationList
from perftui.model.query import DigestRow, LatencySummary, QueryDigest
from perftui.model.sample import Failure
from perftui.model.snapshot import Snapshot, SourceState, TargetState
from perftui.model.target import Target

START = 1_800_000_000.0
MONGODB = Target(id="mongodb://db:27017", kind="mongodb", name="db:27017", address="mongodb://db:27017")
HOST = Target(id="host", kind="host", name="web", address="web")


@lru_cache(maxsize=8)
def _parked(number: int) -> tuple[Operation, ...]:
    chance = random.Random(number)
    return tuple(_operation(chance) for _ in range(number))


def _operation(chance: random.Random) -> Operation:
    values = ",".join(str(chance.randrange(10**9)) for _ in range(8))
    command = (
        f'{{"find":"prompts","filter":{{"category":"c{chance.randrange(100)}","_id":{{"$in":[{values}]}}}},'
        f'"sort":{{"createdAt":-1}},"limit":20,"lsid":{{"id":"{chance.getrandbits(128):032x}"}},"$db":"shop"}}'
    )
    return Operation(
        opid=chance.randrange(10**7),
        op="query",
        ns="shop.prompts",
        client=f"10.0.0.{chance.randrange(255)}:{chance.randrange(65535)}",
        app_name="shop",
        user="app@admin",
        plan_summary="COLLSCAN",
        yields=chance.randrange(1000),
        text=command[:200],
        command=command,
        killable=True,
        started_at=START + chance.random(),
        running_s=chance.random() * 10,
    )


def busy_snapshot(sequence: int, operations: int) -> Snapshot:
    """A MongoDB whose operations all run on from second to second, each by a slightly different time."""
    chance = random.Random(sequence)
    running = tuple(
        replace(one, running_s=round((one.running_s or 0) + sequence + chance.random() / 100, 6))
        for one in _parked(operations)
    )
    state = TargetState(
        target=MONGODB,
        mongodb=MongoServer(version="6.0.5", operations=OperationRates(query=chance.random() * 1000)),
        operations=OperationList(operations=running),
        sources=(SourceState(source="mongodb.operations", interval_s=1, read_at=START + sequence, slot="operations"),),
    )
    return Snapshot(sequence=sequence, taken_at=START + sequence, interval_s=1, window_s=300, targets=(state,))


numbers = st.none() | st.floats(min_value=0, max_value=1e12, allow_nan=False)
texts = st.text(max_size=40)
hosts = st.builds(HostMetrics, hostname=texts, cores=st.lists(st.floats(0, 1)).map(tuple), cpu_share=numbers)
rows = st.builds(
    DigestRow,
    shape_id=texts,
    ns=texts,
    op=st.just("find"),
    shape=texts,
    count=st.integers(0, 10**9),
    latency_ms=st.builds(LatencySummary, p95=numbers),
    last_seen_at=st.floats(0, 2e9),
)
operations = st.builds(
    Operation, opid=st.none() | st.integers(0, 2**40) | texts, ns=texts, text=texts, running_s=numbers, yields=st.none()
)
failures = st.none() | st.builds(Failure, kind=st.sampled_from(["timeout", "refused"]), message=texts, help=texts)
sources = st.builds(SourceState, source=texts, interval_s=st.floats(0.1, 60), read_at=numbers, failure=failures)
states = st.builds(
    TargetState,
    target=st.just(MONGODB),
    sources=st.lists(sources, max_size=3).map(tuple),
    mongodb=st.none() | st.builds(MongoServer, version=st.none() | texts, uptime_s=numbers),
    operations=st.none() | st.builds(OperationList, operations=st.lists(operations, max_size=4).map(tuple)),
    queries=st.none() | st.builds(QueryDigest, rows=st.lists(rows, max_size=3).map(tuple)),
    host=st.none() | hosts,
)
events = st.builds(
    Event,
    at=st.floats(0, 2e9),
    target_id=texts,
    kind=texts,
    severity=st.sampled_from(["info", "critical"]),
    message=texts,
)


@st.composite
def sessions(draw: st.DrawFn) -> list[Snapshot]:
    """Snapshots that follow each other, of every shape."""
    first = draw(st.integers(0, 1000))
    return [
        Snapshot(
            sequence=first + index,
            taken_at=START + index,
            interval_s=1.0,
            window_s=300.0,
            targets=tuple(draw(st.lists(states, max_size=2))),
            events=tuple(draw(st.lists(events, max_size=3))),
        )
        for index in range(draw(st.integers(1, 6)))
    ]
