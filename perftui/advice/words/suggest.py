"""Changes of the application's queries that no index replaces, in words."""

from collections.abc import Iterable, Iterator

from perftui.advice.choice.demand import Demand
from perftui.advice.costs.instance import Instance
from perftui.advice.filters.bounds import literal_prefix
from perftui.advice.filters.tree import Leaf, Node, Not, leaves
from perftui.model.analysis import Suggestion

_DEAR = 1_000.0
_SHORT = 200


def suggestions_for(demand: Demand, cost: float) -> Iterator[Suggestion]:
    """For a question that is still dear after all advice; `cost` is what one execution costs then."""
    instance = demand.instances[0]
    found: dict[str, None] = {}
    for sentence in (*_regexes(instance, cost), *_arrays(instance, cost), *_others(instance, cost)):
        found[sentence] = None
    for sentence in found:
        yield Suggestion(ns=demand.ns, shape=demand.load.id, message=f"A change of the application: {sentence}")


def _regexes(instance: Instance, cost: float) -> Iterator[str]:
    for leaf in _leaves(instance):
        if leaf.op != "regex" or cost < _DEAR:
            continue
        prefix, _ = literal_prefix(leaf.value, leaf.options)
        bare, _ = literal_prefix(leaf.value, _without(leaf.options, "iu"))
        if prefix:
            continue
        if bare and "i" in leaf.options:
            yield (
                f"{leaf.path} is compared without regard to case, so that all keys are read. Store it in lower case, "
                f"or create an index with the collation {{ locale: 'en', strength: 2 }} and ask for equality with it."
            )
        elif bare and "u" in leaf.options:
            yield (
                f"the pattern on {leaf.path} carries the flag u, as Python's compiled patterns do, so that the server "
                f"reads all keys. Send it as {{ $regex: '^…' }} instead: then its beginning bounds the index."
            )
    fields = searched_fields(instance)
    if fields and cost >= _DEAR:
        them = "them" if len(fields) > 1 else "it"
        yield (
            f"the pattern on {_listed(fields)} can begin anywhere, so that all values are read. With a text index "
            f"on {them}, {{ $text: {{ $search: … }} }} finds words through the index; it matches whole words, not "
            "parts of them."
        )


def searched_fields(instance: Instance) -> tuple[str, ...]:
    """Fields in which words are looked for by patterns that no index bounds."""
    found = [
        leaf.path
        for leaf in _leaves(instance)
        if leaf.op == "regex" and _is_words(leaf) and not literal_prefix(leaf.value, _without(leaf.options, "iu"))[0]
    ]
    return tuple(dict.fromkeys(found))


def searched_by(demands: Iterable[Demand]) -> tuple[str, ...]:
    """The same of a collection's whole workload, most executed first."""
    ranked = sorted(demands, key=lambda demand: (-demand.executions, demand.load.id))
    return tuple(dict.fromkeys(path for demand in ranked for path in searched_fields(demand.instances[0])))


def _listed(fields: tuple[str, ...]) -> str:
    return " and ".join([", ".join(fields[:-1]), fields[-1]]) if len(fields) > 1 else fields[0]


def _without(flags: str, unwanted: str) -> str:
    return "".join(flag for flag in flags if flag not in unwanted)


def _is_words(leaf: Leaf) -> bool:
    return any(letter.isalnum() for letter in leaf.value)


def _leaves(instance: Instance) -> Iterator[Leaf]:
    for part in instance.parts:
        yield from leaves(part)


def _arrays(instance: Instance, cost: float) -> Iterator[str]:
    if cost < _DEAR:
        return
    for path, terms in instance.by_path.items():
        ops = {term.node.op for term in terms if isinstance(term.node, Leaf) and term.element is None}
        both = ops & {"gt", "gte"} and ops & {"lt", "lte"}
        if both and instance.data.column(path, instance.fold).multikey:
            yield (
                f"{path} holds arrays, and its two bounds may be met by two elements, so that an index serves only "
                f"one of them. If one element must meet both, ask with $elemMatch."
            )


def _others(instance: Instance, cost: float) -> Iterator[str]:
    stop = instance.question.stop
    if any(leaf.op == "javascript" for leaf in _leaves(instance)):
        yield "$where runs JavaScript on each document; ask with operators of the query language instead."
    for part in instance.parts:
        if _negative(part) and cost >= _DEAR and instance.returned > 0.5 * instance.data.total:
            yield "a condition that most documents meet ($ne, $nin, $not) narrows nothing; ask for what is wanted."
            break
    if stop is not None and stop > 50 * _SHORT and instance.question.sort:
        yield "a large skip reads and throws away all that it skips; go on from the last value seen instead."


def _negative(part: Node) -> bool:
    return isinstance(part, Not)
