"""Actions that take long: progress, abort, leaving; profiling; what an earlier perftui left."""

import asyncio
from typing import Any

import pytest
from frames import check_golden, text, until
from scripted_work import ScriptedWork, asking
from table_samples import MONGO
from test_confirm_dialog import Scripted

from perftui.actions.base import ActionProgress, Description, Outcome, Problem, TellProgress
from perftui.actions.create_index import CreateIndexes
from perftui.actions.index_spec import keep
from perftui.actions.journal import default_journal
from perftui.actions.pending import pending_restorations
from perftui.actions.restore_profiling import RestoreProfiling
from perftui.actions.set_profiling import SetProfiling
from perftui.actions.undo import UndoAction
from perftui.actions.undo_data import KeptIndex, KeptProfiling, UndoData, UndoKind
from perftui.model.analysis import Analysis
from perftui.tui.dialogs import confirm
from perftui.tui.dialogs.confirm import ConfirmDialog
from perftui.tui.dialogs.create import abort_running
from perftui.tui.dialogs.flow import start_action
from perftui.tui.dialogs.profiling_form import ProfilingForm

NOBODY = ScriptedWork(Analysis(source="profiler"))
HALF = ActionProgress(done=25_000, total=50_000, message="scanning shop.prompts", phase="scanning")
WAITING = ActionProgress(message="waits", phase="waiting for the commit quorum", waits_for_quorum=True)


class LongAction(Scripted):
    """A build that ends when the test lets it."""

    def describe(self) -> Description:
        return Description(title="Create index a_1", command="createIndexes", host="shop-prod", undo="a drop.")

    def report_to(self, tell: TellProgress) -> None:
        self.tell = tell

    def interrupted(self) -> str:
        return "The build of a_1 goes on at the server."

    async def run(self) -> Outcome:
        await self.may_end.wait()
        return Outcome(state="done", message="It is built.")


