"""Details of a Redis command with its slow executions, and of one entry of the slow log."""

from collections.abc import Hashable

from perftui.model.redis import CommandStats, RedisSlowCommand
from perftui.tui.formatting import UNKNOWN, clock, microseconds, number, rate, share
from perftui.tui.lines import Piece, fit
from perftui.tui.screens.details_parts import number_and_rate, when
from perftui.tui.screens.document import Block, Document, Fact, Facts, Rows, Text
from perftui.tui.tables import redis_commands, redis_slow
from perftui.tui.tables.grades import signed
from perftui.tui.view import View


def command(view: View, key: Hashable) -> Document | None:
    row = next((row for row in redis_commands.rows(view) if row.command == key), None)
    if row is None:
        return None
    slow = [entry for entry in redis_slow.rows(view) if command_name(entry.command, row.command) == row.command]
    blocks: tuple[Block, ...] = (
        Facts(_command_facts(row, view)),
        Rows(tuple(_slow_line(entry, view) for entry in slow), f"IN THE SLOW LOG: {len(slow)}"),
        Text("" if slow else "None of its executions is in the slow log.", "SLOW LOG", "dim"),
    )
    copied = "\n".join(entry.command for entry in slow) or row.command
    return Document(f"Redis command {row.command.upper()}", blocks, copied=copied, at=view.snapshot.taken_at)


def command_name(text: str, like: str = "") -> str:
    """The name of a command line as commandstats writes it: `config|get` where `like` has a subcommand."""
    parts = text.lower().split(maxsplit=2)
    return "|".join(parts[: 2 if "|" in like else 1])


def _command_facts(row: CommandStats, view: View) -> tuple[Fact, ...]:
    taken = redis_commands.grade_time(row, view)
    return (
        Fact("calls", number_and_rate(row.calls, row.calls_per_s)),
        Fact("of the server", signed(share(redis_commands.time_share(row)), taken).rstrip(), taken),
        Fact("average", microseconds(row.average_us)),
        Fact("p50", microseconds(row.p50_us)),
        Fact("p99", microseconds(row.p99_us)),
        Fact("p99.9", microseconds(row.p999_us)),
        Fact("failed", _a_second(row.failed_per_s), "warning" if row.failed_per_s else "normal"),
        Fact("rejected", _a_second(row.rejected_per_s), "warning" if row.rejected_per_s else "normal"),
    )


def _a_second(value: float | None) -> str:
    return UNKNOWN if value is None else f"{rate(value)}/s"


def _slow_line(entry: RedisSlowCommand, view: View) -> tuple[Piece, ...]:
    state = redis_slow.grade_duration(entry, view)
    return (
        (clock(entry.at, view.utc) + "  ", "label"),
        (fit(signed(microseconds(entry.duration_us), state), 9, "right") + "  ", state),
        (fit(entry.command, 400).rstrip(), "normal"),
    )


def slow_command(view: View, key: Hashable) -> Document | None:
    row = next((row for row in redis_slow.rows(view) if redis_slow.REDIS_SLOW.key(row) == key), None)
    if row is None:
        return None
    state = redis_slow.grade_duration(row, view)
    facts = (
        Fact("took", signed(microseconds(row.duration_us), state).rstrip(), state),
        Fact("at", when(row.at, view)),
        Fact("client", row.client or UNKNOWN),
        Fact("client's name", row.client_name or UNKNOWN),
        Fact("entry", number(row.id)),
    )
    same = next(
        (one for one in redis_commands.rows(view) if command_name(row.command, one.command) == one.command), None
    )
    blocks: tuple[Block, ...] = (
        Facts(facts),
        Text(row.command, "COMMAND"),
        Facts(_command_facts(same, view) if same is not None else (), "ALL CALLS OF THIS COMMAND"),
    )
    return Document("Entry of the Redis slow log", blocks, copied=row.command, at=view.snapshot.taken_at)
