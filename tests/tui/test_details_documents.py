"""What details say: every kind of row, known, unknown, hostile, gone."""

import re
from typing import Any

import pytest
from msgspec.structs import replace
from table_samples import HOSTILE, bare_snapshot, digest_row, hostile_snapshot, rich_snapshot, view_of
from test_tables import ALL

from perftui.model.query import RecentWork
from perftui.model.sample import Capability
from perftui.model.snapshot import Snapshot, SourceState
from perftui.tui.lines import Line, cells
from perftui.tui.screens.builders import builder_of
from perftui.tui.screens.details_other import source
from perftui.tui.screens.details_query import query
from perftui.tui.screens.details_redis import command, command_name
from perftui.tui.screens.document import Document, Fact, Facts, Spark, Sparks, Text, lay_out
from perftui.tui.table_spec import TableSpec
from perftui.tui.tables.caches import CACHES
from perftui.tui.tables.pools import POOLS
from perftui.tui.tables.slow_requests import SLOW_REQUESTS
from perftui.tui.tables.websockets import WEBSOCKETS
from perftui.tui.view import View


def text_of(lines: list[Line]) -> str:
    return "\n".join("".join(text for text, _ in line.pieces).rstrip() for line in lines)


def details(spec: TableSpec[Any], row: Any, view: View) -> Document:
    build = builder_of(spec.name)
    assert build is not None
    document = build(view, spec.key(row))
    assert document is not None
    return document


DETAILED = [spec for spec in ALL if spec.name not in ("collections", "busy collections")]
"""Enter on a collection opens its indexes instead."""


@pytest.mark.parametrize("spec", DETAILED, ids=lambda spec: spec.name)
class TestEveryKind:
    @pytest.mark.parametrize("snapshot", [rich_snapshot(), bare_snapshot(), hostile_snapshot()], ids="rbh")
    @pytest.mark.parametrize("width", [40, 80, 250])
    def test_lays_out_every_row_within_the_width(self, spec: TableSpec[Any], snapshot: Snapshot, width: int) -> None:
        view = view_of(snapshot, show_noise=True)
        for row in spec.rows(view):
            for folded in (True, False):
                for line in lay_out(details(spec, row, view), width, folded=folded, utc=True):
                    shown = "".join(text for text, _ in line.pieces)
                    assert cells(shown) <= width
                    assert "\x1b" not in shown
                    assert "\x00" not in shown

    def test_a_thing_that_is_gone_is_not_made_up(self, spec: TableSpec[Any]) -> None:
        build = builder_of(spec.name)
        assert build is not None
        assert build(view_of(rich_snapshot()), "no such key") is None
        assert build(view_of(Snapshot(sequence=1, taken_at=0.0, interval_s=1, window_s=1)), "no such key") is None


def test_a_table_without_details_says_so() -> None:
    assert builder_of("no such table") is None


def test_a_shape_shows_what_is_thrown_away_and_its_slowest_entry() -> None:
    document = query(view_of(rich_snapshot()), "a1")
    assert document is not None
    shown = text_of(lay_out(document, 160, folded=True, utc=True))
    for words in ("99.96%", "50,000 each!", "FROM THE PROFILER", '"docsExamined": 50000', "GET /api/prompts"):
        assert words in shown
    assert '"find":"prompts"' in document.copied


def test_findings_of_before_an_index_are_said_to_be_of_before() -> None:
    snapshot = rich_snapshot()
    mongo = snapshot.targets[0]
    assert mongo.queries is not None
    work = RecentWork(span_s=20.0, count=200, heavy=100, heavy_at=1_800_000_000.0)
    row = digest_row(recent=work, last_seen_at=1_800_000_020.0)
    document = query(
        view_of(replace(snapshot, targets=(replace(mongo, queries=replace(mongo.queries, rows=(row,))),))), "a1"
    )
    assert document is not None
    shown = text_of(lay_out(document, 120, folded=True, utc=True))
    assert "No execution was heavy after 2027-01-15 08:00:00Z: findings and score are of before." in shown


