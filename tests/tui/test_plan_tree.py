"""A plan as a tree: every width, hostile texts, what is pointed at."""

import pytest
from advice_samples import hostile_plan, index_plan, scan_plan
from msgspec.structs import replace

from perftui.model.index import Index
from perftui.model.plan import Plan, Stage
from perftui.model.settings import Thresholds
from perftui.tui.index_words import keys_text, order_text, properties
from perftui.tui.lines import Line, cells
from perftui.tui.plan_tree import grade_stage, label, tree_lines, worst_words

LIMITS = Thresholds()


def shown(lines: list[Line]) -> str:
    return "\n".join("".join(text for text, _ in line.pieces).rstrip() for line in lines)


@pytest.mark.parametrize("width", [30, 40, 77, 79, 157, 250])
@pytest.mark.parametrize("plan", [scan_plan(), index_plan(), hostile_plan()], ids=["scan", "index", "hostile"])
def test_no_line_is_wider_than_the_screen_and_none_holds_a_control_character(plan: Plan, width: int) -> None:
    for root in (plan.winning, *plan.rejected):
        for line in tree_lines(plan, root, width, LIMITS):
            text = "".join(piece for piece, _ in line.pieces)
            assert cells(text) <= width
            assert text.isprintable()


def test_shows_counters_own_time_as_a_bar_and_the_worst() -> None:
    plan = scan_plan()
    text = shown(tree_lines(plan, plan.winning, 100, LIMITS))
    sort, scan = (next(line for line in text.splitlines() if name in line) for name in ("SORT createdAt", "COLLSCAN"))
    assert "createdAt desc limit 20" in sort
    assert "12M" in sort
    assert sort.count("█") == 4
    assert "^" in sort
    assert "50,000" in scan
    assert "!" in scan
    assert "◀ worst" in scan
    assert 'checks {"$and"' in text


def test_a_planned_tree_has_no_columns_but_its_bounds() -> None:
    text = shown(tree_lines(index_plan(), index_plan().winning, 80, LIMITS))
    assert "RETURNED" not in text
    assert 'category: ["writing", "writing"]' in text
    assert "worst" not in text


def test_the_least_telling_columns_give_way_to_the_names() -> None:
    narrow = shown(tree_lines(scan_plan(), scan_plan().winning, 60, LIMITS))
    assert "MEMORY" not in narrow
    assert "OWN" in narrow
    assert "COLLSCAN shop.prompts" in narrow


def test_a_wide_plan_is_cut_and_says_so() -> None:
    root = Stage(name="OR", inputs=tuple(Stage(name="IXSCAN", index=f"i{number}") for number in range(300)))
    assert "… 101 more stages" in shown(tree_lines(index_plan(), root, 80, LIMITS))


@pytest.mark.parametrize(
    ("stage", "state"),
    [
        (Stage(name="COLLSCAN"), "over"),
        (Stage(name="COLLSCAN", documents_examined=40), "normal"),
        (Stage(name="COLLSCAN", documents_examined=4_000, returned=4_000), "over"),
        (Stage(name="SORT"), "warning"),
        (Stage(name="SORT", spills=1), "over"),
        (Stage(name="IXSCAN", failed=True), "over"),
        (Stage(name="IXSCAN", keys_examined=5_000, returned=4_900), "normal"),
        (Stage(name="IXSCAN", keys_examined=5_000, returned=2_000), "warning"),
        (Stage(name="FETCH", documents_examined=5_000, returned=3), "over"),
        (Stage(name="FETCH"), "normal"),
    ],
)
def test_grades_a_stage_by_what_it_reads_for_what_it_gives(stage: Stage, state: str) -> None:
    assert grade_stage(stage, LIMITS) == state


def test_says_the_worst_in_words_or_nothing() -> None:
    assert worst_words(scan_plan(), LIMITS) == "Look first at COLLSCAN shop.prompts, 50,000 examined."
    assert worst_words(index_plan(), LIMITS) == ""
    assert worst_words(replace(scan_plan(), worst=(7, 1)), LIMITS) == ""


def test_names_another_collection_and_its_shard() -> None:
    stage = Stage(name="IXSCAN", index="a_1", keys=(("a", 1),), ns="shop.users", shard="shard01", backwards=True)
    assert label(stage, "shop.prompts") == "shard01: IXSCAN a_1 {a: 1} shop.users backwards"


def test_indexes_in_words() -> None:
    assert keys_text((("a", 1), ("b.c", -1), ('x"y', "text"))) == '{a: 1, "b.c": -1, "x\\"y": "text"}'
    assert order_text((("a", 1), ("b", -1))) == "a, b desc"
    index = Index(name="i", keys=(("a", "text"),), unique=True, hidden=True, ttl_s=60.0, partial_filter="{}")
    assert properties(index) == ("hidden", "unique", "TTL 1m00s", "partial", "text")
    assert properties(Index(name="i", keys=(("a.$**", 1),))) == ("wildcard",)
