"""A session of a real application, replayed under budgets that were not known when it was recorded."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.checked_shop import checked_shop
from helpers.monitoring import leave, monitor
from helpers.snapshots import START, busy_snapshot
from msgspec.structs import replace

from perftui import Budget
from perftui.model.application import ApplicationMetrics, EndpointStats
from perftui.model.metrics import BudgetDocument
from perftui.model.query import LatencySummary
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.target import Target
from perftui.monitor.recording import Recorder, Recording, open_recording
from perftui.monitor.replay_budgets import JudgedRecording

PERFTUI = [sys.executable, "-m", "perftui"]
SHOP = Target(id="http://shop", kind="application", name="shop", address="http://shop")
KEPT = BudgetDocument(expr="avg<1s", budget="*", state="ok", ok=True, value=0.1, limit=1.0)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of a shop that carries a budget of its own."""
    file = tmp_path_factory.mktemp("recorded") / "session"
    with checked_shop([Budget("*", "error_rate<50%")]) as shop:
        shop.visit()
        command = [*PERFTUI, "record", str(file), shop.metrics, "--seconds", "6", "--interval", "500ms"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return file


def limits_of(line: str) -> dict[str, tuple[str, int]]:
    """State of each limit of the shop's items, and how often it is there."""
    application = next((one["application"] for one in json.loads(line)["targets"] if one.get("application")), None)
    found: dict[str, tuple[str, int]] = {}
    for endpoint in application["endpoints"] if application else ():
        if endpoint["route"] == "/items/{id}":
            for limit in endpoint.get("limits", ()):
                found[limit["expr"]] = (limit["state"], found.get(limit["expr"], ("", 0))[1] + 1)
    return found


def replayed(file: Path, *options: str) -> list[dict[str, tuple[str, int]]]:
    command = [*PERFTUI, "replay", str(file), "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return [limits for line in done.stdout.splitlines() if (limits := limits_of(line))]


def test_a_replayed_session_is_judged_by_the_budgets_given(session: Path, tmp_path: Path) -> None:
    budgets = tmp_path / "budgets.toml"
    budgets.write_text(
        '[[endpoint]]\nmatch = "GET /items/*"\nlimits = ["max<1us", "avg<60s"]\nevaluations = 1\n', "utf-8"
    )
    assert set(replayed(session)[-1]) == {"error_rate<50%"}
    frames = replayed(session, "--budgets", str(budgets))
    assert frames[0]["max<1us"] == ("over", 1)
    assert frames[-1] == {"error_rate<50%": ("ok", 1), "max<1us": ("over", 1), "avg<60s": ("ok", 1)}


def test_what_was_recorded_with_the_same_budget_is_judged_anew_and_not_twice(session: Path, tmp_path: Path) -> None:
    budgets = tmp_path / "budgets.toml"
    budgets.write_text('[[endpoint]]\nmatch = "*"\nlimits = "error_rate<50%"\nsamples = 1000\n', "utf-8")
    assert replayed(session, "--budgets", str(budgets))[-1] == {"error_rate<50%": ("unknown", 1)}


def test_budgets_that_cannot_be_read_are_told(session: Path, tmp_path: Path) -> None:
    command = [*PERFTUI, "replay", str(session), "--json", "--budgets", str(tmp_path / "nothing.toml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing.toml: cannot be read" in done.stderr


def recorded(folder: Path, averages_ms: list[float]) -> Recording:
    with Recorder(folder / "session") as recorder:
        for sequence, average in enumerate(averages_ms, 1):
            endpoint = EndpointStats(
                method="GET",
                route="/a",
                requests=100,
                latency_ms=LatencySummary(average=average),
                limits=(KEPT,),
                budgets=("avg<1s: 100 ms, within",),
            )
            shown = ApplicationMetrics(format="openmetrics", service="shop", window_s=300.0, endpoints=(endpoint,))
            state = TargetState(target=SHOP, application=shown)
            recorder.add(replace(busy_snapshot(sequence, 1), targets=(state,)))
    return open_recording(folder / "session")


def states(snapshot: Snapshot) -> dict[str, str | None]:
    assert snapshot.targets[0].application is not None
    (endpoint,) = snapshot.targets[0].application.endpoints
    assert len(endpoint.budgets) == len(endpoint.limits)
    return {limit.expr: limit.state for limit in endpoint.limits}


def test_a_frame_that_is_jumped_to_is_judged_as_if_it_had_been_played(tmp_path: Path) -> None:
    recording = recorded(tmp_path, [100.0] * 10 + [900.0] * 20)
    budgets = [Budget("GET /a", "avg<500ms")]
    played = JudgedRecording(recording, budgets)
    shown = [states(played.snapshot(index)) for index in range(30)]
    assert shown[9] == {"avg<1s": "ok", "avg<500ms": "ok"}
    assert shown[-1] == {"avg<1s": "ok", "avg<500ms": "over"}
    jumped = JudgedRecording(recording, budgets)
    order = (25, 3, 29, 9, 26, 4)
    assert [states(jumped.snapshot(index)) for index in order] == [shown[index] for index in order]


def test_looking_back_does_not_disturb_what_plays(tmp_path: Path) -> None:
    recording = recorded(tmp_path, [900.0] * 30)
    judged = JudgedRecording(recording, [Budget("GET /a", "avg<500ms")])
    seen = []
    for index in range(30):
        seen.append(states(judged.snapshot(index))["avg<500ms"])
        judged.snapshot(0)
    assert seen.index("over") <= 6
    assert set(seen[seen.index("over") :]) == {"over"}
    assert recording.entries[0].taken_at == START + 1


def test_the_screen_of_a_replay_shows_them(session: Path, tmp_path: Path) -> None:
    budgets = tmp_path / "budgets.toml"
    text = '[[endpoint]]\nmatch = "GET /items/*"\nlimits = "max<1us"\nevaluations = 1\n'
    budgets.write_text(text, "utf-8")
    with monitor("replay", session, "--speed", "20", "--budgets", budgets, columns=150, cwd=tmp_path) as terminal:
        terminal.send("4")
        terminal.wait_for(r"GET +/items/\{id\} .* over \+999%")
        leave(terminal)
