"""Entries of a profile, or slow log lines under its names, counted into a workload."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from perftui.advice.shapes.shape import originating_command, shape_of
from perftui.analysis.reservoir import keep_bson
from perftui.analysis.shape_totals import ShapeTotals
from perftui.analysis.views import on_collection
from perftui.analysis.workload import Workload
from perftui.analysis.write_totals import updated_paths
from perftui.model.text import safe_text
from perftui.sources.mongodb.execution import Execution, profiled_execution
from perftui.sources.mongodb.profile_entry import command_from_plan
from perftui.sources.numbers import whole

Entry = Mapping[str, Any]
_NS = 300
_PLAN_BYTES = 64 * 1024


class Wanted(NamedTuple):
    """Which entries count. Times are Unix seconds."""

    own_name: str | None = None
    """Entries of this application are left out."""
    since: float | None = None
    until: float | None = None
    ns: str | None = None
    """One `database.collection`, or a whole `database`."""
    minimum_ms: float | None = None

    def takes(self, one: Execution, ns: str, sent_to: str) -> bool:
        """An entry without a time is within every time; a view's counts for its collection and under its own name."""
        if self.since is not None and one.at and one.at < self.since:
            return False
        if self.until is not None and one.at and one.at > self.until:
            return False
        if self.minimum_ms is not None and one.milliseconds < self.minimum_ms:
            return False
        if self.ns is None or self.ns in (ns, sent_to):
            return True
        return "." not in self.ns and ns.partition(".")[0] == self.ns


EVERYTHING = Wanted()


def add_entries(workload: Workload, entries: Iterable[Entry], wanted: Wanted) -> int:
    """Count those that are wanted; returns how many."""
    return sum(_add(workload, entry, wanted) for entry in entries)


def _add(workload: Workload, entry: Entry, wanted: Wanted) -> bool:
    if wanted.own_name is not None and entry.get("appName") == wanted.own_name:
        return False
    ns = safe_text(str(entry.get("ns", "")), _NS)
    command, getmore, views = _command(entry, ns)
    asked = on_collection(command, ns, views)
    one = profiled_execution(entry, getmore=getmore)
    if not wanted.takes(one, asked.ns, ns):
        return False
    totals = workload.totals(shape_of(asked.command, asked.ns))
    if totals.add(one):
        whole_command = "$truncated" not in command and "truncated" not in entry
        workload.keep(totals, keep_bson(command, ns, views) if whole_command else None)
    _keep_plan(totals, entry, one)
    _count_writes(workload, entry, asked.ns)
    return True


def _command(entry: Entry, ns: str) -> tuple[Mapping[str, Any], bool, object]:
    """What was asked; a getMore stands for the command it goes on with."""
    command = entry.get("command")
    if not isinstance(command, Mapping):
        command = {"unknown": 1} if command is None else {"$truncated": str(command)}
    getmore = entry.get("op") == "getmore" or "getMore" in command
    origin = entry.get("originatingCommand") if getmore else None
    if isinstance(origin, Mapping):
        return origin, True, None
    if (inner := originating_command(command)) is not None:
        return inner, True, None
    if "$truncated" in command:
        found = command_from_plan(entry, command, ns)
        command = found or command
    return command, getmore, entry.get("resolvedViews")


def _keep_plan(totals: ShapeTotals, entry: Entry, one: Execution) -> None:
    """The slowest execution's entry shows where the time goes."""
    if one.executions and one.milliseconds > totals.slowest_ms and "execStats" in entry:
        kept = keep_bson(entry, "")
        if kept is not None and len(kept.data) <= _PLAN_BYTES:
            totals.slowest_ms, totals.plan_entry = one.milliseconds, kept.data


def _count_writes(workload: Workload, entry: Entry, ns: str) -> None:
    inserted = (whole(entry.get("ninserted")) or 0) + (whole(entry.get("nUpserted")) or 0)
    deleted, updated = whole(entry.get("ndeleted")) or 0, whole(entry.get("nModified")) or 0
    if not (inserted or deleted or updated) or (written := workload.written(ns)) is None:
        return
    written.inserted += inserted
    written.deleted += deleted
    if updated:
        command = entry.get("command")
        known = command if isinstance(command, Mapping) else {}
        written.add_update(updated, updated_paths(known.get("u", known.get("update"))))
