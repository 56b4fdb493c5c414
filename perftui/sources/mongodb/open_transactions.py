"""Open transactions among the entries of `$currentOp`: idle sessions too, for these hold locks."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from perftui.model.operation import OpenTransaction
from perftui.model.text import safe_text
from perftui.sources.mongodb.plain import part, real, whole

MOST = 50
FIELDS = (
    "type", "active", "client", "client_s", "appName", "effectiveUsers", "runBy", "ns", "locks", "lsid.id", "lsid.uid",
    "lockStats.Collection.acquireCount",
    "transaction.timeOpenMicros", "transaction.timeInactiveMicros",
    "transaction.parameters.txnNumber",
)  # fmt: skip
_HELD = ("Collection", "Database", "Global")
"""From what a transaction holds, the narrowest says most."""

_MOST_KINDS = 20

Entry = Mapping[str, Any]


def facet() -> list[dict[str, Any]]:
    """The stages that leave the longest open transactions.

    A retryable write has a transaction number too, but is none: only what may be rolled back has been open for a time.
    """
    return [
        {"$match": {"transaction.timeOpenMicros": {"$exists": True}}},
        {"$sort": {"transaction.timeOpenMicros": -1}},
        {"$limit": MOST},
        {"$project": dict.fromkeys(FIELDS, 1)},
    ]


def transactions(entries: Iterable[Entry], users: Mapping[int, str | None]) -> tuple[OpenTransaction, ...]:
    """`users`: names by the entry's place, as operations have them."""
    return tuple(_transaction(entry, users.get(index)) for index, entry in enumerate(entries))


def _transaction(entry: Entry, user: str | None) -> OpenTransaction:
    open_s = _seconds(part(entry, "transaction").get("timeOpenMicros"))
    return OpenTransaction(
        session=_digits(part(entry, "lsid").get("id")),
        client=_text(entry.get("client") or entry.get("client_s")),
        app_name=_text(entry.get("appName")),
        user=user,
        started_at=None if open_s is None else round(time.time() - open_s, 1),
        open_s=open_s,
        idle_s=_seconds(part(entry, "transaction").get("timeInactiveMicros")),
        active=bool(entry.get("active")),
        locks=_held(entry.get("locks")),
        lock_modes=lock_modes(entry.get("locks")),
        write_locks=_write_locks(part(entry, "lockStats", "Collection", "acquireCount")),
        owner=_digits(part(entry, "lsid").get("uid")),
        ns=safe_text(str(entry.get("ns") or ""), 300),
        number=whole(part(entry, "transaction", "parameters").get("txnNumber")),
    )


def _held(locks: object) -> str:
    held = locks if isinstance(locks, Mapping) else {}
    return next((safe_text(f"{name} {held[name]}", 50) for name in _HELD if name in held), "")


def lock_modes(locks: object) -> dict[str, str]:
    """Kind of resource -> `r`, `w`, `R` or `W`."""
    held = list(locks.items())[:_MOST_KINDS] if isinstance(locks, Mapping) else ()
    return {safe_text(str(kind), 50): safe_text(str(mode), 5) for kind, mode in held}


def _write_locks(acquired: Entry) -> int | None:
    """An intention to write, `w`, is taken once a statement."""
    counts = [whole(acquired.get(mode)) for mode in ("w", "W")]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _digits(session: object) -> str:
    return session.hex() if isinstance(session, bytes) else safe_text(str(session or ""), 64).replace("-", "")


def _seconds(microseconds: object) -> float | None:
    value = real(microseconds)
    return None if value is None else round(value / 1e6, 3)


def _text(value: object) -> str | None:
    return safe_text(str(value), 500) if value not in (None, "") else None
