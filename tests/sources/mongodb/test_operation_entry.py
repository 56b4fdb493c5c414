"""Entries of `$currentOp` as the documentation of several versions shows them."""

from pathlib import Path
from typing import Any

import pytest
from bson import json_util
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from perftui.model.operation import Operation, Progress
from perftui.sources.mongodb.operation_entry import describe, noise_of, operation
from perftui.sources.mongodb.operation_place import locks_of

REPLIES = Path(__file__).parents[1] / "replies"
ENTRIES: dict[str, dict[str, Any]] = json_util.loads((REPLIES / "currentOp.json").read_text("utf-8"))


def shown(entry: dict[str, Any]) -> Operation:
    """As the source shows it, and as it comes out of a recording."""
    found = operation(entry, describe(entry, 1_800_000_000.0))
    assert json.decode(json.encode(found), type=Operation) == found
    return found


@pytest.mark.parametrize(
    ("name", "noise"),
    [
        ("getmore", None),
        ("idle cursor", "idle"),
        ("idle session", "idle"),
        ("idle connection", "idle"),
        ("parked hello", "parked"),
        ("parked isMaster", "parked"),
        ("oplog fetcher", "internal"),
        ("checkpointer", "internal"),
        ("index build", None),
        ("index build without op", None),
        ("through mongos", None),
        ("waiting for a lock", None),
        ("waiting for a ticket", None),
        ("truncated", None),
    ],
)
def test_noise(name: str, noise: str | None) -> None:
    found = shown(ENTRIES[name])
    assert (noise_of(ENTRIES[name]), found.noise) == (noise, noise)


@pytest.mark.parametrize(
    ("name", "killable"),
    [(name, name in ("getmore", "through mongos", "truncated") or name.startswith("waiting")) for name in ENTRIES],
)
def test_only_a_clients_operation_may_be_killed(name: str, killable: bool) -> None:
    assert shown(ENTRIES[name]).killable is killable


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("waiting for a lock", "lock (Global w, Database w)"),
        ("waiting for flow control", "flow control"),
        ("waiting for a ticket", "execution ticket"),
        ("getmore", None),
    ],
)
def test_what_it_waits_for(name: str, words: str | None) -> None:
    assert shown(ENTRIES[name]).waiting_for == words


def test_a_getmore_shows_the_command_of_its_cursor() -> None:
    found = shown(ENTRIES["getmore"])
    first = {"op": "query", "ns": "shop.orders", "command": ENTRIES["getmore"]["cursor"]["originatingCommand"]}
    assert (found.op, found.ns, found.opid) == ("getmore", "shop.orders", 991)
    assert "getMore" not in found.command
    assert json.decode(found.command)["filter"] == {"status": "open"}
    assert found.shape_id == shown(first).shape_id
    assert (found.user, found.app_name, found.client) == ("ann@admin", "shop", "10.0.0.5:50111")
    assert (found.running_s, found.yields, found.plan_summary) == (3.25, 4, "IXSCAN { status: 1 }")


def test_progress_of_an_index_build() -> None:
    found = shown(ENTRIES["index build"])
    assert found.progress == Progress(done=250_000, total=1_000_000)
    assert type(found.progress.done) is int
    assert found.message is not None
    assert "scanning collection" in found.message
    assert not found.killable


def test_through_a_mongos() -> None:
    found = shown(ENTRIES["through mongos"])
    assert (found.opid, found.shard, found.client) == ("shard01:40012", "shard01", "10.0.0.9:41000")


def test_seconds_where_the_server_has_no_microseconds() -> None:
    assert shown(ENTRIES["truncated"]).running_s == 1.0
    assert shown(ENTRIES["idle cursor"]).running_s is None


def test_a_command_that_was_cut_is_shown_as_far_as_it_goes() -> None:
    found = shown(ENTRIES["truncated"])
    assert found.text.startswith('{ find: "orders", filter: { tags:')
    assert found.shape_id is None


fields = sorted({field for entry in ENTRIES.values() for field in entry})
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150)
@given(st.sampled_from(sorted(ENTRIES)), st.dictionaries(st.sampled_from(fields), values, max_size=5))
def test_no_field_is_taken_for_granted(name: str, strange: dict[str, Any]) -> None:
    shown({**ENTRIES[name], **strange})


