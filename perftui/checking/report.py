"""What a check found: each limit on each thing, what could not be judged and why, and whether the build fails."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from perftui.checking.judge import Judge, Outcome
from perftui.checking.reasons import Reason, unjudged
from perftui.checking.seen import Seen
from perftui.checking.unmatched import unmatched
from perftui.checking.words import beyond, measured
from perftui.model.budgets.budget import Budget
from perftui.model.check import Check, CheckReport, CheckVerdict, Unreached

_ORDER: tuple[CheckVerdict, ...] = ("fail", "unjudged", "pass", "left out")


def report_of(
    budgets: Sequence[Budget], seen: Sequence[Seen], unreached: Sequence[Unreached], *, allow_unjudged: bool
) -> CheckReport:
    """`seen` by a `Judge` each."""
    checks: list[Check] = []
    for one in seen:
        assert isinstance(one.observer, Judge)  # noqa: S101 - whoever calls made them
        checks += [_check(one, outcome) for outcome in one.observer.outcomes()]
    judged = {_group(check) for check in checks if check.verdict in ("pass", "fail")}
    checks = [_failing(check, judged, allow_unjudged) for check in checks]
    if not unreached:
        checks += _of_nothing(budgets, seen, allow_unjudged)
    ordered = sorted(checks, key=lambda check: (not check.fails, _ORDER.index(check.verdict)))
    nothing = not judged and not allow_unjudged
    remarks = tuple(f"{one.source}: {remark}" for one in seen for remark in one.remarks)
    failing = any(check.fails for check in checks) or nothing or bool(unreached)
    return CheckReport(ok=not failing, checks=tuple(ordered), unreached=tuple(unreached), remarks=remarks)


def _check(one: Seen, outcome: Outcome) -> Check:
    standing, figures = outcome.standing, outcome.figures
    reason = unjudged(outcome)
    failed = standing.ok is False or outcome.over_since is not None
    return Check(
        verdict="unjudged" if reason is not None else "fail" if failed else "pass",
        fails=False,
        on=outcome.on,
        budget=outcome.pattern,
        limit=standing.expr,
        origin="carried" if outcome.place is None else "given",
        source=one.source,
        subject=outcome.words,
        value=standing.value,
        limit_value=standing.limit,
        samples=standing.samples,
        window_s=standing.window_s,
        covered_s=None if figures is None else figures.covered_s,
        over_since=outcome.over_since,
        message=_message(outcome, reason, failed=failed),
        help="" if reason is None else reason.help,
    )


def _message(outcome: Outcome, reason: Reason | None, *, failed: bool) -> str:
    if reason is not None:
        return reason.why
    said = f"{beyond(outcome) if failed else 'within'}: {measured(outcome)}"
    if outcome.over_since is None:
        return said
    return f"{said}; first over at {datetime.fromtimestamp(outcome.over_since, UTC):%H:%M:%S} UTC"


def _group(check: Check) -> tuple[str, ...]:
    """What one limit of one budget is: if it judged something, it is at work."""
    return (check.origin, check.on, check.budget, check.limit)


def _failing(check: Check, judged: Iterable[tuple[str, ...]], allow_unjudged: bool) -> Check:
    blind = check.verdict == "unjudged" and not allow_unjudged and _group(check) not in judged
    return replace(check, fails=check.verdict == "fail" or blind)


def _of_nothing(budgets: Sequence[Budget], seen: Sequence[Seen], allow_unjudged: bool) -> list[Check]:
    """A check for each limit that no source had anything for."""
    matched = {outcome.place for one in seen if isinstance(one.observer, Judge) for outcome in one.observer.outcomes()}
    found = list[Check]()
    for place, budget in enumerate(budgets):
        for limit in budget.limits if place not in matched else ():
            reason = unmatched(budget, seen)
            left_out = reason.help == ""
            found.append(
                Check(
                    verdict="left out" if left_out else "unjudged",
                    fails=not left_out and not allow_unjudged,
                    on=budget.on,
                    budget=budget.pattern,
                    limit=limit.expr,
                    origin="given",
                    message=reason.why,
                    help=reason.help,
                )
            )
    return found
