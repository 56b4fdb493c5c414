from perftui.sources.redis.info import InfoReader, parse_info, server_time

VALKEY = b"""# Server\r
redis_version:7.2.4\r
server_name:valkey\r
valkey_version:8.1.1\r
server_mode:cluster\r
run_id:aaaa\r
process_id:17\r
uptime_in_seconds:60\r
server_time_usec:1700000000000000\r
# Clients\r
connected_clients:3\r
maxclients:10000\r
blocked_clients:1\r
# Memory\r
used_memory:1048576\r
maxmemory:2097152\r
maxmemory_policy:allkeys-lru\r
mem_fragmentation_ratio:nan\r
# Stats\r
total_commands_processed:%d\r
keyspace_hits:%d\r
keyspace_misses:%d\r
evicted_keys:0\r
# Replication\r
role:master\r
connected_slaves:1\r
slave0:ip=10.0.0.9,port=6379,state=online,offset=90,lag=1\r
master_repl_offset:100\r
# Commandstats\r
cmdstat_get:calls=%d,usec=%d,usec_per_call=2.00,rejected_calls=0,failed_calls=0\r
cmdstat_config|get:calls=1,usec=9,usec_per_call=9.00\r
# Latencystats\r
latency_percentiles_usec_get:p50=1.003,p99=5.5,p99.9=9.1\r
# Keyspace\r
db0:keys=10,expires=4,avg_ttl=1000,subexpiry=0\r
db3:keys=5,expires=0,avg_ttl=0\r
a line without a value\r
"""


def reply(commands: int, hits: int, misses: int, gets: int, usec: int) -> dict[str, str]:
    return parse_info(VALKEY % (commands, hits, misses, gets, usec))


def test_first_reading_has_state_and_no_rates() -> None:
    server = InfoReader().read(reply(100, 10, 10, 20, 40), 1000.0)
    assert (server.flavour, server.version, server.mode, server.pid) == ("valkey", "8.1.1", "cluster", 17)
    assert server.keys == 15
    assert [database.average_ttl_ms for database in server.keyspace] == [1000.0, None]
    assert server.memory.maximum_bytes == 2097152
    assert server.memory.fragmentation is None
    assert server.replication.replicas[0].behind_bytes == 10
    assert server.commands_per_s is None
    assert server.hit_rate is None


def test_second_reading_has_rates_over_the_servers_own_time() -> None:
    reader = InfoReader()
    reader.read(reply(100, 10, 10, 20, 40), 1000.0)
    server = reader.read(reply(300, 40, 20, 60, 240), 1002.0)
    assert server.commands_per_s == 100
    assert server.hit_rate == 0.75
    get = next(command for command in server.commands if command.command == "get")
    assert get.calls_per_s == 20
    assert get.average_us == 5.0
    assert get.p99_us == 5.5


def test_no_reads_give_no_hit_rate() -> None:
    reader = InfoReader()
    reader.read(reply(100, 10, 10, 20, 40), 1000.0)
    assert reader.read(reply(200, 10, 10, 20, 40), 1001.0).hit_rate is None


def test_a_new_process_starts_anew() -> None:
    reader = InfoReader()
    reader.read(reply(100, 10, 10, 20, 40), 1000.0)
    restarted = reply(500, 90, 10, 20, 40) | {"run_id": "bbbb"}
    assert reader.read(restarted, 1001.0).commands_per_s is None


REPLICA = {
    "role": "slave", "master_host": "10.0.0.1", "master_port": "6379", "master_link_status": "down",
    "master_last_io_seconds_ago": "-1", "master_sync_in_progress": "1", "master_link_down_since_seconds": "7",
}  # fmt: skip


def test_a_replica_tells_how_its_link_is() -> None:
    found = InfoReader().read(REPLICA, 1.0).replication
    assert (found.role, found.primary, found.link_up, found.syncing) == ("replica", "10.0.0.1:6379", False, True)
    assert (found.link_down_s, found.primary_last_io_s) == (7.0, None)
    never = InfoReader().read(REPLICA | {"master_link_down_since_seconds": "-1"}, 1.0).replication
    assert never.link_down_s is None


def test_the_thread_that_runs_commands_is_told_apart() -> None:
    reader = InfoReader()
    cpu = {"used_cpu_sys": "1", "used_cpu_user": "9", "used_cpu_sys_main_thread": "1", "used_cpu_user_main_thread": "2"}
    reader.read(cpu, 10.0)
    server = reader.read(cpu | {"used_cpu_user": "12", "used_cpu_user_main_thread": "3.5"}, 12.0)
    assert (server.cpu_share, server.thread_share) == (1.5, 0.75)
    older = {"used_cpu_sys": "1", "used_cpu_user": "9"}
    assert reader.read(older, 13.0).thread_share is None


def test_errors_are_told_by_their_code() -> None:
    reader = InfoReader()
    reader.read({"errorstat_READONLY": "count=5", "errorstat_ERR": "count=1"}, 10.0)
    told = {"errorstat_READONLY": "count=25", "errorstat_ERR": "count=1", "errorstat_OOM": "count=9"}
    hostile = {f"errorstat_{'x' * 90}": "count=1", "errorstat_a b": "count=2", "errorstat_": "count=3"}
    assert reader.read(told | hostile, 12.0).errors_per_s == {"READONLY": 10.0, "ERR": 0.0}
    many = {f"errorstat_E{number}": "count=1" for number in range(500)}
    reader.read(many, 13.0)
    assert len(reader.read(many, 14.0).errors_per_s) == 64


def test_nothing_known_is_none_and_never_zero() -> None:
    server = InfoReader().read({}, 1.0)
    assert server.version is None
    assert server.memory.used_bytes is None
    assert server.persistence.saving is None
    assert server.replication.role is None


def test_the_servers_clock() -> None:
    assert server_time(reply(0, 0, 0, 0, 0)) == 1_700_000_000.0
    assert server_time({}) is None


def test_clients_that_wait_and_their_buffers() -> None:
    """Fields and values as Valkey 8.1 documents them; Redis tells no pause."""
    told = {
        "mem_clients_normal": "30466687", "client_recent_max_output_buffer": "30334056", "blocked_clients": "20",
        "total_blocking_keys": "0", "paused_reason": "client_pause", "paused_actions": "write",
        "paused_timeout_milliseconds": "9000",
    }  # fmt: skip
    server = InfoReader().read(told, 1.0)
    assert (server.memory.clients_bytes, server.clients.largest_output_bytes) == (30466687, 30334056)
    assert (server.clients.blocked, server.clients.blocking_keys) == (20, 0)
    assert (server.clients.paused, server.clients.paused_reason) == ("write", "client_pause")
    assert server.clients.paused_for_s == 9.0
    older = InfoReader().read({"blocked_clients": "1"}, 1.0)
    assert (older.memory.clients_bytes, older.clients.blocking_keys, older.clients.paused) == (None, None, None)
