"""A rehearsal of one collection as the monitor asks for it: an analysis, or a sentence why there is none."""

from collections.abc import Callable

from perftui.analysis.entries import Wanted
from perftui.analysis.query import QueryUnreadable, analyse_query
from perftui.analysis.server import Request, ServerSilent, analyse_connection
from perftui.analysis.study import Options, Study
from perftui.model.analysis import Analysis
from perftui.model.redaction import redact
from perftui.model.target import Connection
from perftui.rehearsal.rehearse import rehearse

Tell = Callable[[str], None]
_WITH_SAMPLES = Options(samples=True)


async def rehearse_on(
    connection: Connection, *, ns: str, shape_id: str | None = None, command: str | None = None, tell: Tell
) -> Analysis | str:
    """Advise the collection anew, keeping its sampled documents, and try the advice on them.

    `command`: a command, as extended JSON, that is judged by itself where no member remembers its shape. Cancelling it
    ends the private server and removes its files.
    """

    def progress(doing: str, count: int) -> None:
        tell(f"{doing}, {count:,}" if count else doing)

    try:
        study: Study = await analyse_connection(connection, Request(Wanted(ns=ns), _WITH_SAMPLES), progress)
        if command is not None and all(shape.id != shape_id for shape in study.analysis.shapes):
            study = await analyse_query(connection, command, ns=ns, options=_WITH_SAMPLES, progress=progress)
        return await rehearse(study, connection, tell=tell)
    except (QueryUnreadable, ServerSilent) as error:
        return redact(str(error))
    except Exception as error:  # whatever a client raises is told in words
        from perftui.sources.mongodb.failures import explain

        failure = explain(error, connection)
        return f"{failure.message} {failure.help}"
