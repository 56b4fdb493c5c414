"""The lines between the tabs and the table: a page's figures that are no rows. Imported with the first such page."""

from collections.abc import Iterable

from perftui.model.application import ApplicationMetrics
from perftui.model.budgets.changes import words
from perftui.model.budgets.standing import state_of
from perftui.model.mongodb import Member
from perftui.model.redis import RedisServer
from perftui.model.snapshot import SourceState, TargetState
from perftui.model.target import TargetKind
from perftui.tui.formatting import age, duration, milliseconds, number, rate, share, size
from perftui.tui.lines import Piece
from perftui.tui.meters.block import grade, main_source
from perftui.tui.view import State, View

Lines = list[list[Piece]]
_WASTE = 10
"""So many documents examined for each that is returned are worth a word."""


def operations(view: View) -> Lines:
    """How many operations there are and what they wait for; then the members of the set."""
    target = view.target("mongodb")
    if target is None:
        return [[]]
    listed = target.operations
    shown = () if listed is None else tuple(one for one in listed.operations if view.show_noise or one.noise is None)
    waiting = sum(1 for one in shown if one.waiting_for)
    idle = sum(1 for one in listed.transactions if not one.active and one.locks) if listed is not None else 0
    figures = _figures(
        ("shown", number(len(shown)), "normal"),
        ("waiting", number(waiting), "warning" if waiting else "normal"),
        ("transactions", f"{len(listed.transactions)}, {idle} idle", "warning" if idle else "normal")
        if listed is not None and listed.transactions
        else None,
        ("hidden", "none" if view.show_noise else number(listed.hidden if listed else None), "normal"),
        ("beyond the limit", number(listed.cut), "warning") if listed is not None and listed.cut else None,
        ("own login only", "yes", "warning") if listed is not None and listed.sees_all_users is False else None,
    )
    return [figures, _members(target), *_notices(view, target, "operations")]


def queries(view: View) -> Lines:
    """Which source the digest is made of, and what it may lack."""
    target = view.target("mongodb")
    if target is None or target.queries is None:
        return [[], *_notices(view, target, "quer", "slow", "profil")]
    from perftui.tui.tables.queries import say_coverage

    digest = target.queries
    lost = digest.lost_entries is None or digest.lost_entries > 0
    pieces: list[Piece] = [(" ", "normal"), (say_coverage(digest), "warning" if lost else "normal")]
    if digest.databases:
        pieces.append(("   databases " + ", ".join(digest.databases[:8]), "label"))
    notices = _notices(view, target, "quer", "slow", "profil")
    says_it_again = bool(notices) and notices[0][0][0].startswith(" Slow queries are read from the profiler of")
    return [pieces, *_scanning(view, target), *([] if says_it_again else notices)]


def _scanning(view: View, target: TargetState) -> Lines:
    """What the whole server reads for what it returns, while it scans collections; and which one stands out."""
    work = target.mongodb.work if target.mongodb is not None else None
    if work is None or (work.collection_scans_per_s or 0.0) < 1:
        return []
    from perftui.tui.tables.busy_collections import busiest

    examined, returned = work.examined_documents_per_s, work.returned_documents_per_s
    wasted = (examined or 0.0) > _WASTE * max(returned or 0.0, 1.0)
    found = busiest(view)
    return [
        _figures(
            ("scans/s", rate(work.collection_scans_per_s), "warning" if wasted else "normal"),
            ("examined/s", rate(examined), "warning" if wasted else "normal"),
            ("returned/s", rate(returned), "normal"),
            ("most of", f"{found.ns}: P in Collections profiles it", "warning") if found is not None else None,
        )
    ]


def indexes(view: View) -> Lines:
    target = view.target("mongodb")
    if target is None or target.indexes is None:
        return [[], *_notices(view, target, "index")]
    from perftui.tui.summary_indexes import index_lines

    return [*index_lines(view, target.indexes), *_notices(view, target, "index")]


