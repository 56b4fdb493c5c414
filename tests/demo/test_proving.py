"""`perftui demo --prove`, small: everything really runs; what is asserted are counters, not times."""

import msgspec
import pytest

from perftui.cli import main
from perftui.demo.proof import OLDER_INDEXES, DemoProof, Row, found_for
from perftui.demo.proof_text import proof_text
from perftui.demo.proving import prove, proving_options
from perftui.demo.session import DemoOptions, DemoSession
from perftui.model.analysis import Recommendation
from perftui.model.index import KeyPattern

CALLS = 200


def row(proof: DemoProof, name: str) -> Row:
    return next(row for row in proof.rows if row.name == name)


@pytest.mark.timeout(600)
@pytest.mark.long
def test_a_small_demo_proves_itself() -> None:
    steps: list[str] = []
    options = proving_options(DemoOptions(documents=9_000, rate_per_s=12.0))  # a pause of 5 s gives none up
    with DemoSession(options) as session:
        proof = prove(session, lambda step, _: steps.append(step), calls=CALLS)
    assert next(iter(steps)) == "Load without indexes"
    assert "Warming the cache" in steps
    assert [index.keys for index in proof.older_indexes if index.found is None] == []
    assert proof.problems == ()
    examines_and_asks_less(proof)
    is_cold_until_it_is_warmed(proof)
    leaves_uniqueness_to_the_user(proof)
    says_the_same_twice(proof)


def examines_and_asks_less(proof: DemoProof) -> None:
    examined, operations = row(proof, "documents examined"), row(proof, "MongoDB operations")
    assert examined.ratio is not None
    assert examined.ratio > 5
    assert operations.ratio is not None
    assert operations.ratio > 1.5
    assert {run.answered for run in (proof.before, proof.indexed, proof.warmed)} == {CALLS}
    assert proof.warmed_keys > 500
    assert proof.warming_operations >= proof.warmed_keys


def is_cold_until_it_is_warmed(proof: DemoProof) -> None:
    before, indexed, warmed = proof.before.hit_rate, proof.indexed.hit_rate, proof.warmed.hit_rate
    assert before is not None
    assert indexed is not None
    assert warmed is not None
    assert abs(before - indexed) < 0.1
    assert warmed > 0.8 > before


def leaves_uniqueness_to_the_user(proof: DemoProof) -> None:
    assert {one.field for one in proof.unique_choices if one.duplicates == 0} == {"slug", "email"}
    assert not any(one.options.get("unique") for one in proof.recommendations)
    assert "That is your choice, not advice." in proof_text(proof)


def says_the_same_twice(proof: DemoProof) -> None:
    document = msgspec.json.decode(msgspec.json.encode(proof))
    assert document["schema"] == "perftui.demo-proof/1"
    text = proof_text(proof)
    assert [name for name in (row["name"] for row in document["rows"]) if name not in text] == []
    assert "a change of the application" in text


def recommended(*keys: tuple[str, int | str]) -> Recommendation:
    pattern: KeyPattern = keys
    return Recommendation(ns="library.prompts", keys=pattern, name="found", serves=(), reason="", command="")


def test_an_older_index_is_found_only_where_all_of_its_fields_are() -> None:
    category, pattern, text = OLDER_INDEXES[0], OLDER_INDEXES[1], OLDER_INDEXES[3]
    assert found_for(pattern, (recommended(("active", 1), ("pattern", 1), ("favorites", -1)),)).found == "found"
    assert found_for(category, (recommended(("category", 1), ("active", 1)),)).found is None
    assert found_for(text, (recommended(("title", 1), ("description", 1), ("tags", 1)),)).found is None


def test_a_claim_is_beaten_only_by_a_better_ratio() -> None:
    one = Row(name="x", unit="ms", before=60.0, after=2.0, ratio=30.0, claim=30.0)
    assert [msgspec.structs.replace(one, ratio=ratio).beaten for ratio in (29.0, 30.0, 30.1)] == [False, False, True]
    assert msgspec.structs.replace(one, claim=None).beaten is None


@pytest.mark.parametrize("arguments", [["--prove", "--keep"], ["--prove", "--headless", "3"], ["--seed", "x"]])
def test_what_does_not_go_together_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(["demo", *arguments])
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    assert code == 2
    assert "Traceback" not in capsys.readouterr().err
