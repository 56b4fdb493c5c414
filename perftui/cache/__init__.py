"""Caches that work for their keep: stores, invalidation, read-through, warming, write-behind, and cached queries.

`docs/caching.md` is the guide. Each name is imported when it is first used.
"""

from typing import TYPE_CHECKING

from perftui.model.lazy import lazy_names

if TYPE_CHECKING:
    from perftui.cache.async_query_cache import AsyncQueryCache
    from perftui.cache.async_read_through import AsyncReadThrough
    from perftui.cache.codec import BsonCodec, PlainCodec
    from perftui.cache.dependencies import DependencyGraph
    from perftui.cache.direct_invalidation import DirectInvalidator
    from perftui.cache.entry import StoreSizes
    from perftui.cache.invalidation import Invalidated, Invalidator
    from perftui.cache.query_cache import QueryCache
    from perftui.cache.read_through import ReadThrough
    from perftui.cache.stores.base import CacheStore, Unsupported
    from perftui.cache.stores.cashews_store import CashewsStore
    from perftui.cache.stores.direct import DirectStore
    from perftui.cache.stores.dogpile_store import DogpileStore
    from perftui.cache.stores.memory import MemoryStore
    from perftui.cache.stores.redis_store import RedisStore
    from perftui.cache.warm_run import WarmReport
    from perftui.cache.warm_schedule import WarmSchedule
    from perftui.cache.warming import CacheWarmer, Store, most_used
    from perftui.cache.write_behind import WriteBehind
    from perftui.cache.write_queue import QueueFull
    from perftui.cache.write_types import Write, WriteReport
    from perftui.cache.writers import mongodb_writer, redis_writer

_MODULES = {
    "AsyncQueryCache": "async_query_cache",
    "AsyncReadThrough": "async_read_through",
    "BsonCodec": "codec",
    "CacheStore": "stores.base",
    "CacheWarmer": "warming",
    "CashewsStore": "stores.cashews_store",
    "DependencyGraph": "dependencies",
    "DirectInvalidator": "direct_invalidation",
    "DirectStore": "stores.direct",
    "DogpileStore": "stores.dogpile_store",
    "Invalidated": "invalidation",
    "Invalidator": "invalidation",
    "MemoryStore": "stores.memory",
    "PlainCodec": "codec",
    "QueryCache": "query_cache",
    "QueueFull": "write_queue",
    "ReadThrough": "read_through",
    "RedisStore": "stores.redis_store",
    "Store": "warming",
    "StoreSizes": "entry",
    "Unsupported": "stores.base",
    "WarmReport": "warm_run",
    "WarmSchedule": "warm_schedule",
    "Write": "write_types",
    "WriteBehind": "write_behind",
    "WriteReport": "write_types",
    "mongodb_writer": "writers",
    "most_used": "warming",
    "redis_writer": "writers",
}

__all__ = [
    "AsyncQueryCache",
    "AsyncReadThrough",
    "BsonCodec",
    "CacheStore",
    "CacheWarmer",
    "CashewsStore",
    "DependencyGraph",
    "DirectInvalidator",
    "DirectStore",
    "DogpileStore",
    "Invalidated",
    "Invalidator",
    "MemoryStore",
    "PlainCodec",
    "QueryCache",
    "QueueFull",
    "ReadThrough",
    "RedisStore",
    "Store",
    "StoreSizes",
    "Unsupported",
    "WarmReport",
    "WarmSchedule",
    "Write",
    "WriteBehind",
    "WriteReport",
    "mongodb_writer",
    "most_used",
    "redis_writer",
]


if not TYPE_CHECKING:  # a checker knows the names above, and is to find the others wrong
    __getattr__, __dir__ = lazy_names(__name__, _MODULES)
