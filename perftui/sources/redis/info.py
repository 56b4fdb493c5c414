"""What INFO says, as a model object. Every field is optional: versions, flavours and forks differ."""

from collections.abc import Iterator, Mapping
from itertools import islice

from perftui.model.redis import (
    CommandStats,
    Keyspace,
    RedisClients,
    RedisMemory,
    RedisPersistence,
    RedisReplica,
    RedisReplication,
    RedisServer,
)
from perftui.sources.numbers import real, whole
from perftui.sources.rates import CounterRates

Info = Mapping[str, str]


def parse_info(reply: bytes) -> dict[str, str]:
    """The `name:value` lines of INFO; what is not such a line is passed over."""
    fields = {}
    for line in reply.decode("utf-8", errors="replace").splitlines():
        name, colon, value = line.partition(":")
        if colon and not line.startswith("#"):
            fields[name] = value
    return fields


def server_time(info: Info) -> float | None:
    """The server's clock in Unix seconds; `None` before Redis 6.2."""
    microseconds = _number(info, "server_time_usec")
    return None if microseconds is None else microseconds / 1e6


class InfoReader:
    """Turns successive INFO replies into rates; a changed `run_id` is another process, and starts anew."""

    def __init__(self) -> None:
        self._rates = CounterRates()
        self._commands = CounterRates()
        self._run_id: str | None = None

    def expect_every(self, seconds: float) -> None:
        """Replies come this often from now on."""
        self._rates.expect_every(seconds)
        self._commands.expect_every(seconds)

    def read(self, info: Info, time_s: float) -> RedisServer:
        if info.get("run_id") != self._run_id:
            self._run_id = info.get("run_id")
            self._rates.reset()
            self._commands.reset()
        rates = self._rates
        used = {"cpu": _cpu(info), "thread": _cpu(info, "_main_thread")}
        errors = dict(islice(_errors(info), _MOST_ERRORS))
        rates.update(time_s, {name: _number(info, field) for name, field in _COUNTERS.items()} | used | errors)
        keyspace = tuple(_keyspace(info))
        return RedisServer(
            flavour="valkey" if "valkey_version" in info else "redis",
            version=info.get("valkey_version") or info.get("redis_version"),
            mode=info.get("redis_mode") or info.get("server_mode"),
            pid=_whole(info, "process_id"),
            uptime_s=_number(info, "uptime_in_seconds"),
            commands_per_s=rates.rate("commands"),
            hits_per_s=rates.rate("hits"),
            misses_per_s=rates.rate("misses"),
            hit_rate=_hit_rate(rates),
            expired_per_s=rates.rate("expired"),
            evicted_per_s=rates.rate("evicted"),
            received_bytes_per_s=rates.rate("received"),
            sent_bytes_per_s=rates.rate("sent"),
            cpu_share=rates.rate("cpu"),
            thread_share=rates.rate("thread"),
            keys=whole(sum(database.keys for database in keyspace)),
            memory=_memory(info),
            clients=_clients(info, rates.rate("rejected")),
            persistence=_persistence(info, rates.rate("delayed")),
            replication=_replication(info),
            errors_per_s={name[6:]: rate for name in errors if (rate := rates.rate(name)) is not None},
            keyspace=keyspace,
            commands=self._read_commands(info, time_s),
        )

    def _read_commands(self, info: Info, time_s: float) -> tuple[CommandStats, ...]:
        stats = {
            name.removeprefix("cmdstat_"): _pairs(value) for name, value in info.items() if name.startswith("cmdstat_")
        }
        counters = {
            f"{field} {command}": _to_number(values.get(field))
            for command, values in stats.items()
            for field in ("calls", "usec", "failed_calls", "rejected_calls")
        }
        self._commands.update(time_s, counters)
        commands = (self._command(name, values, info) for name, values in stats.items())
        return tuple(sorted(commands, key=lambda command: -(command.calls_per_s or 0)))

    def _command(self, name: str, values: Mapping[str, str], info: Info) -> CommandStats:
        percentiles = _pairs(info.get(f"latency_percentiles_usec_{name}", ""))
        average = self._commands.mean(f"usec {name}", f"calls {name}")
        return CommandStats(
            command=name,
            calls=int(_to_number(values.get("calls")) or 0),
            calls_per_s=self._commands.rate(f"calls {name}"),
            average_us=_to_number(values.get("usec_per_call")) if average is None else average,
            failed_per_s=self._commands.rate(f"failed_calls {name}"),
            rejected_per_s=self._commands.rate(f"rejected_calls {name}"),
            p50_us=_to_number(percentiles.get("p50")),
            p99_us=_to_number(percentiles.get("p99")),
            p999_us=_to_number(percentiles.get("p99.9")),
        )


_COUNTERS = {
    "commands": "total_commands_processed",
    "hits": "keyspace_hits",
    "misses": "keyspace_misses",
    "expired": "expired_keys",
    "evicted": "evicted_keys",
    "received": "total_net_input_bytes",
    "sent": "total_net_output_bytes",
    "rejected": "rejected_connections",
    "delayed": "aof_delayed_fsync",
}


