"""Logins with few rights: what can be seen is seen, the rest is named with what would grant it."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from helpers.monitoring import PERFTUI, leave, monitor
from pymongo import MongoClient

from perftui.servers import MongodProcess, PrivateServers, RedisProcess

Client = MongoClient[dict[str, Any]]
ROLES: dict[str, list[Any]] = {
    "watcher": ["clusterMonitor"],
    "reader": [{"role": "read", "db": "shop"}],
    "nobody": [],
}


@pytest.fixture(scope="module")
def guarded_mongod() -> Iterator[MongodProcess]:
    """Logins for everybody, the password being the name; `shop` is profiled and has entries."""
    with PrivateServers() as servers:
        server = servers.start_mongod(arguments=("--auth",))
        client: Client
        root: Client
        with MongoClient(server.uri) as client:
            client.admin.command("createUser", "root", pwd="root", roles=["root"])
        with MongoClient(with_login(server.uri, "root")) as root:
            for name, roles in ROLES.items():
                root.admin.command("createUser", name, pwd=name, roles=roles)
            root["shop"].command("profile", 2)
            root["shop"].command({"insert": "orders", "documents": [{"customer": 1}]})
        yield server


def ask(server: MongodProcess) -> None:
    """A query now: those of five minutes ago are not shown."""
    root: Client
    with MongoClient(with_login(server.uri, "root")) as root:
        list(root["shop"]["orders"].find({"customer": 1}))


def with_login(uri: str, name: str) -> str:
    return uri.replace("://", f"://{quote(name)}:{quote(name)}@", 1)


@pytest.fixture(scope="module")
def guarded_redis() -> Iterator[RedisProcess]:
    with PrivateServers() as servers:
        server = servers.start_redis()
        import redis

        with redis.Redis.from_url(server.uri) as client:
            client.execute_command("ACL", "SETUSER", "watcher", "on", ">watcher", "+info", "+ping", "+hello", "+client")
            client.execute_command("ACL", "SETUSER", "nobody", "on", ">nobody", "-@all")
        yield server


def perftui(*arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*PERFTUI, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=110, env=os.environ
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("name", ROLES)
def test_the_screen_shows_what_a_login_may_see_and_names_the_rest(guarded_mongod: MongodProcess, name: str) -> None:
    ask(guarded_mongod)
    with monitor(with_login(guarded_mongod.uri, name), columns=160) as terminal:
        terminal.send("2")
        terminal.wait_for(r"shown \d+|own login only|needs|may not")
        terminal.send("3")
        if name == "watcher":
            terminal.wait_for(r"shop\.orders (find|insert)")
        else:
            terminal.wait_for(r"(?i)needs|not allowed|may not|cannot")
            terminal.send("8")
            terminal.wait_for(r"(?i)warning .*(needs|grant|may)")
        for key in "146":
            terminal.send(key)
        terminal.send("\t")
        terminal.wait_for(r"mongodb\.server +(ok|no rights|failing)")
        leave(terminal)
    assert name.encode() + b":" + name.encode() not in terminal.output


@pytest.mark.parametrize("name", ROLES)
def test_snapshot_and_doctor_name_the_grant(guarded_mongod: MongodProcess, name: str) -> None:
    uri = with_login(guarded_mongod.uri, name)
    snapshot = perftui("snapshot", uri, "--json", "--wait", "60s")
    assert snapshot.returncode in (0, 1, 3), snapshot.stderr
    (state,) = [one for one in json.loads(snapshot.stdout)["targets"] if one["target"]["kind"] == "mongodb"]
    assert (state.get("mongodb") is not None) or any(source.get("failure") for source in state["sources"])
    doctor = perftui("doctor", uri)
    if name == "watcher":
        assert doctor.returncode == 0, doctor.stdout
    else:
        assert "grantRolesToUser" in doctor.stdout, doctor.stdout
        assert "clusterMonitor" in doctor.stdout
    assert f"{name}:{name}@" not in doctor.stdout + snapshot.stdout


@pytest.mark.parametrize("name", ["watcher", "nobody"])
def test_a_redis_user_with_few_rights(guarded_redis: RedisProcess, name: str) -> None:
    uri = with_login(guarded_redis.uri, name)
    with monitor(uri, columns=160) as terminal:
        terminal.send("5")
        terminal.wait_for(r"memory +\S+/no limit" if name == "watcher" else r"(?i)acl|refuse|not allowed|permission")
        terminal.send("\t")
        terminal.wait_for(r"(?i)slowlog|needs|ACL|refuse")
        leave(terminal)
    doctor = perftui("doctor", uri)
    assert "ACL SETUSER" in doctor.stdout, doctor.stdout
    assert f"{name}:{name}@" not in doctor.stdout
    assert perftui("snapshot", uri).returncode in (0, 1, 3)
