"""An index to create, as a person, an analysis or a dialog names it."""

import json
from collections.abc import Mapping
from typing import Any, Self

from perftui.actions.undo_data import KeptIndex
from perftui.model.analysis import Recommendation
from perftui.model.base import Model
from perftui.model.index import KeyPattern
from perftui.model.proof import ProofShape


class IndexSpec(Model, frozen=True, kw_only=True):
    """`IndexSpec(ns="shop.orders", keys=(("customer", 1), ("at", -1)), options={"unique": True})`."""

    ns: str
    """database.collection."""
    keys: KeyPattern
    name: str = ""
    """Empty: the name that the server's shell would give it, such as `customer_1_at_-1`."""
    options: dict[str, Any] = {}
    """Of createIndexes, as plain extended JSON: unique, sparse, partialFilterExpression, collation, weights, ..."""
    size_bytes: int | None = None
    """Estimated, where somebody has."""
    write_cost: float | None = None
    """Index keys written more for each document inserted."""
    supersedes: tuple[str, ...] = ()
    """Names of indexes that it makes unnecessary; creating it leaves them alone."""
    warnings: tuple[str, ...] = ()
    """What the advice says to know first."""
    shapes: tuple[ProofShape, ...] = ()
    """The shapes that it is to serve, as they are before: what its proof compares with."""
    exact: str | None = None
    """The whole definition as the journal kept it; it counts instead of keys, name and options."""

    @classmethod
    def of(cls, recommendation: Recommendation) -> Self:
        return cls(
            ns=recommendation.ns,
            keys=recommendation.keys,
            name=recommendation.name,
            options=recommendation.options,
            size_bytes=recommendation.size_bytes,
            write_cost=recommendation.write_cost,
            supersedes=recommendation.supersedes,
            warnings=recommendation.warnings,
            shapes=tuple(ProofShape(id=served.id, shape=served.shape) for served in recommendation.shapes),
        )

    @classmethod
    def restored(cls, index: KeptIndex) -> Self:
        """One that was dropped, exactly as it was."""
        definition = kept(index.definition)
        return cls(ns=index.ns, keys=tuple(definition["key"].items()), name=index.name, exact=index.definition)

    @property
    def database(self) -> str:
        return self.ns.partition(".")[0]

    @property
    def collection(self) -> str:
        return self.ns.partition(".")[2]

    @property
    def index_name(self) -> str:
        return self.name or default_name(self.keys)

    def definition(self) -> dict[str, Any]:
        """What stands in createIndexes' `indexes`: values as BSON has them. Raises `ValueError` for bad options."""
        if self.exact is not None:
            return {name: value for name, value in kept(self.exact).items() if name != "ns"}
        return {"key": dict(self.keys), "name": self.index_name, **from_extended(self.options)}


def default_name(keys: KeyPattern) -> str:
    return "_".join(f"{field}_{direction}" for field, direction in keys)


def from_extended(options: Mapping[str, Any]) -> dict[str, Any]:
    """Extended JSON's `{"$date": ...}` and their like as the values they stand for. Raises `ValueError`."""
    from bson import json_util

    try:
        decoded: dict[str, Any] = json_util.loads(json.dumps(options))
    except (TypeError, ValueError) as error:
        raise ValueError(f"the options are no extended JSON: {error}") from None
    return decoded


def keep(definition: Mapping[str, Any]) -> str:
    """Canonical extended JSON: nothing of type or order is lost."""
    from bson import json_util

    return json_util.dumps(definition, json_options=json_util.CANONICAL_JSON_OPTIONS)


def kept(definition: str) -> dict[str, Any]:
    """What was kept, numbers and dates in the types that they had."""
    from bson import json_util
    from bson.codec_options import DatetimeConversion

    lenient = json_util.CANONICAL_JSON_OPTIONS.with_options(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
    decoded: dict[str, Any] = json_util.loads(definition, json_options=lenient)
    return decoded
