"""What leaves this machine holds no value, host, user or key, whatever field it stood in."""

from typing import cast

import msgspec
import pytest
from helpers.everything import SECRETS, filled
from msgspec import inspect

from perftui.handover.documents import command_text, entry_text
from perftui.handover.redactor import Redactor, may_hold_text
from perftui.handover.rules import RULES
from perftui.model.analysis import Analysis
from perftui.model.event import Event
from perftui.model.operation import Operation, OperationList
from perftui.model.plan import Plan
from perftui.model.query import SlowQuery
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.target import Target

WHOLE = (Snapshot, Plan, Analysis)
TARGET = Target(id="mongodb://db1:27017", kind="mongodb", name="shop-prod", address="mongodb://db1:27017")


def structs(kind: type[msgspec.Struct], known: set[type[msgspec.Struct]]) -> set[type[msgspec.Struct]]:
    """This struct and all within."""
    if kind not in known:
        known.add(kind)
        for one in cast("inspect.StructType", inspect.type_info(kind)).fields:
            for found in _within(one.type):
                structs(found, known)
    return known


def _within(kind: inspect.Type) -> list[type[msgspec.Struct]]:
    if isinstance(kind, inspect.StructType):
        return [kind.cls]
    if isinstance(kind, inspect.VarTupleType):
        return _within(kind.item_type)
    if isinstance(kind, inspect.UnionType | inspect.TupleType):
        types = kind.types if isinstance(kind, inspect.UnionType) else kind.item_types
        return [found for one in types for found in _within(one)]
    return _within(kind.value_type) if isinstance(kind, inspect.DictType) else []


def needs_rule(kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.UnionType):
        return any(needs_rule(one) for one in kind.types)
    if isinstance(kind, inspect.VarTupleType):
        return needs_rule(kind.item_type)
    return may_hold_text(kind) and not isinstance(kind, inspect.StructType)


def snapshot(*, events: tuple[Event, ...] = (), **state: object) -> Snapshot:
    targets = (TargetState(target=TARGET, **state),)  # type: ignore[arg-type]
    return Snapshot(sequence=1, taken_at=1.8e9, interval_s=1, window_s=300, targets=targets, events=events)


def test_every_text_of_the_model_has_its_rule() -> None:
    known: set[type[msgspec.Struct]] = set()
    for kind in WHOLE:
        structs(kind, known)
    without = [
        f"{kind.__name__}.{one.name}"
        for kind in known
        for one in cast("inspect.StructType", inspect.type_info(kind)).fields
        if needs_rule(one.type) and one.name not in RULES.get(kind.__name__, {})
    ]
    assert without == []
    fields = {kind.__name__: set(kind.__struct_fields__) for kind in known}
    assert [name for name in RULES if name not in fields] == []
    assert [f"{name}.{field}" for name, rules in RULES.items() for field in rules if field not in fields[name]] == []


@pytest.mark.parametrize("kind", WHOLE)
def test_secrets_in_all_fields_are_found_in_none(kind: type[msgspec.Struct]) -> None:
    before = filled(kind)
    assert all(secret in msgspec.json.encode(before).decode() for secret in SECRETS if kind is Snapshot)
    after = msgspec.json.encode(Redactor().redact(before)).decode()
    assert [secret for secret in SECRETS if secret in after] == []
    assert msgspec.json.decode(after, type=kind) is not None


def test_the_same_client_has_the_same_pseudonym_and_another_has_another() -> None:
    running = tuple(
        Operation(opid=number, ns="shop.orders", client=f"10.0.0.{client}:{5000 + number}", user="ann@admin")
        for number, client in enumerate((1, 2, 1))
    )
    redactor = Redactor()
    first = redactor.snapshot(snapshot(operations=OperationList(operations=running)))
    again = redactor.snapshot(snapshot(operations=OperationList(operations=running[1:])))
    clients = [one.client for one in first.targets[0].operations.operations]  # type: ignore[union-attr]
    assert clients == ["host-2:5000", "host-3:5001", "host-2:5002"]
    assert {one.user for one in first.targets[0].operations.operations} == {"user-1"}  # type: ignore[union-attr]
    assert again.targets[0].operations.operations[0].client == "host-3:5001"  # type: ignore[union-attr]


