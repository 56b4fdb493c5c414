"""Collects figures of several rounds and prints their medians beside the aims."""

import statistics
from dataclasses import dataclass, field


@dataclass
class Row:
    """One figure: its values, one a round, and what it should not exceed."""

    name: str
    unit: str
    aim: float | None = None
    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def verdict(self) -> str:
        if self.aim is None:
            return ""
        return "holds" if self.median <= self.aim else "MISSED"


class Report:
    """Rows in the order of their first value."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def add(self, name: str, value: float, unit: str, aim: float | None = None) -> None:
        row = self.rows.setdefault(name, Row(name, unit, aim))
        row.values.append(value)

    def text(self) -> str:
        lines = [f"{'figure':<58} {'median':>10} {'min':>10} {'max':>10} {'aim':>9}"]
        for row in self.rows.values():
            aim = "" if row.aim is None else f"{row.aim:g}"
            lines.append(
                f"{row.name + ' (' + row.unit + ')':<58} {row.median:>10.2f} {min(row.values):>10.2f} "
                f"{max(row.values):>10.2f} {aim:>9} {row.verdict}"
            )
        return "\n".join(lines)

    def as_json(self) -> dict[str, dict[str, object]]:
        return {
            row.name: {"unit": row.unit, "median": row.median, "values": row.values, "aim": row.aim}
            for row in self.rows.values()
        }
