"""What was typed for the report on all targets: a wrong word or path is told before anything is asked."""

import argparse
import os

from perftui.commands.bench.actions import BENCH
from perftui.model.errors import UserError
from perftui.model.names import nearest


def check_action(arguments: argparse.Namespace) -> None:
    """Raises `UserError` where the first word is no target, and so was probably meant for an action."""
    word = next(iter(arguments.targets), "profile:")
    if "://" not in word and not word.startswith("profile:") and not _is_profile(word, arguments):
        raise UserError(f"There is no action '{word}'{nearest(word, BENCH.named)}")


def _is_profile(word: str, arguments: argparse.Namespace) -> bool:
    from perftui.config import find_config, profile
    from perftui.targets import is_profile_name

    if not is_profile_name(word):
        return False
    config = find_config(arguments.config, os.environ)
    try:
        profile(config, word)
    except UserError:
        return False
    return True


def check_paths(paths: list[str]) -> None:
    for path in paths:
        if not path.startswith("/") or path.startswith("//") or not path.isprintable() or " " in path:
            raise UserError("--path is a path on the application, such as /api/orders/7, percent-encoded.")
