"""Who holds a server's connections. Listing them costs the server, so it is asked only while there are many."""

from collections.abc import Iterable, Mapping
from typing import Any

from perftui.model.operation import ConnectionGroup
from perftui.model.text import safe_text
from perftui.sources.mongodb.plain import whole

MOST = 20
_FEWEST = 150
_EVERY_S = 5.0

Entry = Mapping[str, Any]


def facet() -> list[dict[str, Any]]:
    """The stages that count connections by the client's machine and application."""
    client = _machine({"$ifNull": ["$client", "$client_s"]})
    active = {"$cond": ["$active", 1, 0]}
    return [
        {"$match": {"connectionId": {"$exists": True}, "$or": [{"client": {"$gt": ""}}, {"client_s": {"$gt": ""}}]}},
        {"$group": {"_id": {"c": client, "a": "$appName"}, "n": {"$sum": 1}, "active": {"$sum": active}}},
        {"$sort": {"n": -1}},
        {"$limit": MOST},
    ]


def _machine(client: dict[str, Any]) -> dict[str, Any]:
    """An address without its port: each connection has another one. That of IPv6 has colons, and stands in brackets."""
    bracketed = {"$eq": [{"$substrCP": [client, 0, 1]}, "["]}
    return {"$cond": [bracketed, {"$concat": [_before("]", client), "]"]}, _before(":", client)]}


def _before(end: str, text: dict[str, Any]) -> dict[str, Any]:
    return {"$arrayElemAt": [{"$split": [text, end]}, 0]}


def connection_groups(entries: Iterable[Entry]) -> tuple[ConnectionGroup, ...]:
    return tuple(
        ConnectionGroup(
            client=safe_text(str(key.get("c") or "?"), 100),
            app_name=safe_text(str(key["a"]), 200) if key.get("a") else None,
            connections=whole(entry.get("n")) or 0,
            active=whole(entry.get("active")) or 0,
        )
        for entry in entries
        if isinstance(key := entry.get("_id"), Mapping)
    )


class ConnectionWatch:
    """Says when it is worth the cost: while there are many or a screen shows them, every few seconds."""

    def __init__(self) -> None:
        self.shown = False
        """A screen shows them now."""
        self._asked_at: float | None = None

    def show(self, wanted: bool) -> bool:
        """Take in whether a screen shows them; true where it now does, and they are due at once."""
        starts, self.shown = wanted and not self.shown, wanted
        if starts:
            self._asked_at = None
        return starts

    def wants(self, connections: int | None, now: float) -> bool:
        """`connections`: how many the server has; `now` is monotonic."""
        due = self._asked_at is None or now - self._asked_at >= _EVERY_S
        if not (due and self.is_worth_it(connections)):
            return False
        self._asked_at = now
        return True

    def is_worth_it(self, connections: int | None) -> bool:
        return self.shown or (connections is not None and connections >= _FEWEST)
