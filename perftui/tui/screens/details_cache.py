"""Details of a cache: how well it works, what it holds, which keys it is asked for and lacks."""

from collections.abc import Hashable, Sequence

from perftui.model.application import CacheStats, KeyUse
from perftui.model.metrics import ValueSizesDocument
from perftui.tui.formatting import UNKNOWN, milliseconds, number, rate, share, size
from perftui.tui.lines import Piece, bar, fit
from perftui.tui.screens.details_parts import budgets_block, history, lately
from perftui.tui.screens.document import Block, Document, Fact, Facts, Rows, Spark, Sparks
from perftui.tui.tables import caches
from perftui.tui.tables.grades import signed
from perftui.tui.view import View


def cache(view: View, key: Hashable) -> Document | None:
    target = view.target("application")
    row = next((row for row in caches.rows(view) if row.name == key), None)
    if row is None or target is None:
        return None
    blocks: tuple[Block, ...] = (
        Facts(_cache_facts(row, view)),
        budgets_block(row.limits, view),
        _cache_history(view, target.target.id, row),
        Facts(_value_facts(row.value_bytes), "SIZES OF VALUES"),
        Rows(tuple(_key_uses(row.top_keys)), "MOST USED KEYS"),
        Rows(tuple(_key_uses(row.missed_keys)), "MOST MISSED KEYS: WHAT WARMING WOULD SERVE"),
    )
    copied = "\n".join(use.key for use in row.top_keys) or row.name
    return Document(f"Cache {row.name} of {target.target.name}", blocks, copied=copied, at=view.snapshot.taken_at)


def _cache_facts(row: CacheStats, view: View) -> tuple[Fact, ...]:
    hits, efficiency = caches.grade_hit_rate(row, view), caches.grade_efficiency(row, view)
    now, errors = caches.grade_now(row, view), caches.grade_errors(row, view)
    return (
        Fact("hit rate", signed(share(row.hit_rate), hits).rstrip(), hits),
        *((Fact("now", signed(share(row.hit_rate_now), now).rstrip(), now),) if row.hit_rate_now is not None else ()),
        Fact("hits", number(row.hits)),
        Fact("misses", number(row.misses)),
        Fact("gets", UNKNOWN if row.gets_per_s is None else f"{rate(row.gets_per_s)}/s"),
        Fact("a get takes", milliseconds(row.get_ms)),
        Fact("a set takes", milliseconds(row.set_ms)),
        Fact("sets", number(row.sets)),
        Fact("deletes", number(row.deletes)),
        Fact("evicted", _evicted(row)),
        Fact("keys", caches.held(row)),
        Fact("size", size(row.used_bytes)),
        Fact("efficiency", _efficiency(row, signed("", efficiency).strip()), efficiency),
        *((Fact("expired", number(row.expirations)),) if row.expirations is not None else ()),
        *((Fact("errors", signed(number(row.errors), errors).rstrip(), errors),) if row.errors is not None else ()),
    )


def _efficiency(row: CacheStats, sign: str) -> str:
    return UNKNOWN if row.efficiency is None else f"{row.efficiency:.0f}{sign} of 100"


def _cache_history(view: View, target_id: str, row: CacheStats) -> Sparks:
    """What each reading found, and where that is not told the window's hit rate."""
    now = history(view, target_id, "cache.hit_rate_now", row.name)
    told = any(value is not None for value in now)
    rates = Spark("hit rate", now if told else history(view, target_id, "cache.hit_rate", row.name), share)
    gets = Spark("gets", history(view, target_id, "cache.gets_per_s", row.name), lambda value: f"{rate(value)}/s")
    return Sparks((rates, gets), lately("HISTORY", view))


def _value_facts(sizes: ValueSizesDocument) -> tuple[Fact, ...]:
    """Of one value in sixteen."""
    if not sizes.count:
        return ()
    named = (("p50", sizes.p50), ("p95", sizes.p95), ("largest", sizes.max), ("smallest", sizes.min))
    average = Fact("average", size(sizes.sum / sizes.count))
    return (Fact("measured", number(sizes.count)), average, *(Fact(label, size(value)) for label, value in named))


def _evicted(row: CacheStats) -> str:
    """How many, and why: `41, 30 invalidated`."""
    reasons = ", ".join(f"{number(count)} {reason}" for reason, count in row.evictions_by_reason.items())
    return f"{number(row.evictions)}{f', {reasons}' if reasons else ''}"


def _key_uses(uses: Sequence[KeyUse]) -> list[tuple[Piece, ...]]:
    most = max((use.count for use in uses), default=0) or 1
    return [
        (
            (fit(number(use.count), 9, "right") + "  ", "value"),
            ("[", "bracket"),
            (bar(use.count / most, 20), "bar"),
            ("]  ", "bracket"),
            (fit(use.key, 200).rstrip(), "normal"),
        )
        for use in uses
    ]
