"""What the user chose, from file, environment and flags together."""

from perftui.model.base import Model
from perftui.model.budgets.budget import Budget
from perftui.model.target import Connection


class Thresholds(Model, frozen=True, kw_only=True):
    """Where a figure becomes a warning, or over. A rate's `warning` may lie below or above its `over`."""

    slow_ms: float = 100.0
    slow_warning_ms: float = 50.0
    examined_documents: int = 1000
    returned_per_examined: float = 0.5
    error_rate: float = 0.05
    endpoint_average_ms: float = 500.0
    endpoint_p95_ms: float = 1000.0
    hit_rate: float = 0.8
    cache_efficiency: float = 70.0
    cpu_share: float = 0.9
    memory_share: float = 0.9
    disk_share: float = 0.9
    replication_lag_s: float = 10.0
    queued_operations: int = 10
    connections_share: float = 0.8
    tickets_share: float = 0.9
    cache_dirty_share: float = 0.2
    redis_memory_share: float = 0.9


class Settings(Model, frozen=True, kw_only=True):
    connections: tuple[Connection, ...] = ()
    read_only: bool = False
    interval_s: float = 1.0
    window_s: float = 300.0
    theme: str = "perftui-dark"
    utc: bool = False
    keys: dict[str, str] = {}
    """Action name -> keys, comma separated, in place of the default ones."""
    thresholds: Thresholds = Thresholds()
    budgets: tuple[Budget, ...] = ()
    """Those of the settings, or of `--budgets`, beside the ones that applications tell of themselves."""
    history_s: int = 3600
    frames_bytes: int = 8 * 1024 * 1024
    slow_link: int | None = None
    """Most bytes a second, on the terminal and through a bastion, each."""
    config_file: str | None = None
    themes_folder: str | None = None
