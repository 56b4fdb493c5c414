"""How each endpoint, shape and cache stands to its budgets, for the metrics document."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perftui.instrument.budgets.evaluation import SIDE, Key, concerned, evaluate_all, newest
from perftui.instrument.budgets.subjects import subjects
from perftui.instrument.store.reading import Reading
from perftui.model.metrics import BudgetDocument, MetricsDocument, QueryShapeDocument

if TYPE_CHECKING:
    from perftui.instrument.registry import Registry


class BudgetReading:
    """The standings of one moment: figures of now; over, recovered and since when, as the elected worker says."""

    def __init__(self, registry: "Registry", reading: Reading) -> None:
        budgets = concerned(registry.budgets, registry.service)
        published = (value for _, value in reading.side(SIDE)) if budgets else ()
        self._published = dict(newest(published, reading.wall).standings)
        found = subjects(reading) if budgets else ()
        judged = evaluate_all(budgets, found, self._published, reading.wall)
        self._now, self._remarks = judged.standings, judged.remarks()
        self._by_thing: dict[Key, list[Key]] = {}
        for key in self._now:
            self._by_thing.setdefault(key[:-2], []).append(key)

    def filled(self, document: MetricsDocument) -> MetricsDocument:
        """The document with the standings of its endpoints, shapes and caches."""
        if not self._by_thing:
            return document
        api, query, cache = document.api, document.query, document.cache
        if api is not None:
            endpoints = (replace(one, budgets=self.of_endpoint(one.method, one.route)) for one in api.endpoints)
            api = replace(api, endpoints=tuple(endpoints))
        if query is not None:
            query = replace(query, shapes=tuple(self._filled_shape(one) for one in query.shapes))
        if cache is not None:
            cache = {name: replace(one, budgets=self.of_cache(name)) for name, one in cache.items()}
        return replace(document, api=api, query=query, cache=cache, remarks=self._remarks)

    def of_endpoint(self, method: str, route: str) -> tuple[BudgetDocument, ...]:
        return self._of(("endpoint", method, route))

    def of_shape(self, shape_id: str, collection: str, op: str, text: str) -> tuple[BudgetDocument, ...]:
        return self._of(("query", shape_id, collection, op, text))

    def of_cache(self, name: str) -> tuple[BudgetDocument, ...]:
        return self._of(("cache", name))

    def _filled_shape(self, one: QueryShapeDocument) -> QueryShapeDocument:
        return replace(one, budgets=self.of_shape(one.id, one.collection, one.op, one.shape))

    def _of(self, thing: Key) -> tuple[BudgetDocument, ...]:
        return tuple(self._document(key) for key in self._by_thing.get(thing, ()))

    def _document(self, key: Key) -> BudgetDocument:
        now, published = self._now[key].document, self._published.get(key)
        if published is None:
            return now
        known = published.document
        if now.state != known.state and "unknown" in (now.state, known.state):
            return now  # as the elected worker will judge next: enough was counted since then, or is no more
        return replace(now, state=known.state, since=known.since)
