"""Indexes as createIndexes of the private server takes them: no rule that rejects or removes documents."""

from collections.abc import Mapping
from typing import Any

from perftui.advice.costs.spec import Spec
from perftui.advice.words.recommendation import options_of
from perftui.model.index import Index
from perftui.sources.mongodb.extended_json import from_extended

_KEPT_OPTIONS = (
    "weights", "default_language", "language_override", "wildcardProjection", "bits", "min", "max",
)  # fmt: skip


def definition_of(spec: Spec, name: str, default_collation: str | None) -> dict[str, Any]:
    """Named by us, hidden until it is tried. Unique and TTL are left out."""
    options = from_extended(options_of(spec))
    options.pop("unique", None)
    options.pop("expireAfterSeconds", None)
    keys = dict(spec.keys)
    if spec.existing is not None:
        keys, more = _existing(spec.existing)
        options = {**options, **more}
    if spec.collation is None and default_collation is not None and spec.special is None:
        options["collation"] = {"locale": "simple"}
    return {"key": keys, "name": name, **options, "hidden": True}


def _existing(index: Index) -> tuple[dict[str, Any], dict[str, Any]]:
    """A text index is listed by its inner keys: the fields stand in its weights."""
    options = {name: from_extended(index.options[name]) for name in _KEPT_OPTIONS if name in index.options}
    weights = options.get("weights")
    if not isinstance(weights, Mapping) or "_fts" not in dict(index.keys):
        return dict(index.keys), options
    keys: dict[str, Any] = {}
    for field, way in index.keys:
        if field == "_fts":
            keys.update(dict.fromkeys(weights, "text"))
        elif field != "_ftsx":
            keys[field] = way
    return keys, options
