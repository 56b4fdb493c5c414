"""The journal: written before, synced, private, and readable after a crash."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from perftui.actions.journal import Journal, default_journal
from perftui.model.redaction import remember_secret
from perftui.model.target import Target

TARGET = Target(id="redis://a:6379", kind="redis", name="a", address="redis://a")


def test_intent_and_outcome_are_read_back_as_one(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "deep" / "journal.jsonl")
    first = journal.intend("kill", TARGET, "db.killOp(1)")
    journal.intend("kill", TARGET, "db.killOp(2)")
    journal.conclude(first, "done", "Gone.")
    done, open_ended = journal.read()
    assert done.intent == first
    assert done.outcome is not None
    assert (done.outcome.state, done.outcome.message, done.outcome.where) == ("done", "Gone.", "redis://a")
    assert "@" in done.intent.who
    assert (open_ended.intent.command, open_ended.outcome) == ("db.killOp(2)", None)


def test_only_the_user_may_read_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state" / "journal.jsonl")
    journal.path.parent.mkdir(mode=0o700)
    journal.path.write_text("")
    journal.path.chmod(0o644)
    journal.intend("kill", TARGET, "x")
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


def test_a_new_folder_is_the_users_alone(home: Path) -> None:
    journal = default_journal()
    journal.intend("kill", TARGET, "x")
    assert journal.path == home / ".state/perftui/journal.jsonl"
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_a_torn_line_costs_only_itself(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.intend("kill", TARGET, "first")
    with journal.path.open("ab") as file:
        file.write(b'{"id": "2", "phase": "int\xff')
    journal.intend("kill", TARGET, "third")
    assert [record.intent.command for record in journal.read()] == ["first", "third"]


def test_no_journal_is_no_action(tmp_path: Path) -> None:
    assert Journal(tmp_path / "none").read() == ()


def test_secrets_are_taken_out(tmp_path: Path) -> None:
    remember_secret("my-secret-word")
    journal = Journal(tmp_path / "journal.jsonl")
    intent = journal.intend("x", TARGET, "POST http://u:pw@h/ my-secret-word")
    journal.conclude(intent, "failed", "Bearer abc.def refused, password=hidden")
    text = journal.path.read_text("utf-8")
    for secret in ("my-secret-word", "u:pw", "abc.def", "hidden"):
        assert secret not in text


def test_several_writers_do_not_mix_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"

    def write(name: str) -> None:
        for number in range(20):
            Journal(path).intend(name, TARGET, f"{name}-{number}" + "x" * 500)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Journal(path).read()) == 60
    assert all(json.loads(line) for line in path.read_text("utf-8").splitlines())


def test_each_line_is_synced_before_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_size)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    journal = Journal(tmp_path / "journal.jsonl")
    journal.intend("kill", TARGET, "x")
    assert journal.path.stat().st_size in synced
