"""Whether a store that raised is down, so that waiting helps, or has refused what it was given."""

import re
from collections.abc import Iterable

_REFUSED = frozenset({
    "TypeError", "ValueError", "OverflowError", "BulkWriteError", "WriteError", "DuplicateKeyError", "InvalidDocument",
    "DocumentTooLarge", "ResponseError", "DataError",
})  # fmt: skip
_TEMPORARY = frozenset({
    "OutOfMemoryError", "ReadOnlyError", "BusyLoadingError", "TryAgainError", "ClusterDownError", "MasterDownError",
    "AuthenticationError", "NoPermissionError", "ConnectionError", "TimeoutError", "AutoReconnect",
})  # fmt: skip
_TEMPORARY_CODES = frozenset({
    "ASK", "BUSY", "CLUSTERDOWN", "INPROG", "LOADING", "MASTERDOWN", "MISCONF", "MOVED", "NOAUTH", "NOMASTERLINK",
    "NOPERM", "NOREPLICAS", "NOTREADY", "OOM", "READONLY", "TRYAGAIN", "UNBLOCKED", "UNKILLABLE", "WRONGPASS",
})  # fmt: skip
"""What Redis answers to any write for a while; redis-py has classes for some of them only."""
_CODE = re.compile(r"(?:.*(?:caused error|because of): )?([A-Z]+)\b", re.DOTALL)
"""The first word, or that of the one command of a pipeline or a transaction that the text is about."""


def is_refusal(error: Exception) -> bool:
    """By the names of the error's classes, so that no client library is imported for it."""
    names = {one.__name__ for one in type(error).__mro__}
    if not names & _REFUSED or names & _TEMPORARY:
        return False
    code = _CODE.match(str(error)) if "ResponseError" in names else None
    return code is None or code[1] not in _TEMPORARY_CODES


class Refusals:
    """How often the store refused which writes by their own fault.

    A store that takes nothing at all may be about to take it all: a refusal counts only where the store took another
    write after it refused this one for the first time, or where this is the only one that it refuses.
    """

    def __init__(self, attempts: int) -> None:
        self._attempts, self._taken = attempts, 0
        self._since: dict[int, int] = {}
        self._times: dict[int, int] = {}

    def taken(self) -> None:
        """The store took something."""
        self._taken += 1

    def refused(self, number: int) -> None:
        self._since.setdefault(number, self._taken)

    def proven(self, numbers: Iterable[int]) -> bool:
        """Whether the store took something since it refused any of these."""
        return any(self._since[number] < self._taken for number in numbers)

    def count(self, numbers: list[int]) -> list[int]:
        """All that were refused in one round; those of them that were refused often enough."""
        for number in numbers:
            if len(numbers) == 1 or self._since[number] < self._taken:
                self._times[number] = self._times.get(number, 0) + 1
        return [number for number in numbers if self._times.get(number, 0) >= self._attempts]

    def forget(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._since.pop(number, None)
            self._times.pop(number, None)
