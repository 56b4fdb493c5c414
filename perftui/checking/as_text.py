"""A check for people."""

from perftui.model.check import Check, CheckReport
from perftui.model.text import safe_text

_SIGNS = {"pass": "pass", "fail": "FAIL", "unjudged": "?", "left out": "-"}
_WIDEST = 60
_WIDEST_SOURCE = 120


def text_of(report: CheckReport) -> str:
    """A line for each limit by source, those that fail first; then what to bear in mind, and the sum."""
    lines: list[str] = []
    sources = dict.fromkeys(check.source for check in report.checks)
    for source in sources:
        checks = [check for check in report.checks if check.source == source]
        lines += ["", safe_text(source or "budgets that held nothing", _WIDEST_SOURCE), *_table(checks)]
    lines += ["", *(f"! {safe_text(remark)}" for remark in report.remarks), summary(report)]
    return "\n".join(lines).strip("\n")


def summary(report: CheckReport) -> str:
    """One sentence."""
    counts = [
        (len(report.of("fail")), "failed"),
        (len(report.of("pass")), "passed"),
        (len(report.of("unjudged")), "could not be judged"),
        (len(report.of("left out")), "left out"),
    ]
    said = ", ".join(f"{number:,} {word}" for number, word in counts if number)
    total = len(report.checks)
    end = f"{total:,} {'limit' if total == 1 else 'limits'}: {said}." if total else "There was nothing to judge."
    if not report.of("pass") and not report.of("fail") and total:
        end += " So nothing was judged."
    if report.unreached:
        end += f" Not reached: {', '.join(safe_text(one.source, _WIDEST) for one in report.unreached)}."
    return end


def subject_of(check: Check) -> str:
    """What is held; of a budget that held nothing, its pattern."""
    return check.subject if check.subject is not None else f"{check.on} {check.budget}"


def _table(checks: list[Check]) -> list[str]:
    rows = [(_sign(check), safe_text(subject_of(check), _WIDEST), safe_text(check.limit, 30)) for check in checks]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        f"  {'  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))}  {_said(check)}".rstrip()
        for row, check in zip(rows, checks, strict=True)
    ]


def _sign(check: Check) -> str:
    return "FAIL" if check.fails else _SIGNS[check.verdict]


def _said(check: Check) -> str:
    return safe_text(said(check))


def said(check: Check) -> str:
    """What was found, and what to do."""
    if check.verdict not in ("unjudged", "left out"):
        return check.message
    head = "not judged" if check.verdict == "unjudged" else "left out"
    return f"{head}: {check.message}." + (f" {check.help}" if check.help else "")
