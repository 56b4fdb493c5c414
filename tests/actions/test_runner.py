"""The one way an action runs: refused, or journalled, run and verified."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from perftui.actions.base import Description, Outcome, Problem
from perftui.actions.journal import Journal
from perftui.actions.runner import perform
from perftui.model.secret import Secret
from perftui.model.target import Connection, Target

TARGET = Target(id="redis://a:6379", kind="redis", name="a", address="redis://a")


class Probe:
    """An action on nothing, that tells what the runner did with it."""

    name = "probe"
    target = TARGET

    def __init__(self, *, read_only: bool = False, problems: tuple[Problem, ...] = ()) -> None:
        self.connection = Connection(target=TARGET, uri=Secret(""), read_only=read_only)
        self.problems = problems
        self.runs = 0
        self.on_run: Callable[[], None] = lambda: None
        self.error: BaseException | None = None

    async def check(self) -> tuple[Problem, ...]:
        return self.problems

    def describe(self) -> Description:
        return Description(title="Probe", command="PROBE 1", host="a")

    async def run(self) -> Outcome:
        self.runs += 1
        self.on_run()
        if self.error is not None:
            raise self.error
        return Outcome(state="done", message="Done.")

    def explain(self, error: BaseException) -> str:
        return f"It broke: {error}."


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


async def run(action: Probe, journal: Journal, *, command: str = "PROBE 1", read_only: bool = False) -> Outcome:
    return await perform(action, confirmed_command=command, read_only=read_only, journal=journal)


async def test_the_intent_stands_in_the_journal_before_the_command_runs(journal: Journal) -> None:
    action = Probe()
    seen: list[object] = []
    action.on_run = lambda: seen.extend((record.intent.command, record.outcome) for record in journal.read())
    outcome = await run(action, journal)
    assert seen == [("PROBE 1", None)]
    assert outcome == Outcome(state="done", message="Done.")
    (record,) = journal.read()
    assert record.outcome is not None
    assert record.outcome.state == "done"


@pytest.mark.parametrize(
    ("action", "command", "read_only", "words"),
    [
        (Probe(), "PROBE 1", True, "read-only"),
        (Probe(read_only=True), "PROBE 1", False, "read-only"),
        (Probe(), "PROBE 2", False, "not the one that was confirmed"),
        (Probe(problems=(Problem(blocking=True, message="it ended."),)), "PROBE 1", False, "it ended."),
    ],
)
async def test_refused_means_not_run_and_not_journalled(
    journal: Journal, action: Probe, command: str, read_only: bool, words: str
) -> None:
    outcome = await run(action, journal, command=command, read_only=read_only)
    assert outcome.state == "refused"
    assert words in outcome.message
    assert (action.runs, journal.read()) == (0, ())


async def test_a_warning_does_not_stop_it(journal: Journal) -> None:
    assert (await run(Probe(problems=(Problem(blocking=False, message="slow"),)), journal)).state == "done"


async def test_without_a_journal_nothing_runs(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    action = Probe()
    outcome = await run(action, Journal(tmp_path / "file" / "journal.jsonl"))
    assert (outcome.state, action.runs) == ("refused", 0)
    assert "cannot be written" in outcome.message


async def test_an_error_is_an_outcome_in_words(journal: Journal) -> None:
    action = Probe()
    action.error = RuntimeError("mongodb://ann:secret@db1 said no")
    outcome = await run(action, journal)
    assert outcome == Outcome(state="failed", message="It broke: mongodb://***@db1 said no.")
    (record,) = journal.read()
    assert record.outcome is not None
    assert record.outcome.state == "failed"


async def test_cancelled_is_journalled_as_not_known(journal: Journal) -> None:
    action = Probe()
    action.error = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await run(action, journal)
    (record,) = journal.read()
    assert record.outcome is not None
    assert record.outcome.state == "unverified"