_MOST_ERRORS, _LONGEST_CODE = 64, 40


def _errors(info: Info) -> Iterator[tuple[str, float | None]]:
    """How often each code was answered; from Redis 6.2 on."""
    for name, value in info.items():
        code = name.removeprefix("errorstat_")
        if code != name and code.isascii() and code.isidentifier() and len(code) <= _LONGEST_CODE:
            yield f"error {code}", _to_number(_pairs(value).get("count"))


def _cpu(info: Info, of: str = "") -> float | None:
    system, user = _number(info, f"used_cpu_sys{of}"), _number(info, f"used_cpu_user{of}")
    return None if system is None or user is None else system + user


def _hit_rate(rates: CounterRates) -> float | None:
    hits, misses = rates.step("hits"), rates.step("misses")
    if hits is None or misses is None or not hits + misses:
        return None
    return hits / (hits + misses)


def _clients(info: Info, rejected_per_s: float | None) -> RedisClients:
    paused_ms = _number(info, "paused_timeout_milliseconds")
    return RedisClients(
        connected=_whole(info, "connected_clients"),
        blocked=_whole(info, "blocked_clients"),
        blocking_keys=_whole(info, "total_blocking_keys"),
        largest_output_bytes=_whole(info, "client_recent_max_output_buffer"),
        paused=info.get("paused_actions"),
        paused_reason=info.get("paused_reason"),
        paused_for_s=None if paused_ms is None else paused_ms / 1e3,
        maximum=_whole(info, "maxclients"),
        rejected_per_s=rejected_per_s,
    )


def _memory(info: Info) -> RedisMemory:
    return RedisMemory(
        used_bytes=_whole(info, "used_memory"),
        peak_bytes=_whole(info, "used_memory_peak"),
        resident_bytes=_whole(info, "used_memory_rss"),
        maximum_bytes=_whole(info, "maxmemory") or None,
        policy=info.get("maxmemory_policy"),
        clients_bytes=_whole(info, "mem_clients_normal"),
        fragmentation=_number(info, "mem_fragmentation_ratio"),
    )


def _persistence(info: Info, delayed_per_s: float | None) -> RedisPersistence:
    return RedisPersistence(
        loading=_flag(info, "loading"),
        saving=_flag(info, "rdb_bgsave_in_progress"),
        last_save_ok=_ok(info, "rdb_last_bgsave_status"),
        last_save_at=_number(info, "rdb_last_save_time"),
        changes_since_save=_whole(info, "rdb_changes_since_last_save"),
        append_only=_flag(info, "aof_enabled"),
        append_only_ok=_ok(info, "aof_last_write_status"),
        delayed_writes_per_s=delayed_per_s,
    )


def _replication(info: Info) -> RedisReplication:
    primary = f"{info['master_host']}:{info.get('master_port', '')}" if "master_host" in info else None
    link = info.get("master_link_status")
    return RedisReplication(
        role={"master": "primary", "slave": "replica"}.get(info.get("role", ""), info.get("role")),
        primary=primary,
        link_up=None if link is None else link == "up",
        primary_last_io_s=_seconds(info, "master_last_io_seconds_ago"),
        link_down_s=_seconds(info, "master_link_down_since_seconds"),
        syncing=_flag(info, "master_sync_in_progress"),
        replicas=tuple(_replicas(info)),
    )


def _replicas(info: Info) -> Iterator[RedisReplica]:
    written = _whole(info, "master_repl_offset")
    for name, value in info.items():
        if name.startswith("slave") and name[5:].isdecimal():
            fields = _pairs(value)
            reached = _to_number(fields.get("offset"))
            yield RedisReplica(
                address=f"{fields.get('ip', '?')}:{fields.get('port', '?')}",
                state=fields.get("state"),
                lag_s=_to_number(fields.get("lag")),
                behind_bytes=None if written is None or reached is None else max(0, written - int(reached)),
            )


def _keyspace(info: Info) -> Iterator[Keyspace]:
    for name, value in info.items():
        if name.startswith("db") and name[2:].isdecimal():
            fields = _pairs(value)
            yield Keyspace(
                database=name,
                keys=int(_to_number(fields.get("keys")) or 0),
                expires=int(_to_number(fields.get("expires")) or 0),
                average_ttl_ms=_to_number(fields.get("avg_ttl")) or None,
            )


def _pairs(value: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in value.split(",") if "=" in part)


def _number(info: Info, name: str) -> float | None:
    return _to_number(info.get(name))


def _seconds(info: Info, name: str) -> float | None:
    """Below zero means never."""
    number = _number(info, name)
    return None if number is None or number < 0 else number


def _whole(info: Info, name: str) -> int | None:
    number = _number(info, name)
    return whole(number)


def _to_number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else None
    except ValueError:
        return None
    return real(number)


def _flag(info: Info, name: str) -> bool | None:
    return info[name] == "1" if name in info else None


def _ok(info: Info, name: str) -> bool | None:
    return info[name] == "ok" if name in info else None
