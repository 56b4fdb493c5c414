"""The report on queries and endpoints together: as text, JSON, Markdown, and a page for a browser."""

import argparse
import textwrap
import time
from collections import Counter
from dataclasses import dataclass, field

from msgspec.structs import replace

from perftui.bench.result import BenchmarkResult
from perftui.commands import DONE, FOUND, UNREACHABLE, report_files
from perftui.commands.bench.terminal import has_blocks, width
from perftui.load.comparing import compare_endpoints, results_of
from perftui.load.figures import figures_of
from perftui.load.records import LoadRun
from perftui.model.bench.load import EndpointLoad, LoadComparison
from perftui.query_bench.outcome import Run


@dataclass
class Report:
    """What was measured, and what was not."""

    queries: list[Run] = field(default_factory=list)
    load: LoadRun | None = None
    notes: list[str] = field(default_factory=list)
    """Sentences on what was left out."""
    unreachable: bool = False
    stopped_by: int | None = None
    """The exit code of the signal that ended it."""
    started_at: float = field(default_factory=time.time)

    def add_unreachable(self, note: str) -> None:
        """Something could not be reached."""
        self.notes.append(note)
        self.unreachable = True

    @property
    def loads(self) -> list[EndpointLoad]:
        return [] if self.load is None else [one for one in figures_of(self.load) if one.due]

    @property
    def nothing(self) -> bool:
        """There is no figure in it."""
        return not self.queries and not self.loads

    @property
    def exit_code(self) -> int:
        if self.stopped_by is not None:
            return self.stopped_by
        if self.unreachable:
            return UNREACHABLE
        failed = any(run.failed for run in self.queries) or any(one.failed for one in self.loads)
        return FOUND if failed else DONE


def write(arguments: argparse.Namespace, report: Report) -> None:
    """In every form that was asked for. Raises `UserError`."""
    loads = report.loads
    comparisons = [] if report.load is None else compare_endpoints(report.load)
    if arguments.json:
        _write_json(arguments, report, loads, comparisons)
    if arguments.markdown:
        report_files.write(arguments.markdown, _markdown(report, loads, comparisons).encode())
    if arguments.html:
        report_files.write(arguments.html, _html(report, loads, comparisons))
    if report_files.wants_text(arguments):
        _print(arguments, report, loads, comparisons)


def _print(
    arguments: argparse.Namespace, report: Report, loads: list[EndpointLoad], comparisons: list[LoadComparison]
) -> None:
    from perftui.commands.bench import mongo_report
    from perftui.load.report import text_of

    for run in report.queries:
        print("QUERIES")
        mongo_report.print_text(run, histogram=arguments.histogram)
        print()
    if report.load is not None and loads:
        print("ENDPOINTS")
        looks = {"histogram": arguments.histogram, "ascii_only": not has_blocks()}
        print(text_of(report.load, loads, comparisons, width=width(), **looks))
    if report.notes:
        print("\nLEFT OUT")
    for note in report.notes:
        print("\n".join(textwrap.wrap(f"  {note}", width(), subsequent_indent="    ", break_on_hyphens=False)))


def _markdown(report: Report, loads: list[EndpointLoad], comparisons: list[LoadComparison]) -> str:
    from perftui.commands.bench import mongo_report
    from perftui.load.report import markdown_of

    parts = [f"## Queries\n\n{mongo_report.markdown_of(run)}" for run in report.queries]
    if report.load is not None and loads:
        parts.append(f"## Endpoints\n\n{markdown_of(report.load, loads, comparisons)}")
    if report.notes:
        parts.append("## Left out\n\n" + "".join(f"- {note}\n" for note in report.notes))
    return "\n".join(parts)


def _html(report: Report, loads: list[EndpointLoad], comparisons: list[LoadComparison]) -> bytes:
    from perftui.commands.bench.report_html import page, when_and_where
    from perftui.commands.bench.report_parts import Part, endpoints_part, queries_part

    parts = [queries_part(run) for run in report.queries]
    if report.load is not None and loads:
        parts.append(endpoints_part(report.load, loads, comparisons))
    if report.notes:
        parts.append(Part("Left out", [], [], report.notes))
    return page("Benchmarks", [when_and_where(report.started_at)], parts)


def _write_json(
    arguments: argparse.Namespace, report: Report, loads: list[EndpointLoad], comparisons: list[LoadComparison]
) -> None:
    from perftui.commands.bench.saving import save
    from perftui.load.document import document_of
    from perftui.model.bench.saved_run import BenchReportDocument
    from perftui.query_bench.document import document_of as queries_of

    document = BenchReportDocument(
        started_at=report.started_at,
        queries=tuple(queries_of(run, values=arguments.values) for run in report.queries),
        http=None if report.load is None else document_of(report.load, loads, comparisons),
        notes=tuple(report.notes),
    )
    save(arguments, _results(report), {"report": document})


def _results(report: Report) -> list[BenchmarkResult]:
    """All samples. Queries that two servers have in common are told apart by the server."""
    found = [(run.server, one) for run in report.queries for one in run.results]
    times = Counter(one.name for _, one in found)
    named = [replace(one, name=f"{one.name} on {server}") if times[one.name] > 1 else one for server, one in found]
    return named + ([] if report.load is None else results_of(report.load))
