"""Redis' replication: a replica without its primary, one that is far behind, a primary that lost one."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import count, name, seconds, size
from perftui.model.redis import RedisReplica, RedisReplication, RedisServer
from perftui.model.snapshot import TargetState

_COPIES_S = 60.0
"""How long a copy of all data may take: a new replica begins with one."""
_JOINS_S = 30.0
"""How long a new one may take to begin with it: its primary gathers others that want the same."""
_SILENT_S = 25.0
"""A primary sends something every ten seconds, even where nothing is written."""
_MANY_BYTES = 16 * 2**20
_REMEMBERED_S = 120.0


def find_lost_links(moment: Moment) -> Iterator[Suspicion]:
    """Seen by the replica itself."""
    for state in moment.fresh("redis", "redis"):
        known = None if state.redis is None else state.redis.replication
        if known is not None and _is_cut(moment, state, known):
            yield _cut(moment, state, known)


def _is_cut(moment: Moment, state: TargetState, known: RedisReplication) -> bool:
    if known.role != "replica" or known.link_up is not False:
        return False
    if known.link_down_s is None:
        link = moment.track(state, "link")
        return link.first_at <= moment.now - _JOINS_S and not any(link.since(moment.now - _JOINS_S))
    return not known.syncing or known.link_down_s >= _COPIES_S


def _cut(moment: Moment, state: TargetState, known: RedisReplication) -> Suspicion:
    copies = "; it copies all data anew, and did not finish yet" if known.syncing else ""
    return Suspicion(
        code="redis-replica-down",
        target_id=state.target.id,
        severity="warning",
        what="a Redis replica is cut off from its primary",
        since=None if known.link_down_s is None else moment.now - known.link_down_s,
        cost="what it answers is no longer up to date, and it cannot take over without loss",
        cause=f"its link to {name(known.primary or 'the primary')} is down{copies}",
        help="see whether the primary runs, is reached from there and lets it in; the replica's log says why",
        command="redis-cli info replication",
        page="Redis",
    )


def find_lost_replicas(moment: Moment) -> Iterator[Suspicion]:
    """Seen by the primary, of replicas that are not watched themselves; told for two minutes."""
    states = list(moment.fresh("redis", "redis"))
    if any(one.redis is not None and _is_cut(moment, one, one.redis.replication) for one in states):
        return
    for state in states:
        change = moment.change(state, "replicas")
        if change is None or change.after >= change.before or moment.now - change.at > _REMEMBERED_S:
            continue
        yield Suspicion(
            code="redis-replica-down",
            target_id=state.target.id,
            severity="warning",
            what="Redis lost a replica" if change.before - change.after < 2 else "Redis lost replicas",
            since=change.at,
            cost=f"{count(change.after)} of {count(change.before)} follow",
            help="start it, or look why it ended: its log says",
            command="redis-cli info replication",
            page="Redis",
        )


def find_lagging(moment: Moment) -> Iterator[Suspicion]:
    """By what the primary knows of each, or by how long the replica has heard nothing."""
    for state in moment.fresh("redis", "redis"):
        server = state.redis
        for one in () if server is None else server.replication.replicas:
            behind = _behind(server, one, moment.thresholds.replication_lag_s) if server is not None else ""
            if behind:
                yield _lagging(state, one.address, f"{name(one.address)} lags behind", behind)
        silent = _silent(server.replication) if server is not None else None
        if silent is not None:
            words = f"it has heard nothing of {name(silent)} for {seconds(_heard(server))}"
            yield _lagging(state, "", "a Redis replica hears nothing of its primary", words)


def _behind(server: RedisServer, replica: RedisReplica, limit_s: float) -> str:
    """In words; empty where it follows. While all is copied there is nothing to be behind of."""
    if replica.state != "online":
        return ""
    if (replica.lag_s or 0.0) >= limit_s:
        return f"it last acknowledged {seconds(replica.lag_s or 0.0)} ago"
    written = replica.behind_bytes or 0
    # What is received has the reads too, so that this is the least time.
    behind_s = written / server.received_bytes_per_s if server.received_bytes_per_s else 0.0
    if written < _MANY_BYTES or behind_s < limit_s:
        return ""
    return f"it is {size(written)} behind, all that Redis received in {seconds(behind_s)}"


def _silent(known: RedisReplication) -> str | None:
    silent = known.role == "replica" and known.link_up and (known.primary_last_io_s or 0.0) >= _SILENT_S
    return (known.primary or "its primary") if silent and not known.syncing else None


def _heard(server: RedisServer | None) -> float:
    return 0.0 if server is None else server.replication.primary_last_io_s or 0.0


def _lagging(state: TargetState, subject: str, what: str, cost: str) -> Suspicion:
    return Suspicion(
        code="redis-replica-lag",
        target_id=state.target.id,
        subject=subject,
        severity="warning",
        what=what,
        cost=cost,
        cause="what it answers is old",
        help="look at its CPU, its memory and the network to it",
        command="redis-cli info replication",
        page="Redis",
    )


RULES = (
    Rule(codes=("redis-replica-down",), find=find_lost_links, holds_s=4.0),
    Rule(codes=("redis-replica-down",), find=find_lost_replicas, holds_s=4.0, ends_s=5.0),
    Rule(codes=("redis-replica-lag",), find=find_lagging, holds_s=4.0),
)
