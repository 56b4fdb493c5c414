"""What a sample's counters say of the whole: what is read to its end grows, what stops at a limit does not."""

from typing import Any

import pytest

from perftui.advice.costs.access import Access
from perftui.model.plan import Plan, Stage
from perftui.rehearsal.scaling import Unscalable, scaled_access


def scan(keys: int, **known: Any) -> Stage:
    return Stage(name="IXSCAN", index="i1", **{"keys_examined": keys, "returned": keys, **known})


def fetch(below: Stage, documents: int, returned: int) -> Stage:
    return Stage(name="FETCH", documents_examined=documents, returned=returned, inputs=(below,))


def scaled(root: Stage, factor: float = 10.0, stop: int | None = None) -> Access:
    plan = Plan(ns="a.b", op="find", verbosity="executionStats", taken_at=0, winning=root, returned=root.returned)
    return scaled_access(plan, factor, stop=stop)


def figures(access: Access) -> tuple[float, float, float, float | None]:
    return access.keys, access.documents, access.sorted, access.top


def test_a_whole_scan_grows_with_the_collection() -> None:
    assert figures(scaled(fetch(scan(40), 40, 30))) == (400, 400, 0, None)
    assert figures(scaled(Stage(name="COLLSCAN", documents_examined=500, returned=3))) == (0, 5000, 0, None)


def test_what_reached_its_limit_reads_as_much_in_the_whole() -> None:
    root = Stage(name="LIMIT", limit=20, returned=20, inputs=(fetch(scan(60), 60, 20),))
    assert figures(scaled(root, stop=20)) == (60, 60, 0, None)


def test_what_did_not_reach_its_limit_goes_on_until_it_does() -> None:
    root = Stage(name="LIMIT", limit=20, returned=5, inputs=(fetch(scan(50), 50, 5),))
    assert figures(scaled(root, stop=20)) == (200, 200, 0, None)
    assert figures(scaled(root, factor=3, stop=20)) == (150, 150, 0, None)


def test_skipped_results_are_read_too() -> None:
    skip = Stage(name="SKIP", returned=0, inputs=(fetch(scan(50), 50, 50),))
    root = Stage(name="LIMIT", limit=20, returned=0, inputs=(skip,))
    assert figures(scaled(root, stop=120)) == (120, 120, 0, None)


def test_a_blocking_sort_takes_in_all_whatever_its_limit_is() -> None:
    sort = Stage(name="SORT", limit=5, returned=5, inputs=(fetch(scan(40), 40, 30),))
    assert figures(scaled(sort, stop=5)) == (400, 400, 300, 5)


def test_below_a_group_all_is_read_although_a_limit_follows() -> None:
    group = Stage(name="$group", returned=9, inputs=(fetch(scan(40), 40, 40),))
    assert figures(scaled(Stage(name="$limit", limit=3, returned=3, inputs=(group,)), stop=3))[:2] == (400, 400)


def test_a_write_of_one_document_stops_at_it() -> None:
    update = Stage(name="UPDATE", returned=1, inputs=(fetch(scan(4), 4, 1),))
    assert figures(scaled(update, stop=1))[:2] == (4, 4)
    assert figures(scaled(update))[:2] == (40, 40)


def test_the_misses_of_a_list_do_not_grow() -> None:
    """Three values, of which one is there: two keys were only looked at."""
    bounds = (("a", ("[1, 1]", "[2, 2]", "[3, 3]")),)
    assert scaled(scan(6, returned=4, seeks=3, bounds=bounds)).keys == 42
    many = (("a", ("[1, 1]", "… 2 more")),)
    assert scaled(scan(6, returned=4, seeks=3, bounds=many)).keys == 42


def test_only_the_collection_s_own_work_counts() -> None:
    foreign = Stage(name="COLLSCAN", documents_examined=900)
    lookup = Stage(name="EQ_LOOKUP", documents_examined=900, returned=4, inputs=(fetch(scan(4), 4, 4), foreign))
    assert figures(scaled(lookup))[:2] == (40, 40)


@pytest.mark.parametrize("name", ["DISTINCT_SCAN", "GEO_NEAR_2DSPHERE"])
def test_what_a_sample_cannot_tell_has_no_figures(name: str) -> None:
    stage = Stage(name=name, keys_examined=7, returned=7)
    with pytest.raises(Unscalable):
        scaled(stage)
    assert scaled(stage, factor=1.0).keys == 7
