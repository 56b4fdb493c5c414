"""Each drill really causes what it says, on the demo's own servers, and leaves nothing."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
import psutil
import pytest
import redis
from helpers.drilled import assert_traces, traces_at_rest
from helpers.waiting import wait_until
from redis.backoff import NoBackoff
from redis.retry import Retry

from perftui.demo.documents import slug
from perftui.demo.incidents import blocked_redis, few_tickets, full_pool, slow_endpoint
from perftui.demo.incidents.catalogue import INCIDENTS
from perftui.demo.incidents.incident import Incident, healthy_options
from perftui.demo.incidents.scene import Scene
from perftui.demo.session import METRICS_PATH, DemoOptions, DemoSession

pytestmark = pytest.mark.timeout(240)
IN_A_SET = ("step-down", "hung-build")
"""These need members to lose: `test_causes_in_a_set.py`."""
NO_CACHE = {"Cache-Control": "no-cache"}


@pytest.fixture(scope="module")
def session() -> Iterator[DemoSession]:
    options = healthy_options(DemoOptions(documents=2_000, rate_per_s=15.0, pool=full_pool.POOL))
    with DemoSession(options) as found:
        yield found


@dataclass
class Seen:
    """What the servers themselves say."""

    session: DemoSession
    mongodb: Any
    redis: Any
    since: Any
    """The server's own time when the drill began."""

    def status(self) -> Any:
        return self.mongodb.admin.command({"serverStatus": 1, "wiredTiger": 1})

    def operations(self, **wanted: Any) -> list[Any]:
        stages = [{"$currentOp": {"idleConnections": True, "idleSessions": True}}, {"$match": wanted}]
        return list(self.mongodb.admin.aggregate(stages))

    def profiled(self, **wanted: Any) -> int:
        return sum(
            1 for _ in self.mongodb["library"]["system.profile"].find({**wanted, "ts": {"$gt": self.since}}, {"ts": 1})
        )

    def document(self) -> Any:
        return httpx.get(self.session.application_url + METRICS_PATH).json()

    def page(self, number: int) -> httpx.Response:
        url = f"{self.session.application_url}/api/prompts/{slug(number)}"
        return httpx.get(url, headers=NO_CACHE, timeout=60)


def missing_index(seen: Seen) -> bool:
    related = seen.page(7).json()["related"]
    scans = {"ns": "library.prompts", "planSummary": "COLLSCAN", "command.filter.title": {"$exists": True}}
    return bool(related) and seen.profiled(**scans) > 0


def dropped_index(seen: Seen) -> bool:
    seen.page(8)
    scans = {"planSummary": "COLLSCAN", "command.filter.slug": {"$exists": True}}
    return seen.profiled(**scans) > 0


def connection_storm(seen: Seen) -> bool:
    return len(seen.operations(appName="mailing-worker")) >= 100


def idle_transaction(seen: Seen) -> bool:
    with suppress(httpx.TimeoutException):
        httpx.post(f"{seen.session.application_url}/api/prompts/{slug(0)}/favorite", timeout=1.5)
    open_ones = seen.operations(type="idleSession", appName="importer", transaction={"$exists": True})
    waiting = seen.operations(op="command", appName="prompt-library", writeConflicts={"$gt": 0})
    return bool(open_ones) and bool(waiting)


def runaway_aggregation(seen: Seen) -> bool:
    return seen.profiled(appName="nightly-report", usedDisk=True) > 0


def piled_up(seen: Seen) -> bool:
    scans = seen.profiled(appName="export-service", planSummary="COLLSCAN")
    return scans >= 40 and len(seen.operations(appName="export-service", active=True)) >= 5


def flushed_cache(seen: Seen) -> bool:
    return bool(seen.redis.info("commandstats").get("cmdstat_flushall", {}).get("calls") == 1)


def evicting_cache(seen: Seen) -> bool:
    return bool(seen.redis.info("stats")["evicted_keys"] > 100)


def blocking_keys(seen: Seen) -> bool:
    sent = seen.redis.info("commandstats").get("cmdstat_keys", {"calls": 0})
    return bool(sent["calls"] >= 2 and seen.redis.info("keyspace")["db1"]["keys"] == 20_000)


