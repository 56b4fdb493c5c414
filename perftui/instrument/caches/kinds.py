"""What is counted of a cache, and under which names."""

from perftui.instrument.store.kinds import Kind

REASONS = ("capacity", "memory", "invalidated")
"""Why a key was evicted: the cache was full by number or by bytes, or it was thrown out on purpose."""
COUNTERS = ("hits", "misses", "sets", "deletes", "evictions", "expirations", "errors")
HITS, MISSES, SETS, DELETES, EVICTIONS, EXPIRATIONS, ERRORS = range(len(COUNTERS))
CACHE = Kind("cache", "cache", ("cache",), counters=(*COUNTERS, *(f"evictions_{reason}" for reason in REASONS)))
CACHE_GET = Kind("cache_get", "cache", ("cache",), timed=True)
CACHE_SET = Kind("cache_set", "cache", ("cache",), timed=True)
CACHE_VALUE = Kind("cache_value", "cache", ("cache",), timed=True)
"""Sizes of values: a byte stands where a microsecond stands in a duration."""
SIDE = "caches"
MAX_CACHES = 100
