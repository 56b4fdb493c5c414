"""What a benchmark of queries found, as the part `mongodb` of a saved run."""

from collections.abc import Mapping
from typing import Any

from perftui.analysis.redacted import sample_text
from perftui.query_bench.outcome import IndexEffect, QueryOutcome, QuestionOutcome, Run

SCHEMA = "perftui.bench-mongo/1"


def document_of(run: Run, *, values: bool) -> Mapping[str, Any]:
    """Plain values and model objects. Queries are written without their values unless `values`."""
    return {
        "schema": SCHEMA,
        "server": run.server,
        "server_version": run.server_version,
        "operations": run.operations,
        "questions": [_question(one, values=values) for one in run.questions],
        "index": run.index or None,
        "effects": [_effect(one) for one in run.effects],
        "analysis": None if run.study is None else run.study.analysis,
        "notes": run.notes,
    }


def _question(one: QuestionOutcome, *, values: bool) -> dict[str, Any]:
    return {
        "name": one.question.name,
        "queries": [_query(outcome, values=values) for outcome in one.outcomes],
        "agreements": one.agreements,
        "comparisons": one.comparisons,
    }


def _query(one: QueryOutcome, *, values: bool) -> dict[str, Any]:
    query = one.query
    return {
        "name": query.name,
        "ns": query.ns,
        "op": query.runs.op,
        "shape": {"id": query.shape.id, "text": query.shape.text},
        "sample": sample_text(query.runs.command, values=values),
        "counters": one.counters,
        "documents_fetched": one.documents,
        "failure": one.failure or None,
    }


def _effect(one: IndexEffect) -> dict[str, Any]:
    return {
        "name": one.before.query.name,
        "before": one.before.counters,
        "after": one.after.counters,
        "failures": [each or None for each in (one.before.failure, one.after.failure)],
        "comparison": one.comparison,
    }
