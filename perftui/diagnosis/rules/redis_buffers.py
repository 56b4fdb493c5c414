"""Answers that clients do not fetch lie in Redis' memory: where it is limited, keys have to go for them."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.redis_figures import refused_writes
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import count, per_second, percent, size
from perftui.model.redis import RedisServer
from perftui.model.snapshot import TargetState

_SHARE, _FULL = 0.4, 0.95
"""Of what it may use: a burst of large answers, or many clients, take less, or find room."""
_LOOKS_BACK_S = 4.0
_OF_ONE = 0.5
_LOSS = 0.1


def find_buffers(moment: Moment) -> Iterator[Suspicion]:
    """Its memory is full, much of it of what is no data, and somebody feels it: writes are refused, or lookups miss.

    What waits for replicas is left out, as Redis leaves it out itself when it looks for room.
    """
    for state in moment.fresh("redis", "redis"):
        server = state.redis
        if server is None or not server.memory.maximum_bytes:
            continue
        most, buffers = server.memory.maximum_bytes, moment.least(state, "buffers", _LOOKS_BACK_S)
        is_full = (server.memory.used_bytes or 0) >= _FULL * most
        if is_full and buffers >= _SHARE * most and (felt := _felt(moment, state, server)):
            yield _filled(moment, state, server, buffers, felt)


def _felt(moment: Moment, state: TargetState, server: RedisServer) -> str:
    """What it costs, in words; nothing where nobody feels it."""
    rate, usual = moment.lately(state, "hit_rate", seconds=8.0), moment.usual(state, "hit_rate", "redis-buffers")
    limit = moment.thresholds.hit_rate if usual is None else usual - _LOSS
    refused = refused_writes(server)
    found = [f"{per_second(refused)} commands refused"] if refused else []
    if rate is not None and rate < limit:
        found.append(f"hit rate {percent(rate)}" + ("" if usual is None else f", usually {percent(usual)}"))
    if found and server.keys is not None:
        found.append(f"{count(server.keys)} keys are left")
    return ", ".join(found)


def _filled(moment: Moment, state: TargetState, server: RedisServer, buffers: float, felt: str) -> Suspicion:
    track, usual = moment.track(state, "buffers"), moment.usual(state, "hit_rate", "redis-buffers")
    began = track.began(0.0, buffers)
    now = server.memory.clients_bytes or buffers
    return Suspicion(
        code="redis-buffers",
        target_id=state.target.id,
        severity="critical",
        what="clients' buffers fill Redis",
        since=None if began <= track.first_at else began,
        cost=felt,
        cause=f"{_of(now, server.memory.maximum_bytes or 0)} {_whose(server, now)}",
        help="find the client with the largest omem and end it (CLIENT KILL ID <id>), then limit such with "
        "client-output-buffer-limit",
        command="redis-cli client list | grep -v omem=0",
        page="Redis",
        figures={"buffers": now} | ({} if usual is None else {"usual hit_rate": usual}),
    )


def _of(buffers: float, most: int) -> str:
    """What was published is taken in any case, so that it may be more than all."""
    return f"{size(buffers)} of its {size(most)}" if buffers <= most else f"{size(buffers)} (it may use {size(most)})"


def _whose(server: RedisServer, buffers: float) -> str:
    largest = server.clients.largest_output_bytes or 0
    if largest >= _OF_ONE * buffers:
        return f"are output that waits for a client which reads too slowly (MONITOR, pub/sub): {size(largest)} for one"
    connected = server.clients.connected
    return f"are buffers of {'clients' if connected is None else f'{count(connected)} clients'}, not data"


RULES = (Rule(codes=("redis-buffers",), find=find_buffers, holds_s=1.0),)
