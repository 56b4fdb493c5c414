"""The journal: written before, synced, private, and readable after a crash."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from perftui.actions.journal import Journal, Record, default_journal
from perftui.model.proof import Aftermath
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


def test_a_journal_from_before_undo_was_kept_is_still_read(tmp_path: Path) -> None:
    line = {"id": "1", "phase": "intent", "at": 1.0, "who": "a@b", "target_id": "t", "where": "w", "action": "kill",
            "command": "x"}  # fmt: skip
    path = tmp_path / "journal.jsonl"
    outcome = {**line, "phase": "outcome", "state": "done", "message": "Gone."}
    path.write_text(f"{json.dumps(line)}\n{json.dumps(outcome)}\n")
    (record,) = Journal(path).read()
    assert record.outcome is not None
    assert (record.outcome.message, record.undo) == ("Gone.", None)


class TestAftermath:
    HELPED = Aftermath(ns="s.p", index="a_1", seen_at=1.0, verdict="helped", message="p95 9 ms to 2 ms", executions=9)
    LITTLE = replace(HELPED, verdict="too little", message="3 of 5", executions=None)

    def record(self, tmp_path: Path, *remarks: Aftermath) -> Record:
        journal = Journal(tmp_path / "journal.jsonl")
        intent = journal.intend("create index", TARGET, "createIndexes")
        journal.conclude(intent, "done", "It is ready.")
        for one in remarks:
            journal.remark(intent, one)
        (record,) = journal.read()
        assert record.outcome is not None
        assert (record.outcome.state, record.outcome.message) == ("done", "It is ready.")
        return record

    def test_the_newest_of_each_index_counts(self, tmp_path: Path) -> None:
        other, later = replace(self.HELPED, index="b_1"), replace(self.HELPED, executions=80)
        record = self.record(tmp_path, self.HELPED, other, later)
        assert {one.index: one.executions for one in record.aftermath} == {"a_1": 80, "b_1": 9}

    def test_what_was_told_for_good_stays_told(self, tmp_path: Path) -> None:
        (found,) = self.record(tmp_path, replace(self.HELPED, told=True), replace(self.HELPED, executions=80)).aftermath
        assert (found.told, found.executions) == (True, 80)

    def test_too_little_that_was_told_leaves_a_conclusion_to_tell(self, tmp_path: Path) -> None:
        (found,) = self.record(tmp_path, replace(self.LITTLE, told=True), self.HELPED).aftermath
        assert not found.told
        (again,) = self.record(tmp_path / "2", replace(self.LITTLE, told=True), self.LITTLE).aftermath
        assert again.told
