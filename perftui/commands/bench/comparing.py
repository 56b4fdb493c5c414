"""`perftui bench compare BASE NEW`: two saved runs, benchmark by benchmark; exits 1 for a regression."""

import argparse
from typing import TYPE_CHECKING

from perftui.commands import DONE, FOUND, report_files, say
from perftui.commands.bench.shared_options import add_writing
from perftui.commands.option_values import probability, share
from perftui.model.errors import UserError
from perftui.model.text import safe_text

if TYPE_CHECKING:
    from perftui.bench import BenchmarkResult
    from perftui.bench.gate import Gate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("judging; files are those of perftui, pyperf or pytest-benchmark")
    group.add_argument("--fail-on", type=share, metavar="SHARE", help="exit 1 when one is surely slower by more: 5%%")
    group.add_argument("--fail-on-noise", action="store_true", help="exit 1 too when one is too noisy, or missing")
    group.add_argument("--threshold", type=share, default=0.02, metavar="SHARE", help="least difference (default: 2%%)")
    group.add_argument("--alpha", type=probability, default=0.01, metavar="P", help="chance of error (default: 0.01)")
    add_writing(parser, "what was found (perftui.bench-comparison/1)", "junit", "markdown")


def run(arguments: argparse.Namespace) -> int:
    from perftui.bench import gate

    report_files.check(arguments)
    base, new = (_loaded(name) for name in arguments.targets)
    threshold = arguments.threshold if arguments.fail_on is None else min(arguments.threshold, arguments.fail_on)
    judged = gate.judge(base, new, threshold, arguments.alpha, arguments.fail_on, noise=arguments.fail_on_noise)
    if not judged.compared.comparisons and not judged.failures:
        raise UserError(_nothing(arguments.targets, {one.name for one in base} & {one.name for one in new}, judged))
    _write(arguments, judged)
    return FOUND if judged.failures else DONE


def _nothing(names: list[str], common: set[str], judged: "Gate") -> str:
    """Why nothing was compared."""
    if not common:
        return f"{names[0]} and {names[1]} have no benchmark in common."
    first = sorted(common)[0]
    return f"Nothing can be compared. {safe_text(first, 60)}: {judged.compared.skipped[first]}."


def _loaded(name: str) -> "list[BenchmarkResult]":
    from perftui.bench.loading import load_benchmarks

    try:
        return load_benchmarks(name)
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror or error}.") from None
    except ValueError as reason:
        raise UserError(f"{name} cannot be read: {reason}.") from None


def _write(arguments: argparse.Namespace, judged: "Gate") -> None:
    from perftui.bench import gate_report

    for form, made in (
        ("json", gate_report.json_of),
        ("junit", gate_report.junit_of),
        ("markdown", gate_report.markdown_of),
    ):
        if getattr(arguments, form):
            report_files.write(getattr(arguments, form), made(judged))
    if report_files.wants_text(arguments):
        print(gate_report.text_of(judged))
    for failure in judged.failures:
        say(f"perftui: {failure}")
