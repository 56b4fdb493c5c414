from perftui.sources.rates import CounterRates


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