def test_nothing_examined_is_unknown_and_never_a_division() -> None:
    snapshot = rich_snapshot()
    mongo = snapshot.targets[0]
    assert mongo.queries is not None
    digest = replace(mongo.queries, rows=(digest_row(examined_documents=0, returned=0, count=0),))
    document = query(view_of(replace(snapshot, targets=(replace(mongo, queries=digest),))), "a1")
    assert document is not None
    assert "thrown away" in text_of(lay_out(document, 80, folded=True, utc=True))


def test_a_redis_command_lists_its_own_slow_entries_only() -> None:
    document = command(view_of(rich_snapshot()), "keys")
    assert document is not None
    shown = text_of(lay_out(document, 100, folded=True, utc=True))
    assert "KEYS prompts:*" in shown
    assert "HGETALL" not in shown
    assert command_name("CONFIG GET maxmemory", "config|get") == "config|get"
    assert command_name("") == ""


def test_a_cache_says_what_it_lacks_and_why_keys_went() -> None:
    view = view_of(rich_snapshot())
    shown = text_of(lay_out(details(CACHES, CACHES.rows(view)[0], view), 120, folded=True, utc=True))
    for words in ("41, 30 invalidated, 6 memory", "1,204 of 10,000", "prompts:art", "WARMING"):
        assert words in shown
    assert re.search(r"now +81%\^", shown)
    assert re.search(r"errors +2!", shown)
    assert re.search(r"measured +640", shown)


def test_pools_requests_and_websockets_tell_all_that_the_library_does() -> None:
    view = view_of(rich_snapshot())
    wanted: dict[TableSpec[Any], tuple[str, ...]] = {
        POOLS: ("raise maxPoolSize", "timeout", "idle", "29^"),
        WEBSOCKETS: ("1006", "RuntimeError", "8,200 messages"),
        SLOW_REQUESTS: ("1.20s!", "10.0.0.0/24", "not kept"),
    }
    for spec, words in wanted.items():
        shown = text_of(lay_out(details(spec, spec.rows(view)[0], view), 120, folded=True, utc=True))
        assert [word for word in words if word not in shown] == []


def test_a_source_gives_the_grant_to_copy() -> None:
    missing = Capability(name="profiler", state="missing", shows="slow queries", needs="find", grant="db.grant('me')")
    state = SourceState(
        source="mongodb.queries", interval_s=1.0, capabilities=(missing,), notes=("Reads the slow log.",)
    )
    snapshot = rich_snapshot()
    mongo = replace(snapshot.targets[0], sources=(state,))
    view = view_of(replace(snapshot, targets=(mongo,)))
    document = source(view, (mongo.target.id, "mongodb.queries"))
    assert document is not None
    shown = text_of(lay_out(document, 80, folded=True, utc=True))
    assert "profiler: slow queries" in shown
    assert "db.grant('me')" in shown
    assert document.copied == "db.grant('me')"


class TestLayingOut:
    def test_a_long_fact_has_a_line_of_its_own(self) -> None:
        facts = Facts((Fact("a", "x" * 60), Fact("b", "short"), Fact("c", ""), Fact("d", "-")))
        lines = text_of(lay_out(Document("t", (facts,)), 80, folded=True, utc=True)).splitlines()
        assert lines[-1].strip() == "a  " + "x" * 60
        assert "c" not in "".join(lines)

    def test_an_empty_block_leaves_no_heading(self) -> None:
        document = Document(
            "t", (Text("", "EMPTY"), Sparks((Spark("s", (None, None), str),), "NONE"), Text("x", "FULL"))
        )
        shown = text_of(lay_out(document, 40, folded=True, utc=True))
        assert "EMPTY" not in shown
        assert "NONE" not in shown
        assert "FULL" in shown

    def test_folding_keeps_every_character(self) -> None:
        lines = lay_out(Document("t", (Text("abcdefghij" * 20),)), 43, folded=True, utc=True)
        assert "".join(line.pieces[0][0].strip() for line in lines) == "abcdefghij" * 20

    def test_a_hostile_text_is_bounded(self) -> None:
        lines = lay_out(Document("t", (Text(HOSTILE * 40),)), 80, folded=True, utc=True)
        assert len(lines) <= 400
        assert "more" in text_of(lines)
