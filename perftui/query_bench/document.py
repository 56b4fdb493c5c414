"""What a benchmark of queries found, as the part `mongodb` of a saved run."""

from perftui.analysis.redacted import sample_text
from perftui.model.bench.mongo import (
    IndexEffectDocument,
    MongoBenchDocument,
    QueryDocument,
    QueryShape,
    QuestionDocument,
)
from perftui.query_bench.outcome import IndexEffect, QueryOutcome, QuestionOutcome, Run


def document_of(run: Run, *, values: bool) -> MongoBenchDocument:
    """Queries are written without their values unless `values`."""
    return MongoBenchDocument(
        server=run.server,
        server_version=run.server_version,
        operations=run.operations,
        questions=tuple(_question(one, values=values) for one in run.questions),
        index=run.index or None,
        effects=tuple(_effect(one) for one in run.effects),
        analysis=None if run.study is None else run.study.analysis,
        notes=tuple(run.notes),
    )


def _question(one: QuestionOutcome, *, values: bool) -> QuestionDocument:
    return QuestionDocument(
        name=one.question.name,
        queries=tuple(_query(outcome, values=values) for outcome in one.outcomes),
        agreements=one.agreements,
        comparisons=one.comparisons,
    )


def _query(one: QueryOutcome, *, values: bool) -> QueryDocument:
    query = one.query
    return QueryDocument(
        name=query.name,
        ns=query.ns,
        op=query.runs.op,
        shape=QueryShape(id=query.shape.id, text=query.shape.text),
        sample=sample_text(query.runs.command, values=values),
        counters=one.counters,
        documents_fetched=one.documents,
        failure=one.failure or None,
    )


def _effect(one: IndexEffect) -> IndexEffectDocument:
    return IndexEffectDocument(
        name=one.before.query.name,
        before=one.before.counters,
        after=one.after.counters,
        failures=(one.before.failure or None, one.after.failure or None),
        comparison=one.comparison,
    )
