"""Far more connections than usual, or nearly as many as there may be: and who holds them."""

from collections.abc import Iterator

from msgspec.structs import replace

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import count, name, per_second, percent
from perftui.model.operation import ConnectionGroup
from perftui.model.redis import RedisClients
from perftui.model.snapshot import TargetState

_TIMES, _MORE = 2.0, 150.0
_MANY_BY_ONE, _BY_ONE_SHARE = 500, 0.6
_GROWS_PER_S = 3.0
_SETTLED_S, _LEVEL = 300.0, 0.1
_REFUSED_S = 6.0
_KEEP = "have each process keep one client: it is the pool; find who connects anew for each request"
_CREATED_PER_S, _CREATED_ALONE_PER_S = 100.0, 500.0


def find_storms(moment: Moment) -> Iterator[Suspicion]:
    """Of MongoDB: connections by far above what they were, near the limit, or opened and closed again and again."""
    for state in moment.fresh("mongodb", "mongodb"):
        server = state.mongodb
        current = moment.lately(state, "connections", seconds=3.0)
        if server is None or current is None:
            continue
        limit = current + (server.connections.available or 0)
        usual = moment.usual(state, "connections", "connection-storm")
        groups = state.operations.connections if state.operations is not None else ()
        full = limit > current and current / limit >= moment.thresholds.connections_share
        many, churn = full or _is_storm(moment, state, current, usual, groups), _is_churn(moment, state)
        if many or churn:
            found = _storm(moment, state, current, usual, limit if full else None, groups[:1])
            yield found if many else replace(found, what="connections are opened and closed all the time", help=_KEEP)


def _is_storm(
    moment: Moment, state: TargetState, current: float, usual: float | None, groups: tuple[ConnectionGroup, ...]
) -> bool:
    if usual is not None:
        return current >= _TIMES * usual + _MORE and not _has_settled(moment, state, "connections")
    first = groups[0] if groups else None
    many = first is not None and first.connections >= max(_MANY_BY_ONE, _BY_ONE_SHARE * current)
    return first is not None and many and (_grows(moment, state) or 2 * first.active >= first.connections)


def _grows(moment: Moment, state: TargetState) -> bool:
    """Many connections that stay as they are may be as they should be: a large pool, or one address for many hosts."""
    return (moment.lately(state, "created", seconds=3.0) or 0.0) >= _GROWS_PER_S


def _has_settled(moment: Moment, state: TargetState, figure: str) -> bool:
    """As many for minutes, such as after more of the application were started: that is usual now."""
    track = moment.track(state, figure)
    values = track.since(moment.now - _SETTLED_S)
    watched = track.first_at <= moment.now - _SETTLED_S
    return watched and bool(values) and max(values) - min(values) <= max(_LEVEL * max(values), 5.0)


def _is_churn(moment: Moment, state: TargetState) -> bool:
    """Without a past, a client that always connects anew looks the same: then only very many count."""
    usual = moment.usual(state, "created", "connection-storm")
    limit = _CREATED_ALONE_PER_S if usual is None else _CREATED_PER_S + 5 * usual
    return moment.least(state, "created", 4.0) >= limit


def _storm(
    moment: Moment, state: TargetState, current: float, usual: float | None, limit: float | None,
    first: tuple[ConnectionGroup, ...],
) -> Suspicion:  # fmt: skip
    created = moment.lately(state, "created", seconds=3.0) or 0.0
    usual_created = moment.usual(state, "created", "connection-storm")
    figures = {"usual connections": usual, "usual created": usual_created, "connections": current}
    known = {key: value for key, value in figures.items() if value is not None}
    before = f", usually {count(usual)}" if usual is not None else ""
    most = f", of {count(limit)} that are allowed ({percent(current / limit)})" if limit else ""
    by_one = first and first[0].connections >= _BY_ONE_SHARE * current
    who = f" from {_client(first[0])}" if by_one else ""
    return Suspicion(
        code="connection-storm",
        target_id=state.target.id,
        severity="critical" if limit or current >= 1000 or created >= _CREATED_PER_S else "warning",
        what=f"a storm of connections{who}",
        cost=f"{count(current)} connections{before}{most}, {per_second(created)} new",
        cause=f"{_client(first[0])} holds {count(first[0].connections)} of them" if first else "",
        help="stop or restart that client, or give it a smaller pool (maxPoolSize)",
        page="Operations",
        row=first[0].client if first else None,
        figures=known,
    )


def _client(group: ConnectionGroup) -> str:
    return f"{name(group.app_name)} at {name(group.client)}" if group.app_name else name(group.client)


def find_redis_storms(moment: Moment) -> Iterator[Suspicion]:
    """The same of Redis, which has no list of clients that is read; and one that refuses clients, us among them."""
    for state in moment.states("redis"):
        if _refuses_us(state):
            yield _redis_storm(state, "its maximum of clients is connected: no other gets in", {}, refuses=True)
        elif state.redis is not None and not state.is_silent("redis"):
            yield from _found_in(moment, state, state.redis.clients)


def _refuses_us(state: TargetState) -> bool:
    return any(one.failure is not None and "maximum number of clients" in one.failure.message for one in state.sources)


def _found_in(moment: Moment, state: TargetState, clients: RedisClients) -> Iterator[Suspicion]:
    current, limit = moment.lately(state, "clients", seconds=3.0), clients.maximum
    if current is None:
        return
    refused = max(moment.track(state, "rejected").since(moment.now - _REFUSED_S), default=0.0)
    usual = moment.usual(state, "clients", "connection-storm")
    full = limit is not None and current / limit >= moment.thresholds.connections_share
    many = usual is not None and current >= _TIMES * usual + _MORE and not _has_settled(moment, state, "clients")
    if refused > 0 or full or many:
        before = f", usually {count(usual)}" if usual is not None else ""
        most = f" of {count(limit)} that are allowed" if (full or refused) and limit else ""
        words = f"{count(current)} connections{most}{before}"
        if refused > 0:
            words = f"{per_second(refused)} clients refused; {words}"
        figures = {"connections": current} | ({} if usual is None else {"usual clients": usual})
        yield _redis_storm(state, words, figures, refuses=refused > 0, critical=full)


def _redis_storm(
    state: TargetState, cost: str, figures: dict[str, float], *, refuses: bool, critical: bool = False
) -> Suspicion:
    return Suspicion(
        code="connection-storm",
        target_id=state.target.id,
        severity="critical" if refuses or critical else "warning",
        what="Redis refuses clients" if refuses else "a storm of connections to Redis",
        cost=cost,
        help="find the client that opens them: CLIENT LIST" + ("; or raise maxclients" if refuses else ""),
        command="redis-cli client list",
        page="Redis",
        figures=figures,
    )


RULES = (
    Rule(codes=("connection-storm",), find=find_storms, holds_s=1.5),
    Rule(codes=("connection-storm",), find=find_redis_storms, holds_s=1.5),
)
