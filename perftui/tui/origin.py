"""From a query to the endpoint that ran it, and from an endpoint to its queries."""

from typing import TYPE_CHECKING, Any

from perftui.model.application import EndpointStats
from perftui.tui.screens.details import open_details
from perftui.tui.tables.endpoints import ENDPOINTS
from perftui.tui.tables.origins import find_endpoint, origins, queries_of

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp

NO_COMMENTS = "its comment names no endpoint: MongoMonitor(comment=True) in the application writes it."


def has_queries(app: "PerftuiApp", row: EndpointStats) -> bool:
    """Whether the digest in view knows a query that this endpoint ran."""
    return app.view is not None and bool(queries_of((row.method, row.route), app.view))


def open_origin(app: "PerftuiApp", row: Any) -> None:
    """Open the other side of a row, or say why there is none."""
    if app.view is None or row is None:
        return
    if isinstance(row, EndpointStats):
        if has_queries(app, row):
            app.open_queries_of((row.method, row.route))
        else:
            app.say(f"No slow query of {row.method} {row.route} is known: {NO_COMMENTS}")
        return
    named = origins(row)
    found = next((found for endpoint in named if (found := find_endpoint(endpoint, app.view))), None)
    if found is not None:
        target_id, endpoint = found
        app.selected["application"] = target_id
        app.renew_view()
        open_details(app, ENDPOINTS, endpoint)
    elif named:
        app.say(f"It came from {' '.join(named[0])}, which no application in view counts.")
    else:
        app.say(f"Where this came from is not known: {NO_COMMENTS}")
