"""Where the time of many endpoints goes that are slow at once, and whose doing it is, as far as the figures show."""

from collections.abc import Sequence
from typing import NamedTuple

from perftui.diagnosis.endpoint_time import Spent, computes_or_waits
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.way_to_mongodb import lost_on_the_way
from perftui.diagnosis.words import milliseconds, name, per_second
from perftui.model.application import EndpointStats
from perftui.model.snapshot import TargetState

CODE, SUBJECT = "slow-application", "the application"
_LATE_MS, _LATE_TIMES = 200.0, 4.0
_LATELY_S, _EARLIER_S = 8.0, 1.0
_YOUNG_S = 120.0
_MOST, _LITTLE = 0.6, 0.1
_LOOKS_BACK_S = 40.0
_ALIKE = 1.5
_HEAVIEST = 25
_LEAST_OWN_MS, _LEAST_LOAD = 20.0, 0.05
"""Of a second's time: what takes less of it holds nobody up."""
_STACKS = "py-spy dump --pid <its pid>"


class Strained(NamedTuple):
    """An endpoint that is slow, with what it takes and took."""

    endpoint: EndpointStats
    subject: str
    average_ms: float
    usual: float | None


class Origin(NamedTuple):
    cause: str
    help: str
    command: str | None = None
    suspect: str | None = None


class _Parts(NamedTuple):
    """Milliseconds a second that the slow ones take together."""

    total: float
    in_queries: float
    in_caches: float


def is_late(moment: Moment, state: TargetState) -> bool:
    """Its metrics document takes long: that asks no database, it only needs the application's own attention. Where
    nothing is known of before, the way to another machine may be as long."""
    took, usual = moment.track(state, "document_ms").last or 0.0, usual_before_it(moment, state, "document_ms", "")
    if usual is None:
        return took >= _LATE_MS and moment.machine_of(state) is not None
    return took >= max(_LATE_MS, _LATE_TIMES * usual)


def was_seen_to_start(moment: Moment, state: TargetState) -> bool:
    """A moment ago, so that what is usual is of the one before, with its full caches."""
    uptime_s = None if state.application is None else state.application.process.uptime_s
    watched = moment.memory.watched_since(state.target.id)
    return uptime_s is not None and watched is not None and uptime_s < min(_YOUNG_S, moment.now - watched)


def usual_before_it(moment: Moment, state: TargetState, figure: str, subject: str) -> float | None:
    """What was usual before all became slow, for as long as they are."""
    target_id = state.target.id
    if moment.holds(CODE, target_id, SUBJECT):
        since = moment.since(CODE, target_id, SUBJECT)
        return moment.memory.usual_before(target_id, figure, since - _EARLIER_S, subject)
    return moment.track(state, figure, subject).usual(moment.now - _LATELY_S)


def origin_of(moment: Moment, state: TargetState, strained: Sequence[Strained], loaded: int) -> Origin:
    """The likeliest."""
    parts = _parts(moment, state, strained)
    elsewhere = not is_late(moment, state) and parts is not None
    if elsewhere and parts is not None and parts.in_queries >= _MOST * parts.total:
        return _on_mongodb(moment, state, parts)
    if elsewhere and parts is not None and parts.in_caches >= _MOST * parts.total:
        spent = f"{milliseconds(parts.in_caches)} of {milliseconds(parts.total)} a second pass in its caches"
        return Origin(spent, "look at the caches, and at the way to them")
    return _within(moment, state, strained, loaded)


def _parts(moment: Moment, state: TargetState, strained: Sequence[Strained]) -> _Parts | None:
    """Of the heaviest, which come first; `None` where the application does not tell."""
    total = queries = caches = 0.0
    for one in strained[:_HEAVIEST]:
        spent = Spent.of(moment, state, one.subject)
        if spent is None:
            continue
        per_s = one.endpoint.per_s or 0.0
        total += per_s * spent.average_ms
        queries += per_s * min(spent.query_ms, spent.average_ms)
        caches += per_s * min(spent.cache_ms, spent.average_ms)
    return _Parts(total, queries, caches) if total else None


def _on_mongodb(moment: Moment, state: TargetState, parts: _Parts) -> Origin:
    spent = f"{parts.in_queries / parts.total * 100:.0f} % of their time passes in queries"
    lost = lost_on_the_way(moment, state, parts.in_queries)
    if not lost:
        return Origin(spent, "look at what MongoDB does, and at its machine")
    return Origin(
        f"{spent}{lost}, or its server gets no CPU to read and answer them",
        "look at whether MongoDB's process is stopped or throttled (a limit of its container's CPU), then at the "
        "network, and at whether the application has CPU enough to take the answers",
    )


def _within(moment: Moment, state: TargetState, strained: Sequence[Strained], loaded: int) -> Origin:
    suspects = _suspects(moment, state, strained)
    found = []
    if is_late(moment, state):
        late = milliseconds(moment.track(state, "document_ms").last or 0.0)
        found.append(f"its metrics took {late} too, which ask nobody: its event loop is blocked, or gets no CPU")
    elif len(strained) == loaded:
        found.append("they share no more than the application itself: its event loop, threads or CPU")
    found += computes_or_waits(moment, state, float(sum(one.endpoint.active or 0 for one in strained)))
    found += [_words(suspects)] if suspects else []
    first = f": {_named(suspects)} first" if suspects else ""
    return Origin(
        "; ".join(found),
        f"find the call that blocks (synchronous I/O, sleep, a lock, computing){first}",
        _STACKS,
        suspects[0][0] if suspects else None,
    )


def _suspects(moment: Moment, state: TargetState, strained: Sequence[Strained]) -> list[tuple[str, float, float]]:
    """Who is held up has time of its own now and then; who holds up has it in each reading, so the least tells.

    Those that cannot be told apart, with their own milliseconds and rates; none, where these are more than two.
    """
    found = []
    for one in strained:
        own, per_s = _own_ms(moment, state, one.subject), one.endpoint.per_s or 0.0
        if own >= max(_LEAST_OWN_MS, _LITTLE * (one.usual or 0.0)) and own * per_s >= 1000 * _LEAST_LOAD:
            found.append((one.subject, own, per_s))
    found.sort(key=lambda each: -each[1])
    alike = [each for each in found if each[1] * _ALIKE >= found[0][1]]
    return alike if len(alike) <= 2 else []


def _own_ms(moment: Moment, state: TargetState, subject: str) -> float:
    """The least, but for one stray; 0 of less than three readings, in which who is held up looks like who holds up."""
    track, since = moment.track(state, "own_ms", subject), _began(moment, state)
    values = sorted(track.since(since))
    return values[len(values) > 3] if len(values) > 2 else 0.0


def _began(moment: Moment, state: TargetState) -> float:
    since = moment.since(CODE, state.target.id, SUBJECT)
    return max(since, moment.now - _LOOKS_BACK_S) if since < moment.now else moment.now - 10.0


def _words(suspects: Sequence[tuple[str, float, float]]) -> str:
    subject, own, per_s = suspects[0]
    if len(suspects) > 1:
        return f"the likeliest origin is {_named(suspects)}: they take most time of their own"
    return (
        f"the likeliest origin is {name(subject)}: at least {milliseconds(own)} of each of its requests "
        f"({per_second(per_s)}) are neither queries nor caches"
    )


def _named(suspects: Sequence[tuple[str, float, float]]) -> str:
    return " or ".join(name(each[0]) for each in suspects)
