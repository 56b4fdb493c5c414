import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers.processes import processes_in
from helpers.waiting import process_exists, wait_until
from pymongo.errors import OperationFailure

from perftui.servers import MongodProcess, PrivateServers, RedisProcess, ServerStartFailed, ports, private, reaper


def ask_redis(server: RedisProcess, command: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(command + b"\r\n")
        return connection.recv(65_536)


def test_a_set_of_one_takes_writes_on_loopback_only(mongod: MongodProcess) -> None:
    with mongod.client() as client:
        client.servers_test.things.insert_one({"_id": 1})
        assert client.servers_test.things.count_documents({}) == 1
        client.drop_database("servers_test")
        options = client.admin.command("getCmdLineOpts")["parsed"]
        assert client.admin.command("hello")["setName"] == "rs0"
    assert options["net"]["bindIp"] == "127.0.0.1"
    assert not Path(f"/tmp/mongodb-{mongod.port}.sock").exists()


def test_redis_answers(redis_server: RedisProcess) -> None:
    assert ask_redis(redis_server, b"PING") == b"+PONG\r\n"
    assert redis_server.uri == f"redis://127.0.0.1:{redis_server.port}/0"


def test_folders_are_private_and_removed_with_their_processes() -> None:
    with PrivateServers() as servers:
        redis = servers.start_redis()
        assert stat.S_IMODE(servers.folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(redis.folder.stat().st_mode) == 0o700
    assert not process_exists(redis.pid)
    assert not servers.folder.exists()
    servers.close()


def test_a_standalone_restarts_with_its_data_and_other_arguments(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod()
    with mongod.client() as client:
        client.shop.prompts.insert_one({"_id": 1})
    first = mongod.pid
    mongod.restart(["--setParameter", "notablescan=true"])
    with mongod.client() as client:
        assert client.shop.prompts.find_one({"_id": 1})
        assert client.admin.command("getParameter", 1, notablescan=True)["notablescan"] is True
    assert mongod.pid != first
    assert not process_exists(first)


def test_a_killed_server_is_gone_at_once_and_comes_back(private_servers: PrivateServers) -> None:
    redis = private_servers.start_redis()
    redis.kill()
    assert not redis.running
    assert redis.exit_code == -signal.SIGKILL
    with pytest.raises(ConnectionRefusedError):
        ask_redis(redis, b"PING")
    redis.restart()
    assert ask_redis(redis, b"PING") == b"+PONG\r\n"


def test_a_suspended_server_keeps_its_port_and_is_silent_until_resumed(private_servers: PrivateServers) -> None:
    redis = private_servers.start_redis()
    redis.suspend()
    with socket.create_connection(("127.0.0.1", redis.port), timeout=0.2) as connection:
        connection.sendall(b"PING\r\n")
        with pytest.raises(TimeoutError):
            connection.recv(64)
        redis.resume()
        connection.settimeout(60)
        assert connection.recv(64) == b"+PONG\r\n"


def test_closing_ends_a_suspended_server() -> None:
    with PrivateServers() as servers:
        redis = servers.start_redis()
        redis.suspend()
    assert not process_exists(redis.pid)


def test_a_replica_set_with_an_arbiter_elects_its_first_member(private_servers: PrivateServers) -> None:
    first, second, arbiter = private_servers.start_replica_set("rs1", members=2, arbiters=1)
    assert first.is_primary()
    with second.client() as client:
        assert client.admin.command("hello")["secondary"] is True
    with arbiter.client() as client:
        assert client.admin.command("hello")["arbiterOnly"] is True


def test_a_replica_set_with_login_refuses_strangers(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod(replica_set="rs2", arguments=["--auth"])
    mongod.create_administrator("root", "pass word")
    with mongod.client() as client, pytest.raises(OperationFailure, match="requires authentication"):
        client.admin.command("serverStatus")
    with mongod.client(username="root", password="pass word") as client:
        assert client.admin.command("serverStatus")["ok"] == 1
    mongod.restart()
    assert mongod.is_primary()


def test_a_redis_that_wants_a_password_counts_as_ready(private_servers: PrivateServers) -> None:
    redis = private_servers.start_redis(arguments=["--requirepass", "x"])
    assert ask_redis(redis, b"PING").startswith(b"-NOAUTH")


def test_a_server_that_cannot_start_tells_its_last_words(private_servers: PrivateServers) -> None:
    with pytest.raises(ServerStartFailed, match=r"redis-\w+ on port \d+ ended with 1\. .*(?s:.*)no-such-option"):
        private_servers.start_redis(arguments=["--no-such-option", "1"])
    with pytest.raises(ServerStartFailed, match="unrecognised option"):
        private_servers.start_mongod(arguments=["--no-such-option"])
    with pytest.raises(ServerStartFailed, match=r"ends with: Error creating service context: .*time zone database"):
        private_servers.start_mongod(arguments=["--timeZoneInfo", "/nonexistent"])


def test_a_lost_race_for_a_port_is_tried_again(
    private_servers: PrivateServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, free = private_servers.start_redis(), ports.free_port()
    choices = iter([taken.port, taken.port, free])
    monkeypatch.setattr(private, "free_port", lambda: next(choices))
    assert private_servers.start_mongod().port == free
    with pytest.raises(ServerStartFailed, match="already in use"):
        private_servers.start_redis(port=taken.port)


def test_other_programs_run_and_end_with_the_set() -> None:
    with PrivateServers() as servers:
        code = "import os; print(os.environ['WORD'], flush=True); import time; time.sleep(600)"
        process = servers.start_process("sleeper", [sys.executable, "-c", code], {"WORD": "hello"})
        wait_until(lambda: process.last_words() == "hello")
    assert not process_exists(process.pid)


OWNER = """
import os, signal, sys, time
from perftui.servers import PrivateServers
with PrivateServers() as servers:
    redis, mongod = servers.start_redis(), servers.start_mongod()
    child = servers.start_process("child", [sys.executable, "-c", "import os,time; os.fork(); time.sleep(600)"])
    if "fork" in sys.argv and os.fork() == 0:
        os.close(1)
        time.sleep(5)
        os._exit(0)
    if "keep" in sys.argv:
        print(servers.keep(), servers.folder, redis.pid, mongod.pid, child.pid, flush=True)
    else:
        print(servers.folder, redis.pid, mongod.pid, child.pid, flush=True)
        time.sleep(0 if "close" in sys.argv else 600)
"""


@contextmanager
def owner_of_servers(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, *arguments], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    with process, process.stdout:
        try:
            yield process, process.stdout.readline().split()
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_nothing_is_left_of_a_set_whose_owner_dies(number: signal.Signals) -> None:
    with owner_of_servers() as (owner, (folder, *pids)):
        assert all(process_exists(int(pid)) for pid in pids)
        # The servers, the child and what it forked.
        wait_until(lambda: len(processes_in(folder)) >= 4)
        os.killpg(owner.pid, number)
        owner.wait()
        wait_until(lambda: not Path(folder).exists())
        assert not any(process_exists(int(pid)) for pid in pids)
        assert not processes_in(folder)


def test_a_fork_of_the_owner_does_not_keep_its_servers_alive() -> None:
    with owner_of_servers("fork") as (owner, (folder, *_)):
        owner.kill()
        owner.wait()
        wait_until(lambda: not Path(folder).exists())


def test_closing_does_not_wait_for_a_fork_of_the_owner() -> None:
    with owner_of_servers("fork", "close") as (owner, (folder, *_)):
        assert owner.wait(60) == 0
        assert not Path(folder).exists()


def test_a_kept_set_stays_until_its_reaper_is_told() -> None:
    with owner_of_servers("keep") as (owner, (reaper_pid, folder, *pids)):
        assert owner.wait() == 0
        assert all(process_exists(int(pid)) for pid in pids)
        os.kill(int(reaper_pid), signal.SIGTERM)
        wait_until(lambda: not Path(folder).exists())
        assert not processes_in(folder)


def test_a_set_whose_reaper_was_killed_still_cleans_up() -> None:
    with PrivateServers() as servers:
        redis = servers.start_redis()
        reaper_pid = servers._reaper.pid
        os.kill(reaper_pid, signal.SIGKILL)
        wait_until(lambda: not process_exists(reaper_pid))
        other = servers.start_redis()
    assert not process_exists(redis.pid)
    assert not process_exists(other.pid)
    assert not servers.folder.exists()


def test_a_reused_pid_is_not_killed() -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert stranger.stdin is not None
    with stranger, stranger.stdin:
        reaper.end_all({stranger.pid: "1"}, "/nonexistent/perftui-none")
        assert process_exists(stranger.pid)
        reaper.end_all({stranger.pid: reaper.start_time(stranger.pid)}, "/nonexistent/perftui-none")
        assert stranger.wait() == -signal.SIGKILL
