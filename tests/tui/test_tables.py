"""Every table on a rich, a bare and a hostile snapshot, and the judgements that its cells make."""

from typing import Any

import pytest
from msgspec.structs import replace
from table_samples import (
    APP,
    ERRORS_WITHIN,
    MONGO,
    NOW,
    P95_OVER,
    REDIS,
    SHAPE_NEAR,
    bare_snapshot,
    digest_row,
    hostile_snapshot,
    operation,
    rich_snapshot,
    view_of,
)

from perftui.model.application import CacheStats, EndpointStats, Uncertainty
from perftui.model.host import Process
from perftui.model.operation import Operation, OperationList, Progress
from perftui.model.query import DigestRow, LatencySummary, QueryDigest, RecentWork
from perftui.model.redis import CommandStats, RedisSlowLog
from perftui.model.sample import Capability, Failure
from perftui.model.settings import Settings, Thresholds
from perftui.model.snapshot import Snapshot, SourceState, TargetState
from perftui.tui.filtering import parse_filter
from perftui.tui.table_model import lay_out
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.tables import endpoints, operations, processes, queries, redis_commands
from perftui.tui.tables.application_queries import APPLICATION_QUERIES
from perftui.tui.tables.busy_collections import BUSY_COLLECTIONS
from perftui.tui.tables.caches import CACHES, grade_efficiency, grade_hit_rate, grade_now
from perftui.tui.tables.collections import COLLECTIONS
from perftui.tui.tables.connections import CONNECTIONS
from perftui.tui.tables.endpoints import ENDPOINTS, quantile
from perftui.tui.tables.events import EVENTS
from perftui.tui.tables.indexes import INDEXES
from perftui.tui.tables.members import MEMBERS
from perftui.tui.tables.operation_groups import OPERATION_GROUPS
from perftui.tui.tables.operations import OPERATIONS
from perftui.tui.tables.pools import POOLS
from perftui.tui.tables.processes import PROCESSES
from perftui.tui.tables.queries import QUERIES
from perftui.tui.tables.redis_commands import REDIS_COMMANDS
from perftui.tui.tables.redis_slow import REDIS_SLOW
from perftui.tui.tables.slow_requests import SLOW_REQUESTS
from perftui.tui.tables.sources import SOURCES
from perftui.tui.tables.transactions import TRANSACTIONS
from perftui.tui.tables.waits import WAITS
from perftui.tui.tables.websockets import WEBSOCKETS
from perftui.tui.view import View

ALL: tuple[TableSpec[Any], ...] = (
    OPERATIONS,
    QUERIES,
    APPLICATION_QUERIES,
    ENDPOINTS,
    REDIS_COMMANDS,
    REDIS_SLOW,
    CACHES,
    EVENTS,
    PROCESSES,
    MEMBERS,
    SOURCES,
    COLLECTIONS,
    INDEXES,
    SLOW_REQUESTS,
    WEBSOCKETS,
    POOLS,
    OPERATION_GROUPS,
    TRANSACTIONS,
    CONNECTIONS,
    WAITS,
    BUSY_COLLECTIONS,
)
NOTHING = Snapshot(sequence=1, taken_at=NOW, interval_s=1.0, window_s=300.0)


def cell(spec: TableSpec[Any], row: Any, key: str, view: View) -> str:
    return column(spec, key).text(row, view)


def column(spec: TableSpec[Any], key: str) -> Column[Any]:
    return next(column for column in spec.columns if column.key == key)


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.name)
class TestEveryTable:
    @pytest.mark.parametrize("snapshot", [rich_snapshot(), bare_snapshot(), hostile_snapshot()], ids="rbh")
    def test_reads_every_cell_of_every_row(self, spec: TableSpec[Any], snapshot: Snapshot) -> None:
        view = view_of(snapshot, show_noise=True)
        for row in spec.rows(view):
            for each in spec.columns:
                assert isinstance(each.text(row, view), str)
                assert each.state is None or each.state(row, view) in (
                    "normal",
                    "dim",
                    "good",
                    "warning",
                    "over",
                    "accent",
                )
                if each.sort is not None:
                    each.sort(row)
            if spec.full_text is not None:
                assert isinstance(spec.full_text(row, view), str)
            hash(spec.key(row))

    def test_has_one_key_a_row(self, spec: TableSpec[Any]) -> None:
        keys = [spec.key(row) for row in spec.rows(view_of(rich_snapshot(), show_noise=True))]
        assert keys
        assert len(set(keys)) == len(keys)

    def test_sorts_its_known_values(self, spec: TableSpec[Any]) -> None:
        rows = spec.rows(view_of(rich_snapshot(), show_noise=True))
        for each in spec.columns:
            if each.sort is not None:
                sorted(value for row in rows if (value := each.sort(row)) is not None)

    def test_fits_eighty_cells_with_what_stays(self, spec: TableSpec[Any]) -> None:
        staying = [each for each in spec.columns if each.priority <= 1]
        assert sum(each.width + 1 for each in staying) <= 80
        assert sum(each.flexible for each in spec.columns) == 1

    def test_says_why_it_is_empty(self, spec: TableSpec[Any]) -> None:
        assert not spec.rows(view_of(NOTHING))
        assert spec.empty(view_of(NOTHING)).endswith(".")

    def test_sorts_by_a_column_it_has(self, spec: TableSpec[Any]) -> None:
        assert column(spec, spec.default_sort).sort is not None
        assert len({each.key for each in spec.columns}) == len(spec.columns)


