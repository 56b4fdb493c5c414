"""Who gives the advice: the product fed by hand, the product end to end, and references to compare it with."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

from perftui.advice.facts import CollectionFacts
from perftui.advice.load import ShapeLoad, WriteLoad
from perftui.advice.shapes.shape import Shape, shape_of
from perftui.sources.mongodb import collection_facts, collection_sample

from .advised import Advised, AdvisedIndex, advised
from .analysed import analysed
from .cache import Cache, key_of
from .cost import FAILS, Cost
from .fields import branches, touched
from .lab import Lab
from .truth import Truth
from .workload import DATABASE, Built, Command, IndexSpec

Engine = Callable[[Lab, Built, Truth, Cache], Advised]


def nothing(_lab: Lab, _built: Built, _truth: Truth, _cache: Cache) -> Advised:
    return Advised()


def ideal(_lab: Lab, built: Built, truth: Truth, _cache: Cache) -> Advised:
    """The smallest sufficient set of brute force: the ceiling."""
    unhide = tuple((one.collection, one.name) for one in truth.smallest if one in built.indexes)
    return Advised(tuple(AdvisedIndex(one) for one in truth.smallest if one not in built.indexes), unhide)


def rule_of_thumb(_lab: Lab, built: Built, _truth: Truth, _cache: Cache) -> Advised:
    """Equality, sort, range for every shape and every branch, whatever the data: what a checklist says."""
    found: dict[IndexSpec, None] = {}
    for shape in built.shapes:
        for command in branches(shape.commands[0]) or shape.commands[:1]:
            for one in touched(command):
                fields = dict.fromkeys(one.equal, 1) | dict(one.sort)
                fields |= {path: 1 for path in one.other if path not in fields}
                if fields and "_id" not in fields:
                    found[IndexSpec(one.collection, tuple(fields.items()))] = None
    there = {(index.collection, index.keys) for index in built.indexes}
    return Advised(tuple(AdvisedIndex(one) for one in found if (one.collection, one.keys) not in there))


def direct(lab: Lab, built: Built, truth: Truth, cache: Cache) -> Advised:
    """`recommend` with the loads made from the commands and the facts read from the private mongod."""
    from perftui.advice.choice.recommend import recommend

    loads, names = _loads(built, truth)
    facts = cache.get(f"facts {_digest()} {key_of(built)}", lambda: _facts(lab, built))
    writes = {
        f"{DATABASE}.{name}": WriteLoad(ns=f"{DATABASE}.{name}", inserted=float(count))
        for name, count in built.inserted.items()
    }
    advice = recommend(loads, facts, writes)
    hidden = tuple(index for index in built.indexes if dict(index.options).get("hidden"))
    return advised(advice.recommendations, advice.declined, names, hidden)


def profiled(command: Command) -> Command:
    """As the server profiles it: each statement of a batch alone."""
    for batch in ("updates", "deletes"):
        if batch in command:
            statement: Command = dict(command[batch][0])
            return statement | ({"upsert": False} if batch == "updates" else {})
    return {**command, "$db": DATABASE}


def namespace(command: Command) -> str:
    return f"{DATABASE}.{next(iter(command.values()))}"


def names_of(built: Built) -> Mapping[str, tuple[str, ...]]:
    """The workload's names of each shape's id."""
    names: dict[str, tuple[str, ...]] = {}
    for shape in built.shapes:
        for command in shape.commands:
            found = shape_of(profiled(command), namespace(command)).id
            names[found] = tuple(dict.fromkeys((*names.get(found, ()), shape.name)))
    return names


def _loads(built: Built, truth: Truth) -> tuple[list[ShapeLoad], Mapping[str, tuple[str, ...]]]:
    today = {shape.name: shape.today for shape in truth.shapes}
    commands: dict[tuple[Shape, str], list[Command]] = {}
    executions: dict[tuple[Shape, str], float] = {}
    for shape in built.shapes:
        for command in shape.commands:
            key = shape_of(profiled(command), namespace(command)), shape.name
            commands.setdefault(key, []).append(command)
            executions[key] = executions.get(key, 0.0) + shape.executions / len(shape.commands)
    loads = [_load(shape, found, executions[shape, name], today[name]) for (shape, name), found in commands.items()]
    return loads, names_of(built)


def _load(shape: Shape, commands: Sequence[Command], executions: float, today: Cost) -> ShapeLoad:
    return ShapeLoad(
        id=shape.id,
        ns=shape.ns,
        op=shape.op,
        shape=shape.text,
        executions=round(executions),
        commands=tuple(map(profiled, commands)),
        documents_examined=today.documents,
        keys_examined=today.keys,
        returned=today.returned,
        plan_summary=None if today.indexes or today.total == FAILS else "COLLSCAN",
        blocking_sort_share=1.0 if today.sorting else 0.0,
        **(_error(commands[0]) if today.total == FAILS else {}),
    )


def _error(command: Command) -> dict[str, Any]:
    if "$text" in str(command.get("filter")):
        return {"error": "text index required for $text query", "error_code": 27}
    return {"error": "unable to find index for $geoNear query", "error_code": 291}


def _facts(lab: Lab, built: Built) -> Mapping[str, CollectionFacts]:
    lab.load(built, key_of(built))
    return asyncio.run(_read_facts(lab, [f"{DATABASE}.{name}" for name in built.collections]))


async def _read_facts(lab: Lab, namespaces: list[str]) -> Mapping[str, CollectionFacts]:
    async with AsyncMongoClient[dict[str, Any]](lab.process.direct_uri) as client:
        return {ns: await collection_facts.read_facts(client, ns, max_time_ms=10_000) for ns in namespaces}


def _digest() -> str:
    sources = (collection_facts.__file__, collection_sample.__file__)
    return hashlib.blake2b(b"".join(Path(name).read_bytes() for name in sources if name), digest_size=16).hexdigest()


def pipeline(lab: Lab, built: Built, _truth: Truth, cache: Cache) -> Advised:
    """End to end as a user has it: the workload runs under the profiler, and the server is analysed."""
    analysis = analysed(lab, built)
    hidden = tuple(index for index in built.indexes if dict(index.options).get("hidden"))
    return advised(analysis.recommendations, analysis.declined, names_of(built), hidden)


ENGINES: dict[str, Engine] = {
    "direct": direct,
    "pipeline": pipeline,
    "nothing": nothing,
    "rule-of-thumb": rule_of_thumb,
    "ideal": ideal,
}
