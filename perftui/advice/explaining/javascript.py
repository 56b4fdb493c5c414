"""JavaScript in a command, which no explain may run.

Even `queryPlanner` runs filters, while it tries candidate plans, and maxTimeMS does not stop a `$function`.
"""

from collections.abc import Mapping
from typing import Any

_NODES = 100_000
_OPERATORS = frozenset(("$where", "$function", "$accumulator", "$code"))
_INTERNAL = "$_internalJs"
_SKIPPABLE = frozenset(("$where", "$expr"))
"""A condition beside others that no index could serve: without it the same indexes come into question."""
_FILTERS = ("filter", "query")

Command = dict[str, Any]


def holds_javascript(value: object) -> bool:
    """Whether any JavaScript stands in it; True too for what is too large to tell."""
    waiting, left = [value], _NODES
    while waiting:
        one = waiting.pop()
        left -= 1
        if left < 0:
            return True
        if isinstance(one, Mapping):
            if any(_is_javascript(key) for key in one):
                return True
            waiting.extend(one.values())
        elif isinstance(one, list | tuple):
            waiting.extend(one)
        elif type(one).__name__ == "Code":
            return True
    return False


def _is_javascript(key: object) -> bool:
    return isinstance(key, str) and (key in _OPERATORS or key.startswith(_INTERNAL))


def without_javascript(command: Command) -> Command | None:
    """The same command less its JavaScript, for the plan alone; `None` where it cannot be taken out.

    A condition beside others is dropped, so is a projection; a pipeline ends before the first stage that holds some.
    """
    result = {key: value for key, value in command.items() if key != "projection" or not holds_javascript(value)}
    for name in _FILTERS:
        if isinstance(result.get(name), Mapping):
            result[name] = _conditions(result[name])
    for name in ("updates", "deletes"):
        if name in result:
            result[name] = [{**one, "q": _conditions(one.get("q") or {})} for one in result[name]]
    if "pipeline" in result:
        result["pipeline"] = _stages(result["pipeline"])
    return None if holds_javascript(result) else result


def _conditions(conditions: Mapping[str, Any]) -> Command:
    """What cannot be dropped stays, to be found by the caller."""
    kept: Command = {}
    for name, condition in conditions.items():
        if name == "$and" and isinstance(condition, list):
            branches = [_conditions(one) if isinstance(one, Mapping) else one for one in condition]
            if any(branches):
                kept[name] = [branch for branch in branches if branch]
        elif name not in _SKIPPABLE or not holds_javascript({name: condition}):
            kept[name] = condition
    return kept


def _stages(pipeline: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for stage in pipeline:
        if isinstance(stage, Mapping) and isinstance(stage.get("$match"), Mapping):
            stage = {"$match": _conditions(stage["$match"])}
        if holds_javascript(stage):
            break
        kept.append(stage)
    return kept