class TestOperations:
    def test_hides_noise_until_asked(self) -> None:
        shown = [row.opid for row in OPERATIONS.rows(view_of(rich_snapshot()))]
        assert shown == [4711, 4712, 4713]
        assert len(OPERATIONS.rows(view_of(rich_snapshot(), show_noise=True))) == 5

    def test_knows_idle_cursors_apart(self) -> None:
        one, other = operation(None, client="a:1"), operation(None, client="a:2")
        assert operations.key(one) != operations.key(other)

    def test_grades_by_the_users_threshold(self) -> None:
        strict = view_of(NOTHING, settings=Settings(thresholds=Thresholds(slow_ms=10_000.0, slow_warning_ms=1_000.0)))
        assert cell(OPERATIONS, operation(running_s=12.0), "running", strict) == "12.0s!"
        assert cell(OPERATIONS, operation(running_s=1.5), "running", strict) == "1.50s^"
        assert cell(OPERATIONS, operation(running_s=0.5), "running", strict) == "0.50s "
        assert cell(OPERATIONS, operation(running_s=None), "running", strict) == "- "

    def test_says_why_a_row_is_noise(self) -> None:
        assert cell(OPERATIONS, operation(noise="parked", waiting_for=None), "waiting", view_of(NOTHING)) == "(parked)"

    def test_never_divides_by_an_unknown_total(self) -> None:
        assert operations.progress(Operation(progress=Progress(done=3, total=0))) is None
        assert operations.progress(Operation(progress=Progress(done=3, total=2))) == 1.0

    def test_tells_of_hidden_ones_and_of_rights(self) -> None:
        source = SourceState(source="mongodb.operations", interval_s=1.0, read_at=NOW)
        listed = OperationList(hidden=41, sees_all_users=False)
        state = TargetState(target=MONGO, sources=(source,), operations=listed)
        text = OPERATIONS.empty(view_of(Snapshot(sequence=1, taken_at=NOW, interval_s=1, window_s=1, targets=(state,))))
        assert "41 idle and internal ones are hidden" in text
        assert "only its own operations" in text


class TestAbsence:
    def say(self, source: SourceState) -> str:
        state = TargetState(target=MONGO, sources=(source,))
        snapshot = Snapshot(sequence=1, taken_at=NOW, interval_s=1, window_s=1, targets=(state,))
        return OPERATIONS.empty(view_of(snapshot))

    def test_waits_in_words(self) -> None:
        said = self.say(SourceState(source="mongodb.operations", interval_s=1.0))
        assert said == "Waiting for the first answer from shop-prod."

    def test_gives_the_failure_and_its_help(self) -> None:
        failure = Failure(kind="refused", message="Nothing listens at db1:27017.", help="Start mongod.")
        said = self.say(SourceState(source="mongodb.operations", interval_s=1.0, failure=failure))
        assert said == "Nothing listens at db1:27017. Start mongod."

    def test_gives_the_failure_of_a_neighbour_source(self) -> None:
        failure = Failure(kind="login", message="The login failed.", help="Check the password.")
        said = self.say(SourceState(source="mongodb.server", interval_s=1.0, failure=failure))
        assert said == "The login failed. Check the password."

    def test_gives_the_missing_grant(self) -> None:
        missing = Capability(
            name="operations",
            state="missing",
            shows="operations",
            needs="inprog",
            grant='db.grantRolesToUser("me", ["clusterMonitor"])',
        )
        said = self.say(SourceState(source="mongodb.operations", interval_s=1.0, capabilities=(missing,)))
        assert 'it needs inprog. Grant it with: db.grantRolesToUser("me", ["clusterMonitor"])' in said


