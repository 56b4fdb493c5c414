"""From what was measured to the analysis: figures, replaced and refused advice, and notes on how it was done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec import structs

from perftui.advice.choice.choose import helps
from perftui.advice.costs.access import Access
from perftui.advice.costs.existing import existing_specs
from perftui.advice.costs.spec import Spec
from perftui.advice.words.mongosh import keys_text
from perftui.model.analysis import Analysis, Declined, Recommendation
from perftui.model.text import safe_text
from perftui.rehearsal.demands import RehearsedDemand
from perftui.rehearsal.limits import FEWEST_MATCHES
from perftui.rehearsal.scope import Scope
from perftui.rehearsal.session import Outcome, Tried, cost_words


@dataclass(frozen=True)
class _Dropped:
    """An index that was recommended and is no more."""

    old: Recommendation
    reasons: dict[str, str]
    """By shape."""


def rehearsed_analysis(before: Analysis, scope: Scope, outcome: Outcome) -> Analysis:
    """The analysis with the advice for the rehearsed collections replaced. Asks the lab a few more questions."""
    advice = outcome.advice
    advised = set(scope.advised)
    new = [_judged(one, outcome) for one in advice.recommendations if one.ns in advised]
    dropped = [
        _Dropped(one, dict(_reasons(one, outcome)))
        for one in before.recommendations
        if one.ns in advised and not any(_same(one, other) for other in new)
    ]
    kept = [one for one in before.recommendations if one.ns not in advised]
    shapes = {load.id for load in scope.loads}
    served = {shape for one in (*new, *kept) for shape in one.serves}
    declined = {one.shape: one for one in before.declined if one.shape not in shapes or one.ns not in advised}
    declined |= {one.shape: one for one in advice.declined if one.ns in advised}
    for one in dropped:
        declined |= {shape: Declined(ns=one.old.ns, shape=shape, reason=why) for shape, why in one.reasons.items()}
    return structs.replace(
        before,
        recommendations=(*new, *kept),
        declined=tuple(one for shape, one in declined.items() if shape not in served),
        notes=(*before.notes, *scope.left_out, *_notes(scope, outcome), *_changes(new, dropped, outcome)),
    )


def _same(one: Recommendation, other: Recommendation) -> bool:
    return (one.ns, one.keys, one.options) == (other.ns, other.keys, other.options)


def _judged(one: Recommendation, outcome: Outcome) -> Recommendation:
    """`rehearsed` only where every figure was measured."""
    demands = [demand for shape in one.serves for demand in outcome.of(one.ns, shape)]
    estimated = [demand for demand in demands if demand.verdict is not None]
    warnings = list(one.warnings)
    if demands and not estimated:
        warnings += _kept_meanwhile(one, demands, outcome)
        return structs.replace(one, basis="rehearsed", warnings=tuple(warnings))
    reasons = dict.fromkeys(demand.verdict or "" for demand in estimated)
    part = "Not rehearsed" if len(estimated) == len(demands) else "Only partly rehearsed"
    warnings.append(f"{part}, its figures are the model's estimate: {'; '.join(reasons)}.")
    return structs.replace(one, warnings=tuple(warnings))


def _kept_meanwhile(one: Recommendation, demands: Sequence[RehearsedDemand], outcome: Outcome) -> Iterator[str]:
    """What the planner does as long as the indexes that it makes unnecessary are still there."""
    spec = _spec_of(one)
    if not one.supersedes or spec is None:
        return
    existing = existing_specs(outcome.tried[one.ns].facts)
    for demand in demands:
        access = demand.with_indexes((*existing, spec))
        if demand.verdict is None and spec.keys not in [used.keys for used in access.specs]:
            yield f"The planner keeps {_names(access)} as long as it is there: hide it once the new one is built."
            return


def _spec_of(one: Recommendation) -> Spec | None:
    """`None` for one whose options the trial would have to know."""
    return Spec(keys=one.keys) if not one.options else None


def _reasons(old: Recommendation, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Why it is no longer recommended for each of its shapes, where that was measured."""
    spec = _spec_of(old)
    existing = existing_specs(outcome.tried[old.ns].facts)
    for shape in old.serves:
        for demand in outcome.of(old.ns, shape):
            if spec is None or demand.verdict is not None:
                continue
            today, access = demand.with_indexes(existing), demand.with_indexes((*existing, spec))
            reason = _reason(spec, today, access)
            if demand.verdict is None and reason is not None:
                yield shape, f"Rehearsed: with {keys_text(spec.keys)} built, {reason}."


def _reason(spec: Spec, today: Access, access: Access) -> str | None:
    if spec.keys not in [used.keys for used in access.specs]:
        return f"the planner keeps {_names(access)}, so it would not be used"
    if not helps(today.cost, access.cost):
        return f"one execution examines {cost_words(access)} instead of {cost_words(today)}, too little for an index"
    return None


def _names(access: Access) -> str:
    names = [spec.existing.name if spec.existing is not None else keys_text(spec.keys) for spec in access.specs]
    return ", ".join(safe_text(name, 200) for name in names) or "the scan of the collection"


def _changes(new: Sequence[Recommendation], dropped: Sequence[_Dropped], outcome: Outcome) -> Iterator[str]:
    for one in dropped:
        better = next((other for other in new if set(other.serves) & set(one.old.serves)), None)
        keys = safe_text(keys_text(one.old.keys), 300)
        if better is None:
            yield f"The rehearsal drops {keys} on {safe_text(one.old.ns, 300)}, which the model had recommended."
            continue
        yield (
            f"The rehearsal prefers {safe_text(keys_text(better.keys), 300)} to {keys}, which the model had "
            f"recommended on {safe_text(one.old.ns, 300)}{_measured(one.old, better, outcome)}."
        )


def _measured(old: Recommendation, better: Recommendation, outcome: Outcome) -> str:
    """Both figures for the first shape that was tried with both."""
    first, second = _spec_of(old), _spec_of(better)
    for shape in old.serves if first is not None and second is not None else ():
        for demand in outcome.of(old.ns, shape):
            one, other = demand.alone(first), demand.alone(second)  # type: ignore[arg-type]
            if demand.verdict is None and one is not None and other is not None:
                return f": {cost_words(other)} an execution against {cost_words(one)}"
    return ""


def _notes(scope: Scope, outcome: Outcome) -> Iterator[str]:
    for ns in scope.advised:
        tried = outcome.tried.get(ns)
        if tried is not None:
            yield _loaded(ns, tried)
    for demand in outcome.demands:
        if demand.ns not in scope.advised:
            continue
        name = safe_text(f"{demand.ns} {demand.load.shape}", 160)
        if demand.verdict is not None:
            yield f"No verdict on {name}: {demand.verdict}; the model's estimate stands."
        elif demand.matches is not None:
            yield f"Rehearsed {name} on {demand.matches:,} sampled matches (at least {FEWEST_MATCHES} are needed)."


def _loaded(ns: str, tried: Tried) -> str:
    bench = tried.bench
    name = safe_text(ns, 300)
    if bench.whole:
        return f"Rehearsed {name} on all of its {bench.loaded:,} documents: its counts are exact."
    cut = " The memory that a rehearsal may take allowed no more." if tried.cut else ""
    return (
        f"Rehearsed {name} on {bench.loaded:,} random documents of {tried.facts.documents or 0:,}: what a scan reads "
        f"to its end is scaled {bench.factor:,.4g} times, what a limit stops is not.{cut}"
    )
