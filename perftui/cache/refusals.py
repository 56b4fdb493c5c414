"""Whether a store that raised is down, so that waiting helps, or has refused what it was given."""

_REFUSED = frozenset({
    "TypeError", "ValueError", "OverflowError", "BulkWriteError", "WriteError", "DuplicateKeyError", "InvalidDocument",
    "DocumentTooLarge", "ResponseError", "DataError",
})  # fmt: skip
_TEMPORARY = frozenset({
    "OutOfMemoryError", "ReadOnlyError", "BusyLoadingError", "TryAgainError", "ClusterDownError", "MasterDownError",
    "AuthenticationError", "NoPermissionError", "ConnectionError", "TimeoutError", "AutoReconnect",
})  # fmt: skip


def is_refusal(error: Exception) -> bool:
    """By the names of the error's classes, so that no client library is imported for it."""
    names = {one.__name__ for one in type(error).__mro__}
    return bool(names & _REFUSED) and not names & _TEMPORARY
