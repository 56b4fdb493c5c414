"""The listener's part that counts commands."""

from collections.abc import Mapping
from time import monotonic, time
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.advice.shapes.skeleton_command import COMMANDS
from perftui.instrument.endpoints.current import CURRENT, RequestInProgress
from perftui.instrument.queries.bulk_writes import bulk_shape
from perftui.instrument.queries.calls import CALLS
from perftui.instrument.queries.counting import QueryCounts, ShapeCounts, SlowQuery
from perftui.instrument.queries.cursors import Cursors
from perftui.instrument.queries.kinds import RETURNED, UNMATCHED
from perftui.instrument.queries.replies import code_of, returned_by, write_errors, written_by
from perftui.instrument.queries.unanswered import MOST_RUNNING, SENT, Unanswered

if TYPE_CHECKING:
    from pymongo.monitoring import CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent

    from perftui.instrument.queries.explaining import Explaining

_MOST_FAILED = 1_000


class Limits(NamedTuple):
    """From which durations on, in seconds, a command is worth a warning, and slow."""

    warning_s: float
    slow_s: float


class Commands:
    """Counts each command of one monitor. Nothing in here raises into the application.

    `started` and `succeeded` run twice a command, so they call little and look up what they can once.
    """

    def __init__(self, counts: QueryCounts, limits: Limits, explaining: "Explaining | None", *, callers: bool) -> None:
        self.counts, self.limits, self.explaining = counts, limits, explaining
        self.cursors = Cursors()
        self._unanswered = Unanswered(counts)
        self.running = self._unanswered.running
        self._callers, self._warning_s = callers, limits.warning_s
        self._shape_of = counts.memo.of
        self._failed: dict[int | None, None] = {}

    def started(self, event: "CommandStartedEvent") -> None:
        """Find the command's shape before it runs, since a reply does not say it."""
        try:
            name, command, cursor = event.command_name, event.command, None
            if name in COMMANDS:
                database = command.get("$db")
                counts = self._shape_of(command, name, database or event.database_name)
            elif name == "getMore":
                cursor = command["getMore"]
                found = self.cursors.of(cursor)
                if found is None:
                    return
                counts = found
            elif name == "bulkWrite":
                counts = self.counts.of(bulk_shape(command))
            else:
                if name == "killCursors":
                    self.cursors.killed(command.get("cursors"))
                return
            request = CURRENT.get()
            if cursor is None:
                if request is not None and self._callers:
                    asked = (request.method, request.route())
                    (counts.callers.get(asked) or self.counts.caller(counts, *asked))(1)
                if self._failed and event.operation_id in self._failed:
                    counts.add_retries(1)
            running, key = self.running, event.request_id or _stream(event)
            SENT.set(key)
            running[key] = (
                counts, None if self.explaining is None else command, cursor, request,
                CALLS.get() if CALLS.wanted else None,
            )  # fmt: skip
            if len(running) > MOST_RUNNING:
                self._unanswered.forget_oldest()
        except Exception:  # a fault of ours must not fail the application's query
            self.counts.fault("query started")

    def succeeded(self, event: "CommandSucceededEvent") -> None:
        """Count a command that was answered."""
        try:
            found = self.running.pop(event.request_id or _stream(event), None)
            if found is None:
                return
            counts, command, asked, request, call = found
            more = asked is not None
            seconds, reply = event.duration_micros * 1e-6, event.reply
            if counts.writes:
                returned = 0 if more else written_by(counts, reply)
                if "cursor" in reply or "writeErrors" in reply or "writeConcernError" in reply:
                    self._told(counts, asked, reply)
            elif (cursor := reply.get("cursor")) is not None:
                batch = cursor["nextBatch" if more else "firstBatch"]
                returned = len(batch)
                if returned == 1 and type(batch[0]) is bytes:
                    returned = 0  # one raw block of documents, which is not looked into
                left = cursor["id"]
                if left or more:
                    self._cursor(left, asked, counts)
            else:
                returned = returned_by(reply)
            if more:
                counts.add_returned(returned)
                counts.add_get_mores(1)
                counts.add_get_more_us(seconds * 1e6)
            else:
                counts.record(monotonic(), seconds, returned, RETURNED)
                if seconds >= self._warning_s:
                    self._slow(counts, command, request, seconds, returned)
            if request is not None:
                request.add_query(seconds)
            if call is not None:
                call.add(counts, seconds, returned, more=more)
        except Exception:  # as above
            self.counts.fault("query succeeded")

    def failed(self, event: "CommandFailedEvent") -> None:
        """Count a command that failed; its duration counts as well."""
        try:
            found = self.running.pop(event.request_id or _stream(event), None)
            if found is None:
                return
            counts, command, asked, request, call = found
            more = asked is not None
            seconds = event.duration_micros * 1e-6
            self.counts.failed(counts, code_of(event.failure))
            self._failed[event.operation_id] = None
            if len(self._failed) > _MOST_FAILED:
                self._failed.pop(next(iter(self._failed)), None)
            if more:
                self.cursors.exhausted(asked)
                counts.add_get_mores(1)
                counts.add_get_more_us(seconds * 1e6)
            else:
                counts.record(monotonic(), seconds)
                if seconds >= self._warning_s:
                    self._slow(counts, command, request, seconds, None)
            if request is not None:
                request.add_query(seconds)
            if call is not None:
                call.add(counts, seconds, 0, more=more)
        except Exception:  # as above
            self.counts.fault("query failed")

    def given_back(self) -> None:
        """A connection went back into its pool."""
        self._unanswered.given_back()

    def forget(self) -> None:
        """After a fork: these commands run in the parent."""
        self._unanswered.forget()
        self._failed = {}
        self.cursors.forget()

    def _told(self, counts: ShapeCounts, asked: object, reply: Mapping[str, Any]) -> None:
        """What became of single statements. Of a client's bulk_write there is a cursor over it: no documents."""
        if "cursor" in reply:
            self._cursor(reply["cursor"]["id"], asked, counts)
        for code in write_errors(reply):
            self.counts.failed(counts, code)

    def _cursor(self, cursor: int, asked: object, counts: ShapeCounts) -> None:
        if asked is None:
            if cursor:
                self.cursors.opened(cursor, counts)
        elif not cursor:
            self.cursors.exhausted(asked)

    def _slow(
        self,
        counts: ShapeCounts,
        command: Mapping[str, Any] | None,
        request: RequestInProgress | None,
        seconds: float,
        returned: int | None,
    ) -> None:
        if seconds < self.limits.slow_s:
            counts.add_warnings(1)
        else:
            counts.add_slow(1)
            endpoint = None if request is None else (request.method, request.route() or UNMATCHED)
            self.counts.slow_samples.append(
                SlowQuery(time(), counts.id, counts.collection, counts.op, seconds, endpoint, returned)
            )
        if self.explaining is not None and command is not None:
            self.explaining.offer(counts, command, seconds)


def _stream(event: Any) -> object:
    """An exhaust cursor's further batches are not asked for, so they have no number; its connection is its own."""
    return event.connection_id, event.server_connection_id
