"""Details of a group of operations, and of a client's connections."""

from collections import Counter
from collections.abc import Hashable, Sequence

from perftui.advice.contention.groups import connection_value, machine_of, value_of
from perftui.model.operation import Operation
from perftui.tui.formatting import UNKNOWN, duration, number, share
from perftui.tui.lines import Piece
from perftui.tui.screens.document import Document, Fact, Facts, Rows, Text
from perftui.tui.tables import connections, operation_groups
from perftui.tui.view import View

_MOST, _MOST_NAMES = 100, 8


def group(view: View, key: Hashable) -> Document | None:
    row = next((one for one in operation_groups.rows(view) if operation_groups.key(one) == key), None)
    if row is None:
        return None
    count = operation_groups.grade_count(row, view)
    facts = (
        Fact("operations", number(len(row.operations)), count),
        Fact("oldest", duration(row.oldest_s)),
        Fact("median", duration(row.median_s)),
        Fact("waiting", number(row.waiting), "warning" if row.waiting else "normal"),
        Fact("for locks", number(row.waiting_for_locks)),
        Fact("read everything", f"{row.scanning:,} (COLLSCAN)" if row.scanning else "none"),
        Fact("kill", f"K kills {len(row.killable):,} of them, asks first" if row.killable else "none may be killed"),
    )
    blocks = (
        Facts(facts),
        _counted([one.ns or UNKNOWN for one in row.operations], "COLLECTIONS"),
        _counted([f"{one.app_name or UNKNOWN} on {machine_of(one.client)}" for one in row.operations], "SENT BY"),
        _listed(row.operations),
    )
    copied = " ".join(str(one.opid) for one in row.operations)
    return Document(f"Group of {row.key.by}: {row.name}", blocks, copied=copied, at=view.snapshot.taken_at)


def connection(view: View, key: Hashable) -> Document | None:
    row = next((one for one in connections.rows(view) if (one.client, one.app_name) == key), None)
    target = view.target("mongodb")
    if row is None or target is None:
        return None
    server = target.mongodb.connections if target.mongodb is not None else None
    listed = target.operations.operations if target.operations is not None else ()
    wanted = connection_value(row.client, row.app_name)
    own = [one for one in listed if one.noise is None and value_of(one, "connection") == wanted]
    facts = (
        Fact("connections", number(row.connections), connections.grade_connections(row, view)),
        Fact("with an operation", number(row.active)),
        Fact("idle", number(row.connections - row.active)),
        Fact("of all", share(connections.share_of_all(row, view))),
        Fact("server has", number(server.current if server is not None else None)),
        Fact("and room for", number(server.available if server is not None else None)),
    )
    words = "Enter on its row shows its operations. Idle connections are a pool's; they cost memory, about 1 MB each."
    blocks = (Facts(facts), _listed(own), Text(words, prose=True))
    title = f"Connections of {row.app_name or 'an unnamed application'} on {row.client}"
    return Document(title, blocks, copied=wanted, at=view.snapshot.taken_at)


def _counted(names: Sequence[str], heading: str) -> Rows:
    lines = [((f"{count:>7,}  ", "value"), (name, "normal")) for name, count in Counter(names).most_common(_MOST_NAMES)]
    return Rows(tuple(lines), heading)


def _listed(operations: Sequence[Operation]) -> Rows:
    shown = tuple(_line(one) for one in operations[:_MOST])
    more: tuple[tuple[Piece, ...], ...] = ()
    if len(operations) > _MOST:
        more = (((f"and {len(operations) - _MOST:,} more", "dim"),),)
    return Rows((*shown, *more), "OPERATIONS")


def _line(one: Operation) -> tuple[Piece, ...]:
    waiting = f"  waits for {one.waiting_for}" if one.waiting_for else ""
    said = f"  {one.opid}  {one.op} {one.ns}  {one.client or UNKNOWN}{waiting}  {one.text}"
    return ((f"{duration(one.running_s):>9}", "value"), (said, "normal"))
