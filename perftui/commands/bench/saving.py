"""Saves what was measured where `--json` says, in place of what is there or, with `--append`, beside it."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perftui.commands import FOUND, report_files
from perftui.model.errors import UserError

if TYPE_CHECKING:
    from perftui.bench import BenchmarkResult


def check_append(arguments: argparse.Namespace) -> None:
    """Raises `UserError` where there is no file that could be added to."""
    if arguments.append and (not arguments.json or arguments.json == "-"):
        raise UserError("--append needs the FILE of --json that is added to.")


def save(
    arguments: argparse.Namespace, results: "list[BenchmarkResult]", more: Mapping[str, Any] | None = None
) -> None:
    """`more` is what else the document holds. Raises `UserError`."""
    from perftui.bench.loading import load_benchmarks
    from perftui.bench.result import joined
    from perftui.bench.saving import json_without_samples, save_benchmarks, to_json

    if not results:
        report_files.write(arguments.json, json_without_samples(more or {}))
        return
    if not arguments.json or arguments.json == "-":
        report_files.write(arguments.json, to_json(results, more))
        return
    try:
        if arguments.append and Path(arguments.json).exists():
            results = joined(load_benchmarks(arguments.json), results)
        save_benchmarks(results, arguments.json, more)
    except OSError as error:
        raise UserError(f"{arguments.json} cannot be written: {error.strerror or error}.", FOUND) from None
    except ValueError as error:
        raise UserError(f"{arguments.json} cannot be added to: {error}.", FOUND) from None
