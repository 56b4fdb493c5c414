"""Redis' one thread has no time left: by many commands, none of which is slow by itself."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.redis_figures import command_share
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.rules.redis_blocking import INSTEAD
from perftui.diagnosis.words import microseconds, name, per_second, percent
from perftui.model.redis import CommandStats, RedisServer
from perftui.model.snapshot import TargetState

_BUSY, _IN_COMMANDS, _LOOKS_BACK_S = 0.9, 0.8, 6.0
"""The second leaves out receiving and answering."""
_WORTH_NAMING, _MOST_NAMED = 0.1, 2
_LONG_US = 1000.0
_CHANGED, _ROSE = 1.5, 3.0
_MANY_PER_S = 10_000.0


def find_busy(moment: Moment) -> Iterator[Suspicion]:
    """Without a pause for seconds. Clients that block, as with BLPOP, cost nothing and are no sign of it."""
    for state in moment.fresh("redis", "redis"):
        busy = moment.least(state, "thread", _LOOKS_BACK_S, 4)
        in_commands = moment.least(state, "in_commands", _LOOKS_BACK_S, 4)
        saturated = busy >= _BUSY or in_commands >= _IN_COMMANDS
        if state.redis is not None and saturated and not state.redis.persistence.loading:
            yield _busy(moment, state, state.redis, min(max(busy, in_commands), 1.0))


def _busy(moment: Moment, state: TargetState, server: RedisServer, busy: float) -> Suspicion:
    top = sorted(server.commands, key=lambda one: -command_share(one))[:_MOST_NAMED]
    named = [one for place, one in enumerate(top) if command_share(one) >= _WORTH_NAMING or not place]
    now, usual = moment.lately(state, "operations"), moment.usual(state, "operations", "redis-busy")
    rose = now is not None and usual is not None and now >= _ROSE * usual
    figures = {"thread": busy, "operations": now, "usual operations": usual, "rose": float(rose)}
    return Suspicion(
        code="redis-busy",
        target_id=state.target.id,
        severity="critical" if rose else "warning",
        what="Redis is saturated",
        cost=f"its one thread is busy {percent(busy)} of the time{_operations(now, usual)}",
        cause="; ".join(part for part in (", ".join(_taken(one) for one in named), _traffic(server, now)) if part),
        help=_help(named[0] if named else None),
        command="redis-cli client list",
        page="Redis",
        row=named[0].command if named else None,
        figures={key: value for key, value in figures.items() if value is not None},
    )


def _operations(now: float | None, usual: float | None) -> str:
    if now is None:
        return ""
    changed = usual is not None and not usual / _CHANGED <= now <= usual * _CHANGED
    before = "" if usual is None else f", usually {per_second(usual)}" if changed else ", as many as usual"
    return f"; {per_second(now)} operations{before}"


def _taken(command: CommandStats) -> str:
    times = f"{per_second(command.calls_per_s or 0.0)} of {microseconds(command.average_us or 0.0)}"
    return f"{name(command.command.upper())} takes {percent(min(command_share(command), 1.0))} of it ({times})"


def _traffic(server: RedisServer, operations: float | None) -> str:
    """Many small commands cost more in receiving and answering than in themselves."""
    commands = sum(command_share(one) for one in server.commands)
    if not server.commands or commands >= 0.5 or (operations or 0.0) < _MANY_PER_S:
        return ""
    return f"all commands together take {percent(commands)}, receiving and answering them the rest"


def _help(top: CommandStats | None) -> str:
    if top is not None and (top.average_us or 0.0) >= _LONG_US:
        return INSTEAD.get(top.command.partition("|")[0], "send it less often, or have it do less")
    return "find who sends them; send several at once (MGET, pipelines), or spread the keys over more servers"


RULES = (Rule(codes=("redis-busy",), find=find_busy, holds_s=2.5),)
