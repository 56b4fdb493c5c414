"""Budgets as pure functions: the grammar of limits, what they hold, and how a standing follows from the one before."""

import dataclasses
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.budgets.budget import Budget, fits
from perftui.model.budgets.changes import left_words, words
from perftui.model.budgets.figures import Figures, KnownQuantiles, Span
from perftui.model.budgets.judging import Standing, evaluate

SLOW = KnownQuantiles({0.5: Span(0.3, 0.3), 0.95: Span(0.6, 0.6), 0.99: Span(0.9, 0.9)}, average_s=0.35, max_s=2.0)
FAST = KnownQuantiles({0.5: Span(0.03, 0.03), 0.95: Span(0.1, 0.1), 0.99: Span(0.2, 0.2)}, average_s=0.04, max_s=0.3)


def figures(count: int = 1000, errors: int = 0, latency: KnownQuantiles = FAST, **more: object) -> Figures:
    return dataclasses.replace(Figures(count, 300.0, latency, errors), **more)  # type: ignore[arg-type]


def judged(budget: Budget, *series: Figures, step_s: float = 5.0, before: Standing | None = None) -> list[Standing]:
    """The first limit's standings, evaluation by evaluation."""
    standings = []
    for number, one in enumerate(series):
        before = evaluate(budget, budget.limits[0], one, 1000.0 + number * step_s, before)
        standings.append(before)
    return standings


