"""What is known of the executions of one shape when they are judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from perftui.advice.findings.asked import Asked
from perftui.advice.load import Command
from perftui.model.index import Index
from perftui.model.plan import Plan


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Counters are means of one execution, getMores added to their find. What is not known is `None` and not judged."""

    ns: str = ""
    op: str = "unknown"
    """As in `Shape.op`."""
    command: Command | None = None
    """As the server profiled it, in Python, BSON or extended JSON values."""
    asked: Asked | None = None
    """The command, where it was read already."""
    plan: Plan | None = None
    """Of a profiled execution or an explain."""
    executions: int | None = None
    average_ms: float | None = None
    p95_ms: float | None = None
    documents_examined: float | None = None
    keys_examined: float | None = None
    returned: float | None = None
    """Documents; for a write those matched or deleted."""
    plan_summaries: tuple[str, ...] = ()
    blocking_sort_share: float | None = None
    """Of the executions, 0 to 1; so are the next two."""
    used_disk_share: float | None = None
    replanned_share: float | None = None
    write_conflicts: float | None = None
    yields: float | None = None
    lock_wait_ms: float | None = None
    queue_wait_ms: float | None = None
    """For tickets, flow control and the queues before execution."""
    errors: int | None = None
    """Executions that failed."""
    error: str | None = None
    error_code: int | None = None
    foreign_indexes: Mapping[str, tuple[Index, ...]] = field(default_factory=dict)
    """Of the collections that `$lookup` joins, by the collection's name, where they are known."""
