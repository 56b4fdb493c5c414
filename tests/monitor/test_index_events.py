"""What happens to indexes is told once, from two readings."""

from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from perftui.model.event import Event
from perftui.model.index import CollectionState, GoneCollection, Index, IndexBuild, IndexOverview
from perftui.model.mongodb import MongoServer
from perftui.model.settings import Thresholds
from perftui.model.snapshot import TargetState
from perftui.model.target import Target
from perftui.monitor.events import Notices
from perftui.monitor.index_events import index_changes

ID = Index(name="_id_", keys=(("_id", 1),))


def index(name: str, **fields: Any) -> Index:
    return Index(name=name, keys=((name, 1),), **fields)


def reading(*indexes: Index, builds: tuple[IndexBuild, ...] = (), ns: str = "shop.orders") -> IndexOverview:
    return IndexOverview(collections=(CollectionState(ns=ns, indexes=(ID, *indexes), read_at=1.0),), builds=builds)


def told(*readings: IndexOverview) -> list[tuple[str, str]]:
    return [
        (change.kind, change.message) for before, now in pairwise(readings) for change in index_changes(before, now)
    ]


def test_an_index_that_appears_and_goes() -> None:
    assert told(reading(), reading(index("x_1")), reading(index("x_1")), reading()) == [
        ("index.created", "Index x_1 on shop.orders is ready."),
        ("index.dropped", "Index x_1 on shop.orders was dropped."),
    ]


def test_a_collection_that_is_gone_is_told_once() -> None:
    gone = GoneCollection(ns="shop.users", documents=1200, listed_at=7.0)
    after = replace(reading(), gone=(gone,))
    assert told(reading(), after, after, reading()) == [
        ("collection.gone", "Collection shop.users is gone: it was dropped or renamed. It held 1,200 documents."),
    ]


def test_a_database_that_is_gone_is_one_sentence() -> None:
    gone = tuple(GoneCollection(ns=f"shop.c{number}", listed_at=7.0) for number in range(8))
    assert told(reading(), replace(reading(), gone=(*gone, GoneCollection(ns="stock.a", listed_at=7.0)))) == [
        (
            "collection.gone",
            "Collections c0, c1, c2, c3, c4 and 3 more of shop are gone: they were dropped or renamed.",
        ),
        ("collection.gone", "Collection stock.a is gone: it was dropped or renamed."),
    ]


def test_several_at_once_are_one_sentence() -> None:
    many = [index(f"x{number}") for number in range(8)]
    assert told(reading(), reading(*many)) == [
        ("index.created", "Indexes x0, x1, x2, x3, x4 and 3 more on shop.orders are ready.")
    ]


def test_an_index_that_is_built() -> None:
    build = IndexBuild(ns="shop.orders", names=("x_1",), opid=7, done=1, total=9)
    building = reading(index("x_1", building=True), builds=(build,))
    assert told(reading(), building, building, reading(index("x_1"))) == [
        ("index.build.started", "The build of x_1 on shop.orders started."),
        ("index.build.ended", "The build of x_1 on shop.orders is no longer running."),
        ("index.created", "Index x_1 on shop.orders is ready."),
    ]


def test_a_build_that_is_aborted() -> None:
    assert told(reading(index("x_1", building=True)), reading()) == [
        ("index.build.aborted", "Index x_1 on shop.orders was aborted while it was built.")
    ]


def test_a_build_that_waits_for_other_members_is_told_once() -> None:
    running = IndexBuild(ns="shop.orders", names=("x_1",))
    waiting = IndexBuild(ns="shop.orders", names=("x_1",), waits_for_quorum=True)
    kinds = [kind for kind, _ in told(*(reading(builds=(one,)) for one in (running, waiting, waiting)))]
    assert kinds == ["index.build.waiting"]


def test_an_index_that_is_hidden_and_shown_again() -> None:
    assert told(reading(index("x_1")), reading(index("x_1", hidden=True)), reading(index("x_1"))) == [
        ("index.hidden", "Index x_1 on shop.orders was hidden from the planner."),
        ("index.unhidden", "Index x_1 on shop.orders is no longer hidden."),
    ]


def test_what_only_one_reading_has_says_nothing() -> None:
    empty = IndexOverview(collections=(CollectionState(ns="shop.orders", read_at=1.0),))
    unread = IndexOverview(collections=(CollectionState(ns="shop.orders"),))
    assert told(IndexOverview(), reading(index("x_1")), empty, reading(index("x_1")), unread, reading()) == []
    assert told(reading(index("x_1")), reading(index("y_1"), ns="shop.other")) == []


def test_more_uses_are_no_event() -> None:
    assert told(reading(index("x_1", uses=1)), reading(index("x_1", uses=900))) == []


def test_hostile_names_are_safe_to_draw() -> None:
    [(_, message)] = told(reading(ns="shop.a\x1b[2J"), reading(index("x\n\x1b]0;" + "y" * 500), ns="shop.a\x1b[2J"))
    assert message.isprintable()
    assert len(message) < 300


def noticed(group: str | None, role: str) -> list[Event]:
    target = Target(id="mongodb://x", kind="mongodb", name="x:1", address="mongodb://x", group=group)
    notices = Notices(Thresholds())
    events: tuple[Event, ...] = ()
    for number, overview in enumerate([reading(), reading(index("x_1"))]):
        state = TargetState(target=target, mongodb=MongoServer(role=role), indexes=overview)
        events = notices.take([state], 1_800_000_000.0 + number)
    return list(events)


def test_the_primary_tells_for_its_set() -> None:
    [event] = noticed("mongodb://set", "PRIMARY")
    assert (event.kind, event.subject, event.severity) == ("index.created", "shop.orders", "info")
    assert event.message == "x:1: Index x_1 on shop.orders is ready."
    assert noticed("mongodb://set", "SECONDARY") == []
    assert len(noticed(None, "SECONDARY")) == 1
