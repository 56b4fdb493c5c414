"""Why these fields in this order, in plain words."""

from collections.abc import Sequence

from perftui.advice.choice.demand import Demand
from perftui.advice.costs.index_bounds import Use, apply
from perftui.advice.costs.instance import Instance
from perftui.advice.costs.sort_service import OrderGiven, order_given
from perftui.advice.costs.spec import Spec
from perftui.advice.filters.bounds import Bounds


def reason_of(spec: Spec, demands: Sequence[Demand]) -> str:
    """By the question that it serves best; the others share its fields."""
    text = _order_of_fields(spec, _instance(spec, demands))
    others = len({demand.load.id for demand in demands}) - 1
    if others > 0:
        text += f" {others} other shape{'s' if others > 1 else ''} share{'' if others > 1 else 's'} it."
    return text


def _instance(spec: Spec, demands: Sequence[Demand]) -> Instance | None:
    """The instance that binds most of its fields; an `$or` is looked at branch by branch."""
    best, most = None, -1
    for demand in demands:
        for instance in _parts(demand.instances[0]):
            use = apply(instance, spec) if spec.special is None else None
            bound = 0 if use is None else sum(field.bounded for field in use.fields)
            if use is not None and bound > most:
                best, most = instance, bound
    return best


def _parts(instance: Instance) -> list[Instance]:
    found = [instance]
    for union in instance.unions[:1]:
        found.extend(instance.branches(union))
    return found


def _order_of_fields(spec: Spec, instance: Instance | None) -> str:
    use = None if instance is None else apply(instance, spec)
    if instance is None or use is None:
        return _special(spec)
    given = order_given(instance, use) if instance.question.sort else None
    groups = _groups(use, instance, given)
    sentences = [_joined(groups)]
    if given is not None and given.merged:
        sentences.append("The lists before the sort are read as several scans that are merged in order.")
    if given is not None and given.backwards:
        sentences.append("It is read backwards.")
    if given is None and instance.question.sort:
        sentences.append("The range keeps so few that sorting them in memory is cheaper than reading in order.")
    if instance.question.needs and instance.question.needs <= set(spec.paths) and not use.residual:
        sentences.append("All fields that are read are in it, so that no document needs to be fetched.")
    return " ".join(sentences)


def _special(spec: Spec) -> str:
    kinds = {
        "text": "A $text search cannot run without a text index; it holds the fields of text.",
        "2dsphere": "Only a 2dsphere index serves a search by place.",
        "2d": "Only a 2d index serves a search by place on a plane.",
    }
    return kinds.get(spec.special or "", "Its fields serve what is asked for.")


Group = tuple[str, list[str]]


def _groups(use: Use, instance: Instance, given: OrderGiven | None) -> list[Group]:
    sorts = {path for path, _ in instance.question.sort}
    groups: list[Group] = []
    for field in use.fields:
        kind = _kind(field.bounds, field.bounded, field.path in sorts and given is not None)
        if groups and groups[-1][0] == kind:
            groups[-1][1].append(field.path)
        else:
            groups.append((kind, [field.path]))
    return groups


def _kind(bounds: Bounds, bounded: bool, sorts: bool) -> str:
    if bounded and bounds.points and len(bounds.intervals) == 1:
        return "equality on"
    if sorts:
        return "the sort by"
    if bounded and bounds.points:
        return "the list of values of"
    return "the range of" if bounded else "the field that is only read,"


def _joined(groups: Sequence[Group]) -> str:
    parts = [f"{kind} {', '.join(paths)}" for kind, paths in groups]
    text = ", then ".join(parts)
    return text[:1].upper() + text[1:] + "."
