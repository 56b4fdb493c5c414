"""Redis and its disk: what it loads at its start, what it saves, and what it waits for."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import one_of, per_second

_LOOKS_BACK_S = 20.0
_DELAYED = 2
_UNLESS = ", unless stop-writes-on-bgsave-error is off"
_LOADING = "is loading its data from disk"


def find_failed_saves(moment: Moment) -> Iterator[Suspicion]:
    """After a failed save Redis refuses writes, unless it was told not to."""
    for state in moment.fresh("redis", "redis"):
        server = state.redis
        saved = server.persistence if server is not None else None
        if server is None or saved is None or (saved.last_save_ok is not False and saved.append_only_ok is not False):
            continue
        refused = server.errors_per_s.get("MISCONF", 0.0)
        yield Suspicion(
            code="redis-save-failed",
            target_id=state.target.id,
            severity="critical",
            what="Redis cannot write to its disk",
            cost="it refuses writes until a save succeeds" + (f": {per_second(refused)}" if refused else _UNLESS),
            cause="the last append failed" if saved.append_only_ok is False else "the last save failed",
            help="free disk space or memory, then BGSAVE",
            command="redis-cli bgsave",
            page="Redis",
        )


def find_loading(moment: Moment) -> Iterator[Suspicion]:
    """After a start, or for a replica after a copy: until it is done, nearly every command is refused."""
    for state in moment.states("redis"):
        refused = any(one.failure is not None and _LOADING in one.failure.message for one in state.sources)
        said = state.redis is not None and state.redis.persistence.loading and not state.is_silent("redis")
        if refused or said:
            yield Suspicion(
                code="redis-loading",
                target_id=state.target.id,
                severity="critical",
                what="Redis loads its data from disk",
                cost="it refuses commands until it is done",
                help="wait; read its log for why it started",
                command="redis-cli info persistence",
                page="Redis",
            )


def find_slow_disk(moment: Moment) -> Iterator[Suspicion]:
    """Redis writes what it is told to a file, and waits where the disk does not take it: everybody waits then."""
    for state in moment.fresh("redis", "redis"):
        delayed = [at for at, rate in moment.track(state, "delayed").pairs(moment.now - _LOOKS_BACK_S) if rate > 0]
        if len(delayed) >= _DELAYED:
            yield Suspicion(
                code="redis-disk-slow",
                target_id=state.target.id,
                severity="critical",
                what="Redis waits for its disk",
                since=delayed[0],
                cost=f"{one_of(len(delayed), 'write', 'writes')} waited two seconds for it, and all clients with them",
                cause="the disk does not take its append-only file",
                help="find what else uses that disk, or have it write less strictly: appendfsync",
                command="redis-cli info persistence",
                page="Redis",
            )


RULES = (
    Rule(codes=("redis-loading",), find=find_loading, holds_s=1.5, ends_s=3.0),
    Rule(codes=("redis-disk-slow",), find=find_slow_disk, holds_s=1.0, ends_s=5.0),
    Rule(codes=("redis-save-failed",), find=find_failed_saves, holds_s=1.0),
)
