"""Redis runs one command at a time: a long one makes all others wait."""

from collections.abc import Iterator, Sequence

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import name, one_of, seconds
from perftui.model.host import Process
from perftui.model.redis import RedisSlowCommand
from perftui.model.snapshot import SourceState, TargetState

_LONG_US, _SINGLE_S, _TOTAL_S = 50_000, 0.2, 0.4
_LOOKS_BACK_S = 20.0
_BUSY = ("BUSY", "busy running a script", "blocked by a running script")
_BUSY_SHARE, _IDLE, _SEEN_S = 0.7, 0.1, 5.0
"""Of a core; and how long the silence lasts until the process's share is of that time."""
_MAY_BE_BUSY_S = 15.0
"""With the five seconds until it is over, `unreachable` leads after twenty."""
_UNSEEN = (
    "a command or a script, CLIENT PAUSE, or its machine or the network is gone",
    "see whether its machine answers; then end a script with SCRIPT KILL, or see whether it still answers slowly",
    "redis-cli --latency",
)
"""Cause, help and command where nothing shows that it is there."""
INSTEAD = {
    "keys": "use SCAN instead of KEYS",
    "eval": "end the script: SCRIPT KILL",
    "evalsha": "end the script: SCRIPT KILL",
    "fcall": "end the function: FUNCTION KILL",
    "smembers": "use SSCAN instead of SMEMBERS",
    "hgetall": "use HSCAN instead of HGETALL",
    "flushall": "use FLUSHALL ASYNC",
    "flushdb": "use FLUSHDB ASYNC",
    "del": "use UNLINK instead of DEL",
    "save": "use BGSAVE instead of SAVE",
    "lrange": "read the list in portions",
    "sort": "sort in the application, or keep a sorted set",
}


def find_blocking(moment: Moment) -> Iterator[Suspicion]:
    """What the slow log tells of the last seconds; while the command runs, nothing answers at all."""
    for state in moment.states("redis"):
        late = _unanswered(moment, state)
        entries = _long_entries(moment, state)
        total_s = sum(entry.duration_us for entry in entries) / 1e6
        longest_s = max((entry.duration_us / 1e6 for entry in entries), default=0.0)
        if late is not None:
            if not _may_be_gone(moment, state, late):
                yield _blocked_now(moment, state, late)
        elif longest_s >= _SINGLE_S or total_s >= _TOTAL_S:
            yield _blocked(moment, state, entries, total_s)


def _long_entries(moment: Moment, state: TargetState) -> list[RedisSlowCommand]:
    offset = state.clock_offset_s or 0.0
    entries = () if state.redis_slow_log is None else state.redis_slow_log.entries
    since = moment.now + offset - _LOOKS_BACK_S
    return [one for one in entries if one.at >= since and one.duration_us >= _LONG_US]


def _unanswered(moment: Moment, state: TargetState) -> SourceState | None:
    """Redis was reached, but does not answer now; where other systems are late too, it is this machine."""
    for source in state.sources:
        if source.source != "redis.server":
            continue
        said_busy = _says_busy(source)
        timed_out = source.failure is not None and source.failure.kind == "timeout"
        if said_busy or ((source.waiting or timed_out) and state.redis is not None and not _others_are_late(moment)):
            return source
    return None


def _says_busy(source: SourceState) -> bool:
    return source.failure is not None and any(word in source.failure.message for word in _BUSY)


def _others_are_late(moment: Moment) -> bool:
    others = [one for state in moment.snapshot.targets if state.target.kind != "redis" for one in state.sources]
    late = sum(1 for one in others if one.waiting or one.stale)
    return bool(others) and late * 2 > len(others)


def _is_there(moment: Moment, state: TargetState) -> bool:
    """It says BUSY, as it does to all while a script runs, or its process is seen: neither it nor the way is gone."""
    return any(map(_says_busy, state.sources)) or moment.process_of(state) is not None


def _may_be_gone(moment: Moment, state: TargetState, source: SourceState) -> bool:
    """Silent for longer than most commands take, and nothing shows that it is there: `unreachable` says all we know."""
    silent_s = moment.now - (source.read_at or moment.now)
    told = moment.holds("unreachable", state.target.id)
    return told and silent_s >= _MAY_BE_BUSY_S and not _is_there(moment, state)


def _blocked_now(moment: Moment, state: TargetState, source: SourceState) -> Suspicion:
    since = source.read_at or moment.now
    process = moment.process_of(state)
    share = None if process is None else process.cpu_share
    stands = share is not None and share < _IDLE and moment.now - since >= _SEEN_S
    is_there = _is_there(moment, state)
    known = _works(source, share) if is_there else _UNSEEN
    cause, help_, command = _stands(process) if process and stands else known
    return Suspicion(
        code="redis-blocked",
        target_id=state.target.id,
        severity="critical",
        what="Redis is blocked and does not answer" if is_there else "Redis does not answer",
        since=since,
        cost=f"no answer for {seconds(max(moment.now - since, 0.0))}",
        cause=cause,
        help=help_,
        command=command,
        page="Redis",
    )


def _stands(process: Process) -> tuple[str, str, str]:
    """Cause, help and command where its process uses no CPU."""
    why = f"its process (pid {process.pid}) does nothing: CLIENT PAUSE, a disk it waits for, or it was stopped"
    return why, "wait for a pause's end; look at the state of its process", f"ps -o pid,stat,wchan -p {process.pid}"


def _works(source: SourceState, cpu_share: float | None) -> tuple[str, str, str]:
    """The same where it does, or where that is not known."""
    why = "one command or script keeps it busy"
    if cpu_share is not None and cpu_share >= _BUSY_SHARE:
        why += ": its process uses a whole core"
    elif not _says_busy(source):
        why += ", or CLIENT PAUSE stops it"
    return why, "end a script with SCRIPT KILL; a command has to end by itself", "redis-cli script kill"


def _blocked(moment: Moment, state: TargetState, entries: Sequence[RedisSlowCommand], total_s: float) -> Suspicion:
    worst = max(entries, key=lambda entry: entry.duration_us)
    command = worst.command.split(" ")[0].lower()
    sender = worst.client_name or worst.client
    first = min(entries, key=lambda entry: entry.at)
    began = first.at - (state.clock_offset_s or 0.0) - first.duration_us / 1e6
    return Suspicion(
        code="redis-blocked",
        target_id=state.target.id,
        severity="critical",
        what=f"{name(command.upper())} blocks Redis",
        since=began,
        cost=f"{one_of(len(entries), 'command', 'commands')} kept all others waiting for {seconds(total_s)}"
        f" of the last {seconds(max(moment.now - began, total_s))}",
        cause=f"{name(worst.command, 80)} took {seconds(worst.duration_us / 1e6)}"
        + (f", sent by {name(sender)}" if sender else ""),
        help=INSTEAD.get(command, "send it less often, or divide it"),
        page="Redis",
        row=command,
    )


RULES = (Rule(codes=("redis-blocked",), find=find_blocking, holds_s=1.0, ends_s=5.0),)
