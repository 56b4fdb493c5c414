"""A mongod log file analysed: shapes, scores and, with a server's facts beside it, indexes."""

import asyncio
from collections.abc import Callable
from pathlib import PurePath

from perftui.analysis.entries import EVERYTHING, Wanted
from perftui.analysis.log_lines import LogLines
from perftui.analysis.server import study_with_facts_of
from perftui.analysis.study import ALL_SHAPES, Options, Origin, Study, study_without_facts
from perftui.analysis.workload import Workload
from perftui.model.target import Connection
from perftui.sources.mongodb.log_file import STANDARD_INPUT, LogFile, LogUnreadable, open_log

Progress = Callable[[int, int | None], None]
"""Told how many bytes of the file are read, and its size where that is known."""


def analyse_log_file(
    name: str,
    wanted: Wanted = EVERYTHING,
    options: Options = ALL_SHAPES,
    facts_from: Connection | None = None,
    progress: Progress | None = None,
) -> Study:
    """A log's shapes, advised with the facts of the server that `facts_from` reaches.

    Raises `LogUnreadable` where there is no such file, and `ServerSilent` where that server does not answer.
    """
    workload = Workload()
    with open_log(name) as log:
        origin = read_log(log, name, workload, wanted, progress)
    if facts_from is None:
        return study_without_facts(workload, origin._replace(notes=(*origin.notes, *_without_facts(workload))), options)
    return asyncio.run(study_with_facts_of(facts_from, workload, origin, options))


def read_log(log: LogFile, name: str, workload: Workload, wanted: Wanted, progress: Progress | None = None) -> Origin:
    """Count all slow queries of a log into the workload; says what could not be read.

    Raises `LogUnreadable` where no line at all is one of a mongod.
    """
    lines = LogLines(workload, wanted)
    for block in log.blocks(None if progress is None else lambda done: progress(done, log.size)):
        lines.add(block)
    if lines.lines and lines.unreadable == lines.lines and not (lines.old or log.broken):
        raise LogUnreadable(_NO_LOG)
    shown = "standard input" if name == STANDARD_INPUT else PurePath(name).name
    return Origin("logfile", shown, lines.unreadable + log.too_long, tuple(_notes(log, lines)))


def _notes(log: LogFile, lines: LogLines) -> list[str]:
    notes = []
    if lines.old and lines.old * 2 > lines.lines:
        notes.append(_TOO_OLD)
    elif lines.unreadable:
        notes.append(f"{_count(lines.unreadable, 'line')} could not be read: no JSON, or cut off.")
    if not lines.lines:
        notes.append("The log is empty.")
    elif not lines.slow_queries and not lines.old:
        notes.append(_NONE_SLOW)
    if log.too_long:
        notes.append(f"{_count(log.too_long, 'line')} longer than 16 MB were left out.")
    if log.broken:
        notes.append(f"Only a part was read: {log.broken}.")
    if lines.cut_commands:
        notes.append(
            f"The server cut the commands of {_count(lines.cut_commands, 'slow query', 'slow queries')} for their "
            "length: their shapes may be incomplete. `maxLogSizeKB` keeps more."
        )
    return notes


def _without_facts(workload: Workload) -> list[str]:
    return [_NO_FACTS] if workload.entries else []


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


_TOO_OLD = (
    "This is a text log of a server before 4.4: it is too old to be read here. Structured logs of 4.4 and later can "
    "be; of an older server its profile can, when it is named as the target."
)
_NO_LOG = "it is no log of a mongod, which has a JSON document on each line"
_NONE_SLOW = (
    "The log holds no slow query. mongod logs what takes over slowms (100 ms by default); "
    "`db.setProfilingLevel(0, {slowms: 20})` logs more."
)
_NO_FACTS = (
    "A log tells nothing of the collections: neither their sizes nor which indexes there are. `--facts TARGET` names a "
    "server that has them."
)
