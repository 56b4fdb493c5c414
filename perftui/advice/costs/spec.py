"""An index as the model sees it: one that exists, or one that could be created."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from perftui.advice.filters.tree import Node
from perftui.model.index import Index, KeyPattern


@dataclass(frozen=True, kw_only=True)
class Spec:
    """Hashed by what it is, so that equal ones are found once."""

    keys: KeyPattern
    sparse: bool = False
    partial: Node | None = None
    partial_token: object = None
    """Equal for equal partial filters."""
    partial_filter: Any = None
    """As createIndexes takes it."""
    collation: str | None = None
    """Canonical JSON; `None`: simple comparison."""
    existing: Index | None = None
    options: tuple[tuple[str, Any], ...] = ()
    """Others, such as a text index's weights."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spec) and self.identity == other.identity

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.identity)

    @cached_property
    def identity(self) -> tuple[object, ...]:
        name = None if self.existing is None else self.existing.name
        return (self.keys, self.sparse, self.partial_token, self.collation, name)

    @cached_property
    def paths(self) -> tuple[str, ...]:
        return tuple(path for path, _ in self.keys)

    @cached_property
    def special(self) -> str | None:
        """text, 2dsphere, 2d, hashed, wildcard; `None` for an ordinary one."""
        for path, kind in self.keys:
            if isinstance(kind, str):
                return kind
            if "$**" in path:
                return "wildcard"
        return None

    @property
    def plain(self) -> bool:
        """Holds every document in the order of its values."""
        return not self.sparse and self.partial is None and self.special is None


def reversed_keys(keys: KeyPattern) -> KeyPattern:
    """The same order read from its end."""
    return tuple((path, -way if isinstance(way, int) else way) for path, way in keys)
