"""An analysis for people: the costliest shapes, the indexes to create, and what no index would help."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from perftui.model.analysis import AnalysedShape, Analysis, Recommendation, ServedShape
from perftui.model.finding import Finding, FindingSeverity
from perftui.model.text import safe_text
from perftui.tui import formatting as fmt

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_PLAIN_WIDTH = 100
_NARROWEST = 40
_FINDINGS = 4
_DECLINED = 10
_SOURCES = {
    "profiler": "the profiler",
    "slowlog": "the server's log in memory",
    "currentop": "running operations",
    "logfile": "a log file",
    "query": "one query that was not run",
}
_SIGNS: dict[FindingSeverity, tuple[str, str]] = {
    "critical": ("!!", "bold red"),
    "warning": ("! ", "yellow"),
    "info": ("- ", "dim"),
}
Pieces = Sequence[tuple[str, str]]
"""Texts with their styles."""


def print_report(analysis: Analysis, stream: TextIO, *, top: int = 10, utc: bool = False) -> None:
    """Write it to the stream: in colour and as wide as the terminal where it is one."""
    places = {shape.id: place for place, shape in enumerate(analysis.shapes, 1)}
    _Report(_console(stream), analysis, places, utc).write(top)


def print_advice(analysis: Analysis, stream: TextIO, places: Mapping[str, int]) -> None:
    """Only what would help: for a report that has shown the queries already, under these numbers by shape."""
    _Report(_console(stream), analysis, places, utc=False).write_advice()


def _console(stream: TextIO) -> "Console":
    from rich.console import Console

    console = Console(file=stream, highlight=False, soft_wrap=False, width=None if stream.isatty() else _PLAIN_WIDTH)
    if console.width < _NARROWEST:
        console.width = _NARROWEST
    return console


class _Report:
    def __init__(self, console: "Console", analysis: Analysis, places: Mapping[str, int], utc: bool) -> None:
        self._console, self._analysis, self._places, self._utc = console, analysis, places, utc

    def write(self, top: int) -> None:
        analysis = self._analysis
        self._line((safe_text(analysis.target or ""), "bold"), (f"  {self._span()}", ""))
        for note in analysis.notes:
            self._line((safe_text(note), "dim"), indent=2)
        self._shapes(top)
        self.write_advice()

    def write_advice(self) -> None:
        self._recommendations()
        self._rest()

    def _span(self) -> str:
        analysis = self._analysis
        if analysis.source == "query":
            return _SOURCES["query"]
        entries = (
            f"{analysis.entries:,} execution{'' if analysis.entries == 1 else 's'} from {_SOURCES[analysis.source]}"
        )
        if analysis.since is None:
            return entries
        start, end = fmt.timestamp(analysis.since, self._utc), fmt.timestamp(analysis.until, self._utc)
        return f"{entries}, {start} to {end}"

    def _shapes(self, top: int) -> None:
        shapes = self._analysis.shapes
        if not shapes:
            self._heading("No queries were found")
            return
        self._heading("The query" if self._analysis.source == "query" else "Queries, most costly first")
        for place, shape in enumerate(shapes[:top], 1):
            self._shape(place, shape)
        if shapes[top:]:
            self._line((f"{len(shapes) - top:,} more shapes: --top {len(shapes)} shows all.", "dim"))

    def _shape(self, place: int, shape: AnalysedShape) -> None:
        self._console.print()
        style = _score_style(shape.score)
        self._line(
            (f"{place:>3}. ", "dim"), (safe_text(shape.ns) + "  ", "bold"), (safe_text(shape.shape), ""), indent=5
        )
        score = "score -" if shape.score is None else f"score {shape.score}"
        self._line((score, style), (f"   {'   '.join(_figures(shape))}", ""), indent=5, hang=5)
        for finding in shape.findings[:_FINDINGS]:
            self._finding(finding)
        if shape.findings[_FINDINGS:]:
            self._line((f"and {len(shape.findings) - _FINDINGS} more findings (--json)", "dim"), indent=5, hang=5)

    def _finding(self, finding: Finding) -> None:
        sign, style = _SIGNS[finding.severity]
        words = f"{safe_text(finding.message)} {safe_text(finding.advice)}".rstrip()
        self._line((f"{sign} {finding.code}  ", style), (words, ""), indent=8, hang=5)

    def _recommendations(self) -> None:
        found = self._analysis.recommendations
        if found:
            self._heading("Indexes to create" if len(found) > 1 else "Index to create")
        for place, recommendation in enumerate(found, 1):
            self._recommendation(place, recommendation)

    def _recommendation(self, place: int, one: Recommendation) -> None:
        self._console.print()
        keys = ", ".join(f"{name}: {way}" for name, way in one.keys)
        self._line(
            (f"{place:>3}. ", "dim"),
            (f"{safe_text(one.ns)}  ", "bold"),
            (f"{{ {safe_text(keys)} }}", "bold green"),
            indent=5,
        )
        # Whole on one line, whatever the width, so that it can be copied.
        self._console.print(self._text((f"     {safe_text(one.command)}", "cyan")), soft_wrap=True)
        self._line((safe_text(one.reason), ""), indent=5, hang=5)
        for words in self._benefits(one):
            self._line((safe_text(words), ""), indent=5, hang=5)
        for warning in one.warnings:
            self._line(("! ", "yellow"), (safe_text(warning), ""), indent=7, hang=5)

    def _benefits(self, one: Recommendation) -> Iterator[str]:
        served = ", ".join(f"{self._places[shape]}" for shape in one.serves if shape in self._places)
        basis = "rehearsed on a sample" if one.basis == "rehearsed" else "estimated"
        expected = one.expected
        figures = f"{_about(expected.keys_examined)} keys and {_about(expected.docs_examined)} documents an execution"
        better = "" if expected.improvement is None else f", {_about(expected.improvement)} times cheaper"
        yield f"Serves {f'query {served}' if served else f'{len(one.serves)} queries'}: {figures}{better} ({basis})."
        for shape in one.shapes[:5] if len(one.shapes) > 1 else ():
            yield f"  {self._places.get(shape.id, '-')}: {_before_and_after(shape)}"
        size = "" if one.size_bytes is None else f"About {fmt.size(one.size_bytes)}. "
        cost = "" if one.write_cost is None else f"{_about(one.write_cost)} keys more for each document inserted."
        if size or cost:
            yield size + cost
        if one.supersedes:
            yield f"Makes unnecessary: {', '.join(one.supersedes)}. Hide, then drop them after it has proved itself."

    def _rest(self) -> None:
        if self._analysis.suggestions:
            self._heading("Better asked otherwise")
        for suggestion in self._analysis.suggestions:
            self._about_shape(suggestion.shape, suggestion.message)
        declined = self._analysis.declined
        if declined:
            self._heading("No index for")
        for one in declined[:_DECLINED]:
            self._about_shape(one.shape, one.reason)
        if declined[_DECLINED:]:
            self._line((f"and {len(declined) - _DECLINED} more (--json)", "dim"), indent=5, hang=5)

    def _about_shape(self, shape_id: str, words: str) -> None:
        place = self._places.get(shape_id)
        self._line((f"{f'{place}. ' if place else '-  ':>5}", "dim"), (safe_text(words), ""), indent=5)

    def _heading(self, words: str) -> None:
        self._console.print()
        self._line((words, "bold underline"))

    def _line(self, *pieces: tuple[str, str], indent: int = 0, hang: int = 0) -> None:
        """A paragraph whose first line begins at `hang` and whose others begin at `indent`."""
        text = self._text(*pieces)
        lines = text.wrap(self._console, max(self._console.width - indent, 20))
        for place, line in enumerate(lines):
            line.rstrip()
            pad = hang if place == 0 else indent
            self._console.print(self._text((" " * pad, "")).append_text(line), soft_wrap=True)

    def _text(self, *pieces: tuple[str, str]) -> "Text":
        from rich.text import Text

        return Text.assemble(*pieces)


def _figures(shape: AnalysedShape) -> Iterator[str]:
    latency = shape.latency_ms
    if shape.count:
        yield f"{shape.count:,}x"
        yield f"p95 {fmt.milliseconds(latency.p95)}"
        yield f"total {fmt.milliseconds(latency.total)}"
    runs = shape.count or 1
    if shape.docs_examined is not None or shape.keys_examined is not None:
        documents, keys = _each(shape.docs_examined, runs), _each(shape.keys_examined, runs)
        returned = "" if shape.returned is None else f" for {_about(_each(shape.returned, runs))}"
        yield f"{_about(documents)} documents, {_about(keys)} keys{returned}"
    if shape.plan_summary:
        yield safe_text(shape.plan_summary, 60)


def _each(total: int | None, runs: int) -> float | None:
    return None if total is None else total / runs


def _about(value: float | None) -> str:
    return fmt.number(value if value is None or abs(value) < 100 else float(round(value)))


def _before_and_after(shape: ServedShape) -> str:
    before = f"{_about(shape.keys_before)} keys, {_about(shape.docs_before)} documents"
    after = f"{_about(shape.keys_after)} keys, {_about(shape.docs_after)} documents"
    sort = ", sorted in memory" if shape.blocking_sort_after else ""
    return f"{before} -> {after}{sort}"


def _score_style(score: int | None) -> str:
    return "dim" if score is None else "bold red" if score < 40 else "yellow" if score < 80 else "green"
