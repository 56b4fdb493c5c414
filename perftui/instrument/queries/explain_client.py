"""Asks a server for the plan of a command, with a client of our own: never more than it may cost."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from perftui.advice.explaining.answers import Explainable
from perftui.advice.explaining.views import Views, look_behind, views_command, views_in
from perftui.advice.plans.plan import read_plan
from perftui.model.plan import Plan

if TYPE_CHECKING:
    from pymongo import MongoClient

    Client = MongoClient[dict[str, Any]]
    Source = Client | str | Callable[[], Client]

APP_NAME: Final = "perftui"
_UNAUTHORIZED: Final = 13
_CONNECT_MS: Final = 2_000
_SOCKET_MS: Final = 10_000
"""Longer than the server may take, which has its own limit."""


class NotExplained(Exception):  # noqa: N818 - an answer
    """Why there is no plan."""


def client_from(source: "Source") -> "Client":
    """The client that was given, or one of our own: one connection, our name, short waits."""
    from pymongo import MongoClient

    if isinstance(source, MongoClient):
        return source
    if not isinstance(source, str):
        return source()

    return MongoClient(
        source,
        appname=APP_NAME,
        maxPoolSize=1,
        retryReads=False,
        serverSelectionTimeoutMS=_CONNECT_MS,
        connectTimeoutMS=_CONNECT_MS,
        socketTimeoutMS=_SOCKET_MS,
    )


def check_source(source: object) -> None:
    """Raises `TypeError` in words where no explain could be sent with it."""
    if isinstance(source, str):
        return
    of = type(source).__name__
    if of.startswith("Async") or "Motor" in of:
        raise TypeError(
            f"explain_with takes a MongoClient, a URI or a function that makes a MongoClient, not the {of}: "
            "it belongs to its event loop, and explains run beside it"
        )
    if not (hasattr(source, "list_database_names") or callable(source)):
        raise TypeError(f"explain_with takes a MongoClient, a URI or a function that makes a MongoClient, not {of}")


def explain(client: "Client", asked: Explainable, max_time_ms: int, *, executed: bool) -> Plan:
    """The server's plan; raises `NotExplained`, or what PyMongo raises. `executed`: the reading part is run."""
    if executed and asked.never_run is not None:
        executed = False
    hidden = _javascript_behind(client, asked, max_time_ms)
    if hidden is not None:
        raise NotExplained(hidden)
    verbosity = "executionStats" if executed else "queryPlanner"
    command = {"explain": asked.command, "verbosity": verbosity, "maxTimeMS": max_time_ms}
    reply = _run(client, asked.database, command)
    return read_plan(reply, ns=asked.ns, op=asked.op, taken_at=time.time())


def _run(client: "Client", database: str, command: dict[str, Any]) -> Mapping[str, Any]:
    from bson.codec_options import CodecOptions

    return client.get_database(database).command(command, codec_options=CodecOptions())


def _javascript_behind(client: "Client", asked: Explainable, max_time_ms: int) -> str | None:
    looking = look_behind((asked.database, asked.collection), asked.command)
    try:
        database, names = next(looking)
        while True:
            database, names = looking.send(_views(client, database, names, max_time_ms))
    except StopIteration as found:
        reason: str | None = found.value
        return reason


def _views(client: "Client", database: str, names: list[str], max_time_ms: int) -> Views:
    only_names = False
    try:
        reply = _run(client, database, views_command(names, max_time_ms, only_names=False))
    except Exception as error:
        if getattr(error, "code", None) != _UNAUTHORIZED:
            raise
        only_names = True
        reply = _run(client, database, views_command(names, max_time_ms, only_names=True))
    return views_in(reply, only_names=only_names)
