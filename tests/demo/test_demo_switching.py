"""Switching the caches of a demo that runs, over its route and from another terminal."""

import json
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from helpers.serving import asgi_server
from starlette.responses import JSONResponse

from perftui.cli import main
from perftui.demo import CACHES_PATH
from perftui.demo.documents import CATEGORIES, slug
from perftui.demo.probe import visitor
from perftui.demo.running import announce, running_demos
from perftui.demo.session import METRICS_PATH, DemoOptions, DemoSession
from perftui.demo.switches import Switches
from perftui.model.secret import Secret

PATHS = [*(f"/api/prompts?category={name}" for name in CATEGORIES), *(f"/api/prompts/{slug(n)}" for n in range(8))]


@pytest.fixture(scope="module")
def quiet() -> Iterator[DemoSession]:
    """A demo without visitors, whose pages outlive the tests."""
    options = DemoOptions(documents=2_000, visitors=False, ttl_s=600, switches=Switches(read_through=False))
    with DemoSession(options) as session:
        yield session


def port(session: DemoSession) -> int:
    return int(session.application_url.rpartition(":")[2])


def command(session: DemoSession, *switches: str) -> list[str]:
    return ["demo", "--port", str(port(session)), "--switch", *switches]


class Load(NamedTuple):
    """What the server's own counters say."""

    queries: int
    examined: int

    def since(self, before: "Load") -> "Load":
        return Load(self.queries - before.queries, self.examined - before.examined)


def counted(session: DemoSession) -> Load:
    with session.mongod.client() as client:
        status = client.admin.command("serverStatus")
    return Load(status["opcounters"]["query"], status["metrics"]["queryExecutor"]["scannedObjects"])


def asked(session: DemoSession, times: int) -> tuple[Load, dict[str, dict[str, int | float | None]]]:
    """Ask for each path so often; what the server did for it, and what the caches counted."""
    with visitor(session) as client:
        client.post(METRICS_PATH + ":clear", json={"type": "all"}).raise_for_status()
        before = counted(session)
        for _ in range(times):
            for path in PATHS:
                client.get(path).raise_for_status()
        return counted(session).since(before), client.get(METRICS_PATH).json()["cache"]


def test_each_switch_moves_the_hit_rate_and_the_load_of_the_database(quiet: DemoSession) -> None:
    """The same calls each time: 20 pages, four times."""
    calls = 4 * len(PATHS)
    assert main(command(quiet, "read-through=off", "query-cache=off", "warming=off", "invalidation=on")) == 0
    uncached, caches = asked(quiet, 4)
    assert uncached.queries >= calls
    assert all(cache["hits"] == 0 for cache in caches.values())
    assert main(command(quiet, "read-through=on")) == 0
    load, caches = asked(quiet, 4)
    assert len(PATHS) <= load.queries < calls / 2
    assert 0 < load.examined < uncached.examined / 2
    assert caches["responses"]["hit_rate"] == 0.75
    assert main(command(quiet, "read-through=off", "query-cache=on")) == 0
    load, caches = asked(quiet, 4)
    assert len(PATHS) <= load.queries < calls / 2
    assert 0 < load.examined < uncached.examined / 2
    assert caches["queries"]["hit_rate"] == 0.75
    assert caches["responses"]["hits"] == 0


def test_a_reload_is_answered_by_the_database_and_kept(quiet: DemoSession) -> None:
    """Nobody else asks for this page, and nothing drops out of the profile."""
    assert main(command(quiet, "read-through=on", "query-cache=off", "warming=off")) == 0
    path, asked = f"/api/prompts/{slug(17)}", {"command.filter.slug": slug(17)}
    with quiet.mongod.client() as client, visitor(quiet) as asking:
        profile = client.library["system.profile"]
        before = profile.count_documents(asked)
        first = asking.get(path, headers={"Cache-Control": "no-cache"})
        assert profile.count_documents(asked) == before + 1
        assert asking.get(path).json() == first.json()
        assert profile.count_documents(asked) == before + 1