def endpoints(view: View) -> Lines:
    target = view.target("application")
    if target is None:
        return [[]]
    app = target.application or ApplicationMetrics(format="perftui")
    limits, p95 = view.thresholds, app.latency_ms.p95
    figures = _figures(
        ("requests/s", rate(app.per_s), "normal"),
        ("active", number(app.active), "normal"),
        ("p50", milliseconds(app.latency_ms.p50), "normal"),
        ("p95", milliseconds(p95), "dim" if p95 is None else grade(p95, limits.endpoint_p95_ms)),
        ("p99", milliseconds(app.latency_ms.p99), "normal"),
        ("4xx", share(app.client_error_rate), "normal"),
        ("5xx", share(app.server_error_rate), _if_over(app.server_error_rate, limits.error_rate)),
        _over_budget(app),
        ("window", duration(app.window_s), "normal") if app.window_s else None,
        ("up", duration(app.process.uptime_s), "normal") if app.process.uptime_s else None,
    )
    if app.complete is False:
        figures.append(("   not all workers are in these figures", "warning"))
    return [figures, *_notices(view, target)]


def redis(view: View) -> Lines:
    target = view.target("redis")
    if target is None:
        return [[]]
    server = target.redis or RedisServer()
    memory, clients = server.memory, server.clients
    most = size(memory.maximum_bytes) if memory.maximum_bytes else "no limit"
    first = _figures(
        ("role", server.replication.role or "-", "normal"),
        ("memory", f"{size(memory.used_bytes)}/{most}", "normal"),
        ("policy", memory.policy or "-", "normal"),
        ("fragmentation", number(memory.fragmentation), "normal"),
        ("clients", f"{number(clients.connected)}/{number(clients.maximum)}", "normal"),
        ("blocked", number(clients.blocked), "warning" if clients.blocked else "normal"),
        ("keys", number(server.keys), "normal"),
        ("up", duration(server.uptime_s), "normal"),
    )
    return [first, _persistence(server, view), *_redis_budgets(server), *_notices(view, target)]


def _redis_budgets(server: RedisServer) -> Lines:
    from perftui.tui.tables.budgets import STATES

    limits = [(words(limit), STATES[state_of(limit)]) for limit in server.limits[:3]]
    return [_figures(*(("budget", said, state) for said, state in limits))] if limits else []


def host(view: View) -> Lines:
    target = view.target("host")
    if target is None or target.host is None:
        return [[], *_notices(view, target)]
    host = target.host
    fullest = sorted(host.filesystems, key=lambda one: one.free_bytes / max(one.total_bytes, 1))[:3]
    figures = _figures(
        ("load", " ".join(f"{value:.2f}" for value in host.load) if host.load else "-", "normal"),
        ("iowait", share(host.iowait_share), "normal"),
        ("steal", share(host.steal_share), "warning" if (host.steal_share or 0) > 0.05 else "normal"),
        ("swap", size(host.swap.used_bytes), "normal"),
        ("net in", size(host.network.received_bytes_per_s), "normal"),
        ("out", size(host.network.sent_bytes_per_s), "normal"),
        ("up", duration(host.uptime_s), "normal"),
    )
    disks = _figures(
        *(
            (
                one.mount,
                f"{size(one.free_bytes)} free of {size(one.total_bytes)}",
                _disk_state(one.used_bytes, one.total_bytes, view),
            )
            for one in fullest
        )
    )
    if host.container:
        disks += [("   container " + host.container, "label")]
    return [figures, disks, *_notices(view, target)]


def events(view: View) -> Lines:
    counted: dict[str, int] = {}
    for event in view.snapshot.events:
        counted[event.severity] = counted.get(event.severity, 0) + 1
    return [
        _figures(
            ("critical", number(counted.get("critical", 0)), "over" if counted.get("critical") else "normal"),
            ("warnings", number(counted.get("warning", 0)), "warning" if counted.get("warning") else "normal"),
            ("recovered", number(counted.get("recovered", 0)), "normal"),
            ("info", number(counted.get("info", 0)), "normal"),
        )
    ]


def caches(view: View) -> Lines:
    target = view.target("application")
    if target is None or target.application is None:
        return [[], *_notices(view, target)]
    known = [one for one in target.application.caches if one.hits is not None and one.misses is not None]
    hits, gets = sum(one.hits or 0 for one in known), sum((one.hits or 0) + (one.misses or 0) for one in known)
    overall = hits / gets if gets else None
    return [
        _figures(
            ("caches", number(len(target.application.caches)), "normal"),
            ("gets", number(gets), "normal"),
            ("hit rate", share(overall), _if_below(overall, view.thresholds.hit_rate)),
        ),
        *_notices(view, target),
    ]


