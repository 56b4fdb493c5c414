"""Clearing a real Redis."""

import pytest
from redis import Redis

from perftui.actions.clear_redis import ClearRedis
from perftui.actions.journal import default_journal
from perftui.actions.runner import perform
from perftui.servers import PrivateServers, RedisProcess
from perftui.targets import connect_to


@pytest.fixture
def server(private_servers: PrivateServers) -> RedisProcess:
    return private_servers.start_redis(arguments=["--slowlog-log-slower-than", "0"])


def _client(server: RedisProcess) -> "Redis":
    return Redis.from_url(server.uri, decode_responses=True)


def _calls(client: "Redis") -> int:
    return int(client.info("commandstats").get("cmdstat_set", {}).get("calls", 0))


async def test_the_slow_log_is_emptied_and_that_is_verified(server: RedisProcess) -> None:
    action = ClearRedis(connect_to(server.uri), "slowlog")
    with _client(server) as client:
        client.set("key", "value")
        client.config_set("slowlog-log-slower-than", -1)  # of no command, however busy the machine is
        assert client.slowlog_len() > 0
        outcome = await perform(action, confirmed_command="SLOWLOG RESET", read_only=False, journal=default_journal())
        assert (outcome.state, client.slowlog_len()) == ("done", 0)
        assert client.get("key") == "value"
    (record,) = default_journal().read()
    assert (record.intent.command, record.intent.where) == ("SLOWLOG RESET", server.uri.rstrip("/"))


async def test_new_entries_do_not_hide_that_the_old_ones_are_gone(server: RedisProcess) -> None:
    """This server logs every command, so its slow log is never empty."""
    outcome = await ClearRedis(connect_to(server.uri), "slowlog").run()
    assert outcome.state == "done"


async def test_statistics_start_again(server: RedisProcess) -> None:
    action = ClearRedis(connect_to(server.uri)).choose("stats")
    assert action.describe().command == "CONFIG RESETSTAT"
    with _client(server) as client:
        for number in range(100):
            client.set("key", number)
        assert _calls(client) == 100
        assert await action.check() == ()
        assert action.describe().role == "primary"
        assert (await action.run()).state == "done"
        assert _calls(client) == 0


async def test_read_only_leaves_the_server_alone(server: RedisProcess) -> None:
    action = ClearRedis(connect_to(server.uri, read_only=True), "stats")
    with _client(server) as client:
        client.set("key", 1)
        outcome = await perform(
            action, confirmed_command="CONFIG RESETSTAT", read_only=False, journal=default_journal()
        )
        assert (outcome.state, _calls(client)) == ("refused", 1)


async def test_missing_rights_are_told_with_the_grant(server: RedisProcess) -> None:
    with _client(server) as client:
        client.execute_command("ACL", "SETUSER", "watcher", "on", ">pass-word", "+info", "+slowlog|get", "+slowlog|len")
    connection = connect_to(server.uri.replace("redis://", "redis://watcher@"), password="pass-word")
    outcome = await perform(
        ClearRedis(connection), confirmed_command="SLOWLOG RESET", read_only=False, journal=default_journal()
    )
    assert outcome.state == "failed"
    assert "+slowlog|reset" in outcome.message
    assert "pass-word" not in outcome.message


async def test_a_dead_server_is_told(server: RedisProcess) -> None:
    server.kill()
    outcome = await perform(
        ClearRedis(connect_to(server.uri)),
        confirmed_command="SLOWLOG RESET",
        read_only=False,
        journal=default_journal(),
    )
    assert outcome.state == "refused"
    assert "Nothing listens" in outcome.message
    assert default_journal().read() == ()


def test_only_what_is_offered_can_be_chosen() -> None:
    action = ClearRedis(connect_to("redis://cache"))
    assert action.describe().choices == ("slowlog", "stats")
    with pytest.raises(ValueError, match="slowlog, stats"):
        action.choose("flushall")
