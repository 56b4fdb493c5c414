"""Index builds that are under way, from `$currentOp` and the server's counters of their phases."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from perftui.model.index import IndexBuild
from perftui.model.text import safe_text
from perftui.sources.mongodb.operation_entry import opid_of
from perftui.sources.mongodb.plain import documents, part, real, text, whole

Entry = Mapping[str, Any]

_MOST_BUILDS = 100
_FIELDS = (
    "opid", "ns", "active", "desc", "msg", "progress", "microsecs_running", "secs_running", "command.createIndexes",
    "command.indexes.name", "shard",
)  # fmt: skip
_COUNTED = re.compile(r":? *\d+/\d+ +\d+%$")


def builds_pipeline(*, idle: bool) -> list[dict[str, Any]]:
    """The threads that build. One that waits for the commit quorum is seen among the `idle` ones only.

    `idle` makes the server go through all its idle connections too.
    """
    return [
        {"$currentOp": {"allUsers": True, "idleConnections": idle}},
        {"$match": {"desc": {"$regex": "^IndexBuildsCoordinator"}, "ns": {"$gt": ""}}},
        {"$limit": _MOST_BUILDS},
        {"$project": dict.fromkeys(_FIELDS, 1)},
    ]


def waiting_for_quorum(status: Entry) -> int | None:
    """How many builds wait for other members' votes, from a `serverStatus`; `None` where it does not tell."""
    return whole(part(status, "activeIndexBuilds", "phases").get("waitForCommitQuorum"))


def builds_of(operations: Sequence[Entry], waiting: int | None = None) -> tuple[IndexBuild, ...]:
    """The longest running first; those that do nothing wait for the quorum where the server says that some do."""
    builds = [_build(one, waiting or 0) for one in operations]
    return tuple(sorted(builds, key=lambda build: -(build.running_s or 0.0)))


def _build(operation: Entry, waiting: int) -> IndexBuild:
    command, progress = part(operation, "command"), part(operation, "progress")
    microseconds = real(operation.get("microsecs_running"))
    return IndexBuild(
        ns=str(operation.get("ns", "?")),
        names=tuple(str(one["name"]) for one in documents(command.get("indexes"), 64) if "name" in one),
        opid=opid_of(operation),
        message=_message(text(operation.get("msg"))),
        done=whole(progress.get("done")),
        total=whole(progress.get("total")),
        running_s=round(microseconds / 1e6, 1) if microseconds is not None else real(operation.get("secs_running")),
        waits_for_quorum=waiting > 0 and operation.get("active") is False,
    )


def _message(message: str | None) -> str | None:
    """The server names the phase twice, and ends with what `progress` says as numbers."""
    if message is None:
        return None
    words = _COUNTED.sub("", message)
    half = len(words) // 2
    if len(words) % 2 and words[:half] == words[half + 1 :]:
        words = words[:half]
    return safe_text(words.removeprefix("Index Build: "), 200)
