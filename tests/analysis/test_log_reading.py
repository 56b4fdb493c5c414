"""Logs of every kind, from a real server's and from hostile hands, counted into a workload."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perftui.advice.shapes.shape import shape_of
from perftui.analysis.entries import EVERYTHING, Wanted
from perftui.analysis.log import analyse_log_file, read_log
from perftui.analysis.log_lines import LogLines
from perftui.analysis.reservoir import MOST_COMMANDS
from perftui.analysis.workload import Workload, commands_of
from perftui.sources.mongodb import log_file
from perftui.sources.mongodb.log_file import LogFile, LogUnreadable, open_log


def slow_line(command: dict[str, Any], *, at: str = "2026-11-25T10:00:00.250+00:00", **attributes: Any) -> bytes:
    known = {"type": "command", "ns": "shop.items", "appName": "shop", "command": command, "planSummary": "COLLSCAN",
             "keysExamined": 0, "docsExamined": 5000, "nreturned": 5, "durationMillis": 20} | attributes  # fmt: skip
    line = {"t": {"$date": at}, "s": "I", "c": "COMMAND", "id": 51803, "ctx": "conn1", "msg": "Slow query"}
    return json.dumps(line | {"attr": known}, separators=(",", ":")).encode()


def read(*lines: bytes, wanted: Wanted = EVERYTHING, bound: int = 1000) -> tuple[Workload, LogLines]:
    workload = Workload(bound)
    found = LogLines(workload, wanted)
    found.add(lines)
    return workload, found


FIND = {"find": "items", "filter": {"a": 5}, "sort": {"b": -1}, "limit": 10, "$db": "shop"}


def test_one_line_becomes_its_shape_with_all_its_figures() -> None:
    workload, found = read(slow_line(FIND, hasSortStage=True))
    (totals,) = workload.most_costly()
    assert totals.shape == shape_of(FIND, "shop.items")
    assert (totals.executions, totals.documents, totals.keys, totals.returned) == (1, 5000, 0, 5)
    assert (totals.total_ms, totals.sorts, totals.first_at) == (20, 1, 1795600800.25)
    assert (found.lines, found.slow_queries, found.unreadable) == (1, 1, 0)
    (load,) = workload.loads()
    assert load.commands == ({"find": "items", "filter": {"a": 5}, "sort": {"b": -1}, "limit": 10},)
    assert (load.documents_examined, load.blocking_sort_share, load.plan_summary) == (5000, 1.0, "COLLSCAN")


def test_getmores_add_to_their_find_and_are_no_executions() -> None:
    more = slow_line(
        {"getMore": 1, "collection": "items"}, type="getmore", originatingCommand=FIND, docsExamined=700, nreturned=95
    )
    workload, _ = read(slow_line(FIND), more, more)
    (totals,) = workload.most_costly()
    assert (totals.entries, totals.executions, totals.documents, totals.returned) == (3, 1, 6400, 195)
    (load,) = workload.loads()
    assert (load.executions, load.documents_examined) == (1, 6400)
    assert totals.latency().max == 20


def test_a_view_s_queries_count_for_its_collection() -> None:
    views = [{"viewNamespace": "shop.v", "dependencyChain": ["v", "items"], "resolvedPipeline": [{"$match": {"x": 1}}]}]
    find = {"find": "v", "filter": {"a": 4}, "sort": {"b": 1}, "$db": "shop"}
    resolved = {"aggregate": "items", "pipeline": [{"$match": {"x": 1}}, {"$match": {"a": 4}}, {"$sort": {"b": 1}}]}
    workload, _ = read(
        slow_line(find, ns="shop.v", resolvedViews=views),
        slow_line({"getMore": 2}, ns="shop.v", type="getmore", originatingCommand=resolved),
    )
    (totals,) = workload.most_costly()
    assert (totals.shape.ns, totals.shape.op, totals.executions, totals.entries) == ("shop.items", "aggregate", 1, 2)
    assert commands_of(totals)[0] == resolved
    assert read(slow_line(find, ns="shop.v", resolvedViews=views), wanted=Wanted(ns="shop.v"))[0].entries == 1


def test_a_failed_text_search_is_kept_as_a_wish() -> None:
    text = {"find": "items", "filter": {"$text": {"$search": "word"}}}
    workload, _ = read(slow_line(text, errMsg="text index required", errName="IndexNotFound", errCode=27))
    (load,) = workload.loads()
    assert (load.error_code, load.error, load.commands) == (27, "text index required", (text,))


def test_writes_are_counted_by_their_paths() -> None:
    update = {"q": {"a": 1}, "u": {"$set": {"b.3.c": 1}, "$inc": {"n": 1}}, "multi": True, "upsert": False}
    workload, _ = read(
        slow_line(update, type="update", nMatched=4, nModified=3, nUpserted=0),
        slow_line({"insert": "items", "ordered": True}, ninserted=40),
        slow_line({"q": {"a": 1}, "limit": 0}, type="remove", ndeleted=7),
        slow_line({"findAndModify": "items", "query": {"a": 1}, "update": {"$set": {"n": 2}}}, nModified=1),
    )
    written = workload.write_loads()["shop.items"]
    assert (written.inserted, written.deleted, written.updated) == (40, 7, {"b.c": 3, "n": 4})


def test_only_what_is_wanted_is_counted() -> None:
    lines = [
        slow_line(FIND),
        slow_line(FIND, ns="shop.others"),
        slow_line(FIND, ns="store.items"),
        slow_line(FIND, durationMillis=3),
        slow_line(FIND, at="2026-11-25T12:00:00.000+02:00"),
        slow_line(FIND, at="2026-11-25T11:00:00.000Z"),
        slow_line(FIND, appName="perftui"),
    ]
    assert read(*lines)[0].entries == 7
    assert read(*lines, wanted=Wanted(own_name="perftui"))[0].entries == 6
    assert read(*lines, wanted=Wanted(ns="shop.items"))[0].entries == 5
    assert read(*lines, wanted=Wanted(ns="shop"))[0].entries == 6
    assert read(*lines, wanted=Wanted(minimum_ms=10))[0].entries == 6
    assert read(*lines, wanted=Wanted(since=1795600900.0))[0].entries == 1
    assert read(*lines, wanted=Wanted(until=1795600800.0))[0].entries == 1
    assert [each.shape.ns for each in read(*lines, wanted=Wanted(ns="shop.others"))[0].most_costly()] == ["shop.others"]


def test_shapes_and_commands_stay_within_their_bounds() -> None:
    lines = [
        slow_line({"find": "items", "filter": {f"f{number % 200}": number}}, durationMillis=number % 200)
        for number in range(2000)
    ]
    workload, _ = read(*lines, bound=40)
    assert len(workload.shapes) <= 40
    assert workload.entries == 2000
    assert workload.overflow is not None
    assert workload.overflow.entries > 0
    workload, _ = read(*(slow_line({"find": "items", "filter": {"a": number}}) for number in range(500)))
    (totals,) = workload.most_costly()
    kept = [command["filter"]["a"] for command in commands_of(totals)]
    assert len(kept) == len(set(kept)) == MOST_COMMANDS
    assert max(kept) > 250


def test_a_cut_command_is_counted_but_not_kept() -> None:
    line = json.loads(slow_line(FIND)) | {
        "truncated": {"command": {"filter": {"a": {"type": "string", "size": 20000}}}}
    }
    workload, found = read(json.dumps(line).encode())
    assert (workload.entries, found.cut_commands) == (1, 1)
    assert commands_of(workload.most_costly()[0]) == ()


def test_lines_that_cannot_be_read_are_counted_and_said(tmp_path: Path) -> None:
    cut = slow_line(FIND)[:200]
    other = b'{"t":{"$date":"2026-11-25T10:00:00.000Z"},"s":"I","c":"NETWORK","id":22943,"msg":"Connection accepted"}'
    path = tmp_path / "mongod.log"
    path.write_bytes(b"\n".join([cut, slow_line(FIND), other, b"no JSON at all", b"", slow_line(FIND)]) + b"\n")
    analysis = analyse_log_file(str(path)).analysis
    assert (analysis.entries, analysis.lost_entries) == (2, 2)
    assert any("2 lines could not be read" in note for note in analysis.notes)


def test_an_old_text_log_is_said_to_be_too_old(tmp_path: Path) -> None:
    line = (
        '2020-05-05T10:00:00.123+0000 I  COMMAND  [conn9] command shop.items command: find { find: "items" } '
        "planSummary: COLLSCAN keysExamined:0 docsExamined:5000 nreturned:5 protocol:op_msg 120ms\n"
    )
    path = tmp_path / "old.log"
    path.write_text(line * 5)
    analysis = analyse_log_file(str(path)).analysis
    assert (analysis.entries, analysis.lost_entries) == (0, 5)
    assert "before 4.4" in analysis.notes[0]


@pytest.mark.parametrize("parts", [1, 2])
def test_packed_logs_read_like_plain_ones(tmp_path: Path, parts: int) -> None:
    lines = b"\n".join([slow_line(FIND)] * 100) + b"\n"
    path = tmp_path / "mongod.log.gz"
    path.write_bytes(b"".join([gzip.compress(lines)] * parts))
    assert analyse_log_file(str(path)).analysis.entries == 100 * parts
    path.write_bytes(path.read_bytes()[:-30])
    broken = analyse_log_file(str(path)).analysis
    assert broken.entries <= 100 * parts
    assert any("breaks off" in note for note in broken.notes)
    path.write_bytes(gzip.compress(lines)[:40] + b"\xff" * 500)
    assert any("damaged" in note for note in analyse_log_file(str(path)).analysis.notes)


def test_endless_lines_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(log_file, "LONGEST_LINE", 3000)
    line = slow_line(FIND)
    log = LogFile(io.BytesIO(line + b"\n" + b"x" * 50_000 + b"\n" + line + b"\n" + b"y" * 9000))
    workload = Workload()
    origin = read_log(log, "-", workload, EVERYTHING)
    assert (workload.entries, log.too_long) == (2, 2)
    assert origin.lost_entries == 2


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    for name, word in ((str(tmp_path), "folder"), (str(tmp_path / "none"), "no such file")):
        with pytest.raises(LogUnreadable, match=word), open_log(name):
            pass


def test_a_file_of_another_kind_is_no_log(tmp_path: Path) -> None:
    path = tmp_path / "passwd"
    path.write_text("root:x:0:0:root:/root:/bin/bash\n" * 3)
    with pytest.raises(LogUnreadable, match="no log of a mongod"):
        analyse_log_file(str(path))


hostile_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = ("type", "ns", "appName", "command", "originatingCommand", "resolvedViews", "planSummary", "docsExamined",
         "keysExamined", "nreturned", "nModified", "hasSortStage", "errMsg", "errCode", "durationMillis", "locks",
         "flowControl", "storage", "queues", "truncated", "id", "t")  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(NAMES), hostile_json, max_size=4), hostile_json, st.binary(max_size=40))
def test_hostile_lines_never_end_the_reading(attributes: dict[str, Any], other: Any, noise: bytes) -> None:
    base = json.loads(slow_line(FIND))
    lines = [
        json.dumps(base | {"attr": base["attr"] | attributes}).encode("utf-8", "replace"),
        json.dumps(base | {"t": other, "attr": other}).encode("utf-8", "replace"),
        json.dumps(base | attributes).encode("utf-8", "replace"),
        b"51803" + noise,
        b'{"id":51803,' + noise,
        noise,
    ]
    workload, found = read(*lines, slow_line(FIND))
    assert found.lines == 7
    assert workload.entries >= 1
    workload.loads()
    workload.write_loads()
