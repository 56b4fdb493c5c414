"""How well a cache does its part, in one figure, with what it was made of."""

from perftui.model.metrics import EfficiencyDocument

ENOUGH_GETS = 20
"""Below this an efficiency would be chance."""


def efficiency(hit_rate: float | None, gets: int, get_ms: float | None) -> float | None:
    """0 to 100: half from the hit rate, half from a get's time. `None` until there were 20 gets and their times."""
    if hit_rate is None or get_ms is None or gets < ENOUGH_GETS:
        return None
    return min(100.0, 50 * hit_rate + max(0.0, 50 - get_ms / 2))


def efficiency_document(hits: int, misses: int, get_ms: float | None) -> EfficiencyDocument:
    """The score and its inputs."""
    gets = hits + misses
    hit_rate = hits / gets if gets else None
    return EfficiencyDocument(
        score=efficiency(hit_rate, gets, get_ms), inputs={"hit_rate": hit_rate, "gets": gets, "get_ms": get_ms}
    )
