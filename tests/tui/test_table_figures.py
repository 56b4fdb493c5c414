"""Figures as text."""

import pytest

from perftui.tui.tables import figures


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0, "0"), (999, "999"), (84_100, "84,100"), (184_100, "184.1k"), (3.2e6, "3.2M"), (7e9, "7.0G")],
)
def test_count(value: float | None, text: str) -> None:
    assert figures.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0, "0"), (0.001, "<0.01"), (0.05, "0.05"), (3.14, "3.1"), (412.4, "412")]
)
def test_rate(value: float | None, text: str) -> None:
    assert figures.rate(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0, "0ms"),
        (0.42, "0.42ms"),
        (0.999, "1.0ms"),
        (9.97, "10ms"),
        (999.7, "1.00s"),
        (15_200, "15.2s"),
        (250_000, "4m10s"),
    ],
)
def test_milliseconds(value: float | None, text: str) -> None:
    assert figures.milliseconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (-3, "0.00s"), (11_100, "3h05m"), (1_051_200, "12d4h"), (60, "1m00s")]
)
def test_seconds(value: float | None, text: str) -> None:
    assert figures.seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0, "0%"), (0.0001, "<0.1%"), (0.002, "0.2%"), (0.9999, "99.9%"), (1, "100%"), (1.5, "150%")],
)
def test_share_never_rounds_to_a_whole_it_is_not(value: float | None, text: str) -> None:
    assert figures.share(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (812, "812B"), (4_198, "4.1K"), (1_020_000, "996K"), (5.5e9, "5.1G"), (2e15, "1819.0T")],
)
def test_size(value: float | None, text: str) -> None:
    assert figures.size(value) == text


def test_times_survive_any_number() -> None:
    assert figures.clock(1_795_442_551.0, True) == "14:02:31"
    assert figures.clock(1e300, True) == "00:00:00"
    assert figures.moment(1_795_442_551.204, True) == "2026-11-23 14:02:31.204 UTC"
    assert figures.age(1.0, 0.0) == "0s"
    assert [figures.age(0.0, now) for now in (59, 61, 7_300, 200_000)] == ["59s", "1m", "2h", "2d"]
