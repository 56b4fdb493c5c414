"""A drill keeps its times, ends what it began, and tells what failed."""

import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.waiting import wait_until

from perftui.demo.incidents.catalogue import INCIDENTS, incident_named
from perftui.demo.incidents.drill import FireDrill
from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene
from perftui.demo.session import DemoOptions, DemoSession
from perftui.diagnosis.rules import CODES
from perftui.model.errors import UserError


class Noted(Incident):
    """Writes down what is asked of it."""

    name = "noted"
    words = "nothing happens"
    verdicts = ()

    def __init__(self, fails: str = "") -> None:
        self.asked: list[str] = []
        self.asked_at: dict[str, float] = {}
        self._fails = fails

    def prepare(self, scene: Scene) -> None:
        self._note("prepare")

    def start(self, scene: Scene) -> None:
        self._note("start")

    def stop(self, scene: Scene) -> None:
        self._note("stop")

    def _note(self, what: str) -> None:
        self.asked.append(what)
        self.asked_at[what] = time.time()
        if what == self._fails:
            raise RuntimeError("the server said no")


@pytest.fixture(scope="module")
def session() -> Iterator[DemoSession]:
    with DemoSession(DemoOptions(documents=200, visitors=False)) as found:
        yield found


def test_it_begins_after_its_time_and_is_ended(session: DemoSession) -> None:
    incident, heard = Noted(), list[str]()
    before = time.time()
    with FireDrill(incident, session, 0.3, heard.append) as drill:
        assert drill.wait_begun(60)
        assert incident.asked == ["prepare", "start"]
    assert incident.asked == ["prepare", "start", "stop"]
    assert drill.began_at is not None
    assert drill.ended_at is not None
    assert before + 0.3 <= drill.due_at <= drill.began_at <= drill.ended_at
    assert incident.asked_at["prepare"] <= drill.due_at - 0.3 <= incident.asked_at["start"] - 0.3
    assert heard == ["noted began"]


def test_one_that_has_not_begun_is_not_undone(session: DemoSession) -> None:
    incident = Noted()
    with FireDrill(incident, session, 600) as drill:
        assert incident.asked == ["prepare"]
    assert incident.asked == ["prepare"]
    assert (drill.began_at, drill.failure) == (None, None)


@pytest.mark.parametrize(("fails", "words"), [("start", "could not be caused"), ("stop", "could not be undone")])
def test_what_fails_is_told_and_the_rest_is_undone(session: DemoSession, fails: str, words: str) -> None:
    incident, heard = Noted(fails), list[str]()
    with FireDrill(incident, session, 0.0, heard.append) as drill:
        assert drill.wait_begun(60)
    assert incident.asked == ["prepare", "start", "stop"]
    assert drill.failure == f"noted {words}: the server said no"
    assert heard[-1] == drill.failure


def test_a_preparation_that_fails_closes_the_scene(session: DemoSession) -> None:
    drill = FireDrill(Noted("prepare"), session, 0.0)
    with pytest.raises(UserError, match="noted could not be prepared: the server said no"):
        drill.__enter__()


def test_a_worker_that_does_not_begin_is_told_with_its_last_words(session: DemoSession) -> None:
    scene = Scene(session)
    with pytest.raises(RuntimeError, match=r"no_such_part did not begin: .*No module named"):
        scene.start_worker("no_such_part")
    scene.close()


def test_workers_end_with_the_scene(session: DemoSession) -> None:
    scene = Scene(session)
    worker = scene.start_worker("connection_storm", "--count", 3)
    scene.close()
    assert worker.exit_code == -signal.SIGTERM
    with session.mongod.client() as client:
        stages: list[dict[str, Any]] = [{"$currentOp": {"idleConnections": True}}]
        stages.append({"$match": {"appName": "mailing-worker"}})
        wait_until(lambda: not list(client.admin.aggregate(stages)))


def test_names_words_and_verdicts_are_in_order() -> None:
    for name, kind in INCIDENTS.items():
        assert kind.name == name
        assert kind.words
        assert not kind.words.endswith(".")
        assert set(kind.verdicts) <= set(CODES)
        assert bool(kind.verdicts) == (name != "healthy")


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [("missing-indx", "missing-index"), ("idle", "idle-transaction"), ("flush", "flushed-cache"), ("", "healthy")],
)
def test_a_wrong_name_gets_the_nearest(wrong: str, nearest: str) -> None:
    with pytest.raises(ValueError, match="There is no incident") as caught:
        incident_named(wrong)
    if wrong:
        assert str(caught.value).endswith(f"the nearest is {nearest}.")
