"""Caches: each cache of the application, how well it works and what it holds."""

from collections.abc import Sequence

from perftui.model.application import CacheStats
from perftui.tui.formatting import UNKNOWN, milliseconds, number, rate, share, size
from perftui.tui.table_spec import TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.budgets import budget_column
from perftui.tui.tables.grades import graded, plain, too_low, words
from perftui.tui.view import State, View


def rows(view: View) -> Sequence[CacheStats]:
    target = view.target("application")
    return () if target is None or target.application is None else target.application.caches


def grade_hit_rate(cache: CacheStats, view: View) -> State:
    limit = view.thresholds.hit_rate
    return too_low(cache.hit_rate, limit, limit + 0.05)


def grade_efficiency(cache: CacheStats, view: View) -> State:
    limit = view.thresholds.cache_efficiency
    return too_low(cache.efficiency, limit, limit + 10)


def grade_now(cache: CacheStats, view: View) -> State:
    limit = view.thresholds.hit_rate
    return too_low(cache.hit_rate_now, limit, limit + 0.05)


def grade_errors(cache: CacheStats, _view: View) -> State:
    return "over" if cache.errors else "normal"


def points(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.0f}"


def most_used(cache: CacheStats) -> str:
    return ", ".join(use.key for use in cache.top_keys[:3])


def held(cache: CacheStats) -> str:
    """How many keys, of how many that fit."""
    return number(cache.keys) if cache.capacity is None else f"{number(cache.keys)} of {number(cache.capacity)}"


def _empty(view: View) -> str:
    otherwise = "This application's metrics hold no cache. perftui.instrument adds them."
    return explain_absence(view, "application", "application.metrics", otherwise)


def _full_text(cache: CacheStats, _view: View) -> str:
    uses = "\n".join(f"{number(use.count):>8}  {use.key}" for use in cache.top_keys)
    return uses or "No key was counted yet."


CACHES: TableSpec[CacheStats] = TableSpec(
    name="caches",
    columns=(
        words("cache", "CACHE", 14, lambda row: row.name),
        graded("hit_rate", "HIT RATE", 9, lambda row: row.hit_rate, share, grade_hit_rate),
        graded("now", "NOW", 6, lambda row: row.hit_rate_now, share, grade_now, 1),
        plain("gets", "GETS/s", 7, lambda row: row.gets_per_s, rate),
        plain("get_ms", "GET", 7, lambda row: row.get_ms, milliseconds, 2),
        plain("set_ms", "SET", 7, lambda row: row.set_ms, milliseconds, 2),
        plain("keys", "KEYS", 7, lambda row: row.keys, number, 3),
        plain("size", "SIZE", 6, lambda row: row.used_bytes, size, 4),
        graded("efficiency", "EFF", 4, lambda row: row.efficiency, points, grade_efficiency),
        budget_column(lambda row: row.limits),
        plain("hits", "HITS", 7, lambda row: row.hits, number, 5),
        plain("misses", "MISSES", 7, lambda row: row.misses, number, 5),
        plain("sets", "SETS", 7, lambda row: row.sets, number, 6),
        plain("deletes", "DELETES", 7, lambda row: row.deletes, number, 8),
        plain("evictions", "EVICTED", 7, lambda row: row.evictions, number, 7),
        plain("expirations", "EXPIRED", 7, lambda row: row.expirations, number, 8),
        graded("errors", "ERRORS", 7, lambda row: row.errors, number, grade_errors, 4),
        words("top", "MOST USED KEYS", 14, most_used, flexible=True),
    ),
    rows=rows,
    filled_by=("application", "application"),
    key=lambda row: row.name,
    default_sort="gets",
    full_text=_full_text,
    empty=_empty,
)