def test_sentences_keep_figures_names_of_collections_and_our_words() -> None:
    message = (
        "collection scans on shop.orders: 50,000 documents examined for 20 returned since 02:12, p95 152 ms; "
        'client 10.0.0.9 said "top secret" to db1:27017.'
    )
    event = Event(at=1.8e9, target_id=TARGET.id, kind="scan", severity="warning", message=message)
    running = Operation(opid=1, ns="shop.orders", client="10.0.0.9:4000")
    after = Redactor().snapshot(snapshot(events=(event,), operations=OperationList(operations=(running,))))
    assert after.events[0].message == (
        "collection scans on shop.orders: 50,000 documents examined for 20 returned since 02:12, p95 152 ms; "
        'client host-2 said "?" to host-1:27017.'
    )


def test_what_says_only_that_it_is_this_machine_stays() -> None:
    message = "127.0.0.1:27017: the 95th percentile is 279 ms; [::1]:6379, localhost and db1.corp:1 too"
    event = Event(at=1.8e9, target_id="mongodb://127.0.0.1:27017", kind="scan", severity="info", message=message)
    after = Redactor().snapshot(snapshot(events=(event,)))
    assert after.events[0].target_id == "mongodb://127.0.0.1:27017"
    assert after.events[0].message == (
        "127.0.0.1:27017: the 95th percentile is 279 ms; [::1]:6379, localhost and ? too"
    )


def test_a_plan_in_an_entry_keeps_its_figures() -> None:
    entry = filled(SlowQuery)
    after = msgspec.json.decode(Redactor().redact(entry).raw)
    assert after["execStats"]["nReturned"] == 3
    assert after["execStats"]["inputStage"]["indexBounds"] == {"email": ["[?]"]}
    assert after["execStats"]["filter"] == {"email": {"$eq": "?"}}
    assert after["command"]["filter"] == {"email": "?", "pin": {"$in": ["?", "?"]}, "card": "?"}
    assert "lsid" not in after["command"]


@pytest.mark.parametrize(
    "command",
    [
        {"aggregate": "a", "pipeline": [{"$graphLookup": {"from": "b", "startWith": "bob@example.com", "as": "c"}}]},
        {"aggregate": "a", "pipeline": [{"$sortByCount": {"$eq": ["$email", "bob@example.com"]}}]},
        {"aggregate": 1, "pipeline": [{"$documents": [{"from": "bob@example.com", "key": 424242}]}]},
        {"find": "a", "filter": {}, "projection": {"isBob": {"$eq": ["$email", "bob@example.com"]}}},
    ],
)
def test_no_stage_of_a_command_keeps_a_value(command: dict[str, object]) -> None:
    hidden = command_text(msgspec.json.encode(command).decode())
    assert hidden
    assert "bob" not in hidden
    assert "424242" not in hidden


@pytest.mark.parametrize(
    "entry",
    [
        {
            "execStats": {
                "stage": "PROJECTION_DEFAULT",
                "transformBy": {"_id": 1, "b": {"$eq": ["$e", "bob@example.com"]}},
            }
        },
        {"execStats": {"stage": "PROJECTION_DEFAULT", "transformBy": {"items": {"$elemMatch": {"sku": "bob"}}}}},
        {"stages": [{"$match": {"ssn": {"$eq": 424242}}}]},
        {
            "stages": [
                {"$cursor": {"queryPlanner": {"winningPlan": {"stage": "CLUSTERED_IXSCAN", "minRecord": 424242}}}}
            ]
        },
    ],
)
def test_no_part_of_a_plan_keeps_a_value(entry: dict[str, object]) -> None:
    hidden = entry_text(msgspec.json.encode(entry).decode(), lambda _kind, text: text)
    assert "bob" not in hidden
    assert "424242" not in hidden
    assert "stage" in hidden


def test_a_document_in_a_sentence_keeps_no_number() -> None:
    error = "E11000 duplicate key error collection: shop.users index: ssn_1 dup key: { ssn: 424242, born: 1980-01-02 }"
    row = SlowQuery(at=1.0, op="update", ns="shop.users", duration_ms=5.0, shape_id="s", shape="update", error=error)
    hidden = Redactor().redact(row).error
    assert hidden is not None
    assert "duplicate key error" in hidden
    assert "424242" not in hidden
    assert "1980" not in hidden


def test_what_cannot_be_read_is_left_out() -> None:
    cut = Operation(opid=1, ns="shop.orders", command='{"find":"orders","filter":{"email":"ada', text="find ada")
    after = Redactor().redact(cut)
    assert after.command == ""
    assert "ada" not in after.text
