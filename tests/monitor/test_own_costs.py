from perftui.monitor.metering import OwnCosts


def spend(rounds: int = 200_000) -> int:
    return sum(number * number for number in range(rounds))


def test_the_start_is_no_part_of_the_cost() -> None:
    costs = OwnCosts(starting_s=3600.0)
    spend()
    assert costs.read().cpu_share is None
    spend()
    assert costs.read().cpu_share is None
    assert costs.read().resident_bytes


def test_the_share_is_known_from_the_second_reading_on() -> None:
    costs = OwnCosts(starting_s=0.0)
    assert costs.read().cpu_share is None
    spend()
    share = costs.read().cpu_share
    assert share is not None
    assert share > 0
