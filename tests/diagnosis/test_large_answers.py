"""An endpoint that waits for megabytes: MongoDB is done in a moment, and no network is at fault."""

import pytest
from helpers.incidents import APPLICATION, MB, Story, Targets, digest, endpoint, set_figures, set_slot, shape
from msgspec.structs import replace

from perftui.model.application import ApplicationQueries
from perftui.model.metrics import QueryPoolDocument
from perftui.model.mongodb import NetworkTraffic, OperationLatency
from perftui.model.operation import Operation, OperationList
from perftui.model.query import SlowQuery
from perftui.model.verdict import Problem

POOL = QueryPoolDocument(address="db:27017", size=10, in_use=2, max_size=20)


def asking(targets: Targets, average_ms: float, sent: float, operations: float = 300.0) -> None:
    one = endpoint("/profile", average_ms=average_ms, requests=10)
    assert one.recent is not None
    recent = replace(one.recent, queries=10, query_ms=9 * average_ms, mostly="profile", mostly_queries=10)
    endpoints = (replace(one, recent=recent), endpoint("/users"))
    set_figures(targets, "application", "application", endpoints=endpoints, queries=ApplicationQueries(pools=(POOL,)))
    network = NetworkTraffic(requests_per_s=operations, sent_bytes_per_s=sent)
    # Far less time than is waited for, as where the answer is long on its way.
    set_figures(
        targets, "mongodb", "mongodb", network=network, reads=OperationLatency(per_s=200.0, average_ms=0.5)
    )  # fmt: skip


def told(sent: float, per_s: float = 300.0, **slots: object) -> Problem:
    def ill(targets: Targets, _at: float, _passed: int) -> None:
        asking(targets, 900.0, sent, per_s)
        if slots:
            set_slot(targets, "mongodb", **slots)

    story = Story()
    story.play(40, lambda targets, _at, _passed: asking(targets, 12.0, MB))
    last = story.play(14, ill)[-1]
    assert last.problem is not None, last.message
    assert (last.problem.code, last.problem.target_id) == ("slow-endpoint", APPLICATION.id)
    return last.problem


def test_a_server_that_sends_far_more_sends_large_answers() -> None:
    found = told(91.0 * MB)
    assert found.cause == (
        "810 ms of 900 ms pass in its query: its answers are large, for MongoDB sends 91 MB/s, usually 1.0 MB/s, "
        "about 9.0 MB more for each of its requests"
    )
    assert found.help == "project fewer fields, or ask page by page"


def test_the_recorded_answer_tells_where_the_rate_does_not() -> None:
    slow = SlowQuery(
        at=0.0, ns="shop.users", op="find", shape_id="profile", shape="find", duration_ms=120.0, response_bytes=9 * MB
    )
    found = told(MB, queries=digest(replace(shape("profile"), slowest=slow)))
    assert found.cause == "810 ms of 900 ms pass in its query: its answers are large, up to 9.0 MB each"


BACKUP = Operation(op="getmore", ns="shop.items", running_s=0.1, command='{"find":"items"}')


@pytest.mark.parametrize(
    ("sent", "per_s", "slots"),
    [
        (MB, 300.0, {}),
        (20.0 * MB, 6000.0, {}),
        (91.0 * MB, 300.0, {"operations": OperationList(operations=(BACKUP,))}),
    ],
    ids=["as much as ever", "more operations", "a backup"],
)
def test_what_is_sent_to_others_is_not_its_answer(sent: float, per_s: float, slots: dict[str, object]) -> None:
    found = told(sent, per_s, **slots)
    assert "answers are large" not in found.cause
    assert "network" in found.help
