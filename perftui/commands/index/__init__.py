"""`perftui index ACTION ...`: indexes and the profiler, changed by the same actions as in the monitor."""

from perftui.commands.index.actions import INDEX

choose_action = INDEX.choose

__all__ = ["choose_action"]
