"""What is known of a collection when advice is given: its size, its indexes, and a bounded sample of its documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from perftui.model.index import CollectionKind, Index

SampledDocument = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class CollectionFacts:
    """Never written anywhere: the sampled documents hold the users' values, as Python and BSON values.

    >>> from perftui import CollectionFacts
    >>> sample = [{"_id": number, "sku": number} for number in range(1000)]
    >>> facts = CollectionFacts(ns="shop.items", documents=50_000, average_bytes=200, sample=sample)
    """

    ns: str
    kind: CollectionKind = "collection"
    exists: bool = True
    documents: int | None = None
    """The server's own count; `None` where only executions are known, as for a log file."""
    average_bytes: float | None = None
    sample: Sequence[SampledDocument] = ()
    """Drawn at random, or all of them."""
    whole: bool = False
    """The sample is the whole collection."""
    indexes: tuple[Index, ...] | None = None
    """`None`: they could not be read."""
    capped: bool = False
    sharded: bool = False
    shard_key: tuple[str, ...] = ()
    collation: str | None = None
    """The collection's default collation as extended JSON."""
    notes: tuple[str, ...] = ()
    """What could not be read, in sentences."""
