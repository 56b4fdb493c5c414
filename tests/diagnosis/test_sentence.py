"""The sentence, whole and cut to a line."""

import pytest
from helpers.incidents import START, Story

from perftui.diagnosis.sentence import fitted, sentence, word
from perftui.model.verdict import Evidence, Problem, Unseen, Verdict

PARTS = [
    "missing index on shop.prompts since 02:12:05",
    "41/s of 152 ms; 6.2 s a second",
    "COLLSCAN",
    "nothing changed",
]


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (200, "; ".join(PARTS)),
        (84, f"{PARTS[0]}; 41/s of 152 ms; 6.2 s a second …"),
        (60, f"{PARTS[0]} …"),
        (30, f"{PARTS[0]} …"),
    ],
)
def test_the_most_telling_parts_come_first_and_cuts_are_marked(width: int, shown: str) -> None:
    text = fitted(PARTS, width)
    assert text == shown
    assert len(text) <= max(width, len(PARTS[0]) + 2)


def test_a_long_clause_is_begun_where_there_is_room() -> None:
    assert fitted(["a", "b" * 100], 40) == "a; " + "b" * 36 + "…"


def verdict(**fields: object) -> Verdict:
    return Verdict(**({"status": "healthy", "at": START, "since": START} | fields))  # type: ignore[arg-type]


def test_a_problem_from_before_is_not_given_a_wrong_time() -> None:
    problem = Problem(
        code="x", severity="warning", target_id="", what="it is bad", since=START, since_known=False,
        help="mend it", evidence=Evidence(page="Host"),
    )  # fmt: skip
    text = sentence(verdict(status="problem", problem=problem))
    assert text == "warning: it is bad since before 08:00:00 UTC. To do: mend it."


def test_what_cannot_be_told_names_what_and_which_right() -> None:
    unseen = tuple(Unseen(target_id="a", what=f"thing {number}", needs="inprog") for number in range(5))
    text = sentence(verdict(status="cannot tell", unseen=unseen, looked_at=("Redis",)))
    assert text == (
        "cannot tell: may not see thing 0, thing 1, thing 2 and 2 more; needs inprog; looked at Redis, and saw nothing "
        "wrong."
    )


def test_the_first_word_is_the_severity_or_the_state() -> None:
    story = Story()
    assert word(story.play(1)[-1]) == "looking"
    assert word(story.play(20)[-1]) == "healthy"
