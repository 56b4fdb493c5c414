"""Metric families as OpenMetrics 1.0 and as Prometheus' classic text. Hostile label values cannot break a line."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from perftui.model.histogram import bounds_of
from perftui.model.text import safe_text

OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS_US = tuple(2**power for power in range(8, 26))
"""Powers of two are bounds of loglin16 itself, so every count is exact."""
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_LONGEST_VALUE = 300

Labels = tuple[tuple[str, str], ...]


class Durations(NamedTuple):
    """Counts by loglin16 bucket, and their sum."""

    counts: Mapping[int, int]
    sum_us: float


class Family:
    """One metric. What was added under the same labels, as they are written, is one series: its values are summed."""

    def __init__(
        self,
        name: str,
        kind: Literal["counter", "gauge", "histogram", "info"],
        about: str,
        unit: str = "",
        *,
        ours: bool = True,
    ) -> None:
        """`ours`: counted by the registry, so since the registry began."""
        self.name, self.kind, self.about, self.unit, self.ours = name, kind, about, unit, ours
        self.numbers: dict[Labels, float] = {}
        self.durations: dict[Labels, Durations] = {}

    def add(self, value: float, **labels: str) -> None:
        key = _safe(labels)
        self.numbers[key] = self.numbers.get(key, 0) + value

    def add_durations(self, counts: Mapping[int, int], sum_us: float, **labels: str) -> None:
        key = _safe(labels)
        before = self.durations.get(key)
        if before is not None:
            counts = {
                bucket: counts.get(bucket, 0) + before.counts.get(bucket, 0) for bucket in {*counts, *before.counts}
            }
            sum_us += before.sum_us
        self.durations[key] = Durations(counts, sum_us)


def openmetrics_text(families: Iterable[Family], created_at: float) -> bytes:
    """`# EOF` included. `created_at`: when the counters began, in Unix seconds."""
    lines: list[str] = []
    for family in families:
        if family.numbers or family.durations:
            lines.append(f"# TYPE {family.name} {family.kind}")
            if family.unit:
                lines.append(f"# UNIT {family.name} {family.unit}")
            lines.append(f"# HELP {family.name} {family.about}")
            lines.extend(_samples(family, f"{created_at:.3f}" if family.ours else None))
    return "\n".join([*lines, "# EOF", ""]).encode("utf-8", "replace")


def classic_text(families: Iterable[Family]) -> bytes:
    """For scrapers that do not know OpenMetrics: no units, no times of creation, and an info is a gauge."""
    lines: list[str] = []
    for family in families:
        if family.numbers or family.durations:
            suffix = {"counter": "_total", "info": "_info"}.get(family.kind, "")
            kind = "gauge" if family.kind == "info" else family.kind
            lines.append(f"# HELP {family.name}{suffix} {family.about}")
            lines.append(f"# TYPE {family.name}{suffix} {kind}")
            lines.extend(_samples(family, None))
    return "\n".join([*lines, ""]).encode("utf-8", "replace")


def _samples(family: Family, created: str | None) -> Iterator[str]:
    suffix = {"counter": "_total", "info": "_info"}.get(family.kind, "")
    for labels, value in family.numbers.items():
        yield f"{family.name}{suffix}{_braced(labels)} {_number(value)}"
        if created is not None and family.kind == "counter":
            yield f"{family.name}_created{_braced(labels)} {created}"
    for labels, durations in family.durations.items():
        yield from _histogram(family.name, labels, durations)
        if created is not None:
            yield f"{family.name}_created{_braced(labels)} {created}"


def _histogram(name: str, labels: Labels, durations: Durations) -> Iterator[str]:
    filled = sorted(durations.counts.items())
    text, below, at = "".join(f"{pair}," for pair in _pairs(labels)), 0, 0
    for bound in _BOUNDS_US:
        while at < len(filled) and bounds_of(filled[at][0])[1] <= bound:
            below += filled[at][1]
            at += 1
        yield f'{name}_bucket{{{text}le="{bound / 1e6!r}"}} {below}'
    count = sum(durations.counts.values())
    yield f'{name}_bucket{{{text}le="+Inf"}} {count}'
    yield f"{name}_count{_braced(labels)} {count}"
    yield f"{name}_sum{_braced(labels)} {_number(durations.sum_us / 1e6)}"


def _braced(labels: Labels) -> str:
    return f"{{{','.join(_pairs(labels))}}}" if labels else ""


def _pairs(labels: Labels) -> Iterator[str]:
    return (f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels)


def _number(value: float) -> str:
    return repr(int(value)) if value == int(value) else repr(float(value))


def _safe(labels: Mapping[str, str]) -> Labels:
    """A line's end stays, since it can be escaped; what else would move a terminal's cursor is replaced visibly."""
    return tuple(
        (name, "\n".join(safe_text(part) for part in value[:_LONGEST_VALUE].split("\n")))
        for name, value in labels.items()
    )
