"""The tabs: what each shows, in which tables. A table's module is imported when its page is first shown."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from msgspec import Struct

from perftui.tui.lines import Piece
from perftui.tui.table_spec import TableSpec
from perftui.tui.view import View


class Pane(Struct, frozen=True):
    """One table of a page."""

    title: str
    module: str
    name: str

    def spec(self) -> TableSpec[Any]:
        spec: TableSpec[Any] = getattr(import_module(f"perftui.tui.tables.{self.module}"), self.name)
        return spec


class Page(Struct, frozen=True):
    key: str
    title: str
    short: str
    panes: tuple[Pane, ...] = ()
    """Empty: the Overview, which takes the first pane of what there is."""
    strip: str = ""
    """Function of `perftui.tui.summaries`."""

    def summary(self) -> Callable[[View], list[list[Piece]]] | None:
        """What makes the lines above the table."""
        if not self.strip:
            return None
        maker: Callable[[View], list[list[Piece]]] = getattr(import_module("perftui.tui.summaries"), self.strip)
        return maker


_SHAPES = Pane("Slow queries by shape", "queries", "QUERIES")
_ENDPOINTS = Pane("Endpoints", "endpoints", "ENDPOINTS")
_COMMANDS = Pane("Commands", "redis_commands", "REDIS_COMMANDS")
_PROCESSES = Pane("Processes", "processes", "PROCESSES")

PAGES: tuple[Page, ...] = (
    Page("1", "Overview", "All"),
    Page(
        "2",
        "Operations",
        "Ops",
        (
            Pane("Operations", "operations", "OPERATIONS"),
            Pane("Members", "members", "MEMBERS"),
            Pane("Waits", "waits", "WAITS"),
            Pane("Transactions", "transactions", "TRANSACTIONS"),
            Pane("Connections", "connections", "CONNECTIONS"),
        ),
        "operations",
    ),
    Page(
        "3",
        "Queries",
        "Query",
        (
            _SHAPES,
            Pane("The application's own", "application_queries", "APPLICATION_QUERIES"),
            Pane("Its connections", "pools", "POOLS"),
            Pane("Collections", "busy_collections", "BUSY_COLLECTIONS"),
        ),
        "queries",
    ),
    Page(
        "4",
        "Endpoints",
        "Endp",
        (
            _ENDPOINTS,
            Pane("Slow requests", "slow_requests", "SLOW_REQUESTS"),
            Pane("Websockets", "websockets", "WEBSOCKETS"),
        ),
        "endpoints",
    ),
    Page("5", "Redis", "Redis", (_COMMANDS, Pane("Slow log", "redis_slow", "REDIS_SLOW")), "redis"),
    Page("6", "Host", "Host", (_PROCESSES, Pane("Sources and their cost", "sources", "SOURCES")), "host"),
    Page(
        "7",
        "Indexes",
        "Idx",
        (Pane("Collections", "collections", "COLLECTIONS"), Pane("Indexes", "indexes", "INDEXES")),
        "indexes",
    ),
    Page("8", "Events", "Events", (Pane("Events", "events", "EVENTS"),), "events"),
    Page("9", "Caches", "Caches", (Pane("Caches", "caches", "CACHES"),), "caches"),
)


def panes_of(page: Page, view: View) -> tuple[Pane, ...]:
    """The tables of a page; the Overview's is the most telling one that there is."""
    if page.panes:
        return page.panes
    for kind, pane in (("mongodb", _SHAPES), ("application", _ENDPOINTS), ("redis", _COMMANDS)):
        if any(state.target.kind == kind for state in view.snapshot.targets):
            return (pane,)
    return (_PROCESSES,)
