"""Which queries `perftui bench mongo` runs: those of a file or of `--query`, else the server's worst."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from perftui.commands import FOUND
from perftui.model.errors import UserError

if TYPE_CHECKING:
    from perftui.query_bench.question import Question

_STDIN = "-"
_LARGEST_FILE = 4_000_000


def given_questions(arguments: argparse.Namespace, database: str | None) -> tuple[Question, ...]:
    """Those of the file, then those of `--query`; empty where neither is given. Raises `UserError`."""
    from perftui.query_bench.query_file import QueriesUnreadable, question_in, questions_in

    found: list[Question] = []
    where = ""
    try:
        for where in arguments.targets[1:]:
            found += questions_in(_text(where), arguments.ns, database)
        for text in arguments.query:
            where = "--query"
            found.append(question_in(text, arguments.ns, database))
    except QueriesUnreadable as reason:
        raise UserError(f"{where}: {reason}") from None
    chosen = chosen_of(found, arguments.only)
    if found and not chosen:
        raise UserError(f"No query matches {' or '.join(arguments.only)}.")
    _check_names(chosen)
    return tuple(chosen)


def write_questions(name: str, questions: Sequence[Question]) -> None:
    """As a file for the next run, for its owner only. Raises `UserError`."""
    from perftui.query_bench.query_file import text_of

    try:
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, 0o600)
            file.write(text_of(questions))
    except OSError as error:
        raise UserError(f"{name} cannot be written: {error.strerror or error}.", FOUND) from None


def chosen_of(questions: Sequence[Question], only: Sequence[str]) -> list[Question]:
    """Those whose names `--only` matches; all without it."""
    return [one for one in questions if not only or any(fnmatchcase(one.name, wanted) for wanted in only)]


def _text(name: str) -> str:
    try:
        text = sys.stdin.read(_LARGEST_FILE) if name == _STDIN else Path(name).read_text("utf-8")
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise UserError(f"{name} cannot be read: it is no text in UTF-8.") from None
    return text


def _check_names(questions: Sequence[Question]) -> None:
    names = [query.name for question in questions for query in question.queries]
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise UserError(f"Two queries are called '{double}': give each a name of its own.")
