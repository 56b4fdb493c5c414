"""What a rehearsal may take: documents, memory, time."""

from dataclasses import dataclass

FEWEST_MATCHES = 100
"""Sampled matches of a shape, over the executions that are tried, below which its figures say nothing."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of one rehearsal."""

    sample_bytes: int = 64_000_000
    """Of all documents that are loaded."""
    time_s: float = 120.0
    """Of the trials; what was not tried by then stays an estimate."""
    commands: int = 5
    """Executions of a shape that are tried ..."""
    most_commands: int = 16
    """... and so many where fewer match too little."""
    candidates: int = 16
    """Indexes that are built for one shape."""
    shapes: int = 40
    fetched: int = 1_000
    """Documents that are read directly for one execution, or for one join."""
    joined_values: int = 500
    explain_ms: int = 5_000
