"""The order of the tests themselves."""

import pytest
from helpers.ordering import long_ones_early


@pytest.mark.parametrize("workers", [1, 3, 4])
@pytest.mark.parametrize("long", [[], [39], [7, 3, 22, 9, 30, 38, 39]])
def test_long_ones_are_begun_early_by_every_worker_and_none_is_lost(workers: int, long: list[int]) -> None:
    found = long_ones_early(range(40), long, workers)
    assert sorted(found) == list(range(40))
    assert [one for one in found if one not in long] == [one for one in range(40) if one not in long]
    shares = [found[at * 40 // workers : (at + 1) * 40 // workers] for at in range(workers)]
    numbers = [sum(one in long for one in share) for share in shares]
    assert max(numbers) - min(numbers) <= 1
    assert all(one not in long for share in shares for one in share[-len(share) // 4 :])


def test_more_long_ones_than_others() -> None:
    assert sorted(long_ones_early([1, 2, 3], [1, 2, 3], 2)) == [1, 2, 3]
    assert long_ones_early([], [], 4) == []
