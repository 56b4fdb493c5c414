"""`snapshot` and `doctor` on real servers, from outside."""

import json
import os
import subprocess
import sys

import pytest

from perftui.model.snapshot import Snapshot
from perftui.servers import MongodProcess, PrivateServers, RedisProcess

NOBODY = "127.0.0.1:1"


def perftui(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "perftui", *arguments],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_json_is_the_whole_snapshot(mongod: MongodProcess, redis_server: RedisProcess) -> None:
    result = perftui("snapshot", mongod.uri, redis_server.uri, "--wait", "60s", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    snapshot = Snapshot.from_json(result.stdout.encode())
    by_kind = {state.target.kind: state for state in snapshot.targets}
    assert by_kind["mongodb"].mongodb is not None
    assert by_kind["mongodb"].mongodb.role == "PRIMARY"
    assert by_kind["mongodb"].mongodb.operations.command is not None
    assert by_kind["redis"].redis is not None
    assert by_kind["redis"].redis.commands_per_s is not None
    assert snapshot.targets[-1].target.id == "host"


def test_people_get_a_summary(mongod: MongodProcess, redis_server: RedisProcess) -> None:
    result = perftui("snapshot", mongod.uri, redis_server.uri, "--wait", "60s")
    assert (result.returncode, result.stderr) == (0, "")
    for words in ("PRIMARY of rs0", "operations/s", "slow queries", "redis 127.0.0.1", "hit rate", "CPU", "memory"):
        assert words in result.stdout
    assert "None" not in result.stdout


def test_a_target_out_of_reach_is_three_and_the_others_are_shown(redis_server: RedisProcess) -> None:
    result = perftui("snapshot", redis_server.uri, f"redis://{NOBODY}", f"mongodb://{NOBODY}", f"http://{NOBODY}")
    assert result.returncode == 3
    assert "commands/s" in result.stdout
    assert result.stdout.count("  refused ") == 3


@pytest.fixture
def guarded_redis(private_servers: PrivateServers) -> RedisProcess:
    return private_servers.start_redis(arguments=["--requirepass", "right-pw"])


def diagnose(*arguments: str, **environment: str) -> tuple[int, dict[str, dict[str, object]]]:
    result = perftui("doctor", *arguments, "--json", **environment)
    assert "-pw" not in result.stdout + result.stderr
    document = json.loads(result.stdout)
    assert document["schema"] == "perftui.doctor/1"
    return result.returncode, {target["kind"]: target for target in document["targets"]}


def test_doctor_tells_port_login_and_success_apart(guarded_redis: RedisProcess) -> None:
    address = f"redis://127.0.0.1:{guarded_redis.port}"
    code, found = diagnose(f"redis://{NOBODY}")
    assert (code, found["redis"]["reached"]) == (3, False)
    assert found["redis"]["steps"] == {
        "name": "ok",
        "port": "failed",
        "login": "unknown",
        "answer": "unknown",
        "rights": "unknown",
    }
    code, found = diagnose(address, REDIS_PASSWORD="wrong-pw")
    assert code == 3
    assert dict.fromkeys(("name", "port"), "ok").items() <= dict(found["redis"]["steps"]).items()  # type: ignore[call-overload]
    assert found["redis"]["steps"]["login"] == "failed"  # type: ignore[index]
    code, found = diagnose(address, REDIS_PASSWORD="right-pw")
    assert (code, found["redis"]["reached"]) == (0, True)
    assert str(found["redis"]["version_and_role"]).endswith("primary")
    assert found["redis"]["capabilities"]


def test_doctor_tells_a_name_that_does_not_resolve() -> None:
    code, found = diagnose("redis://no-such-host.invalid")
    assert (code, found["redis"]["steps"]["name"]) == (3, "failed")  # type: ignore[index]


@pytest.mark.parametrize(
    ("address", "step"), [(NOBODY, "port"), ("no-such-host.invalid", "name"), ("127.0.0.1:{port}/?tls=true", "TLS")]
)
def test_doctor_tells_why_mongodb_is_not_reached(mongod: MongodProcess, address: str, step: str) -> None:
    code, found = diagnose("mongodb://" + address.format(port=mongod.port))
    steps = found["mongodb"]["steps"]
    assert isinstance(steps, dict)
    assert (code, [name for name, state in steps.items() if state == "failed"]) == (3, [step])


def test_doctor_tells_some_rights_from_none(private_servers: PrivateServers) -> None:
    from redis import Redis

    server = private_servers.start_redis()
    client = Redis.from_url(server.uri)
    client.execute_command("ACL", "SETUSER", "some", "on", ">some-pw", "+info")  # type: ignore[no-untyped-call]
    client.execute_command("ACL", "SETUSER", "none", "on", ">none-pw")  # type: ignore[no-untyped-call]
    for user, rights in (("some", "partly"), ("none", "failed")):
        code, found = diagnose(f"redis://{user}@127.0.0.1:{server.port}", REDIS_PASSWORD=f"{user}-pw")
        assert (code, found["redis"]["steps"]["rights"]) == (0, rights)  # type: ignore[index]


def test_doctors_commands_can_be_run_as_they_stand(private_servers: PrivateServers) -> None:
    """Without a login the user is made once, then given the rest; no command is printed twice."""
    server = private_servers.start_mongod(arguments=["--auth"])
    lines = [line.strip() for line in perftui("doctor", server.uri).stdout.splitlines()]
    commands = [line for line in lines if line.startswith("run   db.")]
    assert len(commands) == len(set(commands)) > 1
    assert "createUser" in commands[0]
    assert all('grantRolesToUser("perftui"' in command for command in commands[1:])
    assert "run   the same command as above" in lines


def test_doctor_in_words(mongod: MongodProcess) -> None:
    result = perftui("doctor", mongod.uri)
    assert (result.returncode, result.stderr) == (0, "")
    assert "reached     yes (name ok, port ok, answer ok, login ok, rights ok)" in result.stdout
    assert "PRIMARY of rs0" in result.stdout
    assert "  + " in result.stdout


def test_doctor_names_the_missing_grant(private_servers: PrivateServers) -> None:
    from pymongo import MongoClient

    server = private_servers.start_mongod(arguments=["--auth"])
    anonymous: MongoClient[dict[str, object]]
    root: MongoClient[dict[str, object]]
    with MongoClient(server.uri, directConnection=True) as anonymous:
        anonymous.admin.command("createUser", "root", pwd="root-pw", roles=["root"])
    with MongoClient(server.uri, username="root", password="root-pw") as root:
        root.admin.command("createUser", "reader", pwd="reader-pw", roles=[{"role": "read", "db": "shop"}])
    uri = f"mongodb://reader@127.0.0.1:{server.port}/?authSource=admin"
    code, found = diagnose(uri, MONGODB_PASSWORD="reader-pw")
    capabilities = found["mongodb"]["capabilities"]
    assert isinstance(capabilities, list)
    missing = [capability for capability in capabilities if capability["state"] == "missing"]
    assert code == 0
    assert missing
    assert found["mongodb"]["steps"]["rights"] == "partly"  # type: ignore[index]
    assert any("clusterMonitor" in (capability.get("grant") or "") for capability in missing)
    code, found = diagnose(uri, MONGODB_PASSWORD="wrong-pw")
    assert (code, found["mongodb"]["steps"]["login"]) == (3, "failed")  # type: ignore[index]
