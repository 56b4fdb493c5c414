"""How a load goes while it runs, on one line."""

from perftui.bench.bootstrap import quantile
from perftui.bench.progress import Progress
from perftui.bench.words import digits, duration
from perftui.load.records import LoadRun, Record

_NEWEST_S = 2.0


class Watch:
    """Tells a progress bar the rate, the 95th percentile of the last two seconds, and what failed."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __call__(self, run: LoadRun, now_s: float) -> None:
        """Called several times a second while the load runs."""
        self._progress(_words(run, now_s), max(int(now_s * 10), 0), max(int(run.schedule.ends_s * 10), 1))


def _words(run: LoadRun, now_s: float) -> str:
    if now_s < run.schedule.measured_from_s:
        return "warming up"
    newest = _newest(run, now_s)
    if not newest:
        return "no answer for 2 s"
    lasted_s = min(_NEWEST_S, max(now_s - run.schedule.measured_from_s, 0.1))
    p95 = duration(quantile(sorted(one.latency_s for one in newest), 0.95))
    failed = sum(not run.is_good(one.answer) for one in newest)
    return f"{digits(len(newest) / lasted_s)}/s  p95 {p95}" + (f"  {failed} failed" if failed else "")


def _newest(run: LoadRun, now_s: float) -> list[Record]:
    found = []
    for one in reversed(run.records):
        if one.done_s < now_s - _NEWEST_S:
            break
        found.append(one)
    return found