class TestQueries:
    def test_shows_what_one_execution_reads(self) -> None:
        assert cell(QUERIES, digest_row(), "examined", view_of(NOTHING)) == "50,000:20!"
        assert cell(QUERIES, digest_row(returned=None), "examined", view_of(NOTHING)) == "50,000:-^"
        assert cell(QUERIES, digest_row(examined_documents=123 * 20), "examined", view_of(NOTHING)) == "20:20 "
        assert cell(QUERIES, digest_row(examined_documents=None, returned=None), "examined", view_of(NOTHING)) == "- "

    def test_names_the_sort_and_other_plans(self) -> None:
        row = digest_row(plan_summaries=("COLLSCAN", "IXSCAN { a: 1 }"), sorts_in_memory=1)
        assert queries.plan(row) == "COLLSCAN SORT +1"
        assert queries.plan(digest_row(plan_summaries=(), sorts_in_memory=0)) is None

    def test_what_an_index_has_ended_is_told_as_past(self) -> None:
        def row(heavy_at: float) -> DigestRow:
            work = RecentWork(span_s=20.0, count=200, heavy=100, heavy_at=heavy_at)
            return digest_row(recent=work, last_seen_at=1000.0)

        past, still = row(990.0), row(999.0)
        view, keys = view_of(NOTHING), ("finding", "score")
        assert [cell(QUERIES, past, key, view) for key in keys] == ["was collection scan", "0 "]
        states = [column(QUERIES, key).state for key in keys]
        assert [state(past, view) for state in states if state is not None] == ["dim", "dim"]
        assert [cell(QUERIES, still, key, view) for key in keys] == ["collection scan!", "0!"]

    def test_the_overflow_row_says_what_it_is(self) -> None:
        assert queries.name(digest_row(overflow=True)) == "all other shapes"

    def test_says_where_it_reads_and_what_was_lost(self) -> None:
        digest = QueryDigest(read_from="slowlog", entries=12, covered_s=30.0, lost_entries=3)
        assert queries.say_coverage(digest) == "12 entries of the server's slow log, last 30 s, 3 were lost"
        assert queries.say_coverage(QueryDigest(lost_entries=None)).endswith("some were lost")


class TestEndpoints:
    def test_shows_how_sure_a_quantile_is(self) -> None:
        assert quantile(152.0, None) == "152ms"
        assert quantile(175.0, Uncertainty(low=100.0, high=250.0)) == "175ms±75"
        assert quantile(10_000.0, Uncertainty(low=10_000.0)) == ">=10.0s"
        assert quantile(None, Uncertainty(low=1.0)) == "-"
        assert quantile(2.0, Uncertainty(low=1.9, high=2.1)) == "2.0ms"

    def test_budget_and_errors_have_words_and_signs(self) -> None:
        busy = EndpointStats(method="GET", route="/a", server_error_rate=0.06, budget="over")
        assert cell(ENDPOINTS, busy, "budget", view_of(NOTHING)) == "over"
        assert endpoints.grade_budget(busy, view_of(NOTHING)) == "over"
        held = replace(busy, limits=(P95_OVER, ERRORS_WITHIN))
        assert cell(ENDPOINTS, held, "budget", view_of(NOTHING)) == "over +137%"
        within = EndpointStats(method="GET", route="/b", budget="within", limits=(ERRORS_WITHIN,))
        assert cell(ENDPOINTS, within, "budget", view_of(NOTHING)) == "within 80%"
        few = replace(ERRORS_WITHIN, state="unknown", samples=3)
        unknown = EndpointStats(method="GET", route="/c", budget="unknown", limits=(few,))
        assert cell(ENDPOINTS, unknown, "budget", view_of(NOTHING)) == "unknown"
        assert cell(ENDPOINTS, busy, "5xx", view_of(NOTHING)) == "6.0%!"
        assert cell(ENDPOINTS, EndpointStats(method="GET", route="/a"), "5xx", view_of(NOTHING)) == "- "

    def test_what_is_nearest_to_its_budget_sorts_first(self) -> None:
        nearness = column(ENDPOINTS, "budget").sort
        assert nearness is not None
        rows = [
            EndpointStats(method="GET", route="over", budget="over", limits=(P95_OVER, ERRORS_WITHIN)),
            EndpointStats(method="GET", route="said over", budget="over"),
            EndpointStats(method="GET", route="near", budget="warning", limits=(SHAPE_NEAR,)),
            EndpointStats(method="GET", route="well", budget="within", limits=(ERRORS_WITHIN,)),
        ]
        values = [nearness(row) for row in rows]
        assert values == sorted(values)
        assert nearness(EndpointStats(method="GET", route="none")) is None

    def test_those_over_their_budget_are_found_by_a_filter(self) -> None:
        view = view_of(rich_snapshot())
        kept = parse_filter("budget:over", ENDPOINTS).keep(ENDPOINTS.rows(view), view)
        assert [row.route for row in kept] == ["/api/prompts"]

    def test_a_column_that_says_nothing_is_left_out(self) -> None:
        rows = QUERIES.rows(view_of(rich_snapshot()))
        with_budgets = {each.key for each, _ in lay_out(QUERIES, 300, rows)}
        without = {
            each.key for each, _ in lay_out(QUERIES, 300, [replace(row, limits=(), endpoints=()) for row in rows])
        }
        assert with_budgets - without == {"budget", "endpoint"}


