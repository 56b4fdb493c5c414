"""Far more connections than usual, or nearly as many as there may be: and who holds them."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import count, name, per_second, percent
from perftui.model.operation import ConnectionGroup
from perftui.model.snapshot import TargetState

_TIMES, _MORE = 2.0, 150.0
_MANY_BY_ONE, _BY_ONE_SHARE = 500, 0.6
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
        if full or _is_storm(current, usual, groups) or _is_churn(moment, state):
            yield _storm(moment, state, current, usual, limit if full else None, groups[:1])


def _is_storm(current: float, usual: float | None, groups: tuple[ConnectionGroup, ...]) -> bool:
    if usual is not None:
        return current >= _TIMES * usual + _MORE
    return bool(groups) and groups[0].connections >= max(_MANY_BY_ONE, _BY_ONE_SHARE * current)


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
    """The same of Redis, which has no list of clients that is read."""
    for state in moment.fresh("redis", "redis"):
        server, current = state.redis, moment.lately(state, "clients", seconds=3.0)
        if server is None or current is None:
            continue
        limit = server.clients.maximum
        usual = moment.usual(state, "clients", "connection-storm")
        full = limit is not None and current / limit >= moment.thresholds.connections_share
        if full or (usual is not None and current >= _TIMES * usual + _MORE):
            before = f", usually {count(usual)}" if usual is not None else ""
            most = f" of {count(limit)} that are allowed" if full and limit else ""
            yield Suspicion(
                code="connection-storm",
                target_id=state.target.id,
                severity="critical" if full else "warning",
                what="a storm of connections to Redis",
                cost=f"{count(current)} connections{most}{before}",
                help="find the client that opens them: CLIENT LIST",
                command="redis-cli client list",
                page="Redis",
                figures={"connections": current} | ({} if usual is None else {"usual clients": usual}),
            )


RULES = (
    Rule(codes=("connection-storm",), find=find_storms, holds_s=1.5),
    Rule(codes=("connection-storm",), find=find_redis_storms, holds_s=1.5),
)
