"""What a command on a view asks of the collection behind it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

Command = Mapping[str, Any]


class Asked(NamedTuple):
    """A command and the collection whose indexes can serve it."""

    command: Command
    ns: str


def on_collection(command: Command, ns: str, resolved_views: object) -> Asked:
    """The same where no view is in between; else the aggregate that the server makes of it.

    A getMore's command, which the server gives as it was resolved, names the collection itself.
    """
    name = next(iter(command.values()), None)
    database, _, collection = ns.partition(".")
    view = _resolved(ns, resolved_views)
    if view is None:
        # A statement of an update or delete has no name in it.
        named = isinstance(name, str) and next(iter(command)) == "aggregate" and bool(name) and name != collection
        return Asked(command, f"{database}.{name}") if named else Asked(command, ns)
    base, pipeline = view
    rest = _as_stages(command)
    if rest is None:
        return Asked(command, f"{database}.{base}")
    collation = {"collation": command["collation"]} if "collation" in command else {}
    return Asked({"aggregate": base, "pipeline": [*pipeline, *rest], **collation}, f"{database}.{base}")


def _resolved(ns: str, resolved_views: object) -> tuple[str, list[Any]] | None:
    """The collection and the pipeline of the view that was asked; other views may be joined."""
    for view in resolved_views if isinstance(resolved_views, list) else ():
        if not isinstance(view, Mapping) or view.get("viewNamespace") != ns:
            continue
        chain, pipeline = view.get("dependencyChain"), view.get("resolvedPipeline")
        if isinstance(chain, list) and chain and isinstance(chain[-1], str) and isinstance(pipeline, list):
            return chain[-1], pipeline
    return None


def _as_stages(command: Command) -> list[Any] | None:
    """The stages that do what the command does; `None` where it is of another kind."""
    kind = next(iter(command), "")
    if kind == "aggregate":
        pipeline = command.get("pipeline")
        return list(pipeline) if isinstance(pipeline, list) else []
    if kind not in ("find", "count", "distinct"):
        return None
    query = command.get("filter" if kind == "find" else "query")
    stages: list[Any] = [{"$match": query}] if query else []
    for field, stage in (("sort", "$sort"), ("skip", "$skip"), ("limit", "$limit"), ("projection", "$project")):
        if command.get(field):
            stages.append({stage: command[field]})
    if kind == "count":
        return [*stages, {"$count": "count"}]
    return [*stages, {"$group": {"_id": f"${command.get('key', '')}"}}] if kind == "distinct" else stages
