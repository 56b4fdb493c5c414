"""What a workload asks of a server: each shape with how often, how dearly, and with which values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Command = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ShapeLoad:
    """All executions of one shape. Commands hold the users' values, as Python and BSON values.

    >>> from perftui import ShapeLoad, shape_of
    >>> command = {"find": "items", "filter": {"sku": 7}}
    >>> shape = shape_of(command, "shop.items")
    >>> load = ShapeLoad(
    ...     id=shape.id, ns=shape.ns, op=shape.op, shape=shape.text, executions=100, commands=(command,)
    ... )
    """

    id: str
    ns: str
    op: str
    shape: str
    executions: int
    commands: tuple[Command, ...] = ()
    """Some of its commands as the server profiled them, drawn at random, at most 32; empty where none is whole."""
    documents_examined: float | None = None
    """The mean of one execution, getMores added to their find; so are the next two."""
    keys_examined: float | None = None
    returned: float | None = None
    plan_summary: str | None = None
    blocking_sort_share: float = 0.0
    """Of the executions, those that sorted in memory or on disk."""
    error: str | None = None
    """Why executions failed, such as for want of a text index."""
    error_code: int | None = None


@dataclass(frozen=True, kw_only=True)
class WriteLoad:
    """What was written to one collection in the time that the shapes were seen."""

    ns: str
    inserted: float = 0.0
    """Documents."""
    deleted: float = 0.0
    updated: Mapping[str, float] | None = None
    """Documents updated, by the path that was set; `None`: the paths are not known."""
