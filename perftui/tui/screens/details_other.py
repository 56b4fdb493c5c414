"""Details of a process, an event, a source."""

from collections.abc import Hashable

from perftui.model.sample import Capability
from perftui.tui.formatting import UNKNOWN, duration, milliseconds, number, rate, share, size
from perftui.tui.lines import Piece, fit
from perftui.tui.screens.details_parts import when
from perftui.tui.screens.document import Block, Document, Fact, Facts, Rows, Text
from perftui.tui.tables import events, processes, sources
from perftui.tui.view import View

_CAPABILITY_STATES = {"granted": "good", "missing": "over", "unsupported": "dim", "unknown": "dim"}


def process(view: View, key: Hashable) -> Document | None:
    row = next((row for row in processes.rows(view) if processes.PROCESSES.key(row) == key), None)
    if row is None:
        return None
    facts = (
        Fact("role", row.role),
        Fact("pid", str(row.pid)),
        Fact("user", row.user or UNKNOWN),
        Fact("CPU", UNKNOWN if row.cpu_share is None else f"{share(row.cpu_share)} of a core"),
        Fact("memory", size(row.resident_bytes)),
        Fact("threads", number(row.threads)),
        Fact("open files", number(row.open_files)),
        Fact("started", when(row.started_at, view)),
    )
    blocks = (Facts(facts), Text(row.command, "COMMAND, WITHOUT SECRETS"))
    return Document(f"Process {row.pid}: {row.name}", blocks, copied=row.command, at=view.snapshot.taken_at)


def event(view: View, key: Hashable) -> Document | None:
    row = next((row for row in events.rows(view) if events.EVENTS.key(row) == key), None)
    if row is None:
        return None
    facts = (
        Fact("severity", row.severity, events.grade(row, view)),
        Fact("at", when(row.at, view)),
        Fact("target", events.target_name(row.target_id, view)),
        Fact("about", row.subject or UNKNOWN),
        Fact("kind", row.kind),
    )
    around = [other for other in view.snapshot.events if other is not row and abs(other.at - row.at) <= 60]
    blocks: tuple[Block, ...] = (
        Text(row.message, role="value"),
        Facts(facts),
        Rows(
            tuple(
                (
                    (f"{other.at - row.at:+5.0f}s  ", "label"),
                    (f"{other.severity:<10}", events.grade(other, view)),
                    (fit(events.sentence(other, view), 200).rstrip(), "normal"),
                )
                for other in around
            ),
            "WITHIN A MINUTE OF IT",
        ),
    )
    return Document("Event", blocks, copied=row.message, at=view.snapshot.taken_at)


def source(view: View, key: Hashable) -> Document | None:
    row = next((row for row in sources.rows(view) if sources.SOURCES.key(row) == key), None)
    if row is None:
        return None
    state = row.state
    facts = (
        Fact("state", sources.word(row), sources.grade(row, view)),
        Fact("last read", when(state.read_at, view)),
        Fact("failing since", when(state.failing_since, view) if state.failing_since else ""),
        Fact("every", duration(state.interval_s)),
        Fact("latency", milliseconds(state.latency_ms)),
        Fact("costs us", UNKNOWN if state.cost_ms_per_s is None else f"{rate(state.cost_ms_per_s)} ms of CPU a second"),
        Fact("receives", UNKNOWN if state.received_bytes_per_s is None else f"{size(state.received_bytes_per_s)}/s"),
    )
    failure = f"{state.failure.message}\n{state.failure.help}" if state.failure is not None else ""
    lines = tuple(line for capability in state.capabilities for line in _capability(capability))
    blocks: tuple[Block, ...] = (
        Facts(facts),
        Text(failure, "WHY IT FAILS", "over"),
        Text("\n".join(state.notes), "NOTES"),
        Rows(lines, "WHAT MAY BE READ"),
    )
    copied = "\n".join(capability.grant for capability in state.capabilities if capability.grant) or failure
    title = f"Source {state.source} of {row.target.name}"
    return Document(title, blocks, copied=copied, at=view.snapshot.taken_at)


def _capability(capability: Capability) -> list[tuple[Piece, ...]]:
    """One line, and for what is missing a second with the grant."""
    word = (f"{capability.state:<12}", _CAPABILITY_STATES[capability.state])
    lines: list[tuple[Piece, ...]] = [(word, (fit(f"{capability.name}: {capability.shows}", 200).rstrip(), "normal"))]
    if capability.state == "missing" and (capability.grant or capability.needs):
        help_text = capability.grant or f"needs {capability.needs}"
        lines.append(((" " * 12, "normal"), (fit(help_text, 400).rstrip(), "accent")))
    return lines
