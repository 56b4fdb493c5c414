"""From a pipeline to its index questions: the leading stages that an index can serve, and joined collections."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from perftui.advice.filters.tree import All, Node, all_of
from perftui.advice.questions.field_needs import needs_of
from perftui.advice.questions.joined import expression_join, foreign_filter, joined_fields, without_variables
from perftui.advice.questions.pipeline_stages import BEHIND_A_GROUP, STAGES
from perftui.advice.questions.pipeline_state import Joined, State, stages_of
from perftui.advice.questions.question import Join, Question, Questions

_DEPTH = 5


def read_pipeline(
    pipeline: object, ns: str, found: Questions, collation: str | None, hint: str | None = None, depth: int = 0,
    role: str = "main", extra: Node | None = None, join: Join | None = None,
) -> None:  # fmt: skip
    """Add the questions of this pipeline to `found`."""
    stages = stages_of(pipeline)
    state = State(ns, found, collation, depth)
    if extra is not None:
        state.parts.append(extra)
    if stages and stages[0][0] in _SOURCES:
        found.hopeless = found.hopeless or _SOURCES[stages[0][0]]
        return
    for at, (name, body) in enumerate(stages):
        state.following = stages[at + 1] if at + 1 < len(stages) else ("", None)
        reader = STAGES.get(name) if state.groups is None else BEHIND_A_GROUP.get(name)
        if reader is None or not reader(state, body, at == 0):
            break
    question = _question(state, stages, hint, join)
    if join is None or question.filter is not None:
        found.add(role, question)
    for joined in state.joins:
        _add_join(state, question, joined)
    for name, body in stages:
        if name == "$unionWith":
            _add_union(state, body)


def _question(state: State, stages: list[tuple[str, Any]], hint: str | None, join: Join | None) -> Question:
    needs, all_needs = needs_of(_after_the_query(stages)), needs_of(stages)
    counts = all_needs is not None and not all_needs and not state.sort
    return Question(
        ns=state.ns,
        kind="group" if state.group else "count" if counts else "find",
        filter=all_of(state.parts) if state.parts else All(),
        sort=state.sort,
        stop=state.stop,
        needs=needs,
        distinct=state.group,
        collation=state.collation,
        sorts_later=state.sorts_later,
        join=join,
        hint=hint,
    )


_SOURCES = {
    name: f"A pipeline that begins with {name} reads no collection through an index."
    for name in ("$collStats", "$indexStats", "$currentOp", "$listSessions", "$planCacheStats", "$documents",
                 "$changeStream", "$search", "$searchMeta", "$vectorSearch", "$listLocalSessions")
}  # fmt: skip


def _add_join(state: State, local: Question, joined: Joined) -> None:
    stage, body = joined.stage, joined.body
    if state.depth >= _DEPTH or local.join is not None:
        return
    foreign = body.get("from")
    if not isinstance(foreign, str):
        return
    ns = f"{state.ns.partition('.')[0]}.{foreign}"
    extra = foreign_filter(body, joined.on_joined)
    local_field, foreign_field = joined_fields(joined)
    if foreign_field is None:
        foreign_field, extra = expression_join(stages_of(body.get("pipeline")), extra)
        if foreign_field is None:
            state.found.note(f"The {stage} of {foreign} runs a pipeline that compares no field with the document.")
            return
    join = Join(
        local=local, local_field=local_field, field=foreign_field, stage=stage, hashed=joined.hashed,
        groups=joined.groups, most=joined.most,
    )  # fmt: skip
    found = Questions()
    read_pipeline(body.get("pipeline"), ns, found, state.collation, depth=state.depth + 1, extra=extra, join=join)
    question = found.asked.get("main")
    if question is not None:
        question = replace(question, filter=without_variables(question.filter))
        state.found.add(f"{stage} {foreign}.{foreign_field}", question)


def _add_union(state: State, body: Any) -> None:
    if state.depth >= _DEPTH:
        return
    name = body.get("coll") if isinstance(body, Mapping) else body
    if isinstance(name, str):
        ns = f"{state.ns.partition('.')[0]}.{name}"
        inner = Questions()
        pipeline = body.get("pipeline") if isinstance(body, Mapping) else None
        read_pipeline(pipeline, ns, inner, state.collation, depth=state.depth + 1)
        for role, question in inner.asked.items():
            state.found.add(f"$unionWith {name} {role}", question)


def _after_the_query(stages: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """What the server hands to its query engine needs no document by itself: the index may answer it."""
    first = next((at for at, (name, _) in enumerate(stages) if name not in _IN_THE_QUERY), len(stages))
    return stages[first:]


_IN_THE_QUERY = frozenset(("$match", "$sort", "$limit", "$skip"))
