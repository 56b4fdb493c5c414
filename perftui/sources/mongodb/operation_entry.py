"""An entry of `$currentOp` as a model object. Every field is optional."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from perftui.advice.shapes.shape import shape_of
from perftui.model.command_text import one_line, to_json
from perftui.model.comment import endpoint_of
from perftui.model.operation import Noise, Operation, Progress
from perftui.model.text import safe_text
from perftui.sources.mongodb.operation_place import command_of, namespace_of
from perftui.sources.mongodb.plain import real, whole
from perftui.sources.mongodb.waits import lock_wait_ms
from perftui.sources.mongodb.write_concern import awaited_concern

Entry = Mapping[str, Any]

_TEXT_LIMIT = 1000
_COMMAND_LIMIT = 8192
_AT_THE_TICKET_US = 50_000
_HELLOS = ("hello", "isMaster", "ismaster")


class Described(NamedTuple):
    """What of an operation stays the same for as long as it runs."""

    opid: int | str | None
    ns: str
    op: str
    started_at: float | None
    text: str
    command: str
    shape_id: str | None
    endpoint: str | None
    """Method and route, as the comment says."""


def noise_of(entry: Entry) -> Noise | None:
    """Why this entry is hidden by default."""
    command = entry.get("command") or {}
    if isinstance(command, Mapping) and any(name in command for name in _HELLOS):
        return "parked"
    if entry.get("ns") == "local.oplog.rs" and entry.get("op") == "getmore":
        return "internal"
    if not entry.get("active", True) or entry.get("type") in ("idleSession", "idleCursor"):
        return "idle"
    if entry.get("op") == "none" and not _is_index_build(entry):
        return "internal"
    return None


def serves_the_set(entry: Entry) -> bool:
    """Whether a member of the set or a shard sent it: replication, elections, migrations, and what they read."""
    if (user_of(entry) or "").startswith("__system@") or str(entry.get("ns") or "").startswith("local."):
        return True
    command = entry.get("command")
    name = str(next(iter(command), "")) if isinstance(command, Mapping) else ""
    return name.startswith(("replSet", "_")) or entry.get("appName") == "OplogFetcher"


def describe(entry: Entry, started_at: float | None) -> Described:
    """The expensive part, done once an operation."""
    command = command_of(entry)
    ns, op = safe_text(namespace_of(entry), 300), safe_text(str(entry.get("op") or "none"), 50)
    truncated = command.get("$truncated") if isinstance(command, Mapping) else None
    return Described(
        opid=opid_of(entry),
        ns=ns,
        op=op,
        started_at=started_at,
        text=_one_line(command, truncated),
        command=to_json(command, _COMMAND_LIMIT),
        shape_id=shape_of(command, ns).id if command and truncated is None and ns else None,
        endpoint=_endpoint(entry.get("command"), command),
    )


def _endpoint(*commands: object) -> str | None:
    for command in commands:
        found = endpoint_of(command.get("comment")) if isinstance(command, Mapping) else None
        if found is not None:
            return " ".join(found)
    return None


def _one_line(command: Entry, truncated: object) -> str:
    """Empty for a session or cursor that runs nothing now."""
    if truncated is not None:
        return safe_text(str(truncated), _TEXT_LIMIT)
    return one_line(command, _TEXT_LIMIT) if command else ""


def operation(entry: Entry, described: Described) -> Operation:
    """The entry with what was described of it before."""
    noise = noise_of(entry)
    is_a_clients = noise is None and not serves_the_set(entry)
    client = entry.get("client") or entry.get("client_s")
    microseconds = real(entry.get("microsecs_running"))
    running = real(entry.get("secs_running")) if microseconds is None else microseconds / 1e6
    return Operation(
        opid=described.opid,
        active=bool(entry.get("active", True)),
        op=described.op,
        ns=described.ns,
        running_s=None if running is None else round(running, 3),
        client=_text(client),
        app_name=_text(entry.get("appName")),
        user=user_of(entry),
        plan_summary=_text(entry.get("planSummary")),
        waiting_for=waiting_for(entry),
        yields=whole(entry.get("numYields")),
        write_conflicts=whole(entry.get("writeConflicts")),
        lock_wait_ms=lock_wait_ms(entry.get("lockStats")),
        text=described.text,
        command=described.command,
        message=_text(entry.get("msg")),
        progress=_progress(entry),
        shape_id=described.shape_id,
        endpoint=described.endpoint,
        shard=_text(entry.get("shard")),
        noise=noise,
        killable=is_a_clients and bool(client and described.ns and described.command != "{}" and described.opid),
        started_at=described.started_at,
    )


def _waits_for_ticket(entry: Entry) -> bool:
    """Before 8.0 the server does not say so; but what has locked the version and not yet `Global` is at the ticket."""
    locks = entry.get("locks")
    begun = not isinstance(locks, Mapping) or "Global" in locks or "FeatureCompatibilityVersion" not in locks
    waited = real(entry.get("microsecs_running")) or 0.0
    return not begun and str(entry.get("ns") or "").endswith(".$cmd") and waited >= _AT_THE_TICKET_US


def waiting_for(entry: Entry) -> str | None:
    """What it waits for, in words, or `None`."""
    if entry.get("waitingForLock"):
        held = entry.get("locks") or {}
        names = ", ".join(f"{name} {mode}" for name, mode in held.items()) if isinstance(held, Mapping) else ""
        return safe_text(f"lock ({names})" if names else "lock")
    if entry.get("waitingForFlowControl"):
        return "flow control"
    queue = entry.get("currentQueue")
    if isinstance(queue, Mapping) and queue:
        return safe_text(f"{queue.get('name', 'execution')} ticket")
    if _waits_for_ticket(entry):
        return "execution ticket"
    if concern := awaited_concern(entry):
        return concern
    latch = entry.get("waitingForLatch")
    if isinstance(latch, Mapping) and latch:
        return safe_text(f"latch {latch.get('captureName', '')}".strip())
    return None


def _is_index_build(entry: Entry) -> bool:
    return str(entry.get("desc", "")).startswith("IndexBuildsCoordinator") or "Index Build" in str(entry.get("msg", ""))


def opid_of(entry: Entry) -> int | str | None:
    """A shard's name and a number, as text, on a mongos; of BSON's kinds of text only the text."""
    opid = entry.get("opid")
    return str(opid) if isinstance(opid, str) else whole(opid)


def user_of(entry: Entry) -> str | None:
    users = entry.get("effectiveUsers") or entry.get("runBy") or ()
    if not isinstance(users, list):
        return None
    names = [f"{user.get('user', '?')}@{user.get('db', '?')}" for user in users if isinstance(user, Mapping)]
    return safe_text(", ".join(names)) or None


def _progress(entry: Entry) -> Progress | None:
    progress = entry.get("progress")
    if not isinstance(progress, Mapping):
        return None
    done, total = whole(progress.get("done")), whole(progress.get("total"))
    return None if done is None or total is None else Progress(done=done, total=total)


def _text(value: object) -> str | None:
    return safe_text(str(value), 500) if value not in (None, "") else None
