"""What hands a batch of writes to a store."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from pymongo.collection import Collection
    from redis import Redis

    from perftui.cache.write_types import Write, Writer


def mongodb_writer(collection: "Collection[Any]") -> "Writer":
    """Each value is the document whose `_id` is the key; one `bulk_write` a batch, in order.

    Use it with `BsonCodec`: then `put` refuses what MongoDB has no form for. `PlainCodec` lets dates, decimals, sets
    and times' differences pass, which are refused later with `TypeError`: put a `datetime`, a `Decimal128`, a list,
    seconds.

    A write concern of the collection is kept; without one it is `majority` and `j`, since a server that is killed
    loses what it acknowledged in the last 100 ms otherwise.

    ```python
    import tempfile

    from perftui import BsonCodec, WriteBehind, mongodb_writer
    from pymongo import MongoClient

    with MongoClient("mongodb://localhost") as client:
        views = client.perftui_example.views
        with WriteBehind(mongodb_writer(views), tempfile.mkdtemp(), codec=BsonCodec()) as behind:
            behind.put("page:7", {"views": 3})
            assert behind.flush(10)
        assert views.find_one({"_id": "page:7"})["views"] == 3
    ```
    """

    from bson.errors import InvalidDocument
    from pymongo import WriteConcern

    if collection.write_concern.is_server_default:
        collection = collection.with_options(write_concern=WriteConcern(w="majority", j=True))

    def write(batch: "Sequence[Write]") -> None:
        operations = [_as_mongodb_takes(one) for one in batch]
        try:
            collection.bulk_write(operations, ordered=True)
        except (InvalidDocument, TypeError) as error:
            _explain(batch, error, collection.codec_options)
            raise

    return write


def _as_mongodb_takes(one: "Write") -> Any:
    from pymongo import DeleteOne, ReplaceOne

    if one.deleted:
        return DeleteOne({"_id": one.key})
    if not isinstance(one.value, Mapping):
        raise TypeError(f"{one.key!r} is a {type(one.value).__name__} and no document of MongoDB's: put a dict")
    return ReplaceOne({"_id": one.key}, {**one.value, "_id": one.key}, upsert=True)


def _explain(batch: "Sequence[Write]", error: Exception, codec_options: Any) -> None:
    """Raises `TypeError` for the first write that is at fault, if one is."""
    import bson
    from bson.errors import InvalidDocument

    for one in batch:
        try:
            if not one.deleted:
                bson.encode({**one.value}, codec_options=codec_options)
        except (InvalidDocument, TypeError) as fault:
            raise TypeError(
                f"{one.key!r} is no document of MongoDB's ({str(fault)[:100]}): "
                "use codec=BsonCodec(), which refuses it in put"
            ) from error


def redis_writer(client: "Redis", prefix: str = "", ttl_s: float | None = None) -> "Writer":
    """Each value, which is bytes, text, a number or a time, under its key; one pipeline a batch, in order.

    What Redis has no form for is text there: a decimal, a UUID, and a date or time as ISO 8601 has it. Anything else, a
    `timedelta` or a truth value too, is refused with `TypeError`, since it is not plain how it would be read.

    ```python
    import tempfile

    from perftui import WriteBehind, redis_writer
    from redis import Redis

    with Redis.from_url("redis://localhost") as client:
        with WriteBehind(redis_writer(client, "views:"), tempfile.mkdtemp()) as behind:
            behind.put("7", 3)
            assert behind.flush(10)
        assert client.getdel("views:7") == b"3"
    ```
    """
    ttl_ms = None if ttl_s is None else max(1, round(ttl_s * 1000))

    def write(batch: "Sequence[Write]") -> None:
        pipeline: Any = client.pipeline(transaction=False)
        for one in batch:
            if one.deleted:
                pipeline.unlink(prefix + one.key)
            else:
                pipeline.set(prefix + one.key, _as_redis_takes(one.key, one.value), px=ttl_ms)
        pipeline.execute()

    return write


def _as_redis_takes(key: str, value: Any) -> Any:
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, bytes | bytearray | memoryview | str | int | float):
        raise TypeError(
            f"{key!r} is a {type(value).__name__}, which Redis has no form for: put bytes, text or a number, "
            "such as total_seconds() or json.dumps(...)"
        )
    return value