class TestOtherTables:
    def test_a_command_that_holds_the_thread_is_over(self) -> None:
        command = CommandStats(command="keys", calls=1, calls_per_s=1.0, average_us=612_000.0)
        assert cell(REDIS_COMMANDS, command, "time", view_of(NOTHING)) == "61%!"
        assert redis_commands.time_share(CommandStats(command="get", calls=1)) is None

    def test_a_slow_log_that_is_off_says_how_to_turn_it_on(self) -> None:
        source = SourceState(source="redis.slow_log", interval_s=1.0, read_at=NOW)
        state = TargetState(target=REDIS, sources=(source,), redis_slow_log=RedisSlowLog(threshold_us=-1))
        snapshot = Snapshot(sequence=1, taken_at=NOW, interval_s=1, window_s=1, targets=(state,))
        assert "slowlog-log-slower-than" in REDIS_SLOW.empty(view_of(snapshot))

    def test_caches_are_judged_from_below(self) -> None:
        view = view_of(NOTHING)
        shares = (0.79, 0.82, 0.93, None)
        assert [grade_hit_rate(CacheStats(name="c", hit_rate=share), view) for share in shares] == [
            "over",
            "warning",
            "normal",
            "normal",
        ]
        assert grade_efficiency(CacheStats(name="c", efficiency=69.0), view) == "over"
        assert [grade_now(CacheStats(name="c", hit_rate_now=share), view) for share in shares] == [
            "over",
            "warning",
            "normal",
            "normal",
        ]

    def test_a_full_pool_is_told_from_a_busy_one(self) -> None:
        view = view_of(rich_snapshot())
        full, idle = POOLS.rows(view)
        assert (cell(POOLS, full, "in_use", view), cell(POOLS, idle, "in_use", view)) == ("29^", "0 ")
        assert (cell(POOLS, full, "waiting", view), cell(POOLS, full, "failed", view)) == ("4^", "2!")
        assert cell(POOLS, full, "wait", view) == "180ms!"
        assert cell(POOLS, idle, "max", view) == "-"

    def test_a_request_that_failed_is_told_from_a_slow_one(self) -> None:
        view = view_of(rich_snapshot())
        slow, failed = SLOW_REQUESTS.rows(view)
        assert (cell(SLOW_REQUESTS, slow, "status", view), cell(SLOW_REQUESTS, failed, "status", view)) == (
            "200 ",
            "503!",
        )
        assert cell(SLOW_REQUESTS, slow, "duration", view) == "1.20s!"

    def test_only_redis_is_bound_to_one_core(self) -> None:
        busy = {"pid": 1, "name": "x", "command": "x", "cpu_share": 1.5}
        view = view_of(NOTHING)
        assert processes.grade_cpu(Process(role="redis", **busy), view) == "over"  # type: ignore[arg-type]
        assert processes.grade_cpu(Process(role="mongod", **busy), view) == "normal"  # type: ignore[arg-type]

    def test_the_member_in_view_is_marked(self) -> None:
        view = view_of(rich_snapshot())
        names = [cell(MEMBERS, row, "address", view) for row in MEMBERS.rows(view)]
        assert names == ["* db1:27017", "  db2:27017", "  db3:27017"]

    def test_events_name_their_target_even_when_it_is_gone(self) -> None:
        view = view_of(rich_snapshot())
        assert next(cell(EVENTS, row, "target", view) for row in EVENTS.rows(view)) == "shop-prod"
        bare = view_of(bare_snapshot())
        assert cell(EVENTS, EVENTS.rows(bare)[0], "target", bare) == "gone"

    def test_a_failing_source_gives_reason_and_age(self) -> None:
        view = view_of(rich_snapshot())
        row = next(row for row in SOURCES.rows(view) if row.target.id == APP.id)
        assert cell(SOURCES, row, "state", view) == "failing"
        assert cell(SOURCES, row, "since", view) == "28s"
        assert cell(SOURCES, row, "says", view) == "Nothing listens at app:8000. Start the application."

    def test_latency_of_a_group_falls_back_in_words(self) -> None:
        view = view_of(rich_snapshot())
        by_operation = APPLICATION_QUERIES.rows(view)[1]
        assert by_operation.latency_ms == LatencySummary(average=4.2)
        assert cell(APPLICATION_QUERIES, by_operation, "p95", view) == "- "
