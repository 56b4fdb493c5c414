"""A check as Markdown, for a pull request."""

from perftui.bench.report import code
from perftui.checking.as_text import said, subject_of, summary
from perftui.model.check import Check, CheckReport
from perftui.model.text import markdown_text

_WORDS = {"pass": "pass", "fail": "fail", "unjudged": "not judged", "left out": "left out"}


def markdown_of(report: CheckReport) -> bytes:
    """A table, those that fail first and strong, then what to bear in mind."""
    lines = ["| | held | limit | found |", "| --- | --- | --- | --- |"] if report.checks else []
    lines += [_row(check) for check in report.checks]
    notes = [f"- **{markdown_text(one.why)}** {markdown_text(one.help)}" for one in report.unreached]
    notes += [f"- {markdown_text(remark)}" for remark in report.remarks]
    return ("\n".join([*lines, "", *notes, *([""] if notes else []), markdown_text(summary(report))]) + "\n").encode()


def _row(check: Check) -> str:
    word = _WORDS[check.verdict]
    verdict = f"**{word}**" if check.fails else word
    return f"| {verdict} | {code(subject_of(check))} | {code(check.limit)} | {markdown_text(said(check))} |"
