"""One evaluation of many limits: the figures of a thing over a window are made once, whatever asks for them."""

from collections import Counter
from dataclasses import dataclass, field

from perftui.instrument import Budget
from perftui.instrument.budgets.evaluation import MOST_STANDINGS, evaluate_all
from perftui.instrument.budgets.subjects import Subject
from perftui.model.budgets.figures import Figures


@dataclass
class Counted:
    """Things whose figures tell how often they were made, by route and window."""

    made: Counter[tuple[str, int]] = field(default_factory=Counter)

    def endpoint(self, route: str) -> Subject:
        def figures(minutes: int) -> Figures:
            self.made[route, minutes] += 1
            return Figures(100, 60.0, errors=route.count("b"))

        return Subject("endpoint", ("GET", route), figures)


def test_the_figures_of_a_thing_over_a_window_are_made_once() -> None:
    counted = Counted()
    budgets = [
        Budget("GET /a", "error_rate<1%", window="5m"),
        Budget("GET /a", "avg<1s", window="1m"),
        Budget("GET /*", "p(95)<500ms", window="5m"),
        Budget("*", "p(99)<900ms", "max<2s", window="5m"),
    ]
    judged = evaluate_all(budgets, [counted.endpoint("/a"), counted.endpoint("/b")], {}, 1000.0)
    assert counted.made == {("/a", 5): 1, ("/a", 1): 1, ("/b", 5): 1}
    assert len(judged.standings) == 8
    evaluate_all(budgets, [counted.endpoint("/a")], {}, 1005.0)
    assert counted.made["/a", 5] == 2, "the next evaluation looks anew"


def test_what_is_beyond_the_bound_is_not_even_looked_at() -> None:
    counted = Counted()
    budgets = [Budget("*", "error_rate<1%", window="5m"), Budget("GET /*", "error_rate<2%", window="5m")]
    things = [counted.endpoint(f"/{number}") for number in range(MOST_STANDINGS)]
    judged = evaluate_all(budgets, things, {}, 1000.0)
    assert (len(judged.standings), judged.left_out) == (MOST_STANDINGS, MOST_STANDINGS)
    assert sum(counted.made.values()) == MOST_STANDINGS // 2
