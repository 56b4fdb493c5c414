"""Answers so large that sending them takes the time: of Redis' thread, of the network and of who reads them."""

from collections.abc import Iterator

from perftui.diagnosis.harm import rose
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.redis_figures import command_share
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.rules.redis_blocking import INSTEAD
from perftui.diagnosis.signals import megabytes
from perftui.diagnosis.words import microseconds, name, per_second, size
from perftui.model.redis import CommandStats, RedisServer
from perftui.model.snapshot import TargetState

_LOOKS_BACK_S = 6.0
_TIMES, _MORE = 10.0, 50.0 * 2**20
_BUSIER = 2.5
_LEAST_MS = 25.0
_LARGE = 32 * 1024


def find_output(moment: Moment) -> Iterator[Suspicion]:
    """Far more than usual, while requests have become slow. A replica that copies all data slows nobody down."""
    for state in moment.fresh("redis", "redis"):
        sent, usual = moment.least(state, "sent", _LOOKS_BACK_S, 4), moment.usual(state, "sent", "redis-output")
        if state.redis is None or usual is None or sent < max(_TIMES * usual, usual + _MORE):
            continue
        began = moment.track(state, "sent").began(usual, sent)
        if (slower := _slower(moment, began)) and _mean(state.redis, sent) >= _LARGE:
            yield _sends(state, state.redis, (sent, usual), began, slower)


def _slower(moment: Moment, since: float) -> str:
    """Not where as much more is asked of the application."""
    for state in moment.fresh("application", "application"):
        load = moment.change(state, "requests", since)
        if load is None or load.after < _BUSIER * load.before:
            words = rose(moment, state, "slowness", since, "a request takes", _LEAST_MS)
            if words:
                return words
    return ""


def _mean(server: RedisServer, sent: float) -> float:
    """Bytes an answer."""
    return sent / max(server.commands_per_s or 0.0, 1.0)


def _sends(state: TargetState, server: RedisServer, rates: tuple[float, float], began: float, slower: str) -> Suspicion:
    sent, usual = rates
    top = max(server.commands, key=command_share, default=None)
    return Suspicion(
        code="redis-output",
        target_id=state.target.id,
        severity="warning",
        what="Redis sends far more than usual",
        since=began,
        cost=f"{megabytes(sent)}, usually {megabytes(usual)}; {slower}",
        cause=f"an answer has {size(_mean(server, sent))} on average{_most_of(top)}",
        help=_help(top),
        command="redis-cli client list",
        page="Redis",
        row=None if top is None else top.command,
        figures={"sent": sent, "usual sent": usual},
    )


def _most_of(top: CommandStats | None) -> str:
    if top is None or not top.calls_per_s:
        return ""
    times = f"{per_second(top.calls_per_s)} of {microseconds(top.average_us or 0.0)}"
    return f"; most of its time goes into {name(top.command.upper())} ({times})"


def _help(top: CommandStats | None) -> str:
    instead = None if top is None else INSTEAD.get(top.command)
    return instead or "find what reads so much at once, and read only what is needed of it"


RULES = (Rule(codes=("redis-output",), find=find_output, holds_s=3.0),)
