"""Recordings keep their verdicts; those of an older perftui get the ones of their time."""

from pathlib import Path

import pytest
from helpers.incidents import Story, Targets, set_figures
from msgspec.structs import replace

from perftui.model.redis import CommandStats
from perftui.model.settings import Thresholds
from perftui.model.snapshot import Snapshot
from perftui.model.verdict import Verdict
from perftui.monitor.recording import Recorder, Recording, open_recording
from perftui.monitor.replay_verdicts import DiagnosedRecording

HEALTHY, ILL = 40, 20


class _Recorded:
    """In place of the diagnosis: keeps the Snapshots."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.snapshots: list[Snapshot] = []

    def take(self, snapshot: Snapshot) -> Verdict | None:
        self.recorder.add(snapshot)
        self.snapshots.append(snapshot)
        return None


def flush(targets: Targets, _at: float, passed: int) -> None:
    gone = (CommandStats(command="flushall", calls=2),)
    set_figures(targets, "redis", "redis", keys=10 + passed, hit_rate=0.1, commands=gone)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """A healthy time, then a flushed cache, without any verdict."""
    story = Story()
    with Recorder(tmp_path / "session") as recorder:
        story.diagnosis = _Recorded(recorder)  # type: ignore[assignment]
        story.play(HEALTHY)
        story.play(ILL, flush)
    return open_recording(tmp_path / "session")


def code_of(snapshot: Snapshot) -> str | None:
    assert snapshot.verdict is not None
    return None if snapshot.verdict.problem is None else snapshot.verdict.problem.code


def test_a_recording_without_verdicts_gets_those_of_its_time(recording: Recording) -> None:
    diagnosed = DiagnosedRecording(recording, Thresholds())
    assert diagnosed.snapshot(0).verdict is None
    codes = [code_of(diagnosed.snapshot(index)) for index in range(1, HEALTHY + ILL)]
    assert set(codes[: HEALTHY - 1]) == {None}
    assert codes[-1] == "cache-flushed"


def test_a_jump_tells_the_same_as_playing_there(recording: Recording) -> None:
    played = DiagnosedRecording(recording, Thresholds())
    for index in range(HEALTHY + ILL - 1):
        played.snapshot(index)
    last = HEALTHY + ILL - 1
    jumped = DiagnosedRecording(recording, Thresholds())
    assert code_of(jumped.snapshot(last)) == code_of(played.snapshot(last)) == "cache-flushed"
    assert code_of(jumped.snapshot(HEALTHY - 10)) is None
    assert code_of(jumped.snapshot(last)) == "cache-flushed"


def test_a_recorded_verdict_stays(tmp_path: Path, recording: Recording) -> None:
    said = Verdict(status="cannot tell", at=1.0, since=1.0)
    with Recorder(tmp_path / "newer") as recorder:
        for index in range(5):
            recorder.add(replace(recording.snapshot(index), verdict=said))
    newer = DiagnosedRecording(open_recording(tmp_path / "newer"), Thresholds())
    assert newer.snapshot(4).verdict == said


def test_a_snapshot_with_its_verdict_survives_json(recording: Recording) -> None:
    snapshot = DiagnosedRecording(recording, Thresholds()).snapshot(HEALTHY + ILL - 1)
    assert Snapshot.from_json(snapshot.to_json()) == snapshot
    assert code_of(snapshot) == "cache-flushed"
