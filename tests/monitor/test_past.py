"""The history begins with the past: a server's own diagnostic data, live and in a replay."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.diagnosing import copied, diagnosed, size_of
from helpers.monitoring import leave, monitor
from helpers.waiting import wait_until

from perftui import targets
from perftui.model.host import HostMetrics
from perftui.model.mongodb import MongoServer, OperationLatency
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.target import Target
from perftui.monitor.diagnostic_replay import DiagnosticFrames
from perftui.monitor.history import History
from perftui.monitor.live import Monitor
from perftui.monitor.recording import RecordingError
from perftui.servers import MongodProcess

pytestmark = pytest.mark.timeout(180)
START = 1_800_000_000.0
MONGODB = Target(id="mongodb://db1:27017", kind="mongodb", name="db1", address="mongodb://db1:27017")
HOST = Target(id="host", kind="host", name="web", address="web")


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[MongodProcess, Path]]:
    with diagnosed() as found:
        yield found


def state(value: float) -> TargetState:
    return TargetState(target=MONGODB, mongodb=MongoServer(reads=OperationLatency(per_s=value)))


def now(sequence: int, value: float = 99.0) -> Snapshot:
    host = TargetState(target=HOST, host=HostMetrics(hostname="web", cpu_share=0.5))
    return Snapshot(
        sequence=sequence, taken_at=START + sequence, interval_s=1.0, window_s=300.0, targets=(state(value), host)
    )


def reads(history: History, length: int) -> list[float | None]:
    return list(history.values(MONGODB.id, "mongodb.reads_per_s", length))


def past(count: int, *, until: float = START + 1, step_s: float = 1.0) -> list[tuple[float, TargetState]]:
    """Readings up to just before that time: their values count on."""
    return [(until - (count - index) * step_s, state(float(index))) for index in range(count)]


def test_the_past_stands_in_front_and_what_is_live_goes_on() -> None:
    history = History(10)
    history.add(now(1))
    assert history.fill_past(past(4), 1.0) == 4
    history.add(now(2, 98.0))
    assert reads(history, 7) == [None, 0.0, 1.0, 2.0, 3.0, 99.0, 98.0]
    assert list(history.times(3)) == [START, START + 1, START + 2]
    assert history.values(MONGODB.id, "mongodb.reads_per_s", 2, until=1) == [3.0, 99.0]
    assert history.values(HOST.id, "host.cpu_share", 3) == [None, 0.5, 0.5]


def test_no_more_than_there_is_room_for() -> None:
    history = History(5)
    for sequence in (1, 2):
        history.add(now(sequence))
    assert history.fill_past(past(50), 1.0) == 3
    assert reads(history, 5) == [47.0, 48.0, 49.0, 99.0, 99.0]
    for sequence in range(3, 9):
        history.add(now(sequence, float(sequence)))
    assert reads(history, 5) == [4.0, 5.0, 6.0, 7.0, 8.0]
    assert history.fill_past(past(50), 1.0) == 0


def test_a_gap_in_the_past_stays_one() -> None:
    history = History(20)
    history.add(now(1))
    found = past(10)
    history.fill_past([*found[:3], *found[7:]], 1.0)
    assert reads(history, 11) == [0.0, 1.0, 2.0, None, None, None, None, 7.0, 8.0, 9.0, 99.0]


def test_the_past_of_a_second_target_joins_the_first() -> None:
    history = History(20)
    history.add(now(1))
    history.fill_past(past(3), 1.0)
    machine = [
        (at, TargetState(target=HOST, host=HostMetrics(hostname="web", cpu_share=index / 8)))
        for index, (at, _) in enumerate(past(5))
    ]
    history.fill_past(machine, 1.0)
    assert reads(history, 6) == [None, None, 0.0, 1.0, 2.0, 99.0]
    assert history.values(HOST.id, "host.cpu_share", 6) == [0.0, 0.125, 0.25, 0.375, 0.5, 0.5]


def test_before_the_first_frame_there_is_nothing_to_stand_in_front_of() -> None:
    assert History(5).fill_past(past(3), 1.0) == 0


class Run:
    """A monitor that runs until it has told of the past."""

    def __init__(self, uri: str) -> None:
        connections = (targets.connect_to(uri, timeout_s=5.0), targets.this_machine())
        self.monitor = Monitor(Settings(connections=connections, interval_s=1.0), look_back=True)
        self.latest: list[Snapshot] = []

    async def until_told(self) -> str:
        running = asyncio.create_task(self.monitor.run(self.latest.append))
        try:
            async with asyncio.timeout(60):
                while True:
                    told = [one.message for one in (self.latest[-1].events if self.latest else ())]
                    found = [one for one in told if "before perftui's start" in one]
                    if found and len(self.latest) > 3:
                        return found[0]
                    await asyncio.sleep(0.1)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_a_live_monitor_begins_with_the_past(server: tuple[MongodProcess, Path]) -> None:
    run = Run(server[0].direct_uri)
    assert "from the server's own diagnostic data" in await run.until_told()
    last = run.latest[-1]
    first_at = run.latest[0].taken_at
    target = next(one.target.id for one in last.targets if one.target.kind == "mongodb")
    times = run.monitor.history.times(3600)
    inserts = run.monitor.history.values(target, "mongodb.writes_per_s", 3600)
    before = [value for at, value in zip(times, inserts, strict=True) if at is not None and at < first_at - 0.5]
    assert sum(value is not None for value in before) >= 4
    assert max(value for value in before if value is not None) > 5
    machine = run.monitor.history.values("host", "host.cpu_share", 3600)
    assert any(value is not None for at, value in zip(times, machine, strict=True) if at is not None and at < first_at)


async def test_a_folder_that_cannot_be_understood_is_told_and_costs_nothing(
    server: tuple[MongodProcess, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "metrics.interim").write_bytes(b"something else")
    monkeypatch.setattr("perftui.sources.mongodb.diagnostic.place.folder_of", lambda _pid, _host: tmp_path)
    run = Run(server[0].direct_uri)
    assert "cannot be shown: diagnostic.data holds nothing of the last hour" in await run.until_told()


async def test_a_folder_of_another_user_says_who_may_read_it(
    server: tuple[MongodProcess, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def closed(_folder: Path) -> list[Path]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("perftui.sources.mongodb.diagnostic.files._files", closed)
    run = Run(server[0].direct_uri)
    assert "diagnostic.data may not be read by this user; the server's own user or root may." in await run.until_told()
    with pytest.raises(RecordingError, match="own user or root"):
        DiagnosticFrames(tmp_path, 60.0)


def replayed(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "perftui", "replay", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def last_frames(folder: Path) -> list[Snapshot]:
    """Of five seconds."""
    done = replayed(folder, "--json", "--last", "5s")
    assert done.returncode == 0, done.stderr
    return [Snapshot.from_json(line.encode()) for line in done.stdout.splitlines()]


def test_a_folder_is_replayed_as_json(server: tuple[MongodProcess, Path]) -> None:
    wait_until(lambda: size_of(server[1]) > 0)
    # Where the server stood still it has noted less: then the next five seconds.
    frames = wait_until(lambda: found if len(found := last_frames(server[1])) > 20 else None)
    assert len(frames) <= 60
    assert [one.sequence for one in frames] == list(range(1, len(frames) + 1))
    assert frames == sorted(frames, key=lambda one: one.taken_at)
    assert frames[-1].taken_at - frames[0].taken_at <= 5.0
    server_state = frames[-1].targets[0]
    assert server_state.mongodb is not None
    assert server_state.mongodb.operations.insert is not None
    assert frames[-1].verdict is not None


def test_frames_are_the_same_in_any_order(server: tuple[MongodProcess, Path], tmp_path: Path) -> None:
    copy = copied(server[1], tmp_path / "diagnostic.data")
    frames = DiagnosticFrames(copy, 3600.0)
    forwards = [frames.snapshot(index) for index in range(len(frames.entries))]
    again = DiagnosticFrames(copy, 3600.0)
    for index in (len(forwards) - 1, 0, 40, 41, 5):
        assert again.snapshot(index) == forwards[index]
    times = [entry.taken_at for entry in frames.entries]
    assert times == sorted(set(times))


def test_in_a_terminal_a_folder_opens_at_its_end_with_its_past(server: tuple[MongodProcess, Path]) -> None:
    with monitor("replay", server[1], columns=120, lines=40) as terminal:
        terminal.wait_for(r"MONGO +op/s +[▁▂▃▄▅▆▇]{4,}")
        terminal.send("[")
        terminal.wait_for(r"PAST, \d")
        leave(terminal)


def test_in_a_terminal_the_sparklines_begin_with_the_past(server: tuple[MongodProcess, Path]) -> None:
    with monitor(server[0].direct_uri, columns=120, lines=40) as terminal:
        terminal.send("8")
        terminal.wait_for(r"before perftui's start are from the server's own diagnostic data", timeout_s=60)
        leave(terminal)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("metrics.torn", b"\x10\x00\x00", "holds no diagnostic data"),
        ("metrics.x", b"x" * 99, "something else from byte 0"),
    ],
)
def test_what_cannot_be_replayed_is_said(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    done = replayed(tmp_path / name, "--json")
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    with pytest.raises(RecordingError):
        DiagnosticFrames(tmp_path / name, 60.0)


def test_last_is_for_diagnostic_data_alone(tmp_path: Path) -> None:
    (tmp_path / "session").write_text("x")
    done = replayed(tmp_path / "session", "--last", "1h")
    assert done.returncode == 2
    assert "for diagnostic data" in done.stderr
