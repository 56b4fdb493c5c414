"""Whatever a Redis answers, its readers give a sound value."""

import asyncio
from typing import Any

from hostile_values import FEW, MANY, NUMBERS, TEXTS, assert_safe_to_draw, assert_sound, mutated
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.redis import RedisSlowLog
from perftui.model.sample import Sample
from perftui.model.settings import Settings
from perftui.sources.redis import RedisSystem
from perftui.sources.redis.command_text import command_line
from perftui.sources.redis.info import InfoReader, parse_info
from perftui.sources.registry import open_system
from perftui.targets import connect_to

INFO = {
    "redis_version": "7.2.1", "run_id": "a" * 40, "redis_mode": "standalone", "process_id": "12", "maxclients": "10000",
    "uptime_in_seconds": "50", "server_time_usec": "1700000000000000", "connected_clients": "3", "role": "slave",
    "blocked_clients": "0", "used_memory": "1000", "used_memory_peak": "2000", "used_memory_rss": "3000",
    "maxmemory": "0", "maxmemory_policy": "noeviction", "mem_fragmentation_ratio": "1.2", "loading": "0",
    "rdb_last_bgsave_status": "ok", "rdb_last_save_time": "1700000000", "rdb_changes_since_last_save": "4",
    "aof_enabled": "1", "total_commands_processed": "900", "keyspace_hits": "50", "keyspace_misses": "5",
    "expired_keys": "1", "evicted_keys": "0", "total_net_input_bytes": "800", "total_net_output_bytes": "900",
    "rejected_connections": "0", "used_cpu_sys": "1.5", "used_cpu_user": "2.5", "master_host": "10.0.0.2",
    "master_port": "6379", "master_link_status": "up", "master_last_io_seconds_ago": "1", "master_repl_offset": "500",
    "slave0": "ip=10.0.0.3,port=6379,state=online,offset=480,lag=1", "db0": "keys=10,expires=2,avg_ttl=500",
    "cmdstat_get": "calls=50,usec=100,usec_per_call=2.0,rejected_calls=0,failed_calls=0",
    "latency_percentiles_usec_get": "p50=1.003,p99=3.007,p99.9=9.023",
}  # fmt: skip
WRONG = st.sampled_from([str(number) for number in NUMBERS if number != 10**400] + ["9" * 400, "keys=nan", *TEXTS])
FIELDS = mutated(
    INFO, WRONG | st.sampled_from(["keys=inf,expires=x", "calls=1e300,usec=-1", "a=b=c,,=", "offset=1e18"])
)
ENTRY = [7, 1_700_000_000, 15_000, [b"SET", b"a", b"1"], b"10.0.0.1:5", b"shop"]


@MANY
@given(st.lists(FIELDS, min_size=2, max_size=2), st.floats(-1e9, 1e9))
def test_info(replies: list[dict[str, str]], step_s: float) -> None:
    reader = InfoReader()
    for number, fields in enumerate(replies):
        text = "\r\n".join(f"{name}:{value}" for name, value in fields.items())
        assert_sound(reader.read(parse_info(text.encode("utf-8", "replace")), 5.0 + number * step_s))


@FEW
@given(st.binary(max_size=200))
def test_info_that_is_none(reply: bytes) -> None:
    assert_sound(InfoReader().read(parse_info(reply), 1.0))


@FEW
@given(st.lists(st.binary(max_size=80), max_size=20))
def test_slow_commands(arguments: list[bytes]) -> None:
    assert_safe_to_draw(command_line(arguments))


@MANY
@given(mutated([[ENTRY, [3, *ENTRY[1:]]], 2]), mutated([[[9, *ENTRY[1:]]], 3]))
def test_slow_log(first: list[Any], second: list[Any]) -> None:
    answers = [[*first, None, None], [*second, None, None]]
    sample = asyncio.run(_slow_log(answers))
    assert isinstance(sample.payload, RedisSlowLog)
    assert_sound(sample.payload)


async def _slow_log(answers: list[list[Any]]) -> Sample:
    """The slow log's source, when SLOWLOG GET and LEN are answered so."""
    system = open_system(connect_to("redis://127.0.0.1:1"), Settings())
    assert isinstance(system, RedisSystem)
    source: Any = next(source for source in system.sources() if source.name == "redis.slow_log")
    source._connected = True
    for answer in answers:

        async def ask(*commands: tuple[object, ...], answer: list[Any] = answer) -> list[Any]:
            return [answer[1] if "LEN" in command else answer[0] for command in commands]

        system.ask = ask  # type: ignore[method-assign]
        sample: Sample = await source.poll()
        assert sample.failure is None, sample.failure
    await system.close()
    return sample
