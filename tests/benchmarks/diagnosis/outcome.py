"""What the verdicts of one drill were, second by second, and how good that was."""

from collections.abc import Collection, Iterable

from msgspec import Struct

from perftui.model.verdict import Verdict

_SEEN_BEFORE_S = 10.0
"""How much of the healthy time passes before its verdicts count: what is usual needs a past."""


class Said(Struct, frozen=True):
    """The verdict at one moment: only what makes it another one."""

    at: float
    status: str
    code: str = ""
    subject: str = ""
    since: float | None = None
    effects: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    message: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        return self.status, self.code, self.subject


def said(verdict: Verdict) -> Said:
    problem = verdict.problem
    return Said(
        at=verdict.at,
        status=verdict.status,
        code=problem.code if problem else "",
        subject=problem.subject if problem else "",
        since=problem.since if problem and problem.since_known else None,
        effects=tuple(one.code for one in verdict.effects),
        others=tuple(one.code for one in verdict.others),
        message=verdict.message,
    )


class Outcome(Struct, frozen=True, kw_only=True):
    """One drill. Times in seconds from when the cause was there."""

    name: str
    expected: tuple[str, ...]
    right_after_s: float | None
    """The first verdict that names the mechanism; `None`: never."""
    first: str
    """The first problem that was named at all."""
    wrong: tuple[str, ...]
    """Other problems named from the cause on, before or after the right one."""
    right_share: float
    """Of the time from the first right verdict to the incident's end."""
    since_off_s: float | None
    """How far `since` of the last right verdict is from the cause."""
    false_before: tuple[str, ...]
    """Problems named while all was well."""
    well_after_s: float | None
    """From the incident's end to a verdict without a problem; `None`: not within the time it was watched."""
    message: str = ""
    """The last right verdict, else the last one."""

    @property
    def in_time(self) -> bool:
        return self.right_after_s is not None and self.right_after_s <= 10.0


def outcome(name: str, expected: Collection[str], heard: Iterable[Said], began: float, ended: float) -> Outcome:
    """From every verdict of a drill, in order, with when the incident began and ended."""
    verdicts = list(heard)
    start = verdicts[0].at + _SEEN_BEFORE_S
    before = [one for one in verdicts if start <= one.at < began]
    during = [one for one in verdicts if began <= one.at < ended]
    after = [one for one in verdicts if one.at >= ended]
    right = [one for one in during if one.code in expected]
    named = [one for one in during if one.code]
    since_first = [one for one in during if right and one.at >= right[0].at]
    well = next((one for one in after if not one.code), None)
    return Outcome(
        name=name,
        expected=tuple(expected),
        right_after_s=round(right[0].at - began, 1) if right else None,
        first=named[0].code if named else "",
        wrong=tuple(dict.fromkeys(_words(one) for one in named if one.code not in expected)),
        right_share=round(len(right) / len(since_first), 2) if since_first else 0.0,
        since_off_s=round(right[-1].since - began, 1) if right and right[-1].since is not None else None,
        false_before=tuple(dict.fromkeys(_words(one) for one in before if one.code)),
        well_after_s=round(well.at - ended, 1) if well else None,
        message=right[-1].message if right else during[-1].message if during else "",
    )


def _words(one: Said) -> str:
    return f"{one.code} ({one.subject})" if one.subject else one.code
