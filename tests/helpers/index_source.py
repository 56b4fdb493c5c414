"""The source of collections and indexes, polled by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from helpers.mongodb import good, sources
from perftui.model.index import IndexOverview
from perftui.servers import MongodProcess
from perftui.sources.base import Source
from perftui.sources.mongodb.indexes import MongoIndexesSource

NAME = "mongodb.indexes"


@asynccontextmanager
async def source_of(mongod: MongodProcess) -> AsyncIterator[Source]:
    """With the server's own source polled once, which counts the builds."""
    async with sources(mongod.uri) as found:
        await good(found["mongodb.server"])
        yield found[NAME]


async def overview(source: Source) -> IndexOverview:
    sample = await good(source)
    assert isinstance(sample.payload, IndexOverview)
    return sample.payload


async def whole(source: Source) -> IndexOverview:
    """With the last poll of the round: other tests may have left more collections than one poll reads."""
    assert isinstance(source, MongoIndexesSource)
    found = await overview(source)
    while not source._turns.round_is_over:
        found = await overview(source)
    return found


async def all_named(source: Source) -> IndexOverview:
    """With the names of all databases, which are listed a few at a time, and all that is read because of them."""
    assert isinstance(source, MongoIndexesSource)
    found = await overview(source)
    while not (source._names.complete and source._turns.round_is_over):
        found = await overview(source)
    return found


async def next_round(source: Source) -> IndexOverview:
    source.hurry()
    return await whole(source)
