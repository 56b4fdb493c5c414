"""What is drawn and said about a load: sizes, lines of bars, sentences of doubt."""

from collections.abc import Sequence

from perftui.bench.bootstrap import quantile
from perftui.bench.words import digits, duration
from perftui.load.records import LoadRun
from perftui.model.bench.load import EndpointLoad

_BARS, _ASCII_BARS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"
_BUSY, _BEHIND_S = 0.7, 0.005
_FEW_BEYOND = 5
"""A percentile that fewer requests lie beyond is told as doubtful."""
COUNTED = (
    "latency counts from the moment each request was due, also where it could not be sent then (no coordinated "
    "omission); service counts from when it was sent"
)


def size(number: float) -> str:
    """`1.23 kB`."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= unit:
            return f"{digits(number / unit)} {name}"
    return f"{number:,.0f} B"


def bars(values: Sequence[float | None], *, ascii_only: bool = False) -> str:
    """A character for each value, from 0 to the largest; a blank where there is none."""
    signs = _ASCII_BARS if ascii_only else _BARS
    most = max((value for value in values if value is not None), default=0.0)
    steps = len(signs) - 1
    return "".join(
        " " if value is None else signs[0 if not value else max(1, round(value / most * steps))] for value in values
    )


def failures_of(one: EndpointLoad) -> list[str]:
    """What went wrong, the most frequent first: `503 x 12`, `timeout x 3`."""
    bad = {f"status {code}": number for code, number in one.statuses.items() if number and not _is_good(one, code)}
    found = {**bad, **one.failures, **({"not sent in time": one.unsent} if one.unsent else {})}
    return [f"{name} x {number:,}" for name, number in sorted(found.items(), key=lambda pair: -pair[1])]


def doubts_of(one: EndpointLoad) -> list[str]:
    """What to bear in mind with the figures of one endpoint."""
    found = []
    if one.late:
        found.append(
            f"{one.late:,} of {one.due:,} requests were sent late, since every connection was busy: "
            "this rate was too much for the server, for --concurrency, or for this machine"
        )
    if one.unsent:
        found.append(f"{one.unsent:,} were never sent for the same reason, and count with the time they waited")
    if gave_up := one.failures.get("timeout"):
        found.append(f"{gave_up:,} were given up, and count with the time until then: in truth they took longer")
    if one.redirected:
        found.append(f"{one.redirected:,} were redirected: what is timed is both requests; name the final URL instead")
    if moved := sum(number for code, number in one.statuses.items() if code.startswith("3") and code != "304"):
        found.append(f"{moved:,} answers were redirects, which are not followed for {one.method}")
    if one.latency and one.latency.n < _FEW_BEYOND / 0.01:
        beyond = max(round(one.latency.n * 0.01), 1)
        found.append(
            f"p99 rests on {beyond} request{'s' if beyond > 1 else ''}: a longer run or a higher rate knows more"
        )
    return found


def generator_of(run: LoadRun) -> list[str]:
    """What the load itself cost, and whether it could keep up."""
    if not run.measured_s or not run.behind_s:
        return []  # too short to say
    lasted_s = max(run.ended_s - run.schedule.measured_from_s, 1e-9)
    busy, behind = run.cpu_s / lasted_s, quantile(sorted(run.behind_s), 0.99)
    words = f"the generator took {busy:.0%} of a processor, and its own delay was {duration(behind)} (p99)"
    if busy < _BUSY and behind < _BEHIND_S:
        return [words]
    return [
        f"! {words}: it or this machine is busy, and part of the latency is of that; lower --rate, or free the machine"
    ]


def _is_good(one: EndpointLoad, code: str) -> bool:
    return one.good == sum(one.statuses.values()) or int(code) < 400
