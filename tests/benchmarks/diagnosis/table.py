"""The outcomes, a line each."""

from collections.abc import Sequence

from .outcome import Outcome

_HEAD = ("drill", "right after", "wrong verdicts", "stays", "since off", "false before", "well again")


def table(outcomes: Sequence[Outcome], *, header: bool = True) -> str:
    """Markdown; the last line counts, where there are several."""
    rows = [_row(one) for one in outcomes]
    lines = [_line(_HEAD), _line(["---"] * len(_HEAD))] if header else []
    lines += [_line(row) for row in rows]
    incidents = [one for one in outcomes if one.expected]
    if len(outcomes) > 1:
        right = sum(1 for one in incidents if one.in_time)
        false = sum(1 for one in outcomes if one.false_before)
        lines.append(
            f"\n{right} of {len(incidents)} right within ten seconds; {false} with a verdict while all was well"
        )
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _row(one: Outcome) -> list[str]:
    return [
        one.name,
        _seconds(one.right_after_s, "never" if one.expected else "-"),
        ", ".join(one.wrong) or "-",
        f"{one.right_share:.0%}" if one.expected else "-",
        _seconds(one.since_off_s, "-"),
        ", ".join(one.false_before) or "-",
        _seconds(one.well_after_s, "no"),
    ]


def _seconds(value: float | None, nothing: str) -> str:
    return nothing if value is None else f"{value:.1f} s"