def _figures(*items: tuple[str, str, str] | None) -> list[Piece]:
    pieces: list[Piece] = []
    for item in items:
        if item is not None:
            label, value, state = item
            pieces += [(f" {label} ", "label"), (value, "value" if state == "normal" else state), (" ", "normal")]
    return pieces


def _members(target: TargetState) -> list[Piece]:
    replica_set = target.replica_set
    if replica_set is None or not replica_set.members:
        return []
    pieces: list[Piece] = [(f" set {replica_set.name or '-'} ", "label")]
    for member in replica_set.members:
        text, state = _member(member)
        current = member.target_id == target.target.id
        pieces += [(" >" if current else "  ", "accent"), (text, "value" if current and state == "normal" else state)]
    return [*pieces, ("   m switches", "dim")] if len(replica_set.members) > 1 else pieces


def _member(member: Member) -> tuple[str, State]:
    text = f"{member.address} {member.role}"
    if member.lag_s is not None and member.role != "PRIMARY":
        text += f" lag {duration(member.lag_s)}"
    if member.ping_ms is not None:
        text += f" {milliseconds(member.ping_ms)}"
    well = member.healthy is not False and member.role in {"PRIMARY", "SECONDARY", "ARBITER"}
    return (text, "normal") if well else (text + " !", "over")


def _over_budget(app: ApplicationMetrics) -> tuple[str, str, str] | None:
    """How many endpoints are over, where any has a budget."""
    states = [one.budget for one in app.endpoints if one.budget is not None]
    over = states.count("over")
    return ("over budget", f"{over} of {len(states)}", "over" if over else "normal") if states else None


def _persistence(server: RedisServer, view: View) -> list[Piece]:
    kept = server.persistence
    return _figures(
        ("last save", view.clock(kept.last_save_at), "over" if kept.last_save_ok is False else "normal"),
        ("failed", "yes", "over") if kept.last_save_ok is False else None,
        ("changes since", number(kept.changes_since_save), "normal"),
        ("append-only", "-" if kept.append_only is None else "on" if kept.append_only else "off", "normal"),
        ("loading", "yes", "warning") if kept.loading else None,
        *(
            (f"db {one.database}", f"{number(one.keys)} keys, {number(one.expires)} expire", "normal")
            for one in server.keyspace[:3]
        ),
    )


def _notices(view: View, target: TargetState | None, *names: str) -> Lines:
    """A failing source with what would help, else the rights that are missing, each named once."""
    if target is None:
        return []
    kind: TargetKind = target.target.kind
    wanted = [source for source in target.sources if not names or any(name in source.source for name in names)]
    for source in [*wanted, *_main(target)]:
        if source.failure is not None:
            since = f" since {view.clock(source.failing_since)}" if source.failing_since else ""
            read = f", last read {age(view.snapshot.taken_at - source.read_at)} ago" if source.read_at else ""
            said = f" {source.failure.message.rstrip('.')}{since}{read}. {source.failure.help}"
            return [[(said, "over")]]
    missing = [one for source in wanted for one in source.capabilities if one.state == "missing"]
    if missing:
        first, more = missing[0], len(missing) - 1
        needs = f": needs {first.needs}" if first.needs else ""
        rest = f" (and {more} more: perftui doctor)" if more else ""
        return [[(f" Not allowed on this {kind}: {first.shows}{needs}{rest}", "warning")]]
    notes = [note for source in wanted for note in source.notes]
    return [[(" " + notes[0], "dim")]] if notes else []


def _main(target: TargetState) -> Iterable[SourceState]:
    source = main_source(target)
    return () if source is None else (source,)


def _if_over(value: float | None, limit: float) -> State:
    return grade(value, limit, 0.2) if value else "normal"


def _if_below(value: float | None, limit: float) -> State:
    return "over" if value is not None and value < limit else "normal"


def _disk_state(used: int, total: int, view: View) -> State:
    return grade(used / max(total, 1), view.thresholds.disk_share, 0.95)
