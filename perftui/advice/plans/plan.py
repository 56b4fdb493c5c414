"""Plans read from what a server says of them: the reply of an explain, or the statistics of a profiled execution."""

from typing import Any, Final

from perftui.advice.plans.pipeline import read_pipeline
from perftui.advice.plans.reading import (
    NAME_LIMIT,
    Document,
    PlanReading,
    as_document,
    documents,
    first_count,
    part,
    seconds,
    text,
    time_ms,
)
from perftui.advice.plans.shards import is_sharded_query, read_sharded_pipeline, read_sharded_query
from perftui.advice.plans.slots import read_executed, read_planned
from perftui.advice.plans.stage import read_stage
from perftui.advice.plans.worst import walk, with_own_times, worst_of
from perftui.advice.shapes.shape import shape_of
from perftui.model.document_json import to_json
from perftui.model.numbers import real, whole
from perftui.model.plan import Engine, Plan, Stage
from perftui.model.redaction import redact

_REJECTED: Final = 20
_TIME_LIMIT: Final = 50
_INDEXES: Final = 64
Plans = tuple[Stage, tuple[Stage, ...]]


def read_plan(reply: Document, *, ns: str, op: str, taken_at: float) -> Plan:
    """The plan in an explain's reply, whatever the engine and the version; never raises.

    `ns` is the command's namespace, `op` what it does, `taken_at` Unix seconds.
    """
    reading = PlanReading(ns)
    winning, rejected = _plans(reply, reading)
    executed = _was_executed(winning) or reading.failure is not None
    return _plan(
        winning,
        reading,
        ns=ns,
        op=op,
        taken_at=taken_at,
        rejected=tuple(map(with_own_times, rejected[:_REJECTED])),
        verbosity="executionStats" if executed else "queryPlanner",
        engine=_engine(reply, winning),
        returned=winning.returned,
        time_ms=_time(reply, winning),
        sharded="shards" in reply or is_sharded_query(part(reply, "queryPlanner")),
        server_version=text(part(reply, "serverInfo").get("version"), 40),
        raw=to_json(reply),
    )


def read_profiled_plan(entry: Document) -> Plan | None:
    """The plan that a profile's entry carries in `execStats`, so that no explain is needed; `None` without one."""
    stats = part(entry, "execStats")
    if not stats:
        return None
    ns = text(entry.get("ns"), 300) or ""
    reading = PlanReading(ns)
    slots = "planNodeId" in stats or entry.get("queryFramework") == "sbe"
    winning = read_executed(stats, reading) if slots else read_stage(stats, reading)
    reading.add(first_count(entry, "keysExamined"), first_count(entry, "docsExamined"))
    failed = text(entry.get("errMsg") or entry.get("errName"))
    if failed:
        reading.failure = whole(entry.get("errCode")), failed
    return _plan(
        winning,
        reading,
        ns=ns,
        op=shape_of(part(entry, "command"), ns).op,
        taken_at=seconds(entry.get("ts")),
        verbosity="profile",
        engine=_engine_named(winning) or ("sbe" if slots else "classic"),
        returned=first_count(entry, "nreturned", "nMatched", "ndeleted"),
        time_ms=real(entry.get("millis")),
        raw=to_json(entry),
    )


def _plan(winning: Stage, reading: PlanReading, **known: Any) -> Plan:
    winning = with_own_times(winning)
    indexes = dict.fromkeys(stage.index for _, stage in walk(winning) if stage.index)
    return Plan(
        winning=winning,
        keys_examined=reading.keys_examined,
        documents_examined=reading.documents_examined,
        indexes=tuple(indexes)[:_INDEXES],
        finished=reading.failure is None,
        error=_words(reading.failure),
        worst=worst_of(winning),
        **known,
    )


def _plans(reply: Document, reading: PlanReading) -> Plans:
    """One server's answer, or those of all shards."""
    if part(reply, "shards"):
        return read_sharded_pipeline(reply, reading, _plans_of_one, _cursor)
    if is_sharded_query(part(reply, "queryPlanner")):
        _note_failure(part(reply, "executionStats"), reading)
        return read_sharded_query(reply, reading, _plans_of_one)
    return _plans_of_one(reply, reading)


