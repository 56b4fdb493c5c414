"""Whether a store that raised is down, so that waiting helps, or has refused what it was given."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

_REFUSED = frozenset({
    "TypeError", "ValueError", "OverflowError", "BulkWriteError", "WriteError", "DuplicateKeyError", "InvalidDocument",
    "DocumentTooLarge", "ResponseError", "DataError",
})  # fmt: skip
_TEMPORARY = frozenset({
    "OutOfMemoryError", "ReadOnlyError", "BusyLoadingError", "TryAgainError", "ClusterDownError", "MasterDownError",
    "AuthenticationError", "NoPermissionError", "NoScriptError", "ConnectionError", "TimeoutError", "AutoReconnect",
})  # fmt: skip
_TEMPORARY_CODES = frozenset({
    "ASK", "BUSY", "CLUSTERDOWN", "DENIED", "INPROG", "LOADING", "MASTERDOWN", "MISCONF", "MOVED", "NOAUTH",
    "NOMASTERLINK", "NOPERM", "NOREPLICAS", "NOSCRIPT", "NOTREADY", "OOM", "READONLY", "REDIRECT", "TRYAGAIN",
    "UNBLOCKED", "UNKILLABLE", "WRONGPASS",
})  # fmt: skip
"""What Redis answers to any write for a while; redis-py has classes for some of them only."""
_CODE = re.compile(r"(?:.*(?:caused error|because of): )?([A-Z]+)\b", re.DOTALL)
"""The first word, or that of the one command of a pipeline or a transaction that the text is about."""


def is_refusal(error: Exception) -> bool:
    """By the names of the error's classes, so that no client library is imported for it."""
    names = {one.__name__ for one in type(error).__mro__}
    if not names & _REFUSED or names & _TEMPORARY:
        return False
    if "BulkWriteError" in names and _is_unconfirmed(error):
        return False
    code = _CODE.match(str(error)) if "ResponseError" in names else None
    return code is None or code[1] not in _TEMPORARY_CODES


def _is_unconfirmed(error: Exception) -> bool:
    """MongoDB took every write of the batch, and only could not say in time that enough members have it."""
    details = getattr(error, "details", None) or {}
    return bool(details.get("writeConcernErrors")) and not details.get("writeErrors")


@dataclass(slots=True)
class _Refused:
    """One write. Its times are told by how many writes the store had taken by then."""

    first_at: int
    counted_at: int
    tries: int = 0
    halves: int = 0


class Refusals:
    """How often the store refused which writes by their own fault.

    A store that takes nothing at all may be about to take it all: a refusal counts where the store took another write
    meanwhile, since the first one or since the last that counted. It counts half, so that time goes by, where that was
    before, or where no other one waits that could tell; and then not while the program ends, since the file is there.
    """

    def __init__(self, attempts: int) -> None:
        self._enough = 2 * attempts
        self.taken_count = 0
        self._known: dict[int, _Refused] = {}

    def taken(self) -> None:
        """The store took something."""
        self.taken_count += 1

    def refused(self, number: int) -> None:
        if number not in self._known:
            self._known[number] = _Refused(self.taken_count, self.taken_count)
        self._known[number].tries += 1

    def tries(self, number: int) -> int:
        """How often it was refused, whoever's fault it was."""
        return self._known[number].tries if number in self._known else 0

    def count(self, numbers: Collection[int], *, only: bool, closing: bool) -> list[int]:
        """All that were refused in one round; those of them that were refused often enough. `only`: nothing of another
        key waits."""
        for number in numbers:
            one = self._known[number]
            one.halves += self._weight(one, only, closing)
            one.counted_at = self.taken_count
        return [number for number in numbers if self._known[number].halves >= self._enough]

    def _weight(self, one: "_Refused", only: bool, closing: bool) -> int:
        if one.counted_at < self.taken_count:
            return 2
        return int((only or one.first_at < self.taken_count) and not closing)

    def forget(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._known.pop(number, None)
