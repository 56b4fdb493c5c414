"""What standard output can show of a report."""

import shutil
import sys

_NARROWEST, _WIDEST = 40, 100


def width() -> int:
    """How long a line of text may be: as the terminal is wide, within reason."""
    return max(min(shutil.get_terminal_size().columns, _WIDEST), _NARROWEST) if sys.stdout.isatty() else _WIDEST


def has_blocks() -> bool:
    """The stream can show the bars' characters."""
    return (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")
