"""Recordings: what is written is read, whatever happens to the file."""

import json
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers.scripted import Answer, ScriptedSource, build, host_source, target, watch
from helpers.snapshots import busy_snapshot, sessions
from helpers.virtual_time import run_virtual
from hypothesis import HealthCheck, given, settings

from perftui.model.mongodb import MongoServer
from perftui.model.snapshot import Snapshot
from perftui.monitor.recording import Recorder, Recording, RecordingError, open_recording
from perftui.monitor.tee import RecordedFeed


def record(path: Path, session: list[Snapshot]) -> Path:
    with Recorder(path) as recorder:
        for snapshot in session:
            assert recorder.add(snapshot)
    return path


def add_all(recorder: Recorder, session: list[Snapshot]) -> None:
    for snapshot in session:
        recorder.add(snapshot)


def read(recording: Recording) -> list[Snapshot]:
    return [recording.snapshot(index) for index in range(len(recording.entries))]


@given(sessions())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_recorded_is_read_back_equal(session: list[Snapshot]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        recording = open_recording(record(Path(folder) / "session", session))
        assert read(recording) == session
        assert not recording.torn
        assert [entry.sequence for entry in recording.entries] == [snapshot.sequence for snapshot in session]


def test_a_file_cut_off_anywhere_is_read_up_to_its_last_whole_frame(tmp_path: Path) -> None:
    session = [busy_snapshot(sequence, 3) for sequence in range(1, 8)]
    whole = record(tmp_path / "whole", session).read_bytes()
    ends = [entry.offset + entry.length for entry in open_recording(tmp_path / "whole").entries]
    for size in range(ends[0], len(whole), 7):
        torn = tmp_path / "torn"
        torn.write_bytes(whole[:size])
        recording = open_recording(torn)
        assert read(recording) == session[: sum(end <= size for end in ends)]
        assert recording.torn == (size not in ends)


def test_a_damaged_frame_ends_what_can_be_read(tmp_path: Path) -> None:
    path = record(tmp_path / "session", [busy_snapshot(sequence, 3) for sequence in range(1, 8)])
    data = bytearray(path.read_bytes())
    data[open_recording(path).entries[4].offset + 3] ^= 0xFF
    path.write_bytes(data)
    recording = open_recording(path)
    assert recording.torn
    assert len(read(recording)) == 4


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not a recording"),
        (b"hello\n", "is not a recording"),
        (os.urandom(5000), "is not a recording"),
        (b'{"schema": "perftui.recording/9", "version": "9.0", "started_at": 1}\n', "by perftui 9.0"),
        (b'{"schema": "perftui.recording/1", "version": "0.1.0", "started_at": 1}\n', "no whole frame"),
        (b'{"schema": "perftui.recording/1", "version": "0.1.0", "started_at": 1}\n' + b"\xff" * 500, "no whole frame"),
    ],
)
def test_what_is_no_recording_is_told_in_a_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=words) as raised:
        open_recording(path)
    assert raised.value.exit_code == 2


def test_a_missing_file_and_a_folder_are_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="No such file"):
        open_recording(tmp_path / "nothing")
    with pytest.raises(RecordingError, match="directory"):
        open_recording(tmp_path)
    with pytest.raises(RecordingError, match="cannot be written"):
        Recorder(tmp_path / "no" / "folder")


def test_only_the_owner_may_read_it_and_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    path = record(tmp_path / "session", [busy_snapshot(1, 3)])
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    with pytest.raises(RecordingError, match="--force"):
        Recorder(path)
    assert path.read_bytes() == before
    path.chmod(0o644)
    with Recorder(path, overwrite=True) as recorder:
        recorder.add(busy_snapshot(2, 3))
    assert path.stat().st_mode & 0o777 == 0o600
    assert read(open_recording(path)) == [busy_snapshot(2, 3)]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "link").symlink_to(victim)
    with pytest.raises(RecordingError):
        Recorder(tmp_path / "link", overwrite=True)
    assert victim.read_text() == "mine"


def test_it_stops_at_its_limit_with_whole_frames(tmp_path: Path) -> None:
    path = tmp_path / "session"
    with Recorder(path, limit_bytes=20_000) as recorder:
        taken = [recorder.add(busy_snapshot(sequence, 20)) for sequence in range(1, 200)]
    assert recorder.full
    assert path.stat().st_size == recorder.written_bytes <= 20_000
    assert taken.index(False) == recorder.frames == len(open_recording(path).entries)
    assert not any(taken[recorder.frames :])


def test_every_frame_is_in_the_file_as_soon_as_it_was_added(tmp_path: Path) -> None:
    with Recorder(tmp_path / "session") as recorder:
        for sequence in range(1, 4):
            recorder.add(busy_snapshot(sequence, 3))
            assert len(open_recording(tmp_path / "session").entries) == sequence


def test_the_header_says_what_the_file_is(tmp_path: Path) -> None:
    path = record(tmp_path / "session", [busy_snapshot(1, 3)])
    header = json.loads(path.read_bytes().split(b"\n", 1)[0])
    assert header["schema"] == "perftui.recording/1"
    assert set(header) == {"schema", "version", "started_at"}


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """As on a full disk: the kernel writes what fits, and refuses the rest; so would Python keep half a module."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "dont_write_bytecode", True)
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_that_cannot_be_written_is_told_once_and_closed(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "session")
    words = r"session cannot be written: .*; free some space\."
    with files_no_larger_than(20_000), pytest.raises(RecordingError, match=words) as raised, recorder:
        add_all(recorder, [busy_snapshot(sequence, 20) for sequence in range(1, 200)])
    assert raised.value.exit_code == 1
    assert recorder.problem is raised.value
    assert recorder._file.closed
    assert not recorder.add(busy_snapshot(200, 20))
    recording = open_recording(tmp_path / "session")
    assert recording.torn
    assert len(recording.entries) == recorder.frames


def test_what_only_the_end_brings_to_light_is_told_too(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be written"), Recorder(tmp_path / "session") as recorder:
        os.close(recorder._file.fileno())
    assert recorder._file.closed


def test_a_feed_is_shown_on_when_its_file_cannot_be_written(tmp_path: Path) -> None:
    source = ScriptedSource(target(), "mongodb.server", lambda now: Answer(MongoServer(uptime_s=now)))
    watched = build([host_source(), source])
    recorder = Recorder(tmp_path / "session")
    with files_no_larger_than(2_000):
        run_virtual(watch(watched, 30.5, feed=RecordedFeed(watched.monitor, recorder)))
    assert len(watched.shown) >= 30
    assert 0 < recorder.frames < 30
    (event,) = [one for one in watched.last.events if one.kind == "recording.ended"]
    assert event.message.startswith(f"The recording has ended here: {tmp_path / 'session'} cannot be written: ")
    assert recorder._file.closed


def test_a_live_feed_is_recorded_while_it_is_shown(tmp_path: Path) -> None:
    source = ScriptedSource(target(), "mongodb.server", lambda now: Answer(MongoServer(uptime_s=now)))
    watched = build([host_source(), source])
    feed = RecordedFeed(watched.monitor, Recorder(tmp_path / "session"))
    run_virtual(watch(watched, 5.5, feed=feed))
    shown = [snapshot for _, snapshot in watched.shown]
    assert len(shown) >= 6
    assert read(open_recording(tmp_path / "session")) == shown
    assert feed.frame(2) == shown[1]
    assert feed.history is watched.monitor.history