def blocking_script(seen: Seen) -> bool:
    # The client would ask again and again by itself, until one of its questions falls between two scripts.
    with redis.Redis(port=seen.session.redis.port, socket_timeout=0.5, retry=Retry(NoBackoff(), 0)) as impatient:
        try:
            impatient.ping()
        except (redis.TimeoutError, redis.ResponseError):
            return True
    return False


def slow(seen: Seen) -> bool:
    return seen.page(9).elapsed.total_seconds() >= slow_endpoint.WAITS_S


def busy_cpu(seen: Seen) -> bool:
    busy = [one for one in processes(seen, "backup") if sum(one.cpu_times()[:2]) > 0.1]
    return len(busy) >= (os.cpu_count() or 1)


def busy_disk(seen: Seen) -> bool:
    return any(one.io_counters().write_bytes >= 8 * 2**20 for one in processes(seen, "incidents.busy_disk"))


def processes(seen: Seen, name: str) -> list[psutil.Process]:
    running = [one for one in seen.session.servers.processes if one.name.startswith(name) and one.running]
    return [psutil.Process(one.pid) for one in running]


def pool(seen: Seen) -> bool:
    pools = seen.document()["query"]["pools"]
    return any(one["in_use"] == one["max_size"] == full_pool.POOL and one["waiting"] > 0 for one in pools)


def tickets(seen: Seen) -> bool:
    total: int = seen.status()["wiredTiger"]["concurrentTransactions"]["read"]["totalTickets"]
    return total == few_tickets.TICKETS and len(seen.operations(appName=few_tickets.CLIENT)) >= 4


def small_cache(seen: Seen) -> bool:
    limit: int = seen.status()["wiredTiger"]["cache"]["maximum bytes configured"]
    archived: int = seen.mongodb["library"]["archive"].estimated_document_count()
    return limit <= 12 * 2**20 and archived > 1000


def healthy(seen: Seen) -> bool:
    scans = seen.profiled(op="query", planSummary="COLLSCAN", ns={"$ne": "library.system.profile"})
    return scans == 0 and seen.profiled(op="query") > 0


CAUSES: dict[str, Callable[[Seen], bool]] = {
    "missing-index": missing_index,
    "dropped-index": dropped_index,
    "connection-storm": connection_storm,
    "idle-transaction": idle_transaction,
    "runaway-aggregation": runaway_aggregation,
    "piled-up": piled_up,
    "flushed-cache": flushed_cache,
    "evicting-cache": evicting_cache,
    "blocking-keys": blocking_keys,
    "blocking-script": blocking_script,
    "slow-endpoint": slow,
    "busy-cpu": busy_cpu,
    "busy-disk": busy_disk,
    "full-pool": pool,
    "few-tickets": tickets,
    "small-cache": small_cache,
    "healthy": healthy,
}
SMALL = {
    "connection-storm": 100,
    "piled-up": 40,
    "few-tickets": 4,
    "evicting-cache": 9_000,
    "runaway-aggregation": 200,
}
"""How many of whatever it is: enough for the mechanism, bearable for the tests' machine."""


def small(name: str) -> Incident:
    incident = INCIDENTS[name]()
    if name in SMALL:
        vars(incident)["count"] = SMALL[name]
    if isinstance(incident, blocked_redis.BlockingKeys):
        incident.keys = 20_000
    return incident


def test_every_incident_is_held() -> None:
    assert {*CAUSES, *IN_A_SET} == set(INCIDENTS)


@pytest.mark.parametrize("name", CAUSES)
def test_it_is_really_caused_and_leaves_nothing(session: DemoSession, name: str) -> None:
    before, incident, scene = traces_at_rest(session), small(name), Scene(session)
    with session.mongod.client(appname="perftui-demo") as mongodb, redis.Redis(port=session.redis.port) as cache:
        cache.config_resetstat()
        seen = Seen(session, mongodb, cache, mongodb.admin.command("hello")["localTime"])
        try:
            incident.prepare(scene)
            incident.start(scene)
            wait_until(lambda: CAUSES[name](seen), timeout_s=60.0)
        finally:
            scene.end_workers()
            incident.stop(scene)
            scene.close()
    assert_traces(session, before)
