"""A recording as a feed: same Snapshots, same history, in its own time."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.scripted import START, Answer, ScriptedSource, build, host_source, target, watch
from helpers.snapshots import busy_snapshot
from helpers.virtual_time import run_virtual

from perftui.model.mongodb import MongoServer, OperationRates
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.monitor.recording import Recorder, Recording, open_recording
from perftui.monitor.replay import Replay
from perftui.monitor.tee import RecordedFeed


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """Snapshots 1 to 10, a second apart, then 11 a day later."""
    with Recorder(tmp_path / "session") as recorder:
        for sequence in range(1, 11):
            recorder.add(busy_snapshot(sequence, 3))
        recorder.add(Snapshot(sequence=11, taken_at=START + 86_400, interval_s=1, window_s=300))
    return open_recording(tmp_path / "session")


async def play(
    replay: Replay, seconds: float, at: dict[float, Callable[[], None]] | None = None
) -> list[tuple[float, int]]:
    loop = asyncio.get_running_loop()
    shown: list[tuple[float, int]] = []
    running = asyncio.create_task(replay.run(lambda snapshot: shown.append((round(loop.time(), 3), snapshot.sequence))))
    for moment, call in (at or {}).items():
        loop.call_at(moment, call)
    await asyncio.sleep(seconds)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return shown


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_it_plays_in_its_own_time(recording: Recording, speed: float) -> None:
    shown = run_virtual(play(Replay(recording, Settings(), speed=speed), 60))
    assert [sequence for _, sequence in shown[:10]] == list(range(1, 11))
    assert [at for at, _ in shown[:10]] == pytest.approx([index / speed for index in range(10)], abs=0.01)


def test_a_long_gap_is_cut_and_the_end_waits(recording: Recording) -> None:
    replay = Replay(recording, Settings())
    shown = run_virtual(play(replay, 3600))
    assert len(shown) == 11
    assert shown[-1][0] == pytest.approx(14, abs=0.1)
    assert replay.ended.is_set()


def test_it_is_not_live_and_reaches_no_server(recording: Recording) -> None:
    replay = Replay(recording, Settings())
    assert not replay.live
    replay.set_interval(5)
    replay.set_window(5)
    assert replay.frame(3) == busy_snapshot(3, 3)
    assert replay.frame(99) is None


def test_one_can_step_back_as_far_as_it_has_played(recording: Recording) -> None:
    replay = Replay(recording, Settings())
    run_virtual(play(replay, 4.5))
    assert replay.frames() == (1, 5)
    assert replay.frame(2) == busy_snapshot(2, 3)


def test_seeking_forward_fills_the_history_on_the_way(recording: Recording) -> None:
    replay = Replay(recording, Settings())
    shown = run_virtual(play(replay, 3.6, {1.5: lambda: replay.seek(8)}))
    assert [sequence for _, sequence in shown] == [1, 2, 8, 9, 10]
    values = replay.history.values("mongodb://db:27017", "mongodb.ops_per_s", 10)
    assert None not in values


def test_seeking_back_plays_again_and_past_the_end_stops_there(recording: Recording) -> None:
    replay = Replay(recording, Settings())
    shown = run_virtual(play(replay, 6, {2.5: lambda: replay.seek(1), 4.2: lambda: replay.seek(500)}))
    assert [sequence for _, sequence in shown] == [1, 2, 3, 1, 2, 11]


def test_a_replay_has_the_same_history_as_the_live_screen_had(tmp_path: Path) -> None:
    def answer(now: float) -> Answer:
        if 10 < now < 15:
            return Answer(failure="refused")
        return Answer(MongoServer(operations=OperationRates(query=round(now * 8) / 8)))

    watched = build([host_source(), ScriptedSource(target(), "mongodb.server", answer)])
    feed = RecordedFeed(watched.monitor, Recorder(tmp_path / "session"))
    run_virtual(watch(watched, 30.5, feed=feed))
    replay = Replay(open_recording(tmp_path / "session"), Settings())
    run_virtual(play(replay, 100))
    live = watched.monitor.history
    for metric, place in (("mongodb.ops_per_s", "mongodb://db"), ("host.cpu_share", "host://web")):
        kept = list(live.values(place, metric, 40))
        assert kept == list(replay.history.values(place, metric, 40))
        assert any(kept)
    assert list(live.times(40)) == list(replay.history.times(40))
    assert None in live.values("mongodb://db", "mongodb.ops_per_s", 25)
