import pytest

from perftui.model.secret import Secret
from perftui.model.settings import Settings
from perftui.model.target import Connection, Target, TargetKind
from perftui.sources.rates import CounterRates
from perftui.sources.registry import open_system

_READERS = ("perftui.sources.host", "perftui.sources.mongodb.server", "perftui.sources.redis")


def test_a_rate_needs_two_readings() -> None:
    rates = CounterRates()
    rates.update(10.0, {"a": 5})
    assert rates.rate("a") is None
    rates.update(12.0, {"a": 9})
    assert rates.rate("a") == 2.0
    assert rates.step("a") == 4.0


def test_a_counter_that_went_back_gives_no_rate() -> None:
    rates = CounterRates()
    rates.update(10.0, {"a": 5, "b": 5})
    rates.update(11.0, {"a": 4, "b": 6})
    assert rates.rate("a") is None
    assert rates.rate("b") == 1.0


def test_a_clock_that_stepped_back_or_a_suspended_machine_is_a_gap() -> None:
    rates = CounterRates(longest_step_s=60)
    rates.update(100.0, {"a": 1})
    rates.update(99.0, {"a": 2})
    assert rates.rate("a") is None
    rates.update(1000.0, {"a": 3})
    assert rates.rate("a") is None
    rates.update(1001.0, {"a": 4})
    assert rates.rate("a") == 1.0


@pytest.mark.parametrize("interval_s", [1.0, 60.0, 120.0, 300.0, 3600.0])
def test_readings_that_are_wanted_rarely_have_rates_too(interval_s: float) -> None:
    rates = CounterRates()
    rates.expect_every(interval_s)
    late_s = interval_s + 0.7
    rates.update(100.0, {"a": 0})
    rates.update(100.0 + late_s, {"a": late_s * 5})
    assert rates.rate("a") == pytest.approx(5.0)
    rates.update(100.0 + late_s + max(interval_s * 3, 120.0) + 1, {"a": 1e6})
    assert rates.rate("a") is None


async def test_every_source_tells_its_rates_how_often_it_is_read() -> None:
    """They are what a monitor makes of these settings."""
    addresses: dict[TargetKind, str] = {"mongodb": "mongodb://h:1", "redis": "redis://h:1", "host": ""}
    for kind, address in addresses.items():
        connection = Connection(target=Target(id=address, kind=kind, name="h", address=address), uri=Secret(address))
        system = open_system(connection, Settings())
        source = system.sources()[0]
        source.expect_every(300.0)
        found = _rates_in(source)
        assert found
        assert {one.longest_step_s for one in found} == {900.0}, kind
        await system.close()


def _rates_in(thing: object) -> list[CounterRates]:
    """In the source and in what it reads with."""
    if isinstance(thing, CounterRates):
        return [thing]
    inside = vars(thing).values() if hasattr(thing, "__dict__") and type(thing).__module__.startswith(_READERS) else ()
    return [rates for one in inside for rates in _rates_in(one)]


def test_a_missing_counter_is_unknown() -> None:
    rates = CounterRates()
    rates.update(1.0, {"a": None})
    rates.update(2.0, {"a": 3})
    assert rates.rate("a") is None


def test_means_need_something_counted() -> None:
    rates = CounterRates()
    rates.update(1.0, {"total": 0, "count": 0})
    rates.update(2.0, {"total": 500, "count": 4})
    assert rates.mean("total", "count", 0.001) == 0.125
    rates.update(3.0, {"total": 500, "count": 4})
    assert rates.mean("total", "count") is None


@pytest.mark.parametrize("step_s", [0.0, 0.0004])
def test_readings_too_close_to_each_other_lose_nothing(step_s: float) -> None:
    """A reader that was held up comes twice within a millisecond: what was counted between belongs to the next step."""
    rates = CounterRates()
    rates.update(10.0, {"a": 100.0})
    rates.update(10.0 + step_s, {"a": 160.0})
    assert rates.rate("a") is None
    rates.update(11.0, {"a": 200.0})
    assert (rates.step("a"), rates.rate("a")) == (100.0, 100.0)


def test_a_whole_millisecond_is_a_step_whatever_binary_fractions_make_of_it() -> None:
    rates = CounterRates()
    rates.update(12.0, {"a": 0.0})
    for step in range(1, 50):
        rates.update((12_000 + step) / 1000, {"a": float(step)})
        assert rates.step("a") == 1.0
