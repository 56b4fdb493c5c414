"""Clears what a Redis or Valkey has counted: its slow log, or its statistics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from perftui.actions.base import Description, Outcome, Problem
from perftui.model.target import Connection, Target
from perftui.sources.redis import RedisSystem
from perftui.sources.redis.client import explain

_COMMANDS: dict[str, tuple[str, str]] = {"slowlog": ("SLOWLOG", "RESET"), "stats": ("CONFIG", "RESETSTAT")}
_TITLES = {"slowlog": "Clear the slow log", "stats": "Reset the statistics"}
_CONSEQUENCES = {
    "slowlog": ("Every entry of the slow log is deleted, for every other reader too.",),
    "stats": (
        "Counters of commands, hits, misses, latency, expired and evicted keys start again at 0.",
        "Other monitors of this server see their counters restart as well.",
    ),
}
_ROLES = {"master": "primary", "slave": "replica"}
_QUIET = 50
"""Commands that a server may run between a reset and our next look without being busy."""


class ClearRedis:
    """`choice` is `slowlog` or `stats`."""

    name = "clear redis"

    def __init__(self, connection: Connection, choice: str = "slowlog", *, role: str | None = None) -> None:
        if choice not in _COMMANDS:
            raise ValueError(f"choose one of {', '.join(_COMMANDS)}")
        self.connection = connection
        self.target: Target = connection.target
        self.choice = choice
        self.role = role

    def choose(self, choice: str) -> "ClearRedis":
        return ClearRedis(self.connection, choice, role=self.role)

    def describe(self) -> Description:
        return Description(
            title=_TITLES[self.choice],
            command=" ".join(_COMMANDS[self.choice]),
            host=self.target.name,
            role=self.role,
            consequences=(*_CONSEQUENCES[self.choice], "No key and no value is touched."),
            choices=tuple(_COMMANDS),
        )

    async def check(self) -> tuple[Problem, ...]:
        async with self._system() as system:
            server, replication = await system.ask(("INFO", "server"), ("INFO", "replication"))
        role = _field(replication, "role")
        self.role = _ROLES.get(role or "", role) or self.role
        if _field(server, "redis_version") is None:
            return (Problem(blocking=True, message="This is not a Redis server."),)
        return ()

    async def run(self) -> Outcome:
        command = _COMMANDS[self.choice]
        async with self._system() as system:
            if self.choice == "slowlog":
                return await self._clear_slow_log(system, command)
            (before,) = await system.ask(("INFO", "stats"))
            await system.ask(command)
            (after,) = await system.ask(("INFO", "stats"))
        counted = (
            int(_field(before, "total_commands_processed") or 0),
            int(_field(after, "total_commands_processed") or 0),
        )
        if counted[1] < max(counted[0], _QUIET):
            return Outcome(state="done", message="The statistics start again at 0.")
        return Outcome(state="unverified", message="The server accepted the reset, but its counters did not fall.")

    async def _clear_slow_log(self, system: RedisSystem, command: tuple[str, str]) -> Outcome:
        newest, held = await system.ask(("SLOWLOG", "GET", 1), ("SLOWLOG", "LEN"))
        await system.ask(command)
        (left,) = await system.ask(("SLOWLOG", "GET", 100_000))
        last_id = newest[0][0] if newest else -1
        if all(entry[0] > last_id for entry in left):
            return Outcome(state="done", message=f"{held} entries of the slow log are gone.")
        return Outcome(state="unverified", message="The server accepted the reset, but old entries are still there.")

    def explain(self, error: BaseException) -> str:
        from redis.exceptions import NoPermissionError

        if isinstance(error, NoPermissionError):
            grant = "|".join(part.lower() for part in _COMMANDS[self.choice])
            return f"The Redis user may not run this command; grant it with ACL SETUSER <user> +{grant} +info."
        failure = explain(error, self.connection)
        return f"{failure.message} {failure.help}"

    @asynccontextmanager
    async def _system(self) -> AsyncIterator[RedisSystem]:
        system = RedisSystem(self.connection)
        try:
            await system.connect()
            yield system
        finally:
            await system.close()


def _field(info: Any, name: str) -> str | None:
    text = info.decode("utf-8", "replace") if isinstance(info, bytes) else str(info)
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return value.strip()
    return None
