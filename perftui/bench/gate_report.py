"""A comparison of two runs: for people, as JSON, as JUnit's XML for CI, and as Markdown for a pull request."""

from collections.abc import Container, Sequence
from xml.sax.saxutils import escape, quoteattr

import msgspec

from perftui.bench.gate import Gate
from perftui.bench.report import code
from perftui.bench.words import duration
from perftui.model.bench.comparison import Comparison, ComparisonDocument
from perftui.model.text import safe_text

_SIGNS = {"slower": "-", "faster": "+", "no difference": "=", "too noisy": "?"}


def text_of(gate: Gate) -> str:
    """A line for each benchmark, then what was not compared and what to bear in mind."""
    lines = table_of(gate.compared.comparisons) if gate.compared.comparisons else []
    lines += [f"  {safe_text(name, 60)}: not compared, {safe_text(why)}" for name, why in gate.compared.skipped.items()]
    lines += [f"! the runs differ in {safe_text(remark)}" for remark in gate.compared.remarks]
    return "\n".join([*lines, _rule(gate)])


def table_of(comparisons: Sequence[Comparison]) -> list[str]:
    """Lines of text: a head, and one for each."""
    rows = [("", "base", "new", "ratio", "verdict"), *(_cells(one) for one in comparisons)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_placed(row, widths)).rstrip() for row in rows]


def json_of(gate: Gate) -> bytes:
    """All that was found. A bound without an end is null."""
    document = ComparisonDocument(
        threshold=gate.threshold,
        alpha=gate.alpha,
        fail_on=gate.fail_on,
        comparisons=tuple(gate.compared.comparisons),
        skipped=gate.compared.skipped,
        remarks=tuple(gate.compared.remarks),
        failures=tuple(gate.failures),
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def junit_of(gate: Gate) -> bytes:
    """A test case for each benchmark: a failure fails the build, what could not be judged was skipped."""
    cases = [_case(one.name, gate.failed.get(one.name, ""), _skipped(one), one) for one in gate.compared.comparisons]
    cases += [_case(name, gate.failed.get(name, ""), why, None) for name, why in gate.compared.skipped.items()]
    counts = f'tests="{len(cases)}" failures="{len(gate.failed)}" skipped="{sum("<skipped" in one for one in cases)}"'
    head = f'<testsuite name="perftui bench compare" {counts}>'
    lines = ['<?xml version="1.0" encoding="utf-8"?>', head, *cases, "</testsuite>"]
    return ("\n".join(lines) + "\n").encode()


def markdown_of(gate: Gate) -> bytes:
    """A table, the worst first."""
    ordered = sorted(gate.compared.comparisons, key=lambda one: (one.name not in gate.failed, -one.ratio))
    lines = comparison_rows(ordered, gate.failed)
    notes = [f"- {code(name)}: not compared, {safe_text(why)}" for name, why in gate.compared.skipped.items()]
    notes += [f"- the runs differ in {safe_text(remark)}" for remark in gate.compared.remarks]
    notes += [f"- {_rule(gate)}"]
    return ("\n".join([*lines, "", *notes]) + "\n").encode()


def comparison_rows(comparisons: Sequence[Comparison], failed: Container[str] = ()) -> list[str]:
    """The rows of a table in Markdown; the verdicts on `failed` stand out."""
    lines = ["| benchmark | base | new | ratio | verdict |", "| --- | ---: | ---: | ---: | --- |"]
    for one in comparisons:
        _, base, new, ratio, verdict = _cells(one)
        lines.append(f"| {code(one.name)} | {base} | {new} | {ratio} | {_strong(verdict, one.name in failed)} |")
    return lines


def _case(name: str, failure: str, skipped: str, one: Comparison | None) -> str:
    begin = f'  <testcase classname="bench" name={quoteattr(safe_text(name))} time="{one.new_s if one else 0:.9f}">'
    if failure:
        return f"{begin}<failure message={quoteattr(safe_text(failure))}>{escape(_detail(one))}</failure></testcase>"
    if skipped:
        return f"{begin}<skipped message={quoteattr(safe_text(skipped))}/></testcase>"
    return f"{begin}<system-out>{escape(_detail(one))}</system-out></testcase>"


def _skipped(one: Comparison) -> str:
    return one.why if one.verdict == "too noisy" else ""


def _detail(one: Comparison | None) -> str:
    return "" if one is None else " ".join(_cells(one)[1:])


def _cells(one: Comparison) -> tuple[str, ...]:
    high = "any" if one.high is None else f"{one.high:.3f}"
    return (
        safe_text(one.name, 60),
        duration(one.base_s),
        duration(one.new_s),
        f"{one.ratio:.3f} ({one.low:.3f} .. {high})",
        f"{_SIGNS[one.verdict]} {one.verdict}: {one.why}",
    )


def _placed(cells: tuple[str, ...], widths: list[int]) -> list[str]:
    last = len(cells) - 1
    return [
        cell.ljust(width) if place in (0, last) else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]


def _strong(text: str, wanted: bool) -> str:
    return f"**{text}**" if wanted else text


def _rule(gate: Gate) -> str:
    rule = f"threshold {gate.threshold * 100:g} %, alpha {gate.alpha:g}"
    return rule if gate.fail_on is None else f"{rule}, fails above {gate.fail_on * 100:g} %"
