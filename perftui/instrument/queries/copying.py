"""A command kept for later: a copy of it, so that what the application changes meanwhile does not matter."""

from collections.abc import Mapping
from typing import Any

MOST_NODES = 5_000
_DEEPEST = 100


class TooLarge(Exception):  # noqa: N818 - an answer
    """It has too many parts to be copied in a request's time."""


def bounded_copy(command: Mapping[str, Any]) -> dict[str, Any]:
    """Documents and lists are copied, values are shared. Raises `TooLarge`."""
    left = [MOST_NODES]
    return {str(name): _copy(value, left, 0) for name, value in command.items() if name not in _LEFT_OUT}


_LEFT_OUT = frozenset(("lsid", "$clusterTime", "txnNumber", "documents", "ops", "$readPreference", "signature"))


def _copy(value: Any, left: list[int], depth: int) -> Any:
    left[0] -= 1
    if left[0] < 0 or depth > _DEEPEST:
        raise TooLarge
    if isinstance(value, Mapping):
        return {name: _copy(item, left, depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_copy(item, left, depth + 1) for item in value]
    return value
