"""Writes what a check found, to files and to standard output."""

import argparse
from typing import TYPE_CHECKING

from perftui.commands import report_files
from perftui.model.errors import UserError

if TYPE_CHECKING:
    from perftui.model.check import CheckReport


def check(arguments: argparse.Namespace) -> None:
    """Raises `UserError` for options that do not go together, and for folders that are not there."""
    if (arguments.output or arguments.force) and not arguments.suggest:
        raise UserError("--output and --force go with --suggest.")
    if arguments.suggest and (arguments.json or arguments.junit or arguments.markdown):
        raise UserError("--suggest writes budgets, and nothing else: leave --json, --junit and --markdown out.")
    report_files.check(_forms(arguments))


def write_report(arguments: argparse.Namespace, report: "CheckReport") -> None:
    """Raises `UserError`."""
    from perftui.checking.as_json import json_of
    from perftui.checking.as_junit import junit_of
    from perftui.checking.as_markdown import markdown_of
    from perftui.checking.as_text import text_of

    forms = _forms(arguments)
    for form, made in (("json", json_of), ("junit", junit_of), ("markdown", markdown_of)):
        if getattr(forms, form):
            report_files.write(getattr(forms, form), made(report))
    if wants_text(arguments):
        print(text_of(report))


def wants_text(arguments: argparse.Namespace) -> bool:
    """Nothing else goes to standard output."""
    return report_files.wants_text(_forms(arguments))


def _forms(arguments: argparse.Namespace) -> argparse.Namespace:
    """The names of files, `-` being standard output."""
    json = "-" if arguments.json else None
    return argparse.Namespace(json=json, junit=arguments.junit, markdown=arguments.markdown)
