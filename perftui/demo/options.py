"""How a demo is to be."""

from dataclasses import dataclass, field

from perftui.demo.load import DEFAULT_RATE_PER_S
from perftui.demo.switches import Switches


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    documents: int = 150_000
    rate_per_s: float = DEFAULT_RATE_PER_S
    port: int | None = None
    """The application's; a free one by default."""
    seed: int = 1
    keep: bool = False
    """Let everything run on at the end."""
    ttl_s: int | None = None
    """How long every page stays in the cache; by default each kind has its own time."""
    visitors: bool = True
    """Start the load, without end."""
    switches: Switches = field(default_factory=Switches)
    """Which caches the application starts with."""
    indexed: bool = False
    """Each query has its index from the start, and words are looked for by `$text`: nothing is left to find."""
    members: int = 1
    """Of the replica set, all with data: of three one may go."""
    cache_memory: str = "64mb"
    """Redis' maxmemory."""
    pool: int | None = None
    """The most connections that the application holds to MongoDB; by default its driver's."""
