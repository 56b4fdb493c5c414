"""History in rings: fixed memory, gaps, stepping back."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.application import ApplicationMetrics, EndpointStats
from perftui.model.host import HostMetrics
from perftui.model.sample import Failure
from perftui.model.snapshot import Snapshot, SourceState, TargetState
from perftui.model.target import Target
from perftui.monitor.history import LONGEST_GAP_ROWS, SUBJECTS, History

HOST = Target(id="host", kind="host", name="web", address="web")
APP = Target(id="app", kind="application", name="app", address="http://app")
START = 1_800_000_000.0


def snapshot(sequence: int, cpu: float | None = None, *, at: float | None = None, failing: bool = False) -> Snapshot:
    failure = Failure(kind="timeout", message="late", help="wait") if failing else None
    source = SourceState(source="host.machine", interval_s=1, slot="host", failure=failure)
    state = TargetState(target=HOST, sources=(source,), host=HostMetrics(hostname="web", cpu_share=cpu))
    taken_at = START + sequence if at is None else at
    return Snapshot(sequence=sequence, taken_at=taken_at, interval_s=1, window_s=300, targets=(state,))


def application(sequence: int, routes: Sequence[tuple[str, float]]) -> Snapshot:
    endpoints = tuple(EndpointStats(method="GET", route=route, per_s=per_s) for route, per_s in routes)
    metrics = ApplicationMetrics(format="perftui", endpoints=endpoints)
    state = TargetState(target=APP, application=metrics)
    return Snapshot(sequence=sequence, taken_at=START + sequence, interval_s=1, window_s=300, targets=(state,))


def cpu(history: History, length: int, until: int | None = None) -> list[float | None]:
    return list(history.values("host", "host.cpu_share", length, until=until))


def test_values_are_the_last_oldest_first_padded_in_front() -> None:
    history = History(10)
    for sequence, value in enumerate((0.25, 0.5, None, 1.0), start=1):
        history.add(snapshot(sequence, value))
    assert cpu(history, 6) == [None, None, 0.25, 0.5, None, 1.0]
    assert cpu(history, 2) == [None, 1.0]
    assert history.times(2) == [START + 3, START + 4]


@given(count=st.integers(0, 50), rows=st.integers(1, 20), length=st.integers(1, 30), back=st.integers(0, 20))
def test_the_ring_agrees_with_a_list(count: int, rows: int, length: int, back: int) -> None:
    history = History(rows)
    values: list[float | None] = []
    for sequence in range(1, count + 1):
        history.add(snapshot(sequence, sequence / 64))
        values.append(sequence / 64)
    kept = values[-rows:]
    kept = kept[: max(len(kept) - back, 0)]
    expected = ([None] * length + kept)[-length:]
    assert cpu(history, length, until=count - back) == expected


def test_until_a_snapshot_that_is_gone_or_to_come() -> None:
    history = History(4)
    for sequence in range(1, 11):
        history.add(snapshot(sequence, 0.5))
    assert cpu(history, 3, until=2) == [None, None, None]
    assert cpu(history, 2, until=99) == [0.5, 0.5]


def test_a_jump_in_time_makes_a_gap_and_never_a_line() -> None:
    history = History(100)
    history.add(snapshot(1, 0.5))
    history.add(snapshot(2, 0.5, at=START + 6))
    assert cpu(history, 6) == [0.5, None, None, None, None, 0.5]
    assert history.times(3) == [None, None, START + 6]
    assert cpu(history, 2, until=1) == [None, 0.5]


def test_a_long_gap_leaves_what_was_there_before() -> None:
    history = History(100)
    history.add(snapshot(1, 0.5))
    history.add(snapshot(2, 0.75, at=START + 90_000))
    assert cpu(history, LONGEST_GAP_ROWS + 2) == [0.5, *[None] * LONGEST_GAP_ROWS, 0.75]


def test_a_clock_that_steps_back_makes_a_gap() -> None:
    history = History(100)
    history.add(snapshot(1, 0.5))
    history.add(snapshot(2, 0.75, at=START - 3600))
    assert cpu(history, 3) == [None, None, 0.75]


def test_a_snapshot_in_the_same_tick_takes_the_place_of_the_first() -> None:
    history = History(10)
    history.add(snapshot(1, 0.25))
    history.add(snapshot(2, 0.5, at=START + 1.1))
    history.add(snapshot(3, 0.75, at=START + 2.1))
    assert cpu(history, 3) == [None, 0.5, 0.75]


def test_a_failing_source_leaves_holes_and_not_its_last_value() -> None:
    history = History(10)
    history.add(snapshot(1, 0.5))
    history.add(snapshot(2, 0.5, failing=True))
    assert cpu(history, 2) == [0.5, None]


def test_an_older_snapshot_is_left_out() -> None:
    history = History(10)
    history.add(snapshot(2, 0.5))
    history.add(snapshot(1, 0.75))
    assert cpu(history, 2) == [None, 0.5]


def test_what_is_not_there_is_unknown_and_a_wrong_name_an_error() -> None:
    history = History(10)
    history.add(snapshot(1, 0.5))
    assert history.values("nowhere", "host.cpu_share", 2) == [None, None]
    assert history.values("host", "mongodb.lag_s", 2) == [None, None]
    assert history.values("host", "endpoint.per_s", 2, subject="GET /") == [None, None]
    with pytest.raises(KeyError):
        history.values("host", "host.typo", 2)


def test_many_subjects_are_bounded_and_the_heaviest_stay() -> None:
    history = History(100)
    routes = [(f"/{number}", float(number)) for number in range(200)]
    for sequence in range(1, 6):
        history.add(application(sequence, routes))
    assert history.values("app", "endpoint.per_s", 5, subject="GET /199") == [199.0] * 5
    assert history.values("app", "endpoint.per_s", 5, subject="GET /10") == [None] * 5
    kept = history.kept_bytes()
    for sequence in range(6, 60):
        history.add(application(sequence, [(f"/{sequence}-{number}", 1.0) for number in range(200)]))
    assert history.kept_bytes() == kept


def test_a_subject_that_takes_anothers_place_starts_empty() -> None:
    history = History(100)
    for sequence in range(1, SUBJECTS + 2):
        history.add(application(sequence, [(f"/{sequence}", float(sequence))]))
    assert list(history.values("app", "endpoint.per_s", 3, subject=f"GET /{SUBJECTS + 1}")) == [
        None,
        None,
        SUBJECTS + 1.0,
    ]
    assert list(history.values("app", "endpoint.per_s", 100, subject="GET /1")) == [None] * 100


def test_an_hour_takes_what_the_first_tick_took() -> None:
    history = History(3600)
    routes = [(f"/{number}", 1.0) for number in range(20)]
    history.add(application(1, routes))
    first = history.kept_bytes()
    for sequence in range(2, 4000):
        history.add(application(sequence, routes))
    assert history.kept_bytes() == first
    assert first < 2 * 1024 * 1024


def test_targets_that_come_and_go_for_ever_do_not_add_up() -> None:
    history = History(50)
    sizes = []
    for sequence in range(1, 200):
        target = Target(id=f"host-{sequence}", kind="host", name="h", address="h")
        state = TargetState(target=target, host=HostMetrics(hostname="h", cpu_share=0.5))
        history.add(Snapshot(sequence=sequence, taken_at=START + sequence, interval_s=1, window_s=1, targets=(state,)))
        sizes.append(history.kept_bytes())
    assert max(sizes[50:]) <= max(sizes[:50])