def states(standings: list[Standing]) -> list[str | None]:
    return [standing.document.state for standing in standings]


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        ("p(99.9)<=500us", 0.0005), ("p(50) < 1.5s", 1.5), ("avg<200ms", 0.2), ("max<2s", 2.0), ("min<1ms", 0.001),
        ("count>=100", 100.0), ("rate>5/s", 5.0), ("rate<5", 5.0), ("error_rate<=0.5%", 0.005),
        ("error_rate<0.02", 0.02), ("in_flight<50", 50.0),
    ],
)  # fmt: skip
def test_a_limit_is_read_into_seconds_shares_and_numbers(expr: str, value: float) -> None:
    (limit,) = Budget("*", expr).limits
    assert limit.value == pytest.approx(value)


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        ("p95<500ms", r"write p\(95\)<500ms"),
        ("p(95)<500", "times take us, ms or s"),
        ("p(49)<1s", "from 50 to 99.9"),
        ("p(99.99)<1s", "from 50 to 99.9"),
        ("p(95)>500ms", "only while things are bad"),
        ("errorate<1%", "did you mean error_rate<1%"),
        ("error_rate<1ms", "error_rate takes %"),
        ("error_rate<5", "at most 100 %"),
        ("in_flight<5%", "in_flight takes no unit"),
        ("p(95)=1s", "is no limit"),
        ("", "is no limit"),
        ("hit_rate>80%", "an endpoint has no hit_rate"),
    ],
)
def test_what_cannot_be_read_is_told_with_what_to_write(expr: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Budget("*", expr)


@pytest.mark.parametrize("window", ["0s", "61m", "2h", "5", "soon", "-5m"])
def test_a_window_that_is_not_kept_is_refused(window: str) -> None:
    with pytest.raises(ValueError, match="such as 30s, 5m or 1h"):
        Budget("*", "avg<1s", window=window)


def test_only_a_star_stands_for_anything() -> None:
    budget = Budget("/items/{id:[0-9]+}/*", "avg<1s")
    assert budget.matches("GET", "/items/{id:[0-9]+}/reviews")
    assert not budget.matches("GET", "/items/7/reviews")
    assert Budget("GET /a?", "avg<1s").matches("GET", "/a?")
    assert not Budget("GET /a?", "avg<1s").matches("GET", "/ab")
    assert not Budget("GET /a", "avg<1s").matches("POST", "/a")


@given(st.text("ab*", max_size=8), st.text("ab", max_size=10))
def test_a_pattern_fits_what_a_shell_s_would(pattern: str, name: str) -> None:
    assert fits(pattern, name) is fnmatchcase(name, pattern)


@pytest.mark.parametrize(
    "pattern",
    ["0a1b", "shop.prompts", "shop.*", "find", "shop.prompts find", "shop.prompts find *", "* sort {createdAt: -1}*"],
)
def test_a_shape_is_meant_by_id_collection_operation_or_text(pattern: str) -> None:
    shape = ("0a1b", "shop.prompts", "find", "find {category: ?} sort {createdAt: -1} limit")
    assert Budget.shape(pattern, "p(95)<50ms").matches_shape(*shape)
    assert not Budget(pattern, "p(95)<50ms").matches_shape(*shape)
    assert not Budget.shape(pattern, "p(95)<50ms").matches_shape("x", "app.users", "update", "update {a: ?}")


def test_over_needs_evaluations_in_a_row_and_so_does_recovery() -> None:
    budget = Budget("*", "p(95)<500ms")
    slow, fast = figures(latency=SLOW), figures()
    assert states(judged(budget, fast, slow, fast, slow, slow, slow)) == [
        "ok",
        "warning",
        "ok",
        "warning",
        "warning",
        "over",
    ]
    assert states(judged(budget, slow, slow, slow, fast, fast, slow, fast, fast, fast)) == (
        ["warning", "warning", "over", "over", "over", "over", "over", "over", "ok"]
    )


def test_what_lasted_a_tenth_of_the_window_is_over_however_seldom_it_is_looked_at() -> None:
    slow = figures(latency=SLOW)
    assert states(judged(Budget("*", "p(95)<500ms"), slow, slow, step_s=31)) == ["warning", "over"]
    assert states(judged(Budget("*", "p(95)<500ms"), slow, slow, step_s=29)) == ["warning", "warning"]


def test_too_few_are_unknown_and_neither_break_nor_recover() -> None:
    budget = Budget("*", "p(95)<500ms")
    slow, few, fast = figures(latency=SLOW), figures(count=19, latency=FAST), figures()
    standings = judged(budget, slow, slow, slow, few, few, few, few, fast)
    assert states(standings) == ["warning", "warning", "over", "unknown", "unknown", "unknown", "unknown", "over"]
    assert states(judged(budget, *[figures(count=19, latency=SLOW)] * 9)) == ["unknown"] * 9
    assert states(judged(Budget("*", "p(95)<500ms", samples=10), *[figures(count=19, latency=SLOW)] * 3))[-1] == "over"


def test_since_when_is_the_moment_of_the_change() -> None:
    slow, fast = figures(latency=SLOW), figures()
    standings = judged(Budget("*", "p(95)<500ms"), fast, fast, slow, slow, slow, slow)
    assert [standing.document.since for standing in standings] == [1000, 1000, 1010, 1010, 1020, 1020]


def test_near_the_limit_is_a_warning_with_what_is_left() -> None:
    (near,) = judged(Budget("*", "avg<50ms"), figures(latency=KnownQuantiles({}, average_s=0.041)))
    assert near.document.state == "warning"
    assert near.document.left == pytest.approx(0.18)
    (well,) = judged(Budget("*", "avg<50ms"), figures(latency=KnownQuantiles({}, average_s=0.039)))
    assert well.document.state == "ok"
    cache = Figures(1000, 300.0, hits=830, misses=170)
    (hits,) = judged(Budget.cache("*", "hit_rate>80%"), cache)
    assert hits.document.state == "warning"
    assert hits.document.left == pytest.approx(0.15)


@pytest.mark.parametrize(
    ("expr", "errors", "left", "burn", "ok"),
    [
        ("error_rate<=1%", 4, 6, 0.4, True),
        ("error_rate<=1%", 10, 0, 1.0, True),
        ("error_rate<1%", 10, -1, 1.0, False),
        ("error_rate<1%", 9, 0, 0.9, True),
        ("error_rate<1%", 25, -16, 2.5, False),
        ("error_rate<=0%", 0, 0, None, True),
    ],
)
def test_the_error_budget_says_how_many_requests_are_left_and_how_fast_it_burns(
    expr: str, errors: int, left: int, burn: float | None, ok: bool
) -> None:
    (standing,) = judged(Budget("*", expr), figures(errors=errors))
    document = standing.document
    assert (document.left_requests, document.burn, document.ok) == (left, burn, ok)
    assert document.violations == errors


def test_an_unknown_quantile_is_judged_by_its_neighbours_or_not_at_all() -> None:
    known = figures(latency=SLOW)
    values = {
        expr: judged(Budget("*", expr), known)[0].document
        for expr in ("p(90)<700ms", "p(90)<200ms", "p(90)<500ms", "p(99.9)<3s", "p(99.9)<1s")
    }
    assert [document.ok for document in values.values()] == [True, False, None, True, None]
    open_end = figures(latency=KnownQuantiles({0.95: Span(1.0, float("inf"))}))
    assert [judged(Budget("*", expr), open_end)[0].document.ok for expr in ("p(95)<1s", "p(95)<2s")] == [False, None]


def test_few_requests_are_a_breach_only_once_the_window_was_watched() -> None:
    budget = Budget("*", "count>=100", evaluations=1)
    early, full = figures(count=30, covered_s=60.0), figures(count=30, covered_s=300.0)
    assert states(judged(budget, early, full, figures(count=130, covered_s=60.0))) == ["unknown", "over", "ok"]
    rate = Budget("*", "rate>5/s", evaluations=1)
    assert states(judged(rate, figures(count=0, covered_s=10.0), figures(count=0, covered_s=60.0))) == [
        "unknown",
        "over",
    ]


def test_caches_and_requests_in_flight() -> None:
    cache = Figures(1000, 300.0, FAST, hits=700, misses=300, efficiency=65.0)
    for expr, value, ok in (("hit_rate>80%", 0.7, False), ("efficiency>70", 65.0, False), ("p(95)<2s", 0.1, True)):
        (standing,) = judged(Budget.cache("*", expr), cache)
        assert (standing.document.value, standing.document.ok) == (value, ok)
    (flying,) = judged(Budget("*", "in_flight<50"), figures(in_flight=51))
    assert flying.document.ok is False


def test_the_defaults_are_those_of_the_older_system() -> None:
    limits = [limit.expr for budget in Budget.defaults() for limit in budget.limits]
    assert limits == ["error_rate<5%", "avg<500ms", "p(95)<1000ms", "hit_rate>80%", "efficiency>70"]


def test_a_standing_in_words() -> None:
    (standing,) = judged(Budget("*", "error_rate<1%"), figures(errors=4))
    assert (
        words(standing.document)
        == "error_rate<1%: 0.4%, within, 60% left (5 more may break it), burning 0.4x, 4 beyond the limit"
    )
    over = judged(Budget("*", "p(95)<500ms"), *[figures(latency=SLOW)] * 3)[-1]
    assert words(over.document) == "p(95)<500ms: 600 ms, over"
    assert left_words(over.document) == ""


@given(st.lists(st.sampled_from([FAST, SLOW, None]), max_size=40), st.integers(1, 5))
def test_over_and_back_take_turns_and_each_takes_its_evaluations(
    series: list[KnownQuantiles | None], patience: int
) -> None:
    budget = Budget("*", "p(95)<500ms", evaluations=patience, window="60m")
    given_figures = [figures(latency=latency) if latency else figures(count=0) for latency in series]
    before, over, streak = None, False, 0
    for number, one in enumerate(given_figures):
        before = evaluate(budget, budget.limits[0], one, number * 5.0, before)
        against = series[number] is (FAST if over else SLOW)
        streak = streak + 1 if against else 0
        if streak == patience:
            over, streak = not over, 0
        assert before.over is over
