"""Several endpoints in which requests hang at the same time: which of them holds up the others."""

from collections.abc import Sequence
from functools import partial

from msgspec.structs import replace

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Suspicion
from perftui.diagnosis.subjects import endpoint_name
from perftui.diagnosis.words import name
from perftui.model.application import EndpointStats
from perftui.model.snapshot import TargetState

HANGING = 10.0
"""Requests under way in one endpoint."""
_LATELY_S = 7.0


def hanging_together(moment: Moment, state: TargetState, slow: Sequence[EndpointStats]) -> list[EndpointStats]:
    """Those in which requests hang, the likeliest origin first; empty where it is one alone.

    Who holds up the others cannot be told for sure, but most likely it is where most requests are under way for time of
    their own.
    """
    hanging = [one for one in slow if (one.active or 0) >= HANGING]
    return sorted(hanging, key=partial(_own_load, moment, state), reverse=True) if len(hanging) > 1 else []


def _own_load(moment: Moment, state: TargetState, endpoint: EndpointStats) -> float:
    """Its requests under way, but for the part of their time that is queries and caches."""
    subject = endpoint_name(endpoint)
    average, own = (moment.lately(state, one, subject, _LATELY_S) for one in ("average_ms", "own_ms"))
    return (endpoint.active or 0) * (own / average if average and own is not None else 1.0)


def shared(suspicion: Suspicion, hanging: Sequence[EndpointStats]) -> Suspicion:
    """What is suspected of one of them may follow from another: the first two are named in any case."""
    first, second = hanging[:2]
    names = [name(endpoint_name(one)) for one in (first, second)]
    more = f" and {len(hanging) - 2} more" if len(hanging) > 2 else ""
    return replace(
        suspicion,
        what=f"{names[0]} and {names[1]} are slow",
        cost=f"{first.active:,} requests hang in {names[0]}, {second.active:,} in {names[1]}{more}",
        help=f"look at what they share: a pool of threads, a lock, a service that they call; at {names[0]} first",
        row=endpoint_name(first),
    )
