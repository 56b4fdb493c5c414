"""One rehearsal on a ready private server: load, measure, let the engine choose by what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from perftui.advice.choice.demand import Demand
from perftui.advice.choice.recommend import Advice, recommend
from perftui.advice.costs.access import Access
from perftui.advice.facts import CollectionFacts
from perftui.analysis.study import Study
from perftui.rehearsal.demands import TIME_OVER, Measure, RehearsedDemand
from perftui.rehearsal.fetching import Fetcher
from perftui.rehearsal.joining import joined_values, lookups_of, simple_join
from perftui.rehearsal.lab import Bench, Lab, OutOfTime
from perftui.rehearsal.limits import FEWEST_MATCHES
from perftui.rehearsal.measures import MeanOfProbes, MeanOfStratum, MeanOfTrials
from perftui.rehearsal.scope import Scope
from perftui.rehearsal.trials import Trial, equalities, trials_of

_STRATA, _JOINED = "perftui_strata", "perftui_joined"
Document = Mapping[str, Any]
Tell = Callable[[str], None]


@dataclass
class Tried:
    """What was loaded of one collection."""

    facts: CollectionFacts
    bench: Bench
    cut: bool = False
    """Not all of its sample fitted into the memory that a rehearsal may take."""


@dataclass
class Outcome:
    """The advice by what was measured, and what it was measured on."""

    advice: Advice = field(default_factory=Advice)
    tried: dict[str, Tried] = field(default_factory=dict)
    demands: list[RehearsedDemand] = field(default_factory=list)

    def of(self, ns: str, shape_id: str) -> list[RehearsedDemand]:
        return [demand for demand in self.demands if demand.ns == ns and demand.load.id == shape_id]


class Session:
    """Belongs to the rehearsal's thread."""

    def __init__(self, study: Study, scope: Scope, lab: Lab, fetcher: Fetcher, tell: Tell) -> None:
        self._study, self._scope, self._lab, self._fetcher, self._tell = study, scope, lab, fetcher, tell
        self._room = lab.limits.sample_bytes
        self._benches = 0
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Raises `Stopped`, `OutOfTime` before anything is measured, and what PyMongo raises where the lab fails."""
        for ns in self._scope.loaded:
            self._tell(f"loading {ns}")
            self._load(self._study.facts[ns])
        self._load_joined()
        study = self._study
        self.outcome.advice = recommend(self._scope.loads, study.facts, study.writes, measured=self._measured)
        return self.outcome

    def _load(self, facts: CollectionFacts) -> None:
        fitting, size = _fitting(facts.sample, self._room)
        self._room -= size
        bench = Bench(self._lab, facts)
        cut = len(fitting) < len(facts.sample)
        bench.load(fitting, float(facts.documents or len(facts.sample)), whole=facts.whole and not cut)
        self.outcome.tried[facts.ns] = Tried(facts, bench, cut)

    def _load_joined(self) -> None:
        """What the sampled documents join, so that a pipeline that keeps only joined ones does not read too far."""
        joins = {(load.ns, lookup): load for load in self._scope.loads for lookup in lookups_of(_first(load.commands))}
        for (ns, lookup), load in joins.items():
            foreign = self.outcome.tried.get(f"{ns.partition('.')[0]}.{lookup.foreign}")
            local = self.outcome.tried.get(ns)
            if local is None or foreign is None or foreign.bench.whole or foreign.facts.ns in self._scope.advised:
                continue
            trials, _ = trials_of(load.commands, ns, self._lab.limits.commands)
            values = joined_values(local.bench, trials, lookup.local_field, self._lab.limits.joined_values)
            documents = self._fetcher.joined(foreign.facts, lookup.foreign_field, values) if values else None
            fitting, size = _fitting(documents or (), self._room)
            self._room -= size
            foreign.bench.add(fitting)

    def _measured(self, demands: list[Demand]) -> list[Demand]:
        costly = sorted(demands, key=lambda each: -each.executions * (each.load.documents_examined or 0.0))
        tried = set(map(id, costly[: self._lab.limits.shapes]))
        found = [self._of(demand, tried=id(demand) in tried) for demand in demands]
        self.outcome.demands.extend(found)
        return list(found)

    def _of(self, demand: Demand, *, tried: bool) -> RehearsedDemand:
        most = max(4, min(self._lab.limits.candidates, 200 // max(len(self._scope.loads), 1)))
        place = self.outcome.tried.get(demand.ns)
        if demand.ns not in self._scope.advised or place is None or not place.bench.loaded:
            return RehearsedDemand.of(demand, None, candidates=most, verdict="its collection was not loaded")
        if not tried:
            return RehearsedDemand.of(demand, None, candidates=most, verdict="there are costlier shapes")
        self._tell(f"trying indexes for {demand.ns}")
        try:
            measure, verdict, matches = self._measure(demand, place.bench)
        except OutOfTime:
            measure, verdict, matches = None, TIME_OVER, None
        found = RehearsedDemand.of(demand, measure, candidates=most, verdict=verdict)
        found.matches = matches
        return found

    def _measure(self, demand: Demand, bench: Bench) -> tuple[Measure | None, str | None, int | None]:
        """How it is measured, or why it is not; and on how many sampled matches."""
        if demand.question.join is not None:
            return self._probes(demand, bench)
        if demand.role != "main":
            return None, f"{demand.role} was not tried", None
        limits = self._lab.limits
        trials, refusal = trials_of(demand.load.commands, demand.ns, limits.most_commands)
        if refusal is not None:
            return None, refusal, None
        if bench.whole:
            return MeanOfTrials(bench, trials[: limits.commands], demand.question.stop), None, None
        chosen, matches = enough_of(bench, trials, limits.commands)
        if matches >= FEWEST_MATCHES:
            return MeanOfTrials(bench, chosen, demand.question.stop), None, matches
        stratum = self._stratum(demand, trials[: limits.commands])
        return (stratum, None, None) if stratum is not None else (None, too_few(matches, len(chosen)), matches)

    def _stratum(self, demand: Demand, trials: Sequence[Trial]) -> Measure | None:
        """All documents that share a value with what is looked for, where an index finds them."""
        facts = self._study.facts[demand.ns]
        fields = set.intersection(*(set(equalities(trial.filter)) for trial in trials))
        for path in sorted(fields - {"_id"}):
            found = self._strata(facts, path, [trial.filter[path] for trial in trials])
            if found is not None:
                bench = self._bench(facts, _STRATA, found)
                return None if bench is None else MeanOfStratum(bench, trials, path)
        return None

    def _strata(self, facts: CollectionFacts, path: str, values: Sequence[Any]) -> list[Document] | None:
        found: dict[str, Document] = {}
        for value in {repr(value): value for value in values}.values():
            self._lab.check()
            documents = self._fetcher.stratum(facts, path, value)
            if documents is None:
                return None
            found.update({repr(document.get("_id")): document for document in documents})
        return list(found.values()) or None

    def _probes(self, demand: Demand, bench: Bench) -> tuple[Measure | None, str | None, int | None]:
        join = demand.question.join
        local = self.outcome.tried.get(demand.load.ns)
        if join is None or local is None or not local.bench.loaded:
            return None, "the documents that are joined from were not loaded", None
        if not any(simple_join(command, demand.ns, join) for command in demand.load.commands):
            return None, "its join runs a pipeline of its own", None
        trials, refusal = trials_of(demand.load.commands, demand.load.ns, self._lab.limits.commands)
        if refusal is not None or join.local_field is None:
            return None, refusal or "it does not join by a field", None
        values = joined_values(local.bench, trials, join.local_field, self._lab.limits.joined_values)
        if not values:
            return None, "no sampled document has a value that is joined", 0
        number = demand.instances[0].times
        if bench.whole:
            return MeanOfProbes(bench, join.field, values, number), None, None
        documents = self._fetcher.joined(bench_facts := self._study.facts[demand.ns], join.field, values)
        own = None if documents is None else self._bench(bench_facts, _JOINED, documents)
        if own is not None:
            return MeanOfProbes(own, join.field, values, number, only_joined=True), None, None
        matches = bench.matches({join.field: {"$in": values}}, None) or 0
        if matches < FEWEST_MATCHES:
            return None, too_few(matches, len(values), "joined values"), matches
        return MeanOfProbes(bench, join.field, values, number), None, matches

    def _bench(self, facts: CollectionFacts, database: str, documents: Sequence[Document]) -> Bench | None:
        fitting, size = _fitting(documents, self._room)
        if len(fitting) < len(documents):
            return None
        self._room -= size
        self._benches += 1
        bench = Bench(self._lab, replace(facts), database=f"{database}_{self._benches}")
        bench.load(documents, len(documents), whole=True)
        return bench


def _first(commands: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return commands[0] if commands else {}


def enough_of(bench: Bench, trials: Sequence[Trial], fewest: int) -> tuple[Sequence[Trial], int]:
    """The first executions that together match enough, at least so many of them; and their sampled matches."""
    matches = 0
    for number, trial in enumerate(trials, 1):
        count = bench.matches(trial.filter, trial.collation)
        if count is None:
            return trials, 0
        matches += count
        if number >= min(fewest, len(trials)) and matches >= FEWEST_MATCHES:
            return trials[:number], matches
    return trials, matches


def too_few(matches: int, number: int, what: str = "executions") -> str:
    found = "document matches" if matches == 1 else "documents match"
    return f"only {matches:,} sampled {found} in {number:,} {what}, and {FEWEST_MATCHES} are needed"


def cost_words(access: Access) -> str:
    """What one execution examines."""
    return f"{access.keys:,.0f} keys and {access.documents:,.0f} documents"


def _fitting(documents: Sequence[Document], room: int) -> tuple[Sequence[Document], int]:
    """The first that fit, which are as random as all are, and their bytes."""
    from bson import encode

    size = 0
    for number, document in enumerate(documents):
        more = len(encode(document))
        if size + more > room:
            return documents[:number], size
        size += more
    return documents, size
