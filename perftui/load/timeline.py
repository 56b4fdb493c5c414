"""How an endpoint did over the time of a run."""

import math
from collections.abc import Sequence

from perftui.load.records import LoadRun, Record
from perftui.model.bench.load import Stretch

_MOST_STRETCHES = 40
_LEAST_S = 0.25


def timeline(run: LoadRun, records: Sequence[Record]) -> tuple[Stretch, ...]:
    """Stretches of equal length, of whole rounds, at most forty. Answers that came after the end are in the last."""
    if not run.measured_s:
        return ()
    stretch_s = _stretch_s(run)
    parts: list[list[Record]] = [[] for _ in range(max(math.ceil(run.measured_s / stretch_s - 0.01), 1))]
    for one in records:
        place = int((one.done_s - run.schedule.measured_from_s) / stretch_s)
        parts[min(max(place, 0), len(parts) - 1)].append(one)
    return tuple(_stretch(run, place * stretch_s, stretch_s, part) for place, part in enumerate(parts))


def _stretch_s(run: LoadRun) -> float:
    rounds = math.ceil(max(run.measured_s / _MOST_STRETCHES, _LEAST_S) / run.schedule.round_s)
    return max(rounds, 1) * run.schedule.round_s


def _stretch(run: LoadRun, at_s: float, stretch_s: float, records: Sequence[Record]) -> Stretch:
    good = sum(run.is_good(one.answer) for one in records)
    last_s = max((one.done_s - run.schedule.measured_from_s for one in records), default=0.0)
    lasted_s = max(min(stretch_s, run.measured_s - at_s), last_s - at_s, 1e-9)
    return Stretch(
        at_s=at_s,
        good_per_s=good / lasted_s * len(run.requests),
        failed=len(records) - good,
        slowest_s=max((one.latency_s for one in records), default=None),
    )