def _plans_of_one(reply: Document, reading: PlanReading) -> Plans:
    if "stages" in reply:
        last = read_pipeline(reply["stages"], reading, _cursor)
        return last or Stage(name="EOF"), tuple(_rejected_in(reply, reading))
    return _cursor(reply, reading), _rejected(part(reply, "queryPlanner"), reading)


def _rejected_in(reply: Document, reading: PlanReading) -> list[Stage]:
    """Those of the pipeline's first stage, which is the one that reads."""
    return [plan for cursor in _cursors(reply)[:1] for plan in _rejected(part(cursor, "queryPlanner"), reading)]


def _cursors(reply: Document) -> list[Document]:
    """The documents under `$cursor` and its kin."""
    bodies = [as_document(body) for stage in documents(reply.get("stages")) for body in stage.values()]
    return [body for body in bodies if "queryPlanner" in body]


def _cursor(body: Document, reading: PlanReading) -> Stage:
    """`queryPlanner` and, where it was executed, `executionStats`."""
    planner, stats = part(body, "queryPlanner"), part(body, "executionStats")
    winning, execution = part(planner, "winningPlan"), part(stats, "executionStages")
    reading.add(first_count(stats, "totalKeysExamined"), first_count(stats, "totalDocsExamined"))
    _note_failure(stats, reading)
    ns = reading.other(planner.get("namespace"))
    if "queryPlan" in winning:
        return read_planned(part(winning, "queryPlan"), execution or None, reading, ns)
    return read_stage(execution or winning, reading, ns)


def _rejected(planner: Document, reading: PlanReading) -> tuple[Stage, ...]:
    ns = reading.other(planner.get("namespace"))
    plans = list(documents(planner.get("rejectedPlans")))[:_REJECTED]
    return tuple(read_stage(part(plan, "queryPlan") or plan, reading, ns) for plan in plans)


def _note_failure(stats: Document, reading: PlanReading) -> None:
    if stats.get("executionSuccess") is False and reading.failure is None:
        reading.failure = whole(stats.get("errorCode")), text(stats.get("errorMessage")) or ""


def _words(failure: tuple[int | None, str] | None) -> str | None:
    if failure is None:
        return None
    code, message = failure
    if code == _TIME_LIMIT:
        return "The time limit ended it before it was done: its figures are those of the part that ran."
    why = redact(message)[:NAME_LIMIT].rstrip(".") or "the server gives no reason"
    return (
        f"It failed{'' if code is None else f' with error {code}'}: {why}. Its figures are those of the part that ran."
    )


def _was_executed(stage: Stage) -> bool:
    return any(one.returned is not None or one.time_ms is not None for _, one in walk(stage))


def _time(reply: Document, winning: Stage) -> float | None:
    """The longest that the server says of the whole or of any stage; of a pipeline its cursor's includes the others."""
    told = [stage.time_ms for _, stage in walk(winning)]
    told += [time_ms(part(one, "executionStats")) for one in (reply, *_cursors(reply))]
    return max((time for time in told if time is not None), default=None)


def _engine(reply: Document, winning: Stage) -> Engine:
    named = _engine_named(winning)
    if named is not None:
        return named
    for version in _versions(reply):
        if version in ("1", "2"):
            return "sbe" if version == "2" else "classic"
    return "unknown"


def _versions(reply: Document) -> list[object]:
    """The reply's own, else that of its first shard."""
    planned = list(documents(part(part(reply, "queryPlanner"), "winningPlan").get("shards")))
    shards = [as_document(shard) for shard in part(reply, "shards").values()]
    return [one.get("explainVersion") for one in (reply, *planned[:1], *shards[:1])]


def _engine_named(winning: Stage) -> Engine | None:
    return "express" if any(stage.name.startswith("EXPRESS_") for _, stage in walk(winning)) else None
