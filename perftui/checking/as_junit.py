"""A check as JUnit's XML: a test case for each limit on each thing."""

from xml.sax.saxutils import escape, quoteattr

from perftui.checking.as_text import said, subject_of
from perftui.model.check import Check, CheckReport, Unreached
from perftui.model.text import safe_text


def junit_of(report: CheckReport) -> bytes:
    """What fails the build is a failure, a source out of reach an error; what else was not judged was skipped."""
    cases = [_case(check) for check in report.checks] + [_error(one) for one in report.unreached]
    failures, errors = sum(check.fails for check in report.checks), len(report.unreached)
    skipped = sum(_is_skipped(check) for check in report.checks)
    if not report.ok and not failures and not errors:
        cases.append(_nothing())
        failures = 1
    counts = f'tests="{len(cases)}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
    head = f'<testsuite name="perftui check" {counts}>'
    lines = ['<?xml version="1.0" encoding="utf-8"?>', head, *cases, "</testsuite>"]
    return ("\n".join(lines) + "\n").encode()


def _case(check: Check) -> str:
    text = said(check)
    if check.fails:
        kind = "over" if check.verdict == "fail" else "unjudged"
        inner = f"<failure type={quoteattr(kind)} message={_attribute(text)}/>"
    elif _is_skipped(check):
        inner = f"<skipped message={_attribute(text)}/>"
    else:
        inner = f"<system-out>{escape(safe_text(text))}</system-out>"
    name = f"{subject_of(check)}: {check.limit}"
    return f"  {_begin(check.source or 'budgets', name)}{inner}</testcase>"


def _error(one: Unreached) -> str:
    message = _attribute(f"{one.why} {one.help}")
    return f'  {_begin(one.source, "reached")}<error type="unreached" message={message}/></testcase>'


def _nothing() -> str:
    failure = '<failure type="unjudged" message="Nothing was judged."/>'
    return f"  {_begin('budgets', 'judged')}{failure}</testcase>"


def _begin(source: str, name: str) -> str:
    return f'<testcase classname={_attribute(source)} name={_attribute(name)} time="0">'


def _is_skipped(check: Check) -> bool:
    return not check.fails and check.verdict in ("unjudged", "left out")


def _attribute(text: str) -> str:
    return quoteattr(safe_text(text))