def test_without_a_change_the_state_is_told(quiet: DemoSession, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command(quiet, "query-cache=on", "invalidation=on", "warming=off")) == 0
    capsys.readouterr()
    assert main(command(quiet)) == 0
    shown = capsys.readouterr()
    assert [line.split()[:2] for line in shown.out.splitlines()][1:] == [
        ["invalidation", "on"],
        ["warming", "off"],
        ["query-cache", "on"],
    ]
    assert shown.out.rstrip().endswith("they end by change stream")
    assert shown.err == ""
    assert main([*command(quiet, "invalidation=off"), "--json"]) == 0
    state = json.loads(capsys.readouterr().out)
    assert (state["query_results_end_by"], state["why"]) == ("ttl", "invalidation is off")


def test_only_who_bears_the_token_may_switch(quiet: DemoSession) -> None:
    url = quiet.application_url + CACHES_PATH
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": quiet.bearer.reveal()}):
        assert httpx.get(url, headers=headers).status_code == 401
        assert httpx.post(url, headers=headers, json={"warming": True}).status_code == 401
    (demo,) = [one for one in running_demos() if one.url == quiet.application_url]
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        demo.switch({"sauna": True})


def test_the_token_is_for_its_user_only_and_goes_with_the_demo(quiet: DemoSession) -> None:
    (file,) = quiet.servers.folder.glob("demo.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(quiet.servers.folder.stat().st_mode) == 0o700
    assert quiet.bearer.reveal().removeprefix("Bearer ") not in file.read_text("utf-8")
    assert b"Bearer" not in quiet.application.log_since_start()


def test_it_is_switched_from_another_process(quiet: DemoSession) -> None:
    program = [sys.executable, "-m", "perftui", *command(quiet, "warming=on")]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith("warming")] == ["on"]
    assert "NOW in Caches" in done.stderr


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files in which no demo is."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_no_demo_and_several_are_told(elsewhere: Path, quiet: DemoSession, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--switch", "warming=on"]) == 3
    assert "No demo of yours runs. Start one" in capsys.readouterr().err
    (announced,) = quiet.servers.folder.glob("demo.json")
    for name in ("perftui-a", "perftui-b"):
        (elsewhere / name).mkdir(mode=0o700)
        (elsewhere / name / "demo.json").write_bytes(announced.read_bytes())
        (elsewhere / name / "demo.json").chmod(0o600)
    assert main(["demo", "--switch"]) == 2
    assert f"Say which: --port {port(quiet)}" in capsys.readouterr().err


def test_files_of_others_and_of_the_dead_are_passed_over(elsewhere: Path, quiet: DemoSession) -> None:
    (announced,) = quiet.servers.folder.glob("demo.json")
    for name in ("perftui-open", "perftui-dead", "perftui-link", "perftui-odd", "perftui-far", "perftui-left"):
        (elsewhere / name).mkdir()
    readable = elsewhere / "perftui-open" / "demo.json"
    readable.write_bytes(announced.read_bytes())
    readable.chmod(0o644)
    announce(elsewhere / "perftui-dead", "http://127.0.0.1:1", Secret("x"))
    announce(elsewhere / "perftui-far", "http://192.0.2.1:80", Secret("x"))
    announce(elsewhere / "perftui-odd", "http://127.0.0.1:80@example.com", Secret("x"))
    (elsewhere / "perftui-link" / "demo.json").symlink_to(announced)
    with asgi_server(JSONResponse({"another": "program"})) as url:
        announce(elsewhere / "perftui-left", url, Secret("x"))
        assert running_demos() == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--switch", "sauna=on"], "the names are read-through"),
        (["--switch", "warming"], "NAME=on or NAME=off"),
        (["--switch", "warming=on", "--headless", "3"], "only --port and --json go with it"),
        (["--caches", "warming=perhaps"], "NAME=on or NAME=off"),
        (["--prove", "--caches", "warming=on"], "--prove runs by itself"),
    ],
)
def test_wrong_usage_of_switches_is_a_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    try:
        code: object = main(["demo", *arguments])
    except SystemExit as exit_:
        code = exit_.code
    assert code == 2
    assert message in capsys.readouterr().err
