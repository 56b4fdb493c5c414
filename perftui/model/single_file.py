"""Whether this is the single-file executable, into which nothing can be installed: docs/installing.md."""

import sys


def is_single_file() -> bool:
    """True in what `executable/build.py` built."""
    return bool(getattr(sys, "frozen", False))
