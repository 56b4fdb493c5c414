"""A replica set's members as an index build sees them: who votes, who is well, who has indexes at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from perftui.sources.mongodb.plain import NOTHING, documents, part, real, text, whole
from perftui.sources.mongodb.reads import Reads

Entry = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class VotingMember:
    """One member of the set, whether it votes or not."""

    address: str
    state: str
    """PRIMARY, SECONDARY, ARBITER, or why it is none: (not reachable/healthy), RECOVERING, ..."""
    healthy: bool
    votes: int | None = None
    arbiter: bool = False
    builds_indexes: bool = True
    """False where it is configured to have no indexes."""
    lag_s: float | None = None
    message: str | None = None

    @property
    def blocks_commit(self) -> bool:
        """With the default commit quorum a build waits for it without end; it is refused where it has no indexes."""
        able = self.healthy and self.builds_indexes and self.state in ("PRIMARY", "SECONDARY")
        return bool(self.votes) and not self.arbiter and not able


async def read_members(reads: Reads) -> tuple[VotingMember, ...] | None:
    """The set's members with votes and health; `None` with a note where the login may not read them."""
    what = "the health of the set's members"
    status = await reads.run({"replSetGetStatus": 1}, "replSetGetStatus", "", what=what, role="clusterMonitor")
    if status is None:
        return None
    what = "the votes of the set's members"
    reply = await reads.run({"replSetGetConfig": 1}, "replSetGetConfig", "", what=what, role="clusterMonitor")
    configured = {str(one.get("host")): one for one in documents(part(reply or NOTHING, "config").get("members"))}
    members = documents(status.get("members"))
    newest = max((moment for one in members if (moment := _applied(one)) is not None), default=None)
    return tuple(_member(one, configured.get(str(one.get("name")), NOTHING), newest) for one in members)


def _member(one: Entry, settings: Entry, newest: datetime | None) -> VotingMember:
    applied = _applied(one)
    state = str(one.get("stateStr", "UNKNOWN"))
    lag = (newest - applied).total_seconds() if newest is not None and applied is not None else None
    return VotingMember(
        address=str(one.get("name", "?")),
        state=state,
        healthy=real(one.get("health")) == 1.0,
        votes=whole(settings.get("votes")),
        arbiter=state == "ARBITER" or settings.get("arbiterOnly") is True,
        builds_indexes=settings.get("buildIndexes") is not False,
        lag_s=max(0.0, lag) if lag is not None and state == "SECONDARY" else None,
        message=text(one.get("lastHeartbeatMessage")) or None,
    )


def _applied(member: Entry) -> datetime | None:
    """When the last write that this member applied was made, by the primary's clock."""
    moment = member.get("optimeDate")
    return moment if isinstance(moment, datetime) and moment.year > 1970 else None
