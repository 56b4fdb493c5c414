"""Redis lets reads through and holds writes back: somebody paused it, or it hands over to a replica."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import count, name, one_of, seconds
from perftui.model.redis import RedisClients
from perftui.model.snapshot import TargetState

_LOOKS_BACK_S, _FEWEST = 5.0, 1.0
_READINGS, _READINGS_LATE = 5, 2
"""A failover is over in fewer; who comes late is told the cause before its effects."""


def find_pauses(moment: Moment) -> Iterator[Suspicion]:
    """Longer than a failover takes. Clients that wait for a key (BLPOP) are no sign of it, and not counted."""
    for state in moment.fresh("redis", "redis"):
        usual = moment.usual(state, "blocked", "redis-paused")
        readings = _READINGS_LATE if usual is None else _READINGS
        waiting = moment.least(state, "held_back", _LOOKS_BACK_S, readings)
        if state.redis is not None and waiting >= _FEWEST + (usual or 0.0):
            yield _paused(moment, state, state.redis.clients, usual)


def _paused(moment: Moment, state: TargetState, clients: RedisClients, usual: float | None) -> Suspicion:
    track, now = moment.track(state, "blocked"), clients.blocked or 0
    began = track.began(usual or 0.0, now)
    before = "" if usual is None else f", usually {count(usual)}"
    return Suspicion(
        code="redis-paused",
        target_id=state.target.id,
        severity="critical",
        what="Redis holds writes back",
        since=None if began <= track.first_at else began,
        cost=f"{one_of(now, 'client waits', 'clients wait')}{before}",
        cause=_why(clients),
        help="end the pause, unless a failover is meant to take place now",
        command="redis-cli client unpause",
        page="Redis",
        figures={"blocked": float(now)} | ({} if usual is None else {"usual blocked": usual}),
    )


def _why(clients: RedisClients) -> str:
    left = f", and lasts {seconds(clients.paused_for_s)} more" if clients.paused_for_s else ""
    if clients.paused is None:
        return "they wait for no key and no replica: CLIENT PAUSE was sent, or a failover is under way"
    if clients.paused_reason in (None, "client_pause"):
        return f"CLIENT PAUSE was sent{left}"
    return f"it says why: {name(clients.paused_reason.replace('_', ' '))}{left}"


RULES = (Rule(codes=("redis-paused",), find=find_pauses, holds_s=1.0, ends_s=5.0),)
