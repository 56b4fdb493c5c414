"""An index to create beside those there are: the same, a clash of names, or one that makes another unnecessary."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from perftui.actions.base import Problem
from perftui.actions.index_spec import IndexSpec
from perftui.actions.problems import blocks, remark
from perftui.model.index import Index, KeyPattern


def conflicts(spec: IndexSpec, existing: Sequence[Index]) -> Iterator[Problem]:
    """Blocking where the server would refuse or do nothing; in words where one of the two adds little."""
    for index in existing:
        problem = _conflict(spec, index)
        if problem is not None:
            yield problem


def _conflict(spec: IndexSpec, index: Index) -> Problem | None:
    if index.building and index.name == spec.index_name:
        return blocks(f"{index.name} is being built already.", "Wait for it, or abort it.")
    same = _same_keys(spec, index) and _same_options(spec, index)
    if same:
        return _already_there(index)
    if index.name == spec.index_name:
        return blocks(f"another index is called {index.name}: {_shown(index)}.", "Choose another name.")
    if _is_text(spec.keys) and _is_text(index.keys):
        help_ = "A collection has one text index: drop that one first, or make one of both."
        return blocks(f"{index.name} is a text index already.", help_)
    if _same_keys(spec, index):
        return remark(f"{index.name} has the same keys with other options.")
    return _prefix(spec, index)


def _already_there(index: Index) -> Problem:
    if index.hidden:
        return blocks(f"the same index is there and hidden: {index.name}.", "Unhide it instead.")
    return blocks(f"the same index is there already: {index.name}.", "Nothing is to be done.")


def _prefix(spec: IndexSpec, index: Index) -> Problem | None:
    if not (_plain(index) and _plain_options(spec.options)):
        return None
    if _begins_with(index.keys, spec.keys) and not spec.options.get("unique"):
        return remark(f"{index.name} {_shown(index)} begins with the same fields: this index may add nothing.")
    if _begins_with(spec.keys, index.keys) and not index.unique and index.keys != (("_id", 1),):
        return remark(f"{index.name} {_shown(index)} becomes unnecessary with it: hide it afterwards, then drop it.")
    return None


def _begins_with(longer: KeyPattern, shorter: KeyPattern) -> bool:
    """Field by field, in the same directions or all reversed; `user` is no prefix of `userId`."""
    if len(shorter) >= len(longer):
        return False
    head = longer[: len(shorter)]
    return head == shorter or head == _reversed(shorter)


def _reversed(keys: KeyPattern) -> KeyPattern:
    return tuple((field, -kind if isinstance(kind, int | float) else kind) for field, kind in keys)


def _same_keys(spec: IndexSpec, index: Index) -> bool:
    if spec.exact is None and _is_text(spec.keys) and _is_text(index.keys):
        wanted = {field for field, kind in spec.keys if kind == "text"}
        return set(index.options.get("weights", {})) == wanted
    return spec.keys == index.keys


def _same_options(spec: IndexSpec, index: Index) -> bool:
    options = _options_of(spec)
    return (
        bool(options.get("unique")) == index.unique
        and bool(options.get("sparse")) == index.sparse
        and options.get("expireAfterSeconds") == index.ttl_s
        and options.get("partialFilterExpression") == _loaded(index.partial_filter)
        and _same_collation(options.get("collation"), _loaded(index.collation))
    )


def _options_of(spec: IndexSpec) -> dict[str, Any]:
    if spec.exact is None:
        return spec.options
    from bson import json_util

    options: dict[str, Any] = json.loads(
        json_util.dumps(spec.definition(), json_options=json_util.RELAXED_JSON_OPTIONS)
    )
    return options


def _same_collation(asked: Any, there: Any) -> bool:
    """The server fills in what was not asked for."""
    if not asked or asked.get("locale") == "simple":
        return not there
    return bool(there) and all(there.get(name) == value for name, value in asked.items())


def _loaded(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _is_text(keys: KeyPattern) -> bool:
    return any(kind == "text" for _, kind in keys)


def _plain(index: Index) -> bool:
    return not (index.sparse or index.partial_filter or index.collation or index.hidden or index.ttl_s is not None)


def _plain_options(options: dict[str, Any]) -> bool:
    return not any(options.get(name) for name in ("sparse", "partialFilterExpression", "collation", "hidden"))


def _shown(index: Index) -> str:
    return "{" + ", ".join(f"{field}: {json.dumps(kind)}" for field, kind in index.keys) + "}"
