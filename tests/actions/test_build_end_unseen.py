"""A build that the server has, whose end could not be read: kept as not seen, with what its undo and watching need."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from helpers.acting import TEST_COMMANDS, carry_out, fail_point, indexes, spec

from perftui.actions.base import ActionProgress, Problem
from perftui.actions.create_index import CreateIndexes
from perftui.actions.index_spec import IndexSpec
from perftui.actions.journal import Record, default_journal
from perftui.actions.pending import left_trials, unfinished_builds
from perftui.actions.settle import settle_builds
from perftui.actions.trial_index import CreateTrialIndexes, TrialIndex, TrialNotOpened
from perftui.servers import MongodProcess, PrivateServers
from perftui.targets import connect_to

NS, USERS = "shop.orders", "shop.users"
TOO_SLOW = 50


@pytest.fixture(scope="module")
def server() -> Iterator[MongodProcess]:
    with PrivateServers() as servers:
        yield servers.start_mongod(replica_set="rs0", arguments=TEST_COMMANDS)


@pytest.fixture(autouse=True)
def filled(server: MongodProcess) -> None:
    with server.client() as client:
        client.drop_database("shop")
        client.shop.orders.insert_many([{"a": number} for number in range(100)])
        client.shop.users.insert_many([{"email": "ann@example.org"}, {"email": "ann@example.org"}])


@contextmanager
def failing_looks(server: MongodProcess, code: int = TOO_SLOW, mode: object = "alwaysOn") -> Iterator[None]:
    data = {"failCommands": ["listIndexes"], "errorCode": code}
    with fail_point(server, "failCommand", mode=mode, data=data):
        yield


class FromItsStart:
    """Looks at indexes fail from the moment that the first build is about to be sent."""

    def __init__(self, server: MongodProcess, stack: ExitStack, mode: object = "alwaysOn") -> None:
        self._server, self._stack, self._mode, self._on = server, stack, mode, False

    def __call__(self, progress: ActionProgress) -> None:
        if progress.phase == "starting" and not self._on:
            self._on = True
            self._stack.enter_context(failing_looks(self._server, mode=self._mode))


class Unchecked(CreateIndexes):
    """The duplicates come between the check and the build."""

    async def check(self) -> tuple[Problem, ...]:
        return ()


def create(server: MongodProcess, *specs: IndexSpec) -> CreateIndexes:
    connection = connect_to(server.direct_uri)
    return CreateIndexes(connection, connection.target, specs or (spec(NS, {"a": 1}),), watch_s=0)


def names_of(record: Record) -> list[str]:
    return [index.name for index in record.undo.indexes] if record.undo is not None else []


def there(server: MongodProcess) -> Mapping[str, Any]:
    with server.client() as client:
        return indexes(client, NS)


async def test_a_build_that_cannot_be_read_after_it_is_kept_and_seen_at_the_next_look(server: MongodProcess) -> None:
    action = create(server)
    with ExitStack() as stack:
        action.report_to(FromItsStart(server, stack))
        outcome = await carry_out(action)
    assert outcome.state == "unverified"
    assert outcome.message.startswith("Whether a_1 on shop.orders is ready could not be read: It took longer")
    (record,) = unfinished_builds(default_journal())
    assert names_of(record) == ["a_1"]
    ((_, seen),) = await settle_builds(default_journal(), [action.connection])
    assert (seen.state, "seen ready" in seen.message) == ("done", True)


async def test_what_the_server_refuses_has_failed_and_leaves_nothing(server: MongodProcess) -> None:
    outcome = await create(server, spec(USERS, {"email": 1}, unique=True)).run()
    assert outcome.state == "failed"
    assert unfinished_builds(default_journal()) == ()


@pytest.mark.parametrize("code", [50, 262])
async def test_a_look_that_takes_too_long_is_repeated(server: MongodProcess, code: int) -> None:
    with server.client() as client:
        client.shop.orders.create_index([("a", 1)])
    with failing_looks(server, code, {"times": 2}):
        outcome = await create(server).follow()
    assert outcome.state == "done", outcome


async def test_one_collection_s_refusal_does_not_hide_that_the_other_s_build_was_not_seen(
    server: MongodProcess,
) -> None:
    connection, specs = connect_to(server.direct_uri), [spec(NS, {"a": 1}), spec(USERS, {"email": 1}, unique=True)]
    action = Unchecked(connection, connection.target, specs)
    with ExitStack() as stack:
        action.report_to(FromItsStart(server, stack, {"times": 1}))
        outcome = await carry_out(action)
    assert (outcome.state, "hold the same value in email" in outcome.message) == ("unverified", True)
    (record,) = unfinished_builds(default_journal())
    assert names_of(record) == ["a_1"]
    ((_, seen),) = await settle_builds(default_journal(), [action.connection])
    assert seen.state == "failed"
    assert seen.message.endswith("seen ready at a later look. Not created: email_1 on shop.users.")
    assert unfinished_builds(default_journal()) == ()


async def test_a_benchmark_s_index_is_dropped_though_it_could_not_be_read(server: MongodProcess) -> None:
    connection = connect_to(server.direct_uri)
    action = CreateTrialIndexes(connection, connection.target, [spec(NS, {"a": 1})], watch_s=0)
    index = TrialIndex(action, action.describe().command, journal=default_journal())
    with ExitStack() as stack:
        action.report_to(FromItsStart(server, stack, {"times": 1}))
        with pytest.raises(TrialNotOpened, match="could not be read"):
            async with index:
                pytest.fail("it must not be entered")
    assert set(there(server)) == {"_id_"}
    assert index.dropped is not None
    assert index.dropped.state == "done"
    assert (left_trials(index.journal), unfinished_builds(index.journal)) == ((), ())
