"""`perftui bench run FILE`: runs the `bench_*` functions of a Python file."""

import argparse
import sys
import traceback
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import perftui
from perftui.commands import DONE, FOUND, report_files, say
from perftui.commands.bench.saving import check_append, save
from perftui.commands.bench.shared_options import add_appending, add_choosing, add_run_writing, add_sampling
from perftui.commands.bench.terminal import has_blocks
from perftui.model.errors import UserError
from perftui.model.text import safe_text

if TYPE_CHECKING:
    from perftui.bench import BenchmarkResult, BenchmarkRunner
    from perftui.bench.collecting import Found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("running")
    group.add_argument("--in-turns", action="store_true", help="measure all in turns, and compare them with the first")
    group.add_argument("--gc", action="store_true", help="let Python collect garbage within the time")
    add_choosing(parser)
    add_sampling(parser, "")
    add_appending(add_run_writing(parser, "markdown"))


def run(arguments: argparse.Namespace) -> int:
    from perftui.bench.report import markdown_of, text_of

    report_files.check(arguments)
    check_append(arguments)
    found = _found(arguments)
    if arguments.list:
        sys.stdout.writelines(f"{one.name}\n" for one in found)
        return DONE
    results, failed = _measure(arguments, found)
    if results:
        save(arguments, results)
        report_files.write(arguments.markdown, markdown_of(results).encode())
        if report_files.wants_text(arguments):
            print(text_of(results, histogram=arguments.histogram, ascii_only=not has_blocks()))
            _print_compared(results)
    return FOUND if failed or not results else DONE


def _found(arguments: argparse.Namespace) -> "list[Found]":
    from perftui.bench.collecting import collect

    name = arguments.targets[0]
    try:
        found = collect(_module(name), arguments.only)
    except ValueError as reason:
        raise UserError(f"{name}: {reason}.") from None
    if not found:
        wanted = f" that matches {' or '.join(arguments.only)}" if arguments.only else ""
        raise UserError(f"{name} has no function bench_*{wanted}.")
    return found


def _module(name: str) -> ModuleType:
    from perftui.bench.collecting import load_module

    try:
        with redirect_stdout(sys.stderr):
            return load_module(Path(name))
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror or error}.") from None
    except (Exception, SystemExit) as error:
        say(_trace(error))
        raise UserError(f"{name} could not be loaded: {type(error).__name__}.", FOUND) from None


def _measure(arguments: argparse.Namespace, found: "list[Found]") -> "tuple[list[BenchmarkResult], bool]":
    """What was measured, and whether something failed; a benchmark that fails does not stop the others."""
    runner, results, failed = _runner(arguments), list["BenchmarkResult"](), False
    parts = [found] if arguments.in_turns else [[one] for one in found]
    for part in parts:
        try:
            with redirect_stdout(sys.stderr):  # what the code prints is none of our data
                results += runner.run_subjects([one.subject() for one in part])
        except (Exception, SystemExit) as error:  # whatever the benchmarked code raises
            say(f"{', '.join(one.name for one in part)} failed:\n{_trace(error)}")
            failed = True
    return results, failed


def _runner(arguments: argparse.Namespace) -> "BenchmarkRunner":
    from perftui.bench import BenchmarkRunner

    return BenchmarkRunner(
        iterations=arguments.iterations,
        warmup=arguments.warmup,
        max_seconds=arguments.max_time,
        max_iterations=arguments.max_iterations,
        gc=arguments.gc,
        progress=True,
    )


def _print_compared(results: "list[BenchmarkResult]") -> None:
    """What was measured in turns, with the first."""
    from perftui.bench import compare
    from perftui.bench.gate_report import table_of

    if len(results) > 1 and results[0].together:
        print("\n".join(["", f"compared with {safe_text(results[0].name)}:", *table_of(compare(*results))]))


def _trace(error: BaseException) -> str:
    """The traceback of the user's own code."""
    ours = Path(perftui.__file__).parent
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if ours not in Path(one.filename).parents and not one.filename.startswith("<frozen")]
    return "".join(traceback.format_list(own)) + "".join(traceback.format_exception_only(error)).rstrip()
