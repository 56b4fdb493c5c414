"""What a store has no form for is refused with a sentence that says what to do."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from helpers.waiting import wait_until
from redis import Redis

from perftui import BsonCodec, Write, WriteBehind, mongodb_writer, redis_writer
from perftui.servers import MongodProcess, RedisProcess

NO_FORM = (date(2026, 1, 2), Decimal("1.5"), {1}, timedelta(1))


@pytest.mark.parametrize("value", NO_FORM, ids=lambda value: type(value).__name__)
def test_what_mongodb_has_no_form_for(value: Any, mongod: MongodProcess) -> None:
    with mongod.client() as client:
        write = mongodb_writer(client.writers.kept)
        with pytest.raises(TypeError, match=r"'bad' is no document of MongoDB's .*BsonCodec"):
            write([Write("good", {"n": 1}), Write("bad", {"deep": [value]})])
        with pytest.raises(TypeError, match=r"'bad' is a int and no document of MongoDB's: put a dict"):
            write([Write("good", {"n": 1}), Write("bad", 7)])


@pytest.mark.parametrize(
    "value", [timedelta(1), True, None, [1], {"n": 1}, {1}, object()], ids=lambda value: type(value).__name__
)
def test_what_redis_has_no_form_for(value: Any, redis_server: RedisProcess) -> None:
    with (
        Redis(port=redis_server.port, db=10) as client,
        pytest.raises(TypeError, match=rf"'bad' is a {type(value).__name__}.*total_seconds"),
    ):
        redis_writer(client)([Write("bad", value)])


def test_it_is_told_with_this_sentence(mongod: MongodProcess, tmp_path: Path) -> None:
    told: list[str] = []

    def on_lost(_writes: Sequence[Write], why: str) -> None:
        told.append(why)

    with mongod.client() as client:
        writer = mongodb_writer(client.writers.kept)
        with WriteBehind(writer, tmp_path, flush_s=0.02, attempts=1, on_lost=on_lost) as behind:
            behind.put("bad", {"price": Decimal("1.5")})
            wait_until(lambda: told)
        with WriteBehind(writer, tmp_path, codec=BsonCodec()) as behind, pytest.raises(Exception, match="Decimal"):
            behind.put("bad", {"price": Decimal("1.5")})
    assert "BsonCodec" in told[0]
