"""One shape, or one branch of its `$or`, and what each candidate alone makes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo.database import Database

from .cost import FAILS, cost_of, plan_indexes
from .fields import Touched, touched
from .workload import Command, IndexSpec

SCREENED = 3
"""Executions that judge a candidate at first."""
KEPT = 12
_NEAR, _HOPELESS = 1.1, 3.0


@dataclass
class Probe:
    """A shape, or one branch of its `$or`."""

    name: str
    commands: Sequence[Command]
    touched: Mapping[str, Touched]
    found: dict[IndexSpec, float] = field(default_factory=dict)
    """What it costs with each candidate alone, where the planner can use it."""

    @classmethod
    def of(cls, name: str, commands: Sequence[Command]) -> "Probe":
        return cls(name, commands, {one.collection: one for one in touched(commands[0])})

    @property
    def stops(self) -> bool:
        """Whether it may end before it has read all that matches."""
        command = self.commands[0]
        stages = command.get("pipeline", ())
        return any(name in command for name in ("limit", "findAndModify")) or any("$limit" in stage for stage in stages)

    def equal(self, index: IndexSpec) -> list[str]:
        return self.touched[index.collection].equal

    def may_use(self, index: IndexSpec) -> bool:
        one = self.touched.get(index.collection)
        if one is None:
            return False
        lead = index.keys[0][0]
        return one.text or lead in (*one.equal, *one.other, *dict(one.sort), *one.geo)

    def ranked(self, collection: str | None = None) -> list[IndexSpec]:
        """The candidates, the best first, shorter ones before longer ones."""
        found = [index for index in self.found if collection in (None, index.collection)]
        return sorted(found, key=lambda index: (self.found[index], len(index.keys), len(index.options)))

    def near(self, limit: int = KEPT, collection: str | None = None) -> list[IndexSpec]:
        """Those that may be the best."""
        ranked = self.ranked(collection)
        most = _NEAR * self.found[ranked[0]] + 10 if ranked else 0.0
        return [index for index in ranked[:limit] if self.found[index] <= most]

    def screen(self, database: Database[dict[str, Any]], index: IndexSpec) -> float:
        """The mean of a few executions; of one where that is far from the best already."""
        if index.name not in (plan_indexes(database, self.commands[0]) or ()):
            return FAILS
        first = cost_of(database, self.commands[:1]).total
        if first > _HOPELESS * min(self.found.values(), default=first) + 100:
            return first
        rest = self.commands[1:SCREENED]
        return (first + cost_of(database, rest).total * len(rest)) / (1 + len(rest)) if rest else first
