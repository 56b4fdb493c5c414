"""Plans of slow commands: sampled, rarely, on a thread of their own, and never of what must not be explained."""

import queue
import sys
import threading
from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perftui.advice.explaining.answers import Refusal
from perftui.advice.explaining.command import explainable
from perftui.advice.findings.assess import Evidence, assess
from perftui.advice.plans.words import plan_summary
from perftui.instrument.queries.buckets import TokenBucket
from perftui.instrument.queries.copying import TooLarge, bounded_copy
from perftui.instrument.queries.explain_client import NotExplained, check_source, client_from, explain
from perftui.instrument.queries.explained import Explained
from perftui.instrument.queries.kinds import PLANS
from perftui.model.plan import Plan

if TYPE_CHECKING:
    from perftui.instrument.queries.counting import ShapeCounts
    from perftui.instrument.queries.explain_client import Client, Source
    from perftui.instrument.registry import Registry

_MOST_WAITING: Final = 16
_MOST_PLANS: Final = 500
_MOST_FINDINGS: Final = 10
IDLE_S: Final = 60.0


class ExplainLimits(NamedTuple):
    """How much explaining may cost.

    >>> from perftui import ExplainLimits, MongoMonitor, Registry
    >>> limits = ExplainLimits(every_s=5.0, execute=True)
    >>> monitor = MongoMonitor(Registry("shop"), explain_with="mongodb://localhost", explain_limits=limits)
    """

    every_s: float = 1.0
    """At most one explain in so many seconds over all shapes, and five at once."""
    per_shape_s: float = 300.0
    """The same for each shape, and one at once."""
    max_time_ms: int = 500
    """What the server may take for one."""
    execute: bool = False
    """Whether reads are run for their figures (`executionStats`): they cost the server as much as the query itself."""
    examined: int = 1_000
    """Documents that one execution may examine."""
    ratio: float = 0.5
    """What is returned of what is examined, at least."""


class Offer(NamedTuple):
    """A slow command that waits for its explain."""

    id: str
    ns: str
    op: str
    command: dict[str, Any]
    seconds: float


