"""`perftui check --suggest`: budgets from what is observed, to standard output or a new file."""

import argparse
import os
import sys
from pathlib import Path

from perftui.commands import DONE, FOUND, UNREACHABLE, say
from perftui.commands.check.sources import Sources, look, window_minutes
from perftui.model.errors import UserError
from perftui.model.text import safe_text


def suggest(arguments: argparse.Namespace, sources: Sources) -> int:
    """Write them; 1 where nothing was observed that a budget could hold."""
    from perftui.checking.budget_file import budget_file
    from perftui.checking.suggesting import Observations, merged, suggestions

    if arguments.output and not arguments.force and Path(arguments.output).exists():
        raise UserError(_exists(arguments.output))
    minutes = window_minutes(sources.settings)
    seen, unreached = look(arguments, sources, {minutes}, lambda _services: Observations(minutes))
    for one in unreached:
        say(f"perftui: {safe_text(one.why)} {safe_text(one.help)}")
    if unreached:
        return UNREACHABLE
    suggested = suggestions(
        merged([one.observer for one in seen if isinstance(one.observer, Observations)]), arguments.headroom
    )
    text = budget_file(suggested, [one.source for one in seen], arguments.headroom, minutes)
    number = sum(bool(one.limits) for one in suggested)
    _write(arguments, text)
    if not number:
        say("perftui: Nothing was observed often enough to suggest a budget; send more load first.")
        return FOUND
    if arguments.output:
        say(f"{number:,} {'budget' if number == 1 else 'budgets'} in {arguments.output}.")
    return DONE


def _write(arguments: argparse.Namespace, text: str) -> None:
    if not arguments.output:
        sys.stdout.write(text)
        return
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if arguments.force else os.O_EXCL)
    try:
        with os.fdopen(os.open(arguments.output, flags, 0o666), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(_exists(arguments.output)) from None
    except OSError as error:
        raise UserError(f"{arguments.output} cannot be written: {error.strerror or error}.", FOUND) from None


def _exists(name: str) -> str:
    return f"{name} exists; choose another name, or --force to overwrite it."
