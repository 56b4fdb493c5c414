"""Reports of names that mean harm, and whether a build fails."""

import json
import re
import tomllib
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.bench.result import BenchmarkResult
from perftui.checking.as_json import json_of
from perftui.checking.as_junit import junit_of
from perftui.checking.as_markdown import markdown_of
from perftui.checking.as_text import text_of
from perftui.checking.benchmark_things import things_of_benchmarks
from perftui.checking.budget_file import budget_file
from perftui.checking.judge import Judge
from perftui.checking.report import report_of
from perftui.checking.seen import Seen
from perftui.checking.suggesting import Observations, suggestions
from perftui.model.budgets.budget import Budget
from perftui.model.budgets.toml import budgets_of_text
from perftui.model.check import CheckReport, Unreached
from perftui.model.schemas import schema

HOSTILE = "a<b>&\"'|`]]>\x1b[31m\x00\x07\u202e\ufffe\uffff[x](y) *z* \n# head\r\n<script>"
NAMES = st.text(min_size=1, max_size=60).filter(str.strip)


def checked(names: list[str], budgets: list[Budget], source: str = "run.json", *, allow: bool = False) -> CheckReport:
    results = [BenchmarkResult(name=name, blocks=((0.25,) * 30,)) for name in names]
    judge = Judge(budgets, ())
    judge.observe(things_of_benchmarks(results), 0.0)
    seen = Seen(source, frozenset(("benchmark",)), (), judge, ())
    return report_of(budgets, [seen], [], allow_unjudged=allow)


def on_benchmarks(pattern: str, *limits: str, **options: int) -> Budget:
    return Budget(pattern, *limits, on="benchmark", **options)  # type: ignore[arg-type]


@given(NAMES)
def test_junit_is_valid_and_markdown_keeps_its_table_whatever_the_name(name: str) -> None:
    report = checked([name, HOSTILE], [on_benchmarks("*", "avg<100ms", "max<1s")], source=name)
    suite = ElementTree.fromstring(junit_of(report))
    assert len(suite.findall("testcase")) == 4
    assert len(suite.findall(".//failure")) == 2
    lines = markdown_of(report).decode("utf-8").splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 6
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}
    assert all("<" not in line or "`" in line for line in lines)
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text_of(report)) is None
    assert json.loads(json_of(report))["checks"][0]["fails"] is True


def test_hostile_words_of_a_source_out_of_reach() -> None:
    report = report_of([], [], [Unreached(source=HOSTILE, why=HOSTILE, help=HOSTILE)], allow_unjudged=False)
    suite = ElementTree.fromstring(junit_of(report))
    assert (suite.get("errors"), suite.get("failures")) == ("1", "0")
    shown = markdown_of(report).decode("utf-8")
    assert "<script>" not in shown
    assert "\n# head" not in shown
    assert "\\[x\\](y) \\*z\\*" in shown
    assert "\x1b" not in text_of(report)
    document = json.loads(json_of(report))
    jsonschema.validate(document, schema("check-1"))
    del document["unreached"][0]["why"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema("check-1"))


@given(NAMES)
def test_a_suggested_budget_of_any_name_is_read_again_and_holds(name: str) -> None:
    results = [BenchmarkResult(name=name, blocks=((0.25,) * 30,))]
    seen = Observations(5)
    seen.observe(things_of_benchmarks(results), 0.0)
    text = budget_file(suggestions(seen.found.values(), 0.5), [name], 0.5, 5)
    budgets = budgets_of_text(text, "suggested")
    if "*" in name:
        assert budgets == ()
        assert "no pattern means it alone" in text
    else:
        assert [budget.pattern for budget in budgets] == [name]
        assert checked([name], list(budgets)).ok


def test_the_figures_stand_beside_the_budgets() -> None:
    seen = Observations(5)
    seen.observe(things_of_benchmarks([BenchmarkResult(name="sort", blocks=((0.25,) * 30,))]), 0.0)
    text = budget_file(suggestions(seen.found.values(), 1.0), ["run.json"], 1.0, 5)
    assert "# observed: p95 250 ms, 30 samples\n" in text
    assert "from run.json.\n# What was observed, and 100 % more" in text
    assert tomllib.loads(text) == {"benchmark": [{"match": "sort", "limits": ["p(95)<500ms"]}]}


@pytest.mark.parametrize(
    ("budgets", "allow", "ok"),
    [
        ([on_benchmarks("*", "avg<1s")], False, True),
        ([on_benchmarks("*", "avg<1s", "max<1ms")], False, False),
        ([on_benchmarks("*", "avg<1s", "max<1ms")], True, False),
        ([on_benchmarks("*", "avg<1s"), on_benchmarks("other", "avg<1s")], False, False),
        ([on_benchmarks("*", "avg<1s"), on_benchmarks("other", "avg<1s")], True, True),
        ([on_benchmarks("*", "avg<1s", samples=31)], False, False),
        ([on_benchmarks("*", "avg<1s", samples=31)], True, True),
        ([on_benchmarks("*", "avg<1s"), Budget("*", "max<1us")], False, True),
        ([Budget("*", "max<1us")], False, False),
        ([Budget("*", "max<1us")], True, True),
    ],
)
def test_when_a_build_fails(budgets: list[Budget], allow: bool, ok: bool) -> None:
    report = checked(["sort"], budgets, allow=allow)
    assert report.ok == ok
    suite = ElementTree.fromstring(junit_of(report))
    assert (int(suite.get("failures") or 0) > 0) == (not ok)
    assert suite.get("tests") == str(len(suite.findall("testcase")))
    assert suite.get("skipped") == str(len(suite.findall(".//skipped")))