class Explaining:
    """The queue and its thread, which begins with the first offer and ends when idle."""

    def __init__(self, registry: "Registry", source: "Source", limits: ExplainLimits) -> None:
        check_source(source)
        self._registry, self._source, self.limits = registry, source, limits
        self._owns_client = isinstance(source, str) or not hasattr(source, "list_database_names")
        self.plans: dict[str, Explained] = {}
        self.refused: dict[str, str] = {}
        """Why a shape has no plan, by its id."""
        self._own = threading.local()
        self._begin()
        registry.publish(PLANS, self._published)

    def offer(self, counts: "ShapeCounts", command: Mapping[str, Any], seconds: float) -> None:
        """Take the command for an explain, if its turn has come; costs a copy of it then, and next to nothing else."""
        if counts.op == "insert":
            return
        # Without waiting: a finalizer may send a command while this thread has the lock.
        if not self._lock.acquire(blocking=False):
            return
        try:
            if not self._may(counts.id, monotonic()):
                return
        finally:
            self._lock.release()
        try:
            copied = bounded_copy(command)
        except TooLarge:
            return
        if self._waiting.qsize() < _MOST_WAITING:
            self._waiting.put_nowait(Offer(counts.id, counts.shape.ns, counts.op, copied, seconds))
            self._run_beside()

    def is_own_thread(self) -> bool:
        """Whether what this thread sends goes through a client of ours."""
        return getattr(self._own, "explains", False)

    def forget(self) -> None:
        """After a fork: the thread, its client and its lock are the parent's."""
        self._begin()
        self.plans, self.refused = {}, {}

    def wait(self, timeout_s: float = 10.0) -> bool:
        """Until nothing waits for an explain; False where it took too long. For scripts that end, and tests."""
        end = monotonic() + timeout_s
        with self._done:
            while self._unfinished:
                left = end - monotonic()
                if left <= 0 or not self._done.wait(left):
                    return False
        return True

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._done = threading.Condition()
        self._unfinished = 0
        self._waiting: queue.SimpleQueue[Offer] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._client: Client | None = None
        self._overall = TokenBucket(self.limits.every_s, burst=5)
        self._next: dict[str, float] = {}

    def _may(self, shape: str, now: float) -> bool:
        """A shape's own bucket holds one token: the time at which it has one again says all."""
        if shape.startswith("(") or now < self._next.get(shape, 0.0) or not self._overall.take(now):
            return False
        if len(self._next) >= _MOST_PLANS and shape not in self._next:
            self._next = {id_: at for id_, at in self._next.items() if at > now}
            if len(self._next) >= _MOST_PLANS:
                return False
        self._next[shape] = now + self.limits.per_shape_s
        return True

    def _run_beside(self) -> None:
        with self._lock, self._done:
            self._unfinished += 1
            if (self._thread is None or not self._thread.is_alive()) and not sys.is_finalizing():
                self._thread = threading.Thread(target=self._run, name="perftui-explain", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        self._own.explains = self._owns_client
        while True:
            try:
                offer = self._waiting.get(timeout=IDLE_S)
            except queue.Empty:
                if self._rests():
                    return
                continue
            try:
                self._explain(offer)
            except Exception:  # whatever a server answers, or does not
                self._registry.faults["explain"] += 1
            finally:
                with self._done:
                    self._unfinished -= 1
                    self._done.notify_all()

    def _rests(self) -> bool:
        """Whether nothing waits: then the thread ends, and a client of ours is closed."""
        with self._lock:
            if self._unfinished:
                return False
            self._thread = None
            client, self._client = self._client, None
        if client is not None and self._owns_client:
            client.close()
        return True

    def _explain(self, offer: Offer) -> None:
        asked = explainable(offer.command, offer.ns, offer.op)
        if isinstance(asked, Refusal):
            self._refuse(offer.id, asked.message)
            return
        if self._client is None:
            self._client = client_from(self._source)
        try:
            plan = explain(self._client, asked, self.limits.max_time_ms, executed=self.limits.execute)
        except NotExplained as reason:
            self._refuse(offer.id, str(reason))
            return
        self.refused.pop(offer.id, None)
        self.plans.pop(offer.id, None)
        self.plans[offer.id] = explained(offer, plan, self.limits)
        if len(self.plans) > _MOST_PLANS:
            self.plans.pop(next(iter(self.plans)))

    def _refuse(self, shape: str, reason: str) -> None:
        if len(self.refused) < _MOST_PLANS:
            self.refused[shape] = reason

    def _published(self) -> dict[str, Any]:
        return {"plans": [tuple(plan) for plan in list(self.plans.values())], "refused": dict(self.refused)}


def explained(offer: Offer, plan: Plan, limits: ExplainLimits) -> Explained:
    """The plan judged as the monitor judges it, in words without values."""
    evidence = Evidence(
        ns=offer.ns,
        op=offer.op,
        command=offer.command,
        plan=plan,
        executions=1,
        average_ms=offer.seconds * 1000,
        p95_ms=offer.seconds * 1000,
        documents_examined=plan.documents_examined,
        keys_examined=plan.keys_examined,
        returned=plan.returned,
    )
    judged = assess(evidence)
    return Explained(
        id=offer.id,
        at=plan.taken_at,
        plan=plan_summary(plan) or plan.winning.name,
        score=judged.score,
        findings=tuple((one.code, one.severity, one.message, one.advice) for one in judged.findings[:_MOST_FINDINGS]),
        documents_examined=plan.documents_examined,
        keys_examined=plan.keys_examined,
        returned=plan.returned,
        reasons=tuple(_reasons(plan, limits)),
    )


def _reasons(plan: Plan, limits: ExplainLimits) -> list[str]:
    examined, returned = plan.documents_examined, plan.returned
    found = []
    if examined is not None and examined > limits.examined:
        found.append(f"examined {examined:,} documents, over {limits.examined:,}")
    if examined and returned is not None and returned / examined < limits.ratio:
        found.append(f"returned {returned:,} of {examined:,} examined documents, under {limits.ratio:g} of them")
    return found
