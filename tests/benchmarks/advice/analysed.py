"""Runs a workload for real under the profiler and has the product analyse the server."""

import asyncio
import contextlib
import random
from collections.abc import Sequence

from pymongo.errors import OperationFailure

from perftui.model.analysis import Analysis

from .lab import Lab
from .workload import Built, Command

_PROFILE_BYTES = 64 * 1024 * 1024
_INSERTED_AT_ONCE = 1_000


def analysed(lab: Lab, built: Built) -> Analysis:
    """Updates and deletes happen: what was loaded is forgotten afterwards."""
    lab.reload(built)
    lab.forget()
    _profile(lab, 0)
    lab.database.drop_collection("system.profile")
    lab.database.create_collection("system.profile", capped=True, size=_PROFILE_BYTES)
    _profile(lab, 2)
    try:
        for command in _executions(built):
            with contextlib.suppress(OperationFailure):
                _run(lab, command)
        _insert(lab, built)
    finally:
        _profile(lab, 0)
    return asyncio.run(_analyse(lab.process.direct_uri))


def _profile(lab: Lab, level: int) -> None:
    lab.database.command({"profile": level})


def _executions(built: Built) -> Sequence[Command]:
    """Of all shapes, mixed as they would arrive; the order is the same in every run."""
    every = [
        shape.commands[number % len(shape.commands)] for shape in built.shapes for number in range(shape.executions)
    ]
    random.Random(built.name).shuffle(every)
    return every


def _run(lab: Lab, command: Command) -> None:
    """To its last document, as a driver does."""
    cursor = lab.database.command(command).get("cursor", {})
    while cursor.get("id"):
        cursor = lab.database.command({"getMore": cursor["id"], "collection": cursor["ns"].split(".", 1)[1]})["cursor"]


def _insert(lab: Lab, built: Built) -> None:
    """As many documents as the workload writes, like those that are there, removed again without a trace."""
    for name, number in built.inserted.items():
        made = [{**document, "_id": -1 - at} for at, document in enumerate(_repeated(built, name, number))]
        for first in range(0, number, _INSERTED_AT_ONCE):
            lab.database[name].insert_many(made[first : first + _INSERTED_AT_ONCE])
        _profile(lab, 0)
        lab.database[name].delete_many({"_id": {"$lt": 0}})
        _profile(lab, 2)


def _repeated(built: Built, name: str, number: int) -> Sequence[dict[str, object]]:
    documents = built.collections[name]
    return [documents[at % len(documents)] for at in range(number)]


async def _analyse(uri: str) -> Analysis:
    from perftui.analysis.server import analyse_connection
    from perftui.targets import connect_to

    return (await analyse_connection(connect_to(uri))).analysis
