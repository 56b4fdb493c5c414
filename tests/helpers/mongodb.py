"""The sources of a MongoDB target without a monitor, and logins to read it with."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pymongo import MongoClient

from perftui.model.sample import Sample
from perftui.model.settings import Settings
from perftui.servers import MongodProcess
from perftui.sources.base import Source
from perftui.sources.mongodb.system import MongoSystem
from perftui.sources.registry import open_system
from perftui.targets import connect_to

Client = MongoClient[dict[str, Any]]
_REFUSED_WITH_A_LOGIN, _REFUSED_WITHOUT = 21962, 21966
"""Ids of the log: the command was taken apart and its user known, or it was refused before that."""


@asynccontextmanager
async def opened(uri: str, timeout_s: float = 10.0) -> AsyncIterator[MongoSystem]:
    """The system behind a URI, closed at the end."""
    system = open_system(connect_to(uri, timeout_s=timeout_s), Settings())
    assert isinstance(system, MongoSystem)
    try:
        yield system
    finally:
        await system.close()


@asynccontextmanager
async def sources(uri: str, timeout_s: float = 10.0) -> AsyncIterator[dict[str, Source]]:
    """Its sources by name; of a replica set those of the first member."""
    async with opened(uri, timeout_s) as system:
        yield by_name(system)


def by_name(system: MongoSystem, member: int = 0) -> dict[str, Source]:
    target = system.members()[member].target
    return {source.name: source for source in system.sources() if source.target == target}


async def good(source: Source) -> Sample:
    """A poll that must not fail."""
    sample = await source.poll()
    assert sample.failure is None, sample.failure
    return sample


LOGS_REFUSALS = ("--setParameter", "logComponentVerbosity={command: {verbosity: 1}}")
"""Arguments of a mongod that logs every command that it refuses, those without a login too."""


def refused(mongod: MongodProcess) -> list[str]:
    """The commands that the server's own log says it refused, in their order, whoever sent them."""
    lines = [json.loads(line) for line in mongod.log_since_start().splitlines() if b'"Unauthorized: ' in line]
    ids = {_REFUSED_WITH_A_LOGIN, _REFUSED_WITHOUT}
    return [
        line["attr"]["command"]
        for line in lines
        if line["id"] in ids and line["attr"]["error"].startswith("Unauthorized: ")
    ]
