"""Slow query lines of a structured log, counted into a workload at about the speed of reading them."""

import re
from collections.abc import Iterable

import msgspec

from perftui.advice.shapes.shape import Shape, shape_of
from perftui.analysis.entries import EVERYTHING, Wanted, add_entries
from perftui.analysis.reservoir import Kept
from perftui.analysis.shape_totals import ShapeTotals
from perftui.analysis.views import on_collection
from perftui.analysis.workload import Workload
from perftui.analysis.write_totals import updated_paths
from perftui.model.text import safe_text
from perftui.sources.mongodb.extended_json import from_extended
from perftui.sources.mongodb.log_line import (
    SLOW_QUERY_ID,
    SLOW_QUERY_MARK,
    LoggedExecution,
    decode_line,
    document,
    update_of,
)
from perftui.sources.mongodb.log_skeleton import command_skeleton, text_skeleton
from perftui.sources.mongodb.logged_execution import LineClock, complete
from perftui.sources.mongodb.slow_log import slow_log_entry

_GETMORE = b'{"getMore"'
_MEMO = 20_000
_NS = 300
_OLD_TEXT = re.compile(
    rb"\d{4}-\d\d-\d\dT[\d:.]+(?:[+-]\d{4}|Z) (?:[A-Z]\d? +\S+ +)?\[|[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ \d\d:"
)


class LogLines:
    """Counts lines of any kind; what cannot be read is counted, never raised."""

    def __init__(self, workload: Workload, wanted: Wanted, *, leave_out: frozenset[str] = frozenset()) -> None:
        """`leave_out`: databases whose executions are known from elsewhere."""
        self._workload, self._wanted, self._leave_out = workload, wanted, leave_out
        self._own_name = wanted.own_name
        self._selects = wanted._replace(own_name=None) != EVERYTHING
        self._clock = LineClock()
        self._known: dict[tuple[object, ...], ShapeTotals] = {}
        self._paths: dict[bytes, tuple[str, ...] | None] = {}
        self.lines = 0
        self.slow_queries = 0
        self.unreadable = 0
        """Lines that are no JSON, such as one that was cut when the log was rotated."""
        self.old = 0
        """Of the unreadable ones, those in the text format before 4.4."""
        self.cut_commands = 0
        """Slow queries whose command the server cut for its length."""

    def add(self, lines: Iterable[bytes]) -> None:
        """Count these lines, without or with their line ends."""
        for line in lines:
            self.lines += 1
            if SLOW_QUERY_MARK not in line:
                self._note_other(line)
                continue
            try:
                self._add(line)
            except msgspec.ValidationError:
                self._add_leniently(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                self._note_unreadable(line)

    def _note_other(self, line: bytes) -> None:
        """A line of another kind is looked at no further than its two ends."""
        text = line.strip()
        if text and (text[:1] != b"{" or text[-1:] != b"}"):
            self._note_unreadable(text)

    def _note_unreadable(self, line: bytes) -> None:
        self.unreadable += 1
        self.old += bool(_OLD_TEXT.match(line))

    def _add(self, line: bytes) -> None:
        entry = decode_line(line)
        one = entry.attributes
        if entry.id != SLOW_QUERY_ID or one is None:
            return
        self.slow_queries += 1
        if one.app_name == self._own_name is not None:
            return
        if self._leave_out and one.ns.partition(".")[0] in self._leave_out:
            return
        complete(one, line, self._clock.seconds(entry.moment.date))
        command = bytes(one.command)
        if not one.executions or command.startswith(_GETMORE):
            one.executions = 0
            command = bytes(one.originating) or command
        totals = self._totals(one, command)
        if self._selects and not self._wanted.takes(one, totals.shape.ns, one.ns):
            return
        cut = entry.truncated is not None
        self.cut_commands += cut
        if totals.add(one):
            kept = None if cut or not command else Kept(command, False, one.ns, bytes(one.resolved_views))
            self._workload.keep(totals, kept)
        if one.modified or one.inserted or one.deleted or one.upserted:
            self._count_writes(one, totals.shape.ns, command)

    def _totals(self, one: LoggedExecution, command: bytes) -> ShapeTotals:
        """The shape's sums: looked up by the command's skeleton, worked out only for one that was not seen yet."""
        skeleton = command_skeleton(command)
        if skeleton is None:
            return self._workload.totals(self._shape(one, command))
        key = (one.ns, bytes(one.resolved_views), skeleton)
        found = self._known.get(key)
        if found is None or found.gone:
            if len(self._known) >= _MEMO:
                self._known.clear()
            found = self._known[key] = self._workload.totals(self._shape(one, command))
        return found

    def _shape(self, one: LoggedExecution, command: bytes) -> Shape:
        decoded = document(command) if command else {"unknown": 1}
        views = document(one.resolved_views) if bytes(one.resolved_views) else None
        if not isinstance(decoded, dict):
            decoded = {"$truncated": str(decoded)}
        asked = on_collection(decoded, safe_text(one.ns, _NS), views)
        return shape_of(asked.command, asked.ns)

    def _count_writes(self, one: LoggedExecution, ns: str, command: bytes) -> None:
        written = self._workload.written(ns)
        if written is None:
            return
        written.inserted += (one.inserted or 0) + (one.upserted or 0)
        written.deleted += one.deleted or 0
        if one.modified:
            written.add_update(one.modified, self._updated(command))

    def _updated(self, command: bytes) -> tuple[str, ...] | None:
        update = update_of(command)
        verbatim = not update or b"$rename" in update or b"$unset" in update
        key = update if verbatim else text_skeleton(update)
        if key not in self._paths:
            if len(self._paths) >= _MEMO:
                self._paths.clear()
            self._paths[key] = updated_paths(document(update)) if update else None
        return self._paths[key]

    def _add_leniently(self, line: bytes) -> None:
        """A value of another type than every server is known to write."""
        entry = slow_log_entry(line.decode("utf-8", "replace"), any_spacing=True)
        if entry is None:
            self._note_unreadable(line)
            return
        self.slow_queries += 1
        if str(entry.get("ns", "")).partition(".")[0] in self._leave_out:
            return
        for name in ("command", "originatingCommand", "resolvedViews"):
            if name in entry:
                entry[name] = from_extended(entry[name])
        add_entries(self._workload, [entry], self._wanted)
