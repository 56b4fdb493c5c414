"""Earlier Snapshots: equal to what they were, under a cap."""

import subprocess
import sys
from pathlib import Path

import pytest
from helpers.snapshots import HOST, busy_snapshot, sessions
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from perftui.model.host import HostMetrics
from perftui.model.snapshot import Snapshot, TargetState
from perftui.monitor.codec import GROUP, FrameDecoder, FrameEncoder
from perftui.monitor.frames import FrameStore


@given(sessions())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_kept_frame_equals_its_snapshot(session: list[Snapshot]) -> None:
    store = FrameStore()
    for snapshot in session:
        store.add(snapshot)
    assert store.frames() == (session[0].sequence, session[-1].sequence)
    for snapshot in reversed(session):
        assert store.frame(snapshot.sequence) == snapshot


def test_before_the_first_snapshot_there_is_no_frame() -> None:
    store = FrameStore()
    assert store.frames() == (0, -1)
    assert store.frame(0) is None


@pytest.mark.parametrize("operations", [0, 50, 500])
def test_many_frames_come_back_whole_in_any_order(operations: int) -> None:
    store = FrameStore()
    session = [busy_snapshot(sequence, operations) for sequence in range(1, 3 * GROUP)]
    for snapshot in session:
        store.add(snapshot)
    for index in (0, 80, 3, GROUP, GROUP - 1, 2 * GROUP, 5, 88):
        assert store.frame(session[index].sequence) == session[index]


def test_the_cap_drops_the_oldest() -> None:
    store = FrameStore(64 * 1024)
    for sequence in range(1, 400):
        store.add(busy_snapshot(sequence, 50))
        assert store.kept_bytes() <= 64 * 1024
    first, last = store.frames()
    assert last == 399
    assert 1 < first < 350
    assert store.frame(first) == busy_snapshot(first, 50)
    assert store.frame(first - 1) is None


def test_operations_that_only_run_on_take_a_small_part_of_their_text() -> None:
    encoder = FrameEncoder()
    first = encoder.encode(busy_snapshot(1, 500))
    second = encoder.encode(busy_snapshot(2, 500))
    assert (first.key, second.key) == (True, False)
    assert len(second.data) < len(busy_snapshot(2, 500).to_json()) / 50


def test_a_wholly_different_snapshot_starts_a_new_keyframe() -> None:
    encoder = FrameEncoder()
    encoder.encode(busy_snapshot(1, 5))
    assert encoder.encode(busy_snapshot(2, 500)).key


def test_a_jump_in_the_sequence_forgets_what_was_before() -> None:
    store = FrameStore()
    for sequence in (1, 2, 3, 10, 11):
        store.add(busy_snapshot(sequence, 5))
    assert store.frames() == (10, 11)
    assert store.frame(2) is None
    assert store.frame(10) == busy_snapshot(10, 5)


def test_what_cannot_be_encoded_is_not_kept_and_ends_nothing() -> None:
    store = FrameStore()
    session = [busy_snapshot(sequence, 3) for sequence in range(1, 9)]
    broken = TargetState(target=HOST, host=HostMetrics(hostname="caf\udce9"))
    session[4] = replace(session[4], targets=(broken,))
    for snapshot in session:
        store.add(snapshot)
    assert store.frame(session[4].sequence) is None
    assert store.frames() == (session[5].sequence, session[7].sequence)
    assert store.frame(session[6].sequence) == session[6]


def test_garbage_is_no_frame() -> None:
    key = FrameEncoder().encode(busy_snapshot(1, 5)).data
    for data in (b"", b"garbage", key[:-5], b"\x28\xb5\x2f\xfd" + bytes(20)):
        with pytest.raises(ValueError, match="not a frame"):
            FrameDecoder().decode(data)
        with pytest.raises(ValueError, match="not a frame"):
            FrameDecoder().decode(key, data)


def test_expensive_frames_leave_the_event_loop_and_stay_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perftui.monitor.frames._LEAVES_THE_LOOP_S", -1.0)
    store = FrameStore()
    for sequence in range(1, 50):
        store.add(busy_snapshot(sequence, 5))
    assert store.frames() == (1, 49)
    assert all(store.frame(sequence) == busy_snapshot(sequence, 5) for sequence in (20, 1, 49))
    store.close()


MEASURE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from msgspec.structs import replace
from helpers.snapshots import busy_snapshot
from perftui.monitor.frames import FrameStore

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

snapshots = [busy_snapshot(number, 200) for number in range(60)]
store = FrameStore(4 * 1024 * 1024)
before = resident()
for sequence in range(1, 3000):
    store.add(replace(snapshots[sequence % 60], sequence=sequence))
print(resident() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_the_process_grows_by_what_is_kept_and_not_by_the_holes_between() -> None:
    tests = str(Path(__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", MEASURE, tests], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 3 * 4 * 1024 * 1024


class ClientsInteger(int):
    """As BSON's Int64."""


def test_a_clients_own_number_is_kept_as_a_number() -> None:
    state = TargetState(target=HOST, host=HostMetrics(hostname="web", uptime_s=ClientsInteger(5)))
    snapshot = Snapshot(sequence=1, taken_at=1.0, interval_s=1.0, window_s=1.0, targets=(state,))
    store = FrameStore()
    for sequence in (1, 2, 3):
        store.add(replace(snapshot, sequence=sequence))
    assert store.frame(1) == snapshot
    assert Snapshot.from_json(snapshot.to_json()) == snapshot
