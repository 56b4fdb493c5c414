"""Reads again after a build: is it there, is it ready, and on which members."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from perftui.actions.access import Access, Reached
from perftui.actions.base import ActionProgress, Outcome, TellProgress
from perftui.actions.build_commands import Group
from perftui.actions.build_run import Built
from perftui.actions.build_watch import state_of
from perftui.actions.index_entries import IndexEntry, list_indexes
from perftui.actions.index_use import data_members
from perftui.sources.mongodb.client import max_time_ms

_OTHERS_WITHIN_S = 5.0
_LOOK_EVERY_S = 0.2


async def created_entries(reached: Reached, group: Group, before: set[str], limit_ms: int) -> list[IndexEntry]:
    """Those of the group that are there now and were not before."""
    entries = await list_indexes(reached.client, group.ns, limit_ms)
    return [entry for entry in entries or () if entry.name in group.names and entry.name not in before]


async def verify(
    access: Access, reached: Reached, group: Group, built: Built, created: Sequence[IndexEntry], tell: TellProgress
) -> Outcome:
    """The outcome in words; other members may need a moment to commit, or may not be reachable from here."""
    tell(ActionProgress(message=f"verifying {group.what}", phase="verifying"))
    reply = built.reply or {}
    if reply.get("createdCollectionAutomatically"):
        words = f"{group.ns} was dropped meanwhile, and the server created it again, empty."
        return Outcome(state="failed", message=f"{words} Drop it if that is not what you want.")
    state = state_of(await list_indexes(reached.client, group.ns, max_time_ms(access.connection)), group.names)
    if state != "ready":
        words = "is not ready yet" if state == "building" else "is not there"
        return Outcome(state="unverified", message=f"The server accepted it, but {group.what} {words}.")
    if not created:
        return Outcome(state="done", message=f"{group.what} was there already; nothing was created.")
    members = await _on_members(access, reached, group)
    return Outcome(state="done", message=f"{group.what} is ready{members}. {built.message}".rstrip())


async def _on_members(access: Access, reached: Reached, group: Group) -> str:
    addresses = data_members(reached)
    if len(addresses) < 2:
        return ""
    others = await asyncio.gather(*(_on_member(access, address, group) for address in addresses[1:]))
    ready = 1 + sum(state == "ready" for state in others)
    late = [f"{address}: {state}" for address, state in zip(addresses[1:], others, strict=True) if state != "ready"]
    return f" on {ready} of {len(addresses)} members" + (f" ({'; '.join(late)})" if late else "")


async def _on_member(access: Access, address: str, group: Group) -> str:
    """`ready`, or why that cannot be said."""
    deadline = time.monotonic() + _OTHERS_WITHIN_S
    limit_ms = max_time_ms(access.connection)
    try:
        async with access.member(address) as member:
            while (state := state_of(await list_indexes(member.client, group.ns, limit_ms), group.names)) != "ready":
                if time.monotonic() > deadline:
                    return "still building" if state == "building" else "not there yet"
                await asyncio.sleep(_LOOK_EVERY_S)
    except Exception as error:  # a member that cannot be asked is named
        return access.failure(error).message.rstrip(".")
    return "ready"
