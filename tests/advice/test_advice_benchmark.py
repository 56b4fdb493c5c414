"""The benchmark of advice tells right advice from wrong: fed with known advice on a few small workloads."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from perftui.servers import PrivateServers

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from advice.advised import Advised, AdvisedIndex
from advice.bench import Bench
from advice.cache import Cache
from advice.collections_of import orders
from advice.commands import find
from advice.draw import Draw
from advice.generate import random_workloads
from advice.report import figures
from advice.verdict import WorkloadVerdict
from advice.workload import IndexSpec, Shape, Workload, build, index

BY_CUSTOMER = index("orders", "customer -createdAt")
Judge = Callable[..., WorkloadVerdict]


def latest(draw: Draw) -> Workload:
    data = orders(draw, 3_000, customers=150)
    shape = Shape("latest", 20, lambda: find("orders", {"customer": data.rare("customer")}, "-createdAt", 5))
    return Workload({"orders": data}, [shape], [index("orders", "country")])


def delivered(draw: Draw) -> Workload:
    """Four of five documents match."""
    data = orders(draw, 6_000)
    return Workload({"orders": data}, [Shape("delivered", 5, lambda: find("orders", {"status": "delivered"}))])


def either(draw: Draw) -> Workload:
    data = orders(draw, 3_000)

    def make() -> dict[str, Any]:
        return find("orders", {"$or": [{"orderNo": data.rare("orderNo")}, {"coupon": data.rare("coupon")}]})

    return Workload({"orders": data}, [Shape("either", 20, make)])


@pytest.fixture
def judged(private_servers: PrivateServers, tmp_path: Path) -> Judge:
    """The verdict on these indexes as the advice for a workload."""

    def run(definition: Callable[[Draw], Workload], *indexes: IndexSpec, drop: tuple[str, ...] = ()) -> WorkloadVerdict:
        advice = Advised(tuple(AdvisedIndex(one, drop) for one in indexes))
        with Bench(private_servers, lambda *_: advice, 1, Cache(tmp_path / "cache")) as bench:
            return bench.judge(definition.__name__, definition)

    return run


def test_right_advice_is_flawless_and_wrong_advice_is_named(judged: Judge) -> None:
    right = judged(latest, BY_CUSTOMER)
    assert right.flawless
    assert right.smallest == ("orders {customer: 1, createdAt: -1}",)
    assert figures([right])["within 5 % of the best"] == 100

    none = judged(latest)
    assert (none.shapes[0].missed, none.shapes[0].within_2x) == (True, False)

    shorter = judged(latest, index("orders", "customer"))
    assert not shorter.flawless
    assert (shorter.shapes[0].missed, shorter.shapes[0].within_5) == (False, False)

    unused = judged(latest, BY_CUSTOMER, index("orders", "total"))
    assert unused.redundant == ("orders {total: 1}",)
    assert unused.excess == 1

    prefix = judged(latest, BY_CUSTOMER, index("orders", "customer"))
    assert "orders {customer: 1}" in prefix.redundant

    refused = judged(latest, index("orders", "country"), index("orders", {f"f{number}": 1 for number in range(33)}))
    assert len(refused.invalid) == 2

    absent = judged(latest, BY_CUSTOMER, drop=("no_such_index",))
    assert len(absent.invalid) == 1


def test_an_index_on_what_most_share_is_needless_and_harms(judged: Judge) -> None:
    assert judged(delivered).flawless
    verdict = judged(delivered, index("orders", "status"))
    assert verdict.needless
    assert verdict.useless == ("orders {status: 1}",)
    assert verdict.shapes[0].harmed


def test_every_branch_wants_its_index(judged: Judge) -> None:
    number, coupon = index("orders", "orderNo"), index("orders", "coupon")
    assert judged(either, number, coupon).flawless
    one_of_two = judged(either, number)
    assert one_of_two.shapes[0].missed
    assert one_of_two.redundant == ("orders {orderNo: 1}",)


def test_a_seed_makes_the_same_workload_again_and_another_seed_another() -> None:
    ((name, definition),) = random_workloads(1, 7).items()
    assert build(name, definition, 7) == build(name, definition, 7)
    assert build(name, definition, 7) != build(name, definition, 8)
