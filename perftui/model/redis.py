"""A Redis or Valkey server's state, as rates since the poll before."""

from typing import Literal

from perftui.model.base import Model
from perftui.model.metrics import BudgetDocument


class CommandStats(Model, frozen=True, kw_only=True):
    """One command's use (`INFO commandstats` and `latencystats`)."""

    command: str
    """Lower case, a subcommand after a bar: `config|get`."""
    calls: int
    calls_per_s: float | None = None
    average_us: float | None = None
    """Mean server time a call since the poll before, else since the last reset."""
    failed_per_s: float | None = None
    rejected_per_s: float | None = None
    p50_us: float | None = None
    p99_us: float | None = None
    p999_us: float | None = None


class Keyspace(Model, frozen=True, kw_only=True):
    """One logical database."""

    database: str
    keys: int
    expires: int
    average_ttl_ms: float | None = None


class RedisMemory(Model, frozen=True, kw_only=True):
    used_bytes: int | None = None
    peak_bytes: int | None = None
    resident_bytes: int | None = None
    maximum_bytes: int | None = None
    """`None` where no limit is set."""
    policy: str | None = None
    clients_bytes: int | None = None
    """Buffers of its clients but for replicas: above all answers that nobody has fetched yet; from Redis 5 on."""
    fragmentation: float | None = None


class RedisClients(Model, frozen=True, kw_only=True):
    connected: int | None = None
    blocked: int | None = None
    """Those that wait: for keys (`BLPOP`), for replicas, for modules, or for the end of a pause."""
    blocking_keys: int | None = None
    """Keys that clients wait for; `None` before Redis 7.2."""
    largest_output_bytes: int | None = None
    """The longest answer of the last seconds that one client had not fetched yet."""
    paused: str | None = None
    """What is held back: `write`, `all` or `none`; only Valkey tells it, from 8.1 on."""
    paused_reason: str | None = None
    paused_for_s: float | None = None
    maximum: int | None = None
    rejected_per_s: float | None = None


class RedisPersistence(Model, frozen=True, kw_only=True):
    loading: bool | None = None
    saving: bool | None = None
    last_save_ok: bool | None = None
    last_save_at: float | None = None
    changes_since_save: int | None = None
    append_only: bool | None = None
    append_only_ok: bool | None = None
    delayed_writes_per_s: float | None = None
    """Writes to the append-only file that had to wait two seconds for the disk."""


class RedisReplica(Model, frozen=True, kw_only=True):
    address: str
    state: str | None = None
    lag_s: float | None = None
    behind_bytes: int | None = None


class RedisReplication(Model, frozen=True, kw_only=True):
    role: str | None = None
    primary: str | None = None
    link_up: bool | None = None
    primary_last_io_s: float | None = None
    link_down_s: float | None = None
    """How long the link to the primary has been down."""
    syncing: bool | None = None
    """All data is being copied from the primary."""
    replicas: tuple[RedisReplica, ...] = ()


class RedisServer(Model, frozen=True, kw_only=True):
    """One Redis or Valkey."""

    flavour: Literal["redis", "valkey"] = "redis"
    version: str | None = None
    mode: str | None = None
    pid: int | None = None
    uptime_s: float | None = None
    commands_per_s: float | None = None
    hits_per_s: float | None = None
    misses_per_s: float | None = None
    hit_rate: float | None = None
    limits: tuple[BudgetDocument, ...] = ()
    """Of budgets, and how each stands."""
    """Hits of all reads since the poll before; `None` when there were none."""
    expired_per_s: float | None = None
    evicted_per_s: float | None = None
    received_bytes_per_s: float | None = None
    sent_bytes_per_s: float | None = None
    cpu_share: float | None = None
    """CPU seconds a second, system and user."""
    thread_share: float | None = None
    """The same of the one thread that runs commands; `None` before Redis 6.2."""
    keys: int | None = None
    memory: RedisMemory = RedisMemory()
    clients: RedisClients = RedisClients()
    persistence: RedisPersistence = RedisPersistence()
    replication: RedisReplication = RedisReplication()
    keyspace: tuple[Keyspace, ...] = ()
    commands: tuple[CommandStats, ...] = ()
    errors_per_s: dict[str, float] = {}
    """Replies that were errors, by their code (`READONLY`, `OOM`, ...); empty before Redis 6.2."""


class RedisSlowCommand(Model, frozen=True, kw_only=True):
    """One entry of SLOWLOG."""

    id: int
    at: float
    duration_us: int
    command: str
    """Arguments cut and masked."""
    client: str | None = None
    client_name: str | None = None


class RedisSlowLog(Model, frozen=True, kw_only=True):
    entries: tuple[RedisSlowCommand, ...] = ()
    """Newest first, bounded."""
    total: int | None = None
    """Entries that the server holds."""
    lost_entries: int = 0
    threshold_us: int | None = None
