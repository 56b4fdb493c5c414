"""`perftui bench [ACTION] ...`: benchmarks of code, endpoints and queries, and comparisons with exit codes for CI."""

from perftui.commands.bench.actions import choose_action

__all__ = ["choose_action"]
