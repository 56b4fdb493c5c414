"""From recorded executions to advice: reads a workload, the indexes and facts, and asks `advice`.

For programs: `analyze_log` and `analyze_server`; in a running event loop `perftui.analysis.server.analyse_connection`.
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perftui.analysis.study import Options
    from perftui.model.analysis import Analysis
    from perftui.model.target import Connection

__all__ = ["analyze_log", "analyze_server"]


def analyze_log(
    path: str | os.PathLike[str],
    *,
    facts_from: str | None = None,
    ns: str | None = None,
    since: float | None = None,
    until: float | None = None,
    top: int | None = None,
    values: bool = False,
) -> "Analysis":
    """A structured mongod log (4.4 and later, `.gz` or not), advised with the server at the URI `facts_from`, if any.

    `ns`: one `database.collection` or one database. `since` and `until`: Unix seconds. `top`: so many shapes.
    `values`: show values in the samples. Raises `LogUnreadable` and `ServerSilent`.

    >>> from pathlib import Path
    >>> from perftui import analyze_log
    >>> _ = Path("mongod.log").write_text("")
    >>> [one.command for one in analyze_log("mongod.log").recommendations]
    []
    """
    from perftui.analysis.entries import Wanted
    from perftui.analysis.log import analyse_log_file

    connection = None if facts_from is None else _connection(facts_from)
    wanted = Wanted(ns=ns, since=since, until=until)
    return analyse_log_file(os.fspath(path), wanted, _options(top, values), connection).analysis


def analyze_server(
    uri: str,
    *,
    ns: str | None = None,
    since: float | None = None,
    until: float | None = None,
    top: int | None = None,
    values: bool = False,
) -> "Analysis":
    """What the members behind a `mongodb://` URI remember of their queries; only reads. Takes the same options.

    Raises `ServerSilent` where none answers, and what PyMongo raises where one is lost while it is read.

    >>> from perftui import analyze_server
    >>> analysis = analyze_server("mongodb://localhost", ns="no_such_database.items")
    >>> [one.command for one in analysis.recommendations]
    []
    """
    import asyncio

    from perftui.analysis.entries import Wanted
    from perftui.analysis.server import Request, analyse_connection

    request = Request(wanted=Wanted(ns=ns, since=since, until=until), options=_options(top, values))
    return asyncio.run(analyse_connection(_connection(uri), request)).analysis


def _options(top: int | None, values: bool) -> "Options":
    from perftui.analysis.study import Options

    return Options(top=top, values=values)


def _connection(uri: str) -> "Connection":
    from perftui.model.redaction import remember_secret
    from perftui.model.secret import Secret
    from perftui.model.target import Connection, Target
    from perftui.sources.mongodb.uri import split_uri

    parts = split_uri(uri)
    remember_secret(parts.login.partition(":")[2].removesuffix("@"))
    place = f"{'mongodb+srv' if parts.srv else 'mongodb'}://{','.join(parts.hosts)}"
    target = Target(id=place, kind="mongodb", name=",".join(parts.hosts), address=place)
    return Connection(target=target, uri=Secret(uri))