@pytest.fixture(autouse=True)
def hears(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dialogs listen at once."""
    monkeypatch.setattr(confirm, "DEAF_S", 0.0)


async def started(app: Any, pilot: Any, abort: Any = None) -> LongAction:
    action = LongAction()
    action.may_end = asyncio.Event()
    start_action(app, action, "Create it", read_only=False, abort=abort)
    await until(pilot, lambda: isinstance(app.screen, ConfirmDialog) and app.screen._hears_from is not None)
    await pilot.press("y")
    await until(pilot, lambda: app.running_actions == [action])
    return action


class TestProgress:
    @pytest.mark.parametrize("size", ["80x24", "160x45"])
    async def test_frame(self, size: str) -> None:
        columns, lines = (int(part) for part in size.split("x"))
        async with asking(NOBODY, size=(columns, lines)) as (app, pilot, _feed):
            action = await started(app, pilot, lambda _running: None)
            action.tell(HALF)
            await pilot.pause()
            check_golden(app, f"building-{size}")
            action.may_end.set()
            await until(pilot, lambda: not app.running_actions)

    async def test_shows_how_far_it_is_and_that_it_waits_for_others(self) -> None:
        async with asking(NOBODY) as (app, pilot, _feed):
            action = await started(app, pilot)
            action.tell(HALF)
            await until(pilot, lambda: "50%" in text(app))
            action.tell(WAITING)
            await until(pilot, lambda: "with a voting member down" in text(app))
            action.may_end.set()
            await until(pilot, lambda: "It is built." in text(app))
            assert app.running_actions == []

    async def test_k_asks_to_abort_and_the_build_goes_on_meanwhile(self) -> None:
        asked: list[Any] = []
        async with asking(NOBODY) as (app, pilot, _feed):
            action = await started(app, pilot, asked.append)
            assert "K aborts" in text(app)
            await pilot.press("K")
            await until(pilot, lambda: asked == [action])
            assert app.running_actions == [action]
            action.may_end.set()
            await until(pilot, lambda: not app.running_actions)

    async def test_k_asks_for_the_dialogs_own_build_though_a_newer_one_is_under_way(self) -> None:
        async with asking(NOBODY) as (app, pilot, _feed):
            state = app.view.target("mongodb")
            action: Any = await started(app, pilot, lambda running: abort_running(app, state, running))
            action.abort_action = lambda: Scripted("query")
            newer: Any = LongAction()
            newer.abort_action = lambda: Scripted("all")
            app.running_actions.append(newer)
            await pilot.press("K")
            await until(pilot, lambda: isinstance(app.screen, ConfirmDialog) and app.screen.verb == "Abort it")
            assert app.screen.action.choice == "query"
            app.running_actions.remove(newer)
            action.may_end.set()
            await until(pilot, lambda: not app.running_actions)

    @pytest.mark.parametrize("kind", ["create indexes", "hide index"])
    async def test_k_is_offered_where_what_is_taken_back_builds(
        self, kind: UndoKind, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        builds, may_end = kind == "create indexes", asyncio.Event()

        async def check(_action: UndoAction) -> tuple[()]:
            return ()

        async def run(action: UndoAction) -> Outcome:
            if isinstance(action.inner, CreateIndexes):
                action.inner._building = action.inner.groups[0]
            await may_end.wait()
            return Outcome(state="done", message="It is back.")

        monkeypatch.setattr(UndoAction, "check", check)
        monkeypatch.setattr(UndoAction, "run", run)
        kept = KeptIndex(ns="shop.prompts", name="a_1", definition=keep({"v": 2, "key": {"a": 1}, "name": "a_1"}))
        undo = UndoData(kind=kind, ns="shop.prompts", connection=MONGO.id, indexes=(kept,))
        journal = default_journal()
        journal.conclude(journal.intend("drop index", MONGO, "dropIndexes a_1", undo), "done", "It is gone.")
        async with asking(NOBODY, "u") as (app, pilot, _feed):
            await until(pilot, lambda: isinstance(app.screen, ConfirmDialog) and app.screen._hears_from is not None)
            await pilot.press("y")
            await until(pilot, lambda: len(app.running_actions) == 1)
            assert ("K aborts" in text(app)) == builds
            (undoing,) = app.running_actions
            abort = undoing.abort_action()
            assert (abort is not None and abort.names == ("a_1",)) == builds
            may_end.set()
            await until(pilot, lambda: not app.running_actions)

    async def test_quitting_is_told_what_it_means_and_needs_a_second_time(self) -> None:
        async with asking(NOBODY, size=(160, 30)) as (app, pilot, _feed):
            action = await started(app, pilot)
            await pilot.press("escape", "q")
            assert "goes on at the server. q again quits." in text(app)
            assert app.is_running
            await pilot.press("q")
            await until(pilot, lambda: not app.is_running)
            assert any("goes on at the server" in str(one) for one in app._exit_renderables)
            action.may_end.set()

    async def test_each_build_is_told_before_quitting(self) -> None:
        async with asking(NOBODY, size=(160, 30)) as (app, pilot, _feed):
            action = await started(app, pilot)
            await pilot.press("escape", "q")
            assert "q again quits." in text(app)
            action.may_end.set()
            await until(pilot, lambda: not app.running_actions)
            second: Any = await started(app, pilot)
            await pilot.press("escape", "q")
            assert app.is_running
            assert "goes on at the server. q again quits." in text(app)
            second.interrupted = lambda: "The build of a_1 has moved on."
            await pilot.press("q")
            await until(pilot, lambda: not app.is_running)
            second.may_end.set()


class TestProfilingForm:
    @pytest.mark.parametrize("size", ["80x24", "160x45"])
    async def test_frame(self, size: str) -> None:
        columns, lines = (int(part) for part in size.split("x"))
        async with asking(NOBODY, "3", "P", size=(columns, lines)) as (app, pilot, _feed):
            await pilot.pause()
            check_golden(app, f"profiling-{size}")

    async def test_the_choice_becomes_the_command(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def check(_action: SetProfiling) -> tuple[()]:
            return ()

        monkeypatch.setattr(SetProfiling, "check", check)
        async with asking(NOBODY, "3", "P", size=(120, 40)) as (app, pilot, _feed):
            assert isinstance(app.screen, ProfilingForm)
            assert app.screen.database == "shop"
            await pilot.press("down", "left", "left", "down", "right", "right", "down", "right", "enter")
            await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
            question: Any = app.screen
            for words in ("profile: 1", "slowms: 20", "sampleRate: 0.1"):
                assert words in question.description.command
            assert "after 300 s" in text(app)

    async def test_escape_leaves_and_every_key_is_bounded(self) -> None:
        async with asking(NOBODY, "3", "P") as (app, pilot, _feed):
            form = app.screen
            for _ in range(7):
                await pilot.press("right", "down")
            assert form.choice.level in (0, 1, 2)
            await pilot.press("escape")
            assert not isinstance(app.screen, ProfilingForm)

    async def test_a_row_without_a_database_takes_the_one_that_is_read(self) -> None:
        async with asking(NOBODY, "6", "P") as (app, _pilot, _feed):
            assert isinstance(app.screen, ProfilingForm)
            assert app.screen.database == "shop"


def left_by_a_killed_one(database: str = "shop") -> None:
    """A window of profiling in the journal whose process is gone."""
    before, after = KeptProfiling(level=0, slow_ms=100), KeptProfiling(level=2, slow_ms=0)
    undo = UndoData(
        kind="restore profiling",
        ns=database,
        member="db1:27017",
        before=before,
        after=after,
        until=1.0,
        owner_pid=2**22 - 1,
        owner_started=1.0,
    )
    intent = default_journal().intend("set profiling", MONGO, "db.setProfilingLevel(2)", undo)
    default_journal().conclude(intent, "done", "It is set.", undo)


class TestWhatIsLeft:
    @pytest.fixture
    def checked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def check(_action: RestoreProfiling) -> tuple[()]:
            return ()

        monkeypatch.setattr(RestoreProfiling, "check", check)

    @pytest.mark.usefixtures("checked")
    async def test_the_old_settings_are_offered_at_the_start(self) -> None:
        left_by_a_killed_one()
        async with asking(NOBODY) as (app, pilot, _feed):
            await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
            assert "Restore the profiling of shop" in text(app)

    @pytest.mark.usefixtures("checked")
    async def test_one_after_the_other_is_offered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def run(_action: RestoreProfiling) -> Outcome:
            return Outcome(state="done", message="It is back.")

        monkeypatch.setattr(RestoreProfiling, "run", run)
        monkeypatch.setattr(confirm, "DEAF_S", 0.0)
        for database in ("shop", "crm"):
            left_by_a_killed_one(database)
        async with asking(NOBODY) as (app, pilot, _feed):
            await until(pilot, lambda: "Restore the profiling of shop" in text(app))
            await until(pilot, lambda: app.screen._hears_from is not None)
            await pilot.press("y")
            await until(pilot, lambda: "Restore the profiling of crm" in text(app))
            await until(pilot, lambda: app.screen._hears_from is not None)
            await pilot.press("y")
            await until(pilot, lambda: not isinstance(app.screen, ConfirmDialog))
        assert pending_restorations(default_journal()) == ()

    @pytest.mark.parametrize("fails", [True, False])
    async def test_one_that_cannot_be_checked_does_not_hold_up_the_others(
        self, fails: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def check(action: RestoreProfiling) -> tuple[Problem, ...]:
            if action.database != "old":
                return ()
            if fails:
                raise OSError("nobody is at home")
            return (Problem(blocking=True, message="it is no member any more."),)

        monkeypatch.setattr(RestoreProfiling, "check", check)
        for database in ("old", "shop"):
            left_by_a_killed_one(database)
        async with asking(NOBODY) as (app, pilot, _feed):
            await until(pilot, lambda: "Restore the profiling of shop" in text(app))
        assert len(pending_restorations(default_journal())) == 2

    @pytest.mark.usefixtures("checked")
    async def test_read_only_mode_only_says_so(self) -> None:
        left_by_a_killed_one()
        async with asking(NOBODY, size=(160, 30), read_only=True) as (app, pilot, _feed):
            await until(pilot, lambda: "left the profiling of db1:27017 changed" in text(app))

    async def test_a_recording_offers_nothing(self) -> None:
        left_by_a_killed_one()
        async with asking(NOBODY, live=False) as (app, pilot, _feed):
            await pilot.pause()
            assert not isinstance(app.screen, ConfirmDialog)

    async def test_a_build_that_nobody_saw_end_is_named(self) -> None:
        undo = UndoData(
            kind="drop indexes",
            ns="shop.prompts",
            member="db1:27017",
            indexes=(KeptIndex(ns="shop.prompts", name="a_1", definition="{}"),),
            owner_pid=2**22 - 1,
            owner_started=1.0,
        )
        default_journal().intend("create index", MONGO, "createIndexes a_1", undo)
        async with asking(NOBODY, size=(160, 30)) as (app, pilot, _feed):
            await until(pilot, lambda: "Nobody saw the end of a build" in text(app))

    async def test_a_journal_that_cannot_be_read_is_no_crash(self) -> None:
        journal = default_journal()
        journal.path.parent.mkdir(parents=True)
        journal.path.mkdir()
        async with asking(NOBODY, "3", "u") as (app, pilot, _feed):
            await until(pilot, lambda: "cannot be read" in text(app))

    async def test_nothing_to_undo_is_said(self) -> None:
        async with asking(NOBODY, "3", "u") as (app, pilot, _feed):
            await until(pilot, lambda: "knows nothing of shop-prod" in text(app))
