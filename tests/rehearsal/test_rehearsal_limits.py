"""Where a rehearsal has no verdict, or finds an index useless, it says so; and nobody is rehearsed unasked."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.processes import processes_in
from helpers.terminal import Terminal
from helpers.waiting import wait_until
from msgspec import structs
from pymongo import MongoClient

from perftui.analysis.entries import Wanted
from perftui.analysis.server import Request, analyse_connection
from perftui.analysis.study import Options, Study
from perftui.model.analysis import Analysis, Expected, Recommendation
from perftui.model.target import Connection
from perftui.rehearsal.rehearse import rehearse
from perftui.servers import MongodProcess, PrivateServers
from perftui.targets import connect_to

Client = MongoClient[dict[str, Any]]
ITEMS, STOCK = "shop.items", "shop.stock"
PERFTUI = [sys.executable, "-m", "perftui", "analyze"]
ROLES: dict[str, list[Any]] = {
    "all": ["root"],
    "profile": ["clusterMonitor", {"role": "read", "db": "shop"}],
    "no_data": ["clusterMonitor", "profile_only"],
}


@pytest.fixture(scope="module")
def server() -> Iterator[MongodProcess]:
    """20,000 items with different codes, more than are sampled; a login for each kind of rights."""
    with PrivateServers() as servers:
        mongod = servers.start_mongod(arguments=["--auth"])
        mongod.create_administrator("root", "root")
        with mongod.client(username="root", password="root", appname="shop") as client:
            profile = {"resource": {"db": "shop", "collection": "system.profile"}, "actions": ["find"]}
            client.admin.command("createRole", "profile_only", privileges=[profile], roles=[])
            for name, roles in ROLES.items():
                client.admin.command("createUser", name, pwd=name, roles=roles)
            items = client.shop.items
            items.insert_many([{"code": number, "kind": number % 40, "at": number} for number in range(20_000)])
            stock = client.shop.stock
            stock.insert_many([{"kind": number % 40, "at": number, "code": number} for number in range(4_000)])
            stock.create_index([("kind", 1)])
            client.shop.command({"profile": 2})
            for number in range(40):
                list(items.find({"code": number * 400}))
                list(stock.find({"kind": number}))
                list(stock.find({"code": number * 100}))
            client.shop.command({"profile": 0})
        yield mongod


def login(server: MongodProcess, name: str) -> Connection:
    return connect_to(uri(server, name))


def uri(server: MongodProcess, name: str) -> str:
    return f"mongodb://{name}:{name}@{server.address}/?authSource=admin"


def study_of(connection: Connection, ns: str = ITEMS) -> Study:
    return asyncio.run(analyse_connection(connection, Request(wanted=Wanted(ns=ns), options=Options(samples=True))))


def warnings_of(analysis: Analysis) -> str:
    return " ".join([*analysis.notes, *(word for one in analysis.recommendations for word in one.warnings)])


def test_too_few_matches_give_no_verdict(server: MongodProcess) -> None:
    connection = login(server, "all")
    analysis = asyncio.run(rehearse(study_of(connection), connection))
    (index,) = analysis.recommendations
    assert (index.keys, index.basis) == ((("code", 1),), "model")
    assert "and 100 are needed" in warnings_of(analysis)
    assert "the model's estimate stands" in " ".join(analysis.notes)


def test_without_the_right_to_read_documents_nothing_is_tried_and_it_is_said(server: MongodProcess) -> None:
    connection = login(server, "no_data")
    study = study_of(connection)
    analysis = asyncio.run(rehearse(study, connection))
    assert all(one.basis == "model" for one in analysis.recommendations)
    assert analysis.recommendations == study.analysis.recommendations
    assert "rehearse" in " ".join(analysis.notes)


def test_an_index_that_the_planner_would_not_use_is_dropped_and_it_is_said(server: MongodProcess) -> None:
    connection = login(server, "all")
    study = study_of(connection, STOCK)
    (shape,) = [shape.id for shape in study.analysis.shapes if "kind" in shape.shape]
    (other,) = study.analysis.recommendations
    useless = Recommendation(
        ns=STOCK,
        keys=(("at", 1), ("kind", 1)),
        name="at_1_kind_1",
        serves=(shape,),
        reason="To be tried.",
        expected=Expected(),
        command="",
    )
    analysis = asyncio.run(rehearse(_advising(study, useless, other), connection))
    assert [(one.keys, one.basis) for one in analysis.recommendations] == [(other.keys, "rehearsed")]
    (why,) = [one.reason for one in analysis.declined if one.shape == shape]
    assert why == "Rehearsed: with { at: 1, kind: 1 } built, the planner keeps kind_1, so it would not be used."
    assert f"The rehearsal drops {{ at: 1, kind: 1 }} on {STOCK}" in " ".join(analysis.notes)


def _advising(study: Study, *wanted: Recommendation) -> Study:
    changed = structs.replace(study.analysis, recommendations=wanted)
    return Study(analysis=changed, loads=study.loads, facts=study.facts, writes=study.writes)


def test_without_a_terminal_it_needs_yes(server: MongodProcess, home: Path) -> None:
    command = [*PERFTUI, uri(server, "all"), "--ns", ITEMS, "--rehearse"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert done.stdout == ""


def test_on_a_terminal_it_asks_and_no_leaves_the_estimates(server: MongodProcess, home: Path) -> None:
    command = [*PERFTUI, uri(server, "all"), "--ns", ITEMS, "--rehearse"]
    with Terminal(command, columns=160, lines=60) as terminal:
        terminal.wait_for(r"Rehearse the advice\? \[y/N\]", 90)
        shown = terminal.screen_text()
        assert "stay on this machine and are deleted at the end" in " ".join(shown.split())
        terminal.send("\n")
        terminal.wait_for("Nothing was rehearsed", 60)
        assert "starting a private mongod" not in terminal.screen_text()


def test_with_yes_it_needs_no_terminal_and_says_first_what_it_copies(server: MongodProcess, home: Path) -> None:
    command = [*PERFTUI, uri(server, "all"), "--ns", STOCK, "--rehearse", "--yes", "--json"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=True)
    analysis = json.loads(done.stdout)
    assert [one["basis"] for one in analysis["recommendations"]] == ["rehearsed"]
    assert f"4,000 documents of {STOCK}" in done.stderr


def test_ctrl_c_leaves_no_process_and_no_file(
    server: MongodProcess, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    with Terminal([*PERFTUI, uri(server, "all"), "--ns", STOCK, "--rehearse"], columns=160, lines=60) as terminal:
        terminal.wait_for(r"Rehearse the advice\? \[y/N\]", 90)
        terminal.send("y\n")
        wait_until(lambda: list(temporary.glob("perftui-*/mongod-*")), 60)
        terminal.send("\x03")
        assert terminal.exit_code() == 130
        assert "Traceback" not in terminal.screen_text()
    wait_until(lambda: not list(temporary.glob("perftui-*")))
    wait_until(lambda: not processes_in(temporary))


@pytest.mark.long
def test_a_private_server_that_dies_leaves_the_estimates(
    server: MongodProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    connection = login(server, "all")
    study = study_of(connection, STOCK)

    def kill_it(doing: str) -> None:
        if doing.startswith("trying"):
            for pid in processes_in(next(tmp_path.glob("perftui-*/mongod-*"))):
                os.kill(pid, signal.SIGKILL)

    analysis = asyncio.run(rehearse(study, connection, tell=kill_it))
    assert analysis.recommendations == study.analysis.recommendations
    assert "Nothing was rehearsed: the private mongod ended or failed" in " ".join(analysis.notes)
    assert not list(tmp_path.glob("perftui-*"))
