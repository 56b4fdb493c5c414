"""Files that were damaged or written by others: recordings, frames, the journal, settings, themes."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.snapshots import sessions
from hostile_values import FEW, MANY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perftui.actions.journal import Journal
from perftui.config.file import ConfigError, read_config
from perftui.model.snapshot import Snapshot
from perftui.model.target import Target
from perftui.monitor.codec import FrameDecoder, FrameEncoder
from perftui.monitor.recording import Recorder, RecordingError, open_recording
from perftui.tui.themes import ThemeError, read_theme

FILE = settings(FEW, suppress_health_check=[HealthCheck.function_scoped_fixture])
TARGET = Target(id="mongodb://a:1", kind="mongodb", name="a", address="mongodb://a:1")
TOML = st.sampled_from([
    "interval = -1", "interval = nan", "interval = 1e400", "[keys]\nquit = 5", "[profiles.a]\ntargets = 5", "= 1",
    "[profiles.a]\ntargets = [{ uri = 5 }]", "[thresholds]\nslow_ms = inf", "a = {", "\x00", "[[profiles]]",
    "[profiles.a]\ntargets = [[[]]]", "[colors]\nprimary = 5", "interval = 9" + "9" * 400, 'theme = ["x"]',
    'x = "\\ud800"', 'name = "x"\n[colors]\nprimary = "red;"', "a.b.c.d.e = 1", "[profiles.a]\nread_only = 1979-05-27",
])  # fmt: skip


def small_session() -> list[Snapshot]:
    return [Snapshot(sequence=number, taken_at=1e9 + number, interval_s=1.0, window_s=300.0) for number in range(1, 4)]


def recorded(path: Path, snapshots: list[Snapshot]) -> bytes:
    with Recorder(path) as recorder:
        for snapshot in snapshots:
            recorder.add(snapshot)
    return path.read_bytes()


def read_all(path: Path) -> list[Snapshot]:
    recording = open_recording(path)
    return [recording.snapshot(index) for index in range(len(recording.entries))]


def test_a_bit_flipped_anywhere_in_a_recording(tmp_path: Path) -> None:
    """What is read is what was written, up to the damage; or it is said that nothing can be."""
    snapshots, path = small_session(), tmp_path / "damaged"
    whole = recorded(tmp_path / "whole", snapshots)
    for place in range(len(whole)):
        for bit in (0, 6):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            try:
                found = read_all(path)
            except RecordingError:
                continue
            assert found == snapshots[: len(found)], place


def test_a_recording_cut_anywhere(tmp_path: Path) -> None:
    snapshots, path = small_session(), tmp_path / "cut"
    whole = recorded(tmp_path / "whole", snapshots)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            found = read_all(path)
        except RecordingError:
            continue
        assert found == snapshots[: len(found)]
        assert len(found) < len(snapshots)


@FEW
@given(sessions(), st.data())
def test_damaged_frames(session: list[Snapshot], data: st.DataObject) -> None:
    encoder = FrameEncoder()
    frames = [encoder.encode(snapshot) for snapshot in session]
    damaged = bytearray(frames[-1].data)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    for key, delta in ((bytes(damaged), None), (frames[0].data, bytes(damaged)), (b"", None)):
        try:
            found = FrameDecoder().decode(key, delta)
        except ValueError:
            continue
        assert isinstance(found, Snapshot)


@FILE
@given(data=st.data())
def test_a_damaged_journal(tmp_path: Path, data: st.DataObject) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.path.unlink(missing_ok=True)
    journal.conclude(journal.intend("kill", TARGET, "db.killOp(1)"), "done", "Ended.")
    whole = bytearray(journal.path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, 399))] = data.draw(st.integers(0, 255))
    journal.path.write_bytes(bytes(whole) + data.draw(st.binary(max_size=40)))
    assert len(journal.read()) <= 2
    journal.intend("kill", TARGET, "db.killOp(2)")
    assert journal.read()[-1].intent.command == "db.killOp(2)"


@pytest.mark.parametrize(
    ("read", "error"), [(read_config, ConfigError), (read_theme, ThemeError)], ids=["settings", "theme"]
)
@settings(MANY, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.lists(TOML | st.text(max_size=30), max_size=3).map("\n".join) | st.binary(max_size=60))
def test_settings_and_themes(
    tmp_path: Path, read: Callable[[Path], object], error: type[Exception], text: str | bytes
) -> None:
    path = tmp_path / "file.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    with contextlib.suppress(error):
        read(path)
