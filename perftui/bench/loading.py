"""Reads saved runs: perftui's own, pyperf's and pytest-benchmark's."""

import gzip
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from perftui.bench.result import BenchmarkResult
from perftui.model.bench.samples import Fact, Pass
from perftui.model.numbers import real

_PYPERF_VERSIONS = ("1.0", 6)
"""Since 6 runs have values; before, their samples were kept under other names."""


class RunUnreadableError(ValueError):
    """One sentence on why a saved run cannot be read, without the file's name."""


def load_benchmarks(path: str | os.PathLike[str]) -> list[BenchmarkResult]:
    """The benchmarks of a saved run; `.gz` is unpacked. Raises `OSError` and `RunUnreadableError`, a `ValueError`.

    One that pytest-benchmark saved without its data has no samples, and so cannot be compared.

    >>> from pathlib import Path
    >>> from perftui import load_benchmarks
    >>> saved = '{"benchmarks": [{"runs": [{"values": [0.2, 0.4]}]}], "metadata": {"name": "sort"}, "version": "1.0"}'
    >>> _ = Path("pyperf.json").write_text(saved)
    >>> [(one.name, one.samples) for one in load_benchmarks("pyperf.json")]
    [('sort', (0.2, 0.4))]
    """
    data = Path(path).read_bytes()
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            raise RunUnreadableError(f"it is no whole gzip file ({error})") from None
    return from_json(data)


def from_json(data: bytes) -> list[BenchmarkResult]:
    """As `load_benchmarks`, of what is at hand."""
    try:
        document = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise RunUnreadableError(f"it is no JSON ({error})") from None
    benchmarks = document.get("benchmarks") if isinstance(document, dict) else None
    if not isinstance(benchmarks, list) or not all(isinstance(one, dict) for one in benchmarks):
        raise RunUnreadableError("it is no run of perftui, pyperf or pytest-benchmark: it has no list of benchmarks")
    try:
        return list(_results(document, benchmarks))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, RunUnreadableError):
            raise
        raise RunUnreadableError(f"a benchmark in it is damaged ({type(error).__name__}: {error})") from None


def _results(document: dict[str, Any], benchmarks: list[dict[str, Any]]) -> Iterator[BenchmarkResult]:
    for benchmark in benchmarks:
        if "runs" in benchmark:
            yield _of_pyperf(document, benchmark)
        elif "stats" in benchmark:
            yield _of_pytest(document, benchmark)
        else:
            raise RunUnreadableError("a benchmark in it has neither runs nor stats")


def _of_pyperf(document: dict[str, Any], benchmark: dict[str, Any]) -> BenchmarkResult:
    if document.get("version") not in _PYPERF_VERSIONS:
        raise RunUnreadableError(f"its version {document.get('version')!r} of pyperf's format is not known")
    runs = [run for run in benchmark["runs"] if run.get("values")]
    shared = {**(document.get("metadata") or {}), **(benchmark.get("metadata") or {})}
    common = {**shared, **_common(runs)}
    if common.get("unit", "second") != "second":
        raise RunUnreadableError(f"{common.get('name')} is measured in {common['unit']}s, not in seconds")
    own = benchmark.get("perftui") or {}
    return BenchmarkResult(
        name=str(common["name"]),
        blocks=tuple(_seconds(run["values"]) for run in runs),
        passes=_passes(own.get("passes"), len(runs)),
        loops=int(common.get("loops", 1)) * int(common.get("inner_loops", 1)),
        warmups=_seconds(warmup[1] for run in benchmark["runs"] for warmup in run.get("warmups") or ()),
        together=own.get("together"),
        facts=_facts({name: value for name, value in common.items() if name not in ("name", "unit", "loops", "date")}),
        warnings=tuple(map(str, own.get("warnings", ()))),
        started_at=own.get("started_at", _date(runs)),
        duration_s=own.get("duration_s"),
    )


def _of_pytest(document: dict[str, Any], benchmark: dict[str, Any]) -> BenchmarkResult:
    stats, machine = benchmark["stats"], document.get("machine_info") or {}
    data = _seconds(stats.get("data") or ())
    cpu = machine.get("cpu") or {}
    facts = {
        "hostname": machine.get("node"),
        "platform": f"{machine.get('system')}-{machine.get('release')}-{machine.get('machine')}",
        "python_version": machine.get("python_version"),
        "python_implementation": str(machine.get("python_implementation", "")).lower(),
        "cpu_model_name": cpu.get("brand_raw"),
        "cpu_count": cpu.get("count"),
        "commit_id": (document.get("commit_info") or {}).get("id"),
    }
    return BenchmarkResult(
        name=str(benchmark.get("fullname") or benchmark["name"]),
        blocks=(data,) if data else (),
        loops=int(stats.get("iterations", 1)),
        facts=_facts(facts),
        warnings=() if data else ("it was saved without its data: give pytest-benchmark --benchmark-save-data",),
        started_at=_timestamp(document.get("datetime")),
    )


def _seconds(values: Any) -> tuple[float, ...]:
    found = [real(value) for value in values]
    if None in found:
        raise RunUnreadableError("a sample in it is no number")
    if any(value < 0 for value in found if value is not None):
        raise RunUnreadableError("a sample in it is below 0")
    return tuple(value for value in found if value is not None)


def _passes(passes: Any, blocks: int) -> tuple[Pass, ...]:
    """Only where they are of these blocks: another tool may have taken some out."""
    found = msgspec.convert(passes or (), tuple[Pass, ...])
    return found if sum(one.blocks for one in found) == blocks and all(one.blocks > 0 for one in found) else ()


def _common(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """What all runs say alike."""
    first, *others = [run.get("metadata") or {} for run in runs] or [{}]
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def _facts(found: dict[str, Any]) -> dict[str, Fact]:
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != ""
    }


def _date(runs: list[dict[str, Any]]) -> float | None:
    """pyperf's dates are local time."""
    date = next((metadata["date"] for run in runs if "date" in (metadata := run.get("metadata") or {})), None)
    return None if date is None else datetime.fromisoformat(date).timestamp()


def _timestamp(text: object) -> float | None:
    if not isinstance(text, str):
        return None
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
