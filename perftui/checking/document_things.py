"""What budgets can hold of perftui's metrics documents: one for each window that a budget asks for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from perftui.checking.document_figures import cache_figures, endpoint_figures, shape_figures
from perftui.model.budgets.budget import Budget
from perftui.model.budgets.figures import Figures, Held
from perftui.model.budgets.things import FiguresOf, Thing, cache_thing, endpoint_thing, shape_thing
from perftui.model.metrics import CacheDocument, EndpointDocument, MetricsDocument, QueryShapeDocument

Documents = Mapping[int, MetricsDocument]
"""By their windows, in minutes."""
Key = TypeVar("Key")
Entry = TypeVar("Entry")


class _Indexed(NamedTuple):
    """One document, to look things up in."""

    window_s: float | None
    endpoints: dict[tuple[str, str], EndpointDocument]
    shapes: dict[str, QueryShapeDocument]
    caches: dict[str, CacheDocument]


def things_of_documents(documents: Documents) -> Iterator[Thing]:
    """All that is in any of them, each with its figures over the window of the budget that asks."""
    by_minutes = {minutes: _indexed(document) for minutes, document in documents.items()}
    every = list(by_minutes.values())
    for (method, route), one in _all([document.endpoints for document in every]).items():
        yield endpoint_thing(method, route, _endpoint(by_minutes, (method, route)), one.budgets)
    for shape in _all([document.shapes for document in every]).values():
        held = _shape(by_minutes, shape.id)
        yield shape_thing(shape.id, shape.collection, shape.op, shape.shape, held, shape.budgets)
    for name, cache in _all([document.caches for document in every]).items():
        yield cache_thing(name, _cache(by_minutes, name), cache.budgets)


def remarks_on(documents: Documents) -> list[str]:
    """What the figures do not hold."""
    found: dict[str, None] = {}
    for document in documents.values():
        if document.complete is False:
            found["the figures are of one worker of several; let the workers share a folder"] = None
        if document.api is not None and document.api.endpoints_omitted:
            found[f"{document.api.endpoints_omitted:,} endpoints with few requests are not in the document"] = None
        if document.query is not None and document.query.shapes_omitted:
            found[f"{document.query.shapes_omitted:,} shapes of queries are not in the document"] = None
    return list(found)


def _endpoint(by_minutes: Mapping[int, _Indexed], key: tuple[str, str]) -> FiguresOf:
    return _held(by_minutes, lambda found: endpoint_figures(found.endpoints.get(key), found.window_s))


def _shape(by_minutes: Mapping[int, _Indexed], shape_id: str) -> FiguresOf:
    return _held(by_minutes, lambda found: shape_figures(found.shapes.get(shape_id), found.window_s))


def _cache(by_minutes: Mapping[int, _Indexed], name: str) -> FiguresOf:
    return _held(by_minutes, lambda found: cache_figures(found.caches.get(name), found.window_s))


def _held(by_minutes: Mapping[int, _Indexed], figures_in: Callable[[_Indexed], Figures]) -> FiguresOf:
    def held(budget: Budget) -> Held:
        return Held(figures_in(by_minutes[budget.minutes]))

    return held


def _indexed(document: MetricsDocument) -> _Indexed:
    endpoints = document.api.endpoints if document.api is not None else ()
    shapes = document.query.shapes if document.query is not None else ()
    return _Indexed(
        document.window_s,
        {(one.method, one.route): one for one in endpoints},
        {one.id: one for one in shapes},
        document.cache or {},
    )


def _all(tables: Sequence[dict[Key, Entry]]) -> dict[Key, Entry]:
    return {key: one for table in tables for key, one in table.items()}
