"""Whether others suffer since something began: heavy work that harms nobody is no incident."""

from collections.abc import Collection, Iterator

from perftui.advice.contention.waits import waits_for_write
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.subjects import operations_of
from perftui.diagnosis.words import milliseconds, one_of
from perftui.model.operation import Operation
from perftui.model.snapshot import TargetState

_FEWEST_WAITING, _WAITS_S = 3, 1.0
_TIMES = 2.5
_LEAST_SERVER_MS, _LEAST_REQUEST_MS = 3.0, 25.0
_EARLIER_S, _SOON_S = 5.0, 60.0
"""What rose earlier than that before it began, or later after it, has another reason."""


def harm(
    moment: Moment, state: TargetState, since: float, culprits: Collection[object] = (), *, of_reads: bool = False
) -> tuple[str, ...]:
    """What others feel of it, in words: operations that wait, latency that rose; nothing where nobody does.

    `culprits`: ids of the operations that do it. `of_reads`: they are many that end, and count in every other mean.
    """
    slower = _slower_reads if of_reads else _slower_server
    found = [words for words in (_waiting(state, culprits), slower(moment, state, since)) if words]
    return (*found, *_slower_requests(moment, since))


def waiting(state: TargetState, culprits: Collection[object] = ()) -> list[Operation]:
    """Operations that wait for another's lock, ticket or uncommitted write for a second or more."""
    running = operations_of(state)
    return [
        one
        for one in running
        if one.opid not in culprits and one.noise is None and (one.running_s or 0.0) >= _WAITS_S and _waits(one)
    ]


def _waits(one: Operation) -> bool:
    words = one.waiting_for or ""
    return words.startswith("lock") or "ticket" in words or words == "flow control" or waits_for_write(one)


def _waiting(state: TargetState, culprits: Collection[object]) -> str:
    number = len(waiting(state, culprits))
    return f"{one_of(number, 'operation waits', 'operations wait')}" if number >= _FEWEST_WAITING else ""


def _slower_server(moment: Moment, state: TargetState, since: float) -> str:
    return rose(moment, state, "latency_ms", since, "an operation takes", _LEAST_SERVER_MS)


def _slower_reads(moment: Moment, state: TargetState, since: float) -> str:
    return rose(moment, state, "read_ms", since, "a read takes", _LEAST_SERVER_MS)


def _slower_requests(moment: Moment, since: float) -> Iterator[str]:
    for state in moment.fresh("application", "application"):
        words = rose(moment, state, "slowness", since, "a request takes", _LEAST_REQUEST_MS)
        if words:
            yield words


def rose(moment: Moment, state: TargetState, name: str, since: float, what: str, least_ms: float) -> str:
    """`an operation takes 40 ms, usually 2 ms`, or nothing. Who came later than it began knows of nothing usual."""
    track = moment.track(state, name)
    usual, now = moment.usual_before(state, name, since), track.lately(moment.now)
    if usual is None or now is None or now < max(_TIMES * usual, usual + least_ms):
        return ""
    began = track.began(usual, now)
    if began < since - _EARLIER_S or began > max(since + _SOON_S, track.first_at):
        return ""
    return f"{what} {milliseconds(now)}, usually {milliseconds(usual)}"
