"""Write-behind and a store that refuses: what is the store's state for a while, and what is the fault of a write."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from helpers.waiting import wait_until
from redis import Redis
from redis.exceptions import ResponseError

from perftui import Write, WriteBehind, redis_writer
from perftui.cache.refusals import is_refusal
from perftui.cache.spill import read_spilled
from perftui.servers import PrivateServers, RedisProcess


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spilled"


class Target:
    """A store that refuses what `refuses` says."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.tries = 0
        self.refuses: Callable[[Write], bool] = lambda _one: True

    def write(self, batch: Sequence[Write]) -> None:
        self.tries += 1
        if any(map(self.refuses, batch)):
            raise ResponseError("NEWCODE not now")
        self.kept.update((one.key, one.value) for one in batch)


def test_a_redis_that_takes_no_writes_for_a_while_gets_them_later(
    private_servers: PrivateServers, folder: Path
) -> None:
    with Redis(port=private_servers.start_redis().port) as client:
        client.config_set("min-replicas-to-write", 1)
        with WriteBehind(redis_writer(client, "v:"), folder, flush_s=0.02, attempts=2) as behind:
            behind.put("k0", "0")
            wait_until(lambda: behind.report().retries >= 4)
            for number in range(1, 100):
                behind.put(f"k{number}", str(number))
            wait_until(lambda: behind.report().retries >= 8)
            assert behind.report().rejected == 0
            client.config_set("min-replicas-to-write", 0)
            assert behind.flush(60)
            assert (behind.report().written, behind.report().rejected) == (100, 0)
        assert len(client.keys("v:*")) == 100
    assert list(folder.iterdir()) == []


def test_a_number_or_a_time_that_redis_has_no_form_for_is_written_as_text(
    redis_server: RedisProcess, folder: Path
) -> None:
    with Redis(port=redis_server.port, db=10) as client:
        with WriteBehind(redis_writer(client), folder, flush_s=0.02) as behind:
            for key, value in {
                "price": Decimal("1.50"),
                "at": datetime(2026, 1, 2, 3),
                "n": 7,
                "on": date(2026, 1, 2),
            }.items():
                behind.put(key, value)
            assert behind.flush(60)
        assert client.mget("price", "at", "n", "on") == [b"1.50", b"2026-01-02T03:00:00", b"7", b"2026-01-02"]
        client.flushdb()


@pytest.mark.parametrize(
    "text",
    [
        "MISCONF Redis is configured to save RDB snapshots",
        "NOREPLICAS Not enough good replicas to write.",
        "BUSY Redis is busy running a script.",
        "Command # 1 (SET k ERR) of pipeline caused error: NOREPLICAS Not enough good replicas to write.",
        "EXECABORT Transaction discarded because of: MISCONF Errors writing to the AOF file",
    ],
)
def test_a_code_of_redis_that_passes_is_no_refusal(text: str) -> None:
    assert not is_refusal(ResponseError(text))


@pytest.mark.parametrize(
    "text",
    [
        "WRONGTYPE Operation against a key holding the wrong kind of value",
        "Command # 1 (SET k OOM) of pipeline caused error: WRONGTYPE Operation against a key",
        "value is not an integer or out of range",
        "",
    ],
)
def test_what_redis_will_never_take_is_a_refusal(text: str) -> None:
    assert is_refusal(ResponseError(text))


def test_a_store_that_refuses_all_alike_has_nothing_rejected(folder: Path) -> None:
    target = Target()
    with WriteBehind(target.write, folder, flush_s=0.02, attempts=2) as behind:
        for number in range(20):
            behind.put(f"k{number}", number)
        wait_until(lambda: target.tries >= 5 * 21)
        assert behind.report().rejected == 0
        target.refuses = lambda _one: False
        assert behind.flush(60)
    assert len(target.kept) == 20


def test_a_whole_batch_that_is_refused_is_rejected_once_the_store_takes_another(folder: Path) -> None:
    target, heard = Target(), list[str]()
    target.refuses = lambda one: one.key.startswith("bad")
    behind = WriteBehind(
        target.write,
        folder,
        flush_s=0.02,
        batch=5,
        attempts=2,
        on_lost=lambda writes, _why: heard.extend(one.key for one in writes),
    )
    bad = [f"bad{number}" for number in range(12)]
    for key in bad:
        behind.put(key, 1)
    wait_until(lambda: target.tries >= 40)
    assert behind.report().rejected == 0
    goods = 0
    while goods < 2 or (behind.report().rejected < 12 and goods < 50):
        assert goods or behind.report().rejected == 0
        goods += 1
        behind.put("good", goods)
        wait_until(lambda number=goods: target.kept == {"good": number})  # type: ignore[misc]
    report = behind.close(timeout_s=60)
    assert target.kept == {"good": goods}
    assert (report.written, report.rejected, report.waiting, report.lost) == (goods, 12, 0, 0)
    assert sorted(heard) == sorted(bad)
    assert sorted(one.key for one in read_spilled(folder / "writes.rejected")) == sorted(bad)


def test_what_is_written_out_of_turn_overtakes_no_write_of_its_key(folder: Path) -> None:
    target, order = Target(), list[Any]()

    def refuses(one: Write) -> bool:
        if one.key == "good":
            order.append(one.value)
        return one.key.startswith("bad")

    target.refuses = refuses
    with WriteBehind(target.write, folder, flush_s=0.5, batch=3, attempts=2) as behind:
        for key in ("bad0", "bad1", "bad2", "good", "bad3", "good"):
            behind.put(key, len(order) + behind.report().accepted)
        wait_until(lambda: target.kept == {"good": 5})
    assert order == sorted(order)
    assert order[0] == 3
