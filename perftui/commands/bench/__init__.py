"""`perftui bench [ACTION] ...`: benchmarks of code, endpoints and queries, and comparisons with exit codes for CI."""

import argparse
import math
import os
from importlib import import_module

from perftui.model.errors import UserError
from perftui.model.names import nearest

_WORDS = {"run": "FILE", "compare": "BASE NEW", "http": "URL...", "mongo": "TARGET [FILE...]"}
_MODULES = {"run": "running", "compare": "comparing", "http": "http", "mongo": "mongo"}
_WITHOUT_ACTION = "overall"
_WITH_PAGE = ("http",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    usage = "; ".join(f"{name} {words}" for name, words in _WORDS.items())
    parser.add_argument("action", nargs="?", metavar="ACTION", help=f"{usage}; or no action, but TARGETs")
    parser.add_argument("targets", nargs="*", default=[], metavar="...", help="what the action takes: see above")
    writing = parser.add_argument_group("writing; - is standard output, in place of the text")
    writing.add_argument("--json", metavar="FILE", help="what was measured, for compare; compare: what was found")
    writing.add_argument("--junit", metavar="FILE", help="compare: JUnit's XML, a test for each benchmark")
    writing.add_argument("--markdown", metavar="FILE", help="a table for a pull request or a ticket")
    writing.add_argument("--html", metavar="FILE", help="http, or no action: a page for a browser")
    for module in (*_MODULES.values(), _WITHOUT_ACTION):
        import_module(f"{__name__}.{module}").add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    words = [word for word in (arguments.action, *arguments.targets) if word is not None]
    if not words or _is_target(words[0], arguments):
        arguments.action, arguments.targets = None, words
        return _run(_WITHOUT_ACTION, arguments)
    arguments.action, arguments.targets = words[0], words[1:]
    if arguments.action not in _WORDS:
        raise UserError(f"There is no action '{arguments.action}'{nearest(arguments.action, _WORDS)}")
    if arguments.html and arguments.action not in _WITH_PAGE:
        raise UserError("--html goes with http, or with no action.")
    _check_count(arguments.action, len(arguments.targets))
    return _run(_MODULES[arguments.action], arguments)


def _run(module: str, arguments: argparse.Namespace) -> int:
    code: int = import_module(f"{__name__}.{module}").run(arguments)
    return code


def _is_target(word: str, arguments: argparse.Namespace) -> bool:
    """A URI, or a profile that there is; an action of the same name comes first."""
    if word in _WORDS:
        return False
    if "://" in word or word.startswith("profile:"):
        return True
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


def _check_count(action: str, given: int) -> None:
    """`[WORD]` may be left out, `WORD...` may be given again and again."""
    words = _WORDS[action].split()
    least = sum(not word.startswith("[") for word in words)
    most = math.inf if words[-1].rstrip("]").endswith("...") else len(words)
    if not least <= given <= most:
        raise UserError(f"perftui bench {action} takes {_WORDS[action]}.")
