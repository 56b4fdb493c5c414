"""What is overloaded is read more rarely, and a user may choose a long interval: the rules see it all the same."""

import pytest
from helpers.cache_incidents import evicting
from helpers.host_incidents import cpu_beside, cpu_saturated, disk_beside
from helpers.incidents import Change, Story, Targets, after, set_figures
from helpers.mongodb_incidents import aborted_transactions, flood
from helpers.scan_incidents import fast_but_frequent
from helpers.server_incidents import few_tickets, squeeze

from perftui.diagnosis.track import Track
from perftui.model.mongodb import Connections
from perftui.model.redis import CommandStats


def churn(targets: Targets, _at: float, passed: int) -> None:
    connections = Connections(current=42 + passed % 2, available=960, created_per_s=300.0)
    set_figures(targets, "mongodb", "mongodb", connections=connections)


INCIDENTS = {
    "CPU saturated": (cpu_saturated, "cpu-saturated"),
    "CPU beside": (cpu_beside, "cpu-beside"),
    "disk": (disk_beside, "disk-beside"),
    "squeezed cache": (squeeze, "cache-squeeze"),
    "few tickets": (few_tickets, "tickets-exhausted"),
    "import": (flood, "mass-write"),
    "aborted transactions": (aborted_transactions, "write-conflicts"),
    "evicting cache": (evicting, "cache-evicting"),
    "fast but frequent scans": (fast_but_frequent, "missing-index"),
    "connections opened all the time": (churn, "connection-storm"),
}
SPACINGS = ((1, 2), (1, 3), (1, 10), (2, 2), (3, 3), (5, 5), (10, 10), (60, 60), (120, 120))
"""Seconds between Snapshots and between readings."""
each_incident = pytest.mark.parametrize(("change", "code"), INCIDENTS.values(), ids=INCIDENTS)
each_spacing = pytest.mark.parametrize(("every", "read_every"), SPACINGS)


@each_incident
@each_spacing
def test_what_is_read_rarely_is_judged_all_the_same(change: Change, code: str, every: int, read_every: int) -> None:
    last = after(20 + 4 * read_every, change, before=20 * read_every, every=every, read_every=read_every)
    assert last.problem is not None, last.message
    assert code in {one.code for one in (last.problem, *last.effects, *last.others)}


@each_incident
@each_spacing
def test_a_single_odd_reading_is_nothing(change: Change, code: str, every: int, read_every: int) -> None:
    def once(targets: Targets, at: float, passed: int) -> None:
        if passed < read_every:
            change(targets, at, passed)

    story = Story(every=every, read_every=read_every)
    story.play(20 * read_every)
    for last in story.play(10 * read_every, once):
        assert code not in {one.code for one in (last.problem, *last.effects, *last.others) if one}


@pytest.mark.parametrize(("every", "read_every"), SPACINGS)
def test_healthy_times_are_healthy_however_rarely_they_are_read(every: int, read_every: int) -> None:
    story = Story(seed=3, every=every, read_every=read_every)
    assert {one.status for one in story.play(100 * read_every)[9:]} == {"healthy"}


@pytest.mark.parametrize("spacing", [1, 5, 10, 60])
def test_a_flush_between_readings_that_are_far_apart(spacing: int) -> None:
    def many(targets: Targets, _at: float, passed: int) -> None:
        set_figures(targets, "redis", "redis", keys=50_000 + passed % 7)

    def flushed(targets: Targets, _at: float, passed: int) -> None:
        flushes = (CommandStats(command="get", calls=1000), CommandStats(command="flushall", calls=2))
        set_figures(targets, "redis", "redis", keys=40 + passed, hit_rate=0.05, commands=flushes)

    story = Story(every=spacing)
    story.play(20 * spacing, many)
    last = story.play(max(3, 3 * spacing), flushed)[-1]
    assert last.problem is not None, last.message
    assert last.problem.code == "cache-flushed"
    assert last.problem.cost.startswith("50,0")


def test_a_pause_makes_no_spacing() -> None:
    """Two readings before it and two after it are no more than they are at an interval of a second."""
    track = Track()
    for at in (0.0, 1.0, 9.0, 10.0):
        track.add(at, 1.0)
    assert track.least(10.0, 6.0, 4) == 0.0
    assert track.lately(10.0, 3.0) == 1.0


@pytest.mark.parametrize(
    ("gap", "number", "least"), [(1.0, 3, 0.0), (1.0, 4, 1.0), (2.0, 3, 1.0), (3.0, 3, 1.0), (10.0, 2, 0.0)]
)
def test_as_many_readings_as_cover_the_seconds(gap: float, number: int, least: float) -> None:
    """Two gaps tell how far apart they are: of the last example nobody knows yet."""
    track = Track()
    for one in range(number):
        track.add(one * gap, 1.0)
    assert track.least((number - 1) * gap, 6.0, 4) == least
