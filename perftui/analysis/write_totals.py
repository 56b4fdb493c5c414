"""What was written to one collection: the load that each of its indexes must carry."""

from collections.abc import Iterable, Mapping

from perftui.advice.load import WriteLoad

_PATHS = 200
_SETTING_STAGES = frozenset(("$set", "$addFields"))


class WriteTotals:
    """Documents inserted, deleted, and updated by the paths that were set."""

    __slots__ = ("deleted", "inserted", "paths", "unknown", "updated")

    def __init__(self) -> None:
        self.inserted = self.deleted = self.updated = self.unknown = 0.0
        self.paths: dict[str, float] = {}

    def add_update(self, documents: float, paths: Iterable[str] | None) -> None:
        """So many documents; `None`: an update that does not tell which paths it sets."""
        self.updated += documents
        if paths is None:
            self.unknown += documents
            return
        for path in paths:
            if path in self.paths or len(self.paths) < _PATHS:
                self.paths[path] = self.paths.get(path, 0.0) + documents

    def load(self, ns: str) -> WriteLoad:
        known = self.unknown <= self.updated / 2
        return WriteLoad(
            ns=ns, inserted=self.inserted, deleted=self.deleted, updated=dict(self.paths) if known else None
        )


def updated_paths(update: object) -> tuple[str, ...] | None:
    """The paths that an update sets, without positions in arrays; `None` for a replacement and what cannot be told."""
    if isinstance(update, list | tuple):
        return _by_pipeline(update)
    if not isinstance(update, Mapping) or not update or not all(str(name).startswith("$") for name in update):
        return None
    paths: dict[str, None] = {}
    for operator, fields in update.items():
        if not isinstance(fields, Mapping):
            continue
        for field, value in list(fields.items())[:_PATHS]:
            paths[plain_path(str(field))] = None
            if operator == "$rename":
                paths[plain_path(str(value))] = None
    return tuple(paths)


def plain_path(path: str) -> str:
    """`items.$[one].price` and `items.3.price` are `items.price` to an index."""
    parts = path.split(".")
    return ".".join([parts[0], *(part for part in parts[1:] if part[:1] != "$" and not part.isdecimal())])


def _by_pipeline(stages: Iterable[object]) -> tuple[str, ...] | None:
    paths: dict[str, None] = {}
    for stage in stages:
        name, body = next(iter(stage.items()), ("", None)) if isinstance(stage, Mapping) else ("", None)
        if name in _SETTING_STAGES and isinstance(body, Mapping):
            paths.update(dict.fromkeys(plain_path(str(field)) for field in body))
        elif name == "$unset":
            fields = body if isinstance(body, list) else [body]
            paths.update(dict.fromkeys(plain_path(str(field)) for field in fields))
        else:
            return None
    return tuple(paths)
