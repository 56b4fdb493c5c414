"""`perftui bench [ACTION] ...`: benchmarks of code, endpoints and queries, and comparisons with exit codes for CI."""

from perftui.commands.bench.actions import BENCH

choose_action = BENCH.choose

__all__ = ["choose_action"]
