"""The blocks of one kind by their labels, bounded."""

from typing import TYPE_CHECKING

from perftui.instrument.store.block import Block
from perftui.instrument.store.bounds import Bound, all_other
from perftui.instrument.store.kinds import Kind

if TYPE_CHECKING:
    from perftui.instrument.registry import Registry

_LONGEST_LABEL = 400


class BlockTable:
    """`get` is a look-up in a dict once a series is known. After a fork the child's tables are empty."""

    __slots__ = ("__weakref__", "_blocks", "_bound", "_kind", "_registry")

    def __init__(self, registry: "Registry", kind: Kind, bound: int) -> None:
        """Beyond `bound` series all share one whose labels are `(other)`."""
        self._registry, self._kind, self._bound = registry, kind, bound
        self._blocks: dict[tuple[str, ...], Block] = {}
        registry.bounds.setdefault(kind.name, Bound(bound))
        registry.forget_after_fork(self)

    def get(self, *labels: str) -> Block:
        """The block of these labels. Never raises."""
        return self._blocks.get(labels) or self._make(labels)

    def forget(self) -> None:
        """The blocks are the parent's."""
        self._blocks = {}

    def __len__(self) -> int:
        return len(self._blocks)

    def _make(self, labels: tuple[str, ...]) -> Block:
        if len(self._blocks) >= self._bound:
            labels = all_other(self._kind.labels)
        told = tuple(label[:_LONGEST_LABEL].encode("utf-8", "replace").decode() for label in labels)
        try:
            block = self._registry.make_block(self._kind, told)
        except Exception:  # whatever fails in here, the application goes on
            self._registry.faults["block"] += 1
            block = self._registry.late_block(self._kind, told)
        # Two threads may meet a new series at once: the registry gives both the same block.
        return self._blocks.setdefault(labels, block)
