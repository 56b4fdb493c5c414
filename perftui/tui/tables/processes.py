"""Processes of interest on the machine: databases, the application, perftui itself."""

from collections.abc import Sequence

from perftui.model.host import Process
from perftui.tui.formatting import UNKNOWN, duration, number, share, size
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.grades import graded, plain, too_high, words
from perftui.tui.view import State, View


def rows(view: View) -> Sequence[Process]:
    target = view.target("host")
    return () if target is None or target.host is None else target.host.processes


def grade_cpu(process: Process, view: View) -> State:
    """A Redis runs its commands on one core, so one full core is its end; others may take several."""
    return too_high(process.cpu_share, view.thresholds.cpu_share) if process.role == "redis" else "normal"


def uptime(process: Process, view: View) -> str:
    return UNKNOWN if process.started_at is None else duration(int(view.snapshot.taken_at - process.started_at))


def _empty(view: View) -> str:
    otherwise = "No mongod, Redis or application process was found on this machine."
    return explain_absence(view, "host", "host.machine", otherwise)


def _program_first(row: Process) -> str:
    """The command without its program's folder, which would fill a narrow column; `w` shows it whole."""
    program, space, arguments = (row.command or row.name).partition(" ")
    return program.rpartition("/")[2] + space + arguments


PROCESSES: TableSpec[Process] = TableSpec(
    name="processes",
    columns=(
        plain("pid", "PID", 8, lambda row: row.pid, str),
        words("role", "ROLE", 11, lambda row: row.role),
        graded("cpu", "CPU", 6, lambda row: row.cpu_share, share, grade_cpu),
        plain("memory", "MEMORY", 7, lambda row: row.resident_bytes, size),
        plain("threads", "THREADS", 7, lambda row: row.threads, number, 2),
        plain("files", "FILES", 6, lambda row: row.open_files, number, 3),
        words("user", "USER", 10, lambda row: row.user, 4),
        Column("uptime", "UPTIME", 8, text=uptime, sort=lambda row: -(row.started_at or 0.0), priority=1),
        words("command", "COMMAND", 20, _program_first, flexible=True),
    ),
    rows=rows,
    filled_by=("host", "host"),
    key=lambda row: (row.pid, row.started_at),
    default_sort="cpu",
    full_text=lambda row, _view: row.command or row.name,
    empty=_empty,
)
