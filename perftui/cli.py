"""The command line: parses, then imports the one command it needs."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from perftui import __version__
from perftui.commands import DONE, FOUND, INTERRUPTED, add_common_arguments, say
from perftui.model.errors import UserError

COMMANDS = {
    "monitor": "show the live screen (what perftui does without a command)",
    "demo": "start real servers, a real application and load, and the monitor on them",
    "snapshot": "read everything once and print it, for people or as JSON",
    "doctor": "say what can be reached and seen, and which grant shows more",
    "record": "write a session to a file while it is shown or without a screen",
    "replay": "show a recorded session",
}
_EXAMPLES = {
    "monitor": """\
examples:
  perftui                                          what runs on this machine
  perftui mongodb://db1,db2/?replicaSet=rs0 redis://cache http://web:8000
  perftui shop-prod --read-only                    a profile of perftui.toml
  MONGODB_PASSWORD=... perftui mongodb://ann@db1   no password in the arguments
""",
    "snapshot": """\
examples:
  perftui snapshot redis://cache
  perftui snapshot shop-prod --json | jq '.targets[].mongodb.operations'
""",
    "doctor": """\
examples:
  perftui doctor mongodb://watcher@db1
  perftui doctor shop-prod --json
""",
}
_ENVIRONMENT = """\
environment:
  MONGODB_URI REDIS_URL PERFTUI_APP_URL            targets, where none is named
  MONGODB_PASSWORD REDIS_PASSWORD REDISCLI_AUTH    passwords that are not in a URI
  PERFTUI_APP_PASSWORD PERFTUI_APP_TOKEN           an application's password or bearer token
  PERFTUI_CONFIG PERFTUI_INTERVAL PERFTUI_WINDOW PERFTUI_THEME PERFTUI_UTC PERFTUI_READ_ONLY
                                                   as the flags of these names

"""
_EXIT_CODES = """\
exit codes: 0 done, 1 found something or an action failed, 2 wrong usage, 3 a target could not be reached, 130 Ctrl-C"""
_OPTIONS_WITH_VALUE = ("--config", "--interval", "--window", "--theme")


class _Parser(argparse.ArgumentParser):
    """Never repeats a secret that was typed in the wrong place."""

    def error(self, message: str) -> NoReturn:
        from perftui.model.redaction import redact

        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {redact(message)}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run perftui and return its exit code; raises nothing but `SystemExit`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return _exit_code(list(sys.argv[1:] if argv is None else argv))
    finally:
        _let_go_of_output()


def _exit_code(arguments: list[str]) -> int:
    try:
        return _run(arguments)
    except UserError as error:
        say(f"perftui: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return DONE
    except ModuleNotFoundError as error:
        say(f"perftui: the package {error.name} is missing; install it again: pip install --force-reinstall perftui")
        return FOUND
    except Exception as error:
        from perftui.crash import report_crash

        say(report_crash(error))
        return FOUND


def _let_go_of_output() -> None:
    """Python flushes both streams once more at exit; where nobody reads them any more, that would fail aloud."""
    for stream, number in ((sys.stdout, 1), (sys.stderr, 2)):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def _run(arguments: list[str]) -> int:
    name, rest = _split_command(arguments)
    command = import_module(f"perftui.commands.{name}")
    parser = _parser(name)
    command.add_arguments(parser)
    code: int = command.run(_parsed(parser, rest))
    return code


def _parsed(parser: argparse.ArgumentParser, texts: list[str]) -> argparse.Namespace:
    """Flags may stand between targets: argparse alone leaves the targets after a flag over."""
    arguments, left = parser.parse_known_args(texts)
    if left and (not hasattr(arguments, "targets") or any(text.startswith("-") for text in left)):
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    if left:
        arguments.targets = [*arguments.targets, *left]
    return arguments


def _split_command(arguments: list[str]) -> tuple[str, list[str]]:
    """The command is the first positional, if it is one; flags may stand before it."""
    skip = False
    for index, argument in enumerate(arguments):
        if skip or (argument.startswith("-") and argument != "--"):
            skip = not skip and argument in _OPTIONS_WITH_VALUE
            continue
        if argument in COMMANDS:
            return argument, arguments[:index] + arguments[index + 1 :]
        break
    return "monitor", arguments


def _parser(name: str) -> argparse.ArgumentParser:
    is_main = name == "monitor"
    examples = f"{_EXAMPLES[name]}\n" if name in _EXAMPLES else ""
    parser = _Parser(
        prog="perftui" if is_main else f"perftui {name}",
        description=_main_description() if is_main else f"{COMMANDS[name][0].upper()}{COMMANDS[name][1:]}.",
        epilog=examples + (_ENVIRONMENT if is_main else "") + _EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        conflict_handler="resolve",
    )
    parser.add_argument("--version", action="version", version=f"perftui {__version__}")
    add_common_arguments(parser)
    return parser


def _main_description() -> str:
    lines = [f"  {name:<10}{text}" for name, text in COMMANDS.items() if name != "monitor"]
    return "\n".join(
        [
            "htop for an application and its databases: MongoDB, Redis, endpoints and the machine on one live screen.",
            "",
            "commands (each takes --help):",
            *lines,
        ]
    )
