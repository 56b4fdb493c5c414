"""The two functions that other programs call, as docs/analyze.md shows them."""

import json
from pathlib import Path

import pytest

from perftui.analysis import analyze_log, analyze_server
from perftui.analysis.server import ServerSilent
from perftui.servers import MongodProcess

LINE = {
    "t": {"$date": "2026-11-25T10:00:00.000+00:00"}, "s": "I", "c": "COMMAND", "id": 51803, "msg": "Slow query",
    "attr": {"type": "command", "ns": "programs.items", "appName": "shop", "planSummary": "COLLSCAN",
             "docsExamined": 5000, "command": {"find": "items", "filter": {"a": 5}},
             "nreturned": 5, "keysExamined": 0, "durationMillis": 20},
}  # fmt: skip


def test_a_log(tmp_path: Path, mongod: MongodProcess) -> None:
    path = tmp_path / "mongod.log"
    path.write_text(json.dumps(LINE) + "\n")
    analysis = analyze_log(path)
    assert [shape.shape for shape in analysis.shapes] == ["find {a: ?}"]
    assert [one.keys for one in analysis.recommendations] == [(("a", 1),)]
    assert analyze_log(path, ns="other").shapes == ()
    assert analyze_log(path, facts_from=mongod.uri).recommendations == ()


def test_a_server(mongod: MongodProcess) -> None:
    with mongod.client(appname="shop") as client:
        client["programs"]["wanted"].insert_many([{"a": number} for number in range(1500)])
        client["programs"].command({"profile": 2})
        list(client["programs"]["wanted"].find({"a": 7}))
        client["programs"].command({"profile": 0})
    analysis = analyze_server(mongod.uri, ns="programs.wanted")
    assert [one.keys for one in analysis.recommendations] == [(("a", 1),)]
    with pytest.raises(ServerSilent, match="Nothing listens on"):
        analyze_server("mongodb://someone:secretive@127.0.0.1:1/")
