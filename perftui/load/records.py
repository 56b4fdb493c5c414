"""What was seen of each request while the load ran."""

from dataclasses import dataclass, field
from typing import NamedTuple

from perftui.load.plan import Plan
from perftui.load.request import Request
from perftui.load.schedule import Due, Schedule
from perftui.load.sending import Answer


class Record(NamedTuple):
    """One request that was sent. Moments are seconds from the start of the schedule."""

    due: Due
    sent_s: float
    done_s: float
    answer: Answer
    late: bool = False
    """Every connection was busy when it was due: it was sent only when one was free."""

    @property
    def latency_s(self) -> float:
        """From when it was due."""
        return self.done_s - self.due.at_s

    @property
    def service_s(self) -> float:
        """From when it was sent."""
        return self.done_s - self.sent_s


@dataclass
class LoadRun:
    """All of one run, the warm-up left out."""

    requests: tuple[Request, ...]
    plan: Plan
    schedule: Schedule
    records: list[Record] = field(default_factory=list)
    """In the order in which they were done."""
    unsent: list[Due] = field(default_factory=list)
    """Due before the end, and never sent: every connection was busy."""
    unfinished: list[Due] = field(default_factory=list)
    """Under way when the run was stopped: nothing is known of them."""
    behind_s: list[float] = field(default_factory=list)
    """How late the generator itself was: with requests for which a connection was free, and with a timer of its own."""
    started_at: float = 0.0
    """Unix seconds."""
    ended_s: float = 0.0
    """When the last answer was in, or the run was stopped."""
    cpu_s: float = 0.0
    """Processor time of this process from the warm-up's end on."""
    stopped: bool = False
    """By Ctrl-C, before its time."""

    @property
    def measured_s(self) -> float:
        """How long requests were due, in all turns together."""
        last = min(self.ended_s, self.schedule.ends_s) if self.stopped else self.schedule.ends_s
        return max(last - self.schedule.measured_from_s, 0.0)

    def is_good(self, answer: Answer) -> bool:
        """The answer is whole, and its status is none of an error."""
        return answer.status is not None and (answer.status < 400 or self.plan.any_status)
