"""Advice for one collection as the monitor asks for it: an analysis, or a sentence why there is none."""

from collections.abc import Callable

from perftui.analysis.entries import Wanted
from perftui.analysis.query import QueryUnreadable, analyse_query
from perftui.analysis.server import Request, ServerSilent, analyse_connection
from perftui.model.analysis import Analysis
from perftui.model.redaction import redact
from perftui.model.target import Connection

Tell = Callable[[str], None]


async def advise_on(
    connection: Connection, *, ns: str, shape_id: str | None = None, command: str | None = None, tell: Tell
) -> Analysis | str:
    """What the members behind the connection remember of this collection, judged.

    `command`: a command, as extended JSON, that is judged by itself where no member remembers its shape. Cancelling it
    ends what is being read.
    """

    def progress(doing: str, count: int) -> None:
        tell(f"{doing}, {count:,}" if count else doing)

    try:
        analysis = (await analyse_connection(connection, Request(wanted=Wanted(ns=ns)), progress)).analysis
        if command is None or any(shape.id == shape_id for shape in analysis.shapes):
            return analysis
        return (await analyse_query(connection, command, ns=ns, progress=progress)).analysis
    except (QueryUnreadable, ServerSilent) as error:
        return redact(str(error))
    except Exception as error:  # whatever a client raises is told in words
        from perftui.sources.mongodb.failures import explain

        failure = explain(error, connection)
        return f"{failure.message} {failure.help}"