def test_a_session_that_runs_nothing_has_no_text() -> None:
    entry = {"type": "idleSession", "active": False, "op": "none", "ns": "", "command": {}}
    assert operation(entry, describe(entry, None)).text == ""


@pytest.mark.parametrize(
    "entry",
    [
        {"effectiveUsers": [{"user": "__system", "db": "local"}]},
        {"ns": "local.oplog.rs"},
        {"command": {"replSetUpdatePosition": 1}},
        {"command": {"_configsvrMoveChunk": 1}},
        {"appName": "OplogFetcher"},
    ],
)
def test_what_members_of_the_set_send_is_never_killed(entry: dict[str, Any]) -> None:
    seen = {"opid": 5, "op": "command", "ns": "shop.orders", "client": "10.0.0.1:5", "command": {"find": "orders"}}
    assert operation(seen, describe(seen, None)).killable
    assert not operation({**seen, **entry}, describe({**seen, **entry}, None)).killable


QUEUED: dict[str, Any] = {
    "opid": 428, "op": "query", "ns": "shop.$cmd", "client": "127.0.0.1:39436", "active": True, "numYields": 0,
    "microsecs_running": 6_930_252, "locks": {"FeatureCompatibilityVersion": "r"}, "waitingForLock": False,
    "command": {"find": "prompts", "filter": {"a": 1}, "$db": "shop"},
}  # fmt: skip
"""As 6.0.5 shows one that waits for a ticket: it has not begun, and has no namespace yet."""


def test_what_has_not_begun_is_known_by_its_command() -> None:
    begun = {**QUEUED, "ns": "shop.prompts", "locks": {**QUEUED["locks"], "Global": "r"}}
    queued = operation(QUEUED, describe(QUEUED, None))
    assert (queued.ns, queued.waiting_for, queued.killable) == ("shop.prompts", "execution ticket", True)
    assert queued.shape_id == describe(begun, None).shape_id, "the same query, begun or not, is one group"
    assert operation(begun, describe(begun, None)).waiting_for is None


@pytest.mark.parametrize(
    ("command", "ns"),
    [({"createUser": "root"}, "shop.$cmd"), ({"aggregate": 1}, "shop.$cmd"), ({"$truncated": "{find: 1"}, "shop.$cmd"),
     ({"insert": "logs"}, "shop.logs"), ({}, "shop.$cmd")],
)  # fmt: skip
def test_only_a_command_on_a_collection_names_one(command: dict[str, Any], ns: str) -> None:
    assert describe({**QUEUED, "command": command}, None).ns == ns


def test_an_aggregation_at_its_out_is_on_the_collection_that_it_reads() -> None:
    """As 6.0.5 shows it: the collection that it fills has a made-up name, another one each time."""
    command = {"aggregate": "orders", "pipeline": [{"$out": "copy"}], "$db": "shop"}
    filling = {**QUEUED, "ns": "shop.tmp.agg_out.8dcb04fc-1bae-476a-a4da-8f553516d085", "command": command}
    reading = {**filling, "ns": "shop.orders"}
    assert describe(filling, None).ns == "shop.orders"
    assert describe(filling, None).shape_id == describe(reading, None).shape_id


@pytest.mark.parametrize(("filled", "left"), [("shop", {"Global": "w", "Database": "w"}), ("archive", {"Global": "w"})])
def test_an_aggregation_at_its_out_holds_nothing_of_the_collection_that_it_is_told_under(
    filled: str, left: dict[str, str]
) -> None:
    """What it locks is the collection that it fills, which may lie in another database."""
    command = {"aggregate": "orders", "pipeline": [{"$out": {"db": filled, "coll": "copy"}}], "$db": "shop"}
    locks = {"Global": "w", "Database": "w", "Collection": "w"}
    filling = {**QUEUED, "ns": f"{filled}.tmp.agg_out.8dcb04fc", "command": command, "locks": locks}
    assert describe(filling, None).ns == "shop.orders"
    assert locks_of(filling) == left
    assert locks_of({**filling, "ns": "shop.orders"}) == locks
