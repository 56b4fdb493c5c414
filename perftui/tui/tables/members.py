"""Members of the replica set in view, as the set and our own connections see them."""

from collections.abc import Sequence

from perftui.model.mongodb import Member
from perftui.tui.formatting import UNKNOWN, duration, milliseconds
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.grades import graded, plain, too_high, words
from perftui.tui.view import State, View

_WELL = frozenset({"PRIMARY", "SECONDARY", "ARBITER"})


def rows(view: View) -> Sequence[Member]:
    target = view.target("mongodb")
    return () if target is None or target.replica_set is None else target.replica_set.members


def grade_role(member: Member, _view: View) -> State:
    if member.healthy is False or member.role in ("DOWN", "REMOVED"):
        return "over"
    if member.role not in _WELL:
        return "warning"
    return "accent" if member.role == "PRIMARY" else "normal"


def grade_lag(member: Member, view: View) -> State:
    return too_high(member.lag_s, view.thresholds.replication_lag_s)


def health(member: Member) -> str | None:
    return None if member.healthy is None else ("healthy" if member.healthy else "down")


def _in_view(member: Member, view: View) -> bool:
    target = view.target("mongodb")
    return target is not None and member.target_id == target.target.id


def _address(member: Member, view: View) -> str:
    return ("* " if _in_view(member, view) else "  ") + member.address


def _votes(member: Member) -> str:
    if member.hidden:
        return "hidden"
    return UNKNOWN if member.votes is None else str(member.votes)


def _empty(view: View) -> str:
    return explain_absence(view, "mongodb", "mongodb.members", "This server is not a member of a replica set.")


MEMBERS: TableSpec[Member] = TableSpec(
    name="members",
    columns=(
        Column(
            "address",
            "  MEMBER",
            26,
            text=_address,
            sort=lambda row: row.address,
            state=lambda row, view: "accent" if _in_view(row, view) else "normal",
            align="left",
        ),
        words("role", "ROLE", 11, lambda row: row.role, state=grade_role),
        words("health", "HEALTH", 8, health, 2, state=grade_role),
        graded("lag", "LAG", 8, lambda row: row.lag_s, duration, grade_lag),
        plain("ping", "PING", 8, lambda row: row.ping_ms, milliseconds, 1),
        Column("votes", "VOTES", 6, text=lambda row, _view: _votes(row), sort=lambda row: row.votes, priority=3),
        words("message", "SAYS", 10, lambda row: row.message, flexible=True),
    ),
    rows=rows,
    filled_by=("mongodb", "replica_set"),
    key=lambda row: row.address,
    default_sort="address",
    descending=False,
    full_text=lambda row, _view: row.message or row.address,
    empty=_empty,
)
