"""`perftui diagnose` as a user runs it, on real servers. That the tests' machine is busy is a problem of its own."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import jsonschema
import pytest
from helpers.host_incidents import cpu_saturated
from helpers.incidents import START, Change, Story, Targets, set_slot
from helpers.waiting import wait_until
from msgspec.structs import replace
from pymongo import MongoClient

from perftui.commands import diagnose as diagnose_command
from perftui.model.sample import Failure
from perftui.model.schemas import schema
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot, SourceState
from perftui.model.verdict import Verdict
from perftui.servers import MongodProcess, PrivateServers, RedisProcess

PERFTUI = [sys.executable, "-m", "perftui"]
NOTHING_THERE = "redis://127.0.0.1:1"
pytestmark = pytest.mark.timeout(240)


def diagnose(*arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*PERFTUI, "diagnose", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=110
    )
    assert "Traceback" not in done.stderr
    return done


def test_one_sentence_and_a_code_that_fits_it(mongod: MongodProcess, redis_server: RedisProcess) -> None:
    done = diagnose(mongod.uri, redis_server.uri)
    (line,) = done.stdout.splitlines()
    word = line.split("  ", 1)[1].partition(":")[0]
    assert word in ("healthy", "warning", "critical")
    assert done.returncode == (0 if word == "healthy" else 1)
    if word == "healthy":
        assert "looked at MongoDB" in line
        assert "Redis" in line


def test_json_fits_its_schema(redis_server: RedisProcess) -> None:
    done = diagnose(redis_server.uri, "--json")
    verdict = json.loads(done.stdout)
    jsonschema.validate(verdict, schema("verdict-1"))
    assert verdict["schema"] == "perftui.verdict/1"
    assert verdict["looked_at"]
    assert verdict["message"].startswith(("healthy", "warning", "critical"))
    verdict["status"] = "fine"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(verdict, schema("verdict-1"))


def test_a_target_that_nobody_answers_for_is_the_verdict_and_three() -> None:
    done = diagnose(NOTHING_THERE, "--json")
    assert done.returncode == 3
    verdict = json.loads(done.stdout)
    codes = [one["code"] for one in (verdict["problem"], *verdict.get("others", ()), *verdict.get("effects", ()))]
    assert "unreachable" in codes


def test_a_missing_right_is_named(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod(arguments=("--auth",))
    client: MongoClient[dict[str, object]]
    with MongoClient(mongod.uri) as client:
        client.admin.command("createUser", "root", pwd="root", roles=["root"])
    with MongoClient(mongod.uri.replace("://", "://root:root@")) as client:
        client.admin.command("createUser", "reader", pwd="reader", roles=[{"role": "read", "db": "shop"}])
    done = diagnose(mongod.uri.replace("://", "://reader:reader@"), "--json")
    verdict = json.loads(done.stdout)
    assert done.returncode == 1
    assert verdict["status"] in ("cannot tell", "problem")
    unseen = {one["what"]: one for one in verdict["unseen"]}
    runs = next(one for what, one in unseen.items() if what.startswith("what runs"))
    assert "inprog" in runs["needs"]
    assert "clusterMonitor" in runs["grant"]
    assert "reader:reader" not in done.stdout


def looked_for(monkeypatch: pytest.MonkeyPatch, change: Change | None, late_s: float = 0.0) -> tuple[float, Verdict]:
    """How long it looks at such a machine, and what it says in the end. `late_s`: how long it took to start."""
    story, now = Story(), [0.0]
    monkeypatch.setattr("perftui.commands.diagnose.time.monotonic", lambda: now[0])

    async def play(_settings: object, seconds: float, enough: Callable[[Snapshot, bool], bool]) -> Snapshot:
        for second in range(int(seconds)):
            now[0] = late_s + second + 0.5
            (verdict,) = story.play(1, change)
            snapshot = Snapshot(sequence=second, taken_at=verdict.at, interval_s=1.0, window_s=300.0, verdict=verdict)
            if enough(snapshot, story.diagnosis.suspects):
                break
        return snapshot

    monkeypatch.setattr(diagnose_command, "_monitor", play)
    last = asyncio.run(diagnose_command._look(Settings()))
    assert last is not None
    assert last.verdict is not None
    return now[0], last.verdict


def test_a_cpu_that_the_servers_take_is_looked_at_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    took_s, verdict = looked_for(monkeypatch, cpu_saturated)
    assert verdict.problem is not None, verdict.message
    assert verdict.problem.code == "cpu-saturated"
    assert took_s < 16


def test_where_nothing_is_suspected_it_looks_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    took_s, verdict = looked_for(monkeypatch, None)
    assert (took_s, verdict.status) == (8.5, "healthy")


def test_a_burst_is_waited_for_and_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def burst(targets: Targets, at: float, passed: int) -> None:
        if at - START < 9:
            cpu_saturated(targets, at, passed)

    took_s, verdict = looked_for(monkeypatch, burst)
    assert verdict.status == "healthy"
    assert 9 < took_s < 16


def test_a_target_that_has_failed_once_and_given_nothing_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    failure = Failure(kind="timeout", message="web:8000 did not answer in time.", help="It hangs.")

    def hangs(targets: Targets, at: float, passed: int) -> None:
        waits = SourceState(source="application.metrics", interval_s=1.0, waiting=True)
        late = replace(waits, failure=failure, failing_since=START) if at - START >= 5 else waits
        set_slot(targets, "application", application=None, sources=(late,))

    _, verdict = looked_for(monkeypatch, hangs, late_s=12.0)
    assert verdict.problem is not None, verdict.message
    assert verdict.problem.code == "unreachable"


def test_wrong_seconds_are_refused() -> None:
    done = diagnose("--watch", "soon")
    assert done.returncode == 2
    assert "must be a number of seconds" in done.stderr


@contextmanager
def watching(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The command and the lines that it has printed so far, without the end of its output."""
    import threading

    lines: list[str] = []
    command = [*PERFTUI, "diagnose", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        reader = threading.Thread(target=lambda: lines.extend(iter(process.stdout.readline, "")))  # type: ignore[union-attr]
        reader.start()
        try:
            yield process, lines
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(60)
            reader.join(60)


def test_a_watch_tells_each_change_at_once_until_ctrl_c(private_servers: PrivateServers) -> None:
    cache = private_servers.start_redis()
    with watching(cache.uri, "--watch", "0", "--json") as (process, lines):
        wait_until(lambda: lines, timeout_s=60)
        cache.stop()
        wait_until(lambda: any('"code":"unreachable"' in line for line in lines), timeout_s=60)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
    verdicts = [json.loads(line) for line in lines]
    keys = [(one["status"], (one.get("problem") or {}).get("code"), (one.get("problem") or {}).get("subject"),
             (one.get("problem") or {}).get("severity")) for one in verdicts]  # fmt: skip
    assert all(one != other for one, other in pairwise(keys)), "the same verdict twice"


def test_a_watch_ends_after_its_time(redis_server: RedisProcess) -> None:
    done = diagnose(redis_server.uri, "--watch", "8")
    assert done.returncode in (0, 1)
    assert len(done.stdout.splitlines()) >= 1


def test_a_snapshot_begins_with_the_verdict(redis_server: RedisProcess) -> None:
    done = subprocess.run(
        [*PERFTUI, "snapshot", redis_server.uri], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=110
    )
    assert done.stdout.startswith(("healthy: looked at", "warning: ", "critical: "))
