"""The command line: parses, then imports the one command it needs."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

from perftui import __version__
from perftui.commands import DONE, FOUND, INTERRUPTED, add_common_arguments, say
from perftui.commands.restoring import tell_left_behind
from perftui.model.errors import UserError

COMMANDS = {
    "monitor": "show the live screen (what perftui does without a command)",
    "demo": "start real servers, a real application and load, and the monitor on them",
    "snapshot": "read everything once and print it, for people or as JSON",
    "diagnose": "say what is wrong, since when, what caused it and what helps, in one sentence",
    "watch": "tell alerts without a screen: JSON lines, a command or a webhook; for a service",
    "analyze": "say which queries are slow and which indexes would help, from a server or a log file",
    "doctor": "say what can be reached and seen, and which grant shows more",
    "index": "create, hide, drop, list or undo indexes, and profile for a time; asks before it changes anything",
    "bench": "measure Python code, HTTP endpoints or queries, or compare two runs; an exit code for CI",
    "check": "hold budgets against metrics, a recorded session or a bench result; an exit code for CI",
    "record": "write a session to a file while it is shown or without a screen",
    "replay": "show a recorded session",
    "bundle": "write a recording without values, hosts and users, for colleagues to replay",
}
_LOOK_BACK_THEMSELVES = ("monitor", "index")
_EXAMPLES = {
    "monitor": """\
examples:
  perftui                                          what runs on this machine
  perftui mongodb://db1,db2/?replicaSet=rs0 redis://cache http://web:8000
  perftui shop-prod --read-only                    a profile of perftui.toml
  MONGODB_PASSWORD=... perftui mongodb://ann@db1   no password in the arguments
  perftui --via ops@bastion mongodb://db1          through a bastion, with your own ssh; its machine is read too
""",
    "snapshot": """\
examples:
  perftui snapshot redis://cache
  perftui snapshot shop-prod --json | jq '.targets[].mongodb.operations'
""",
    "diagnose": """\
examples:
  perftui diagnose shop-prod
  perftui diagnose mongodb://db1 redis://cache http://web:8000 --watch 0
  perftui diagnose shop-prod --json | jq -r .problem.code
""",
    "watch": """\
examples:
  perftui watch shop-prod --budgets perftui-budgets.toml
  perftui watch mongodb://db1 redis://cache --exec '/usr/local/bin/page shop'
  PERFTUI_WEBHOOK=https://chat.example/hooks/... perftui watch shop-prod --webhook-form text --heartbeat 1h
""",
    "analyze": """\
examples:
  perftui analyze mongodb://db1 --since 1h
  perftui analyze mongod.log.gz --facts mongodb://db1 --top 20
  perftui analyze shop-prod --json > analysis.json
  perftui analyze mongodb://db1 --ns shop.prompts --query '{category: "art", active: true}'
""",
    "doctor": """\
examples:
  perftui doctor mongodb://watcher@db1
  perftui doctor --via ops@bastion mongodb://db1
  perftui doctor shop-prod --json
""",
    "index": """\
examples:
  perftui index create mongodb://db1 shop.orders '{"customer": 1, "at": -1}' --dry-run
  perftui index apply analysis.json shop-prod --only category_1_createdAt_-1
  perftui index hide shop-prod shop.orders customer_1
  perftui index undo shop-prod
  perftui index list shop-prod shop
  perftui index profile shop-prod shop --slowms 20 --seconds 30
""",
    "bench": """\
examples:
  perftui bench mongodb://db1 http://localhost:8000 --html report.html     their worst queries and their endpoints
  perftui bench run benchmarks.py --json new.json
  perftui bench compare base.json new.json --fail-on 5% --markdown report.md
  perftui bench http http://localhost:8000/api/orders --rate 100 --duration 30s
  perftui bench http http://localhost:8000/api/orders --uncached-header 'Cache-Control: no-cache'
  perftui bench mongo mongodb://db1 --top 3        the worst queries that the server still knows of
  perftui bench mongo shop-prod queries.js --json new.json
  perftui bench mongo mongodb://db1/shop queries.js --only newest --with-index '{customer: 1, at: -1}'
""",
    "check": """\
examples:
  perftui check http://web:8000/internal/perftui/v1/metrics --suggest --output perftui-budgets.toml
  perftui check http://web:8000/internal/perftui/v1/metrics --budgets perftui-budgets.toml --junit check.xml
  perftui check session.perftui new.json --budgets perftui-budgets.toml
""",
    "bundle": """\
examples:
  perftui bundle session.perftui for-colleagues.perftui --last 10m
  perftui bundle now.perftui shop-prod --seconds 60
""",
}
_ENVIRONMENT = """\
environment:
  MONGODB_URI REDIS_URL PERFTUI_APP_URL            targets, where none is named
  MONGODB_PASSWORD REDIS_PASSWORD REDISCLI_AUTH    passwords that are not in a URI
  PERFTUI_APP_PASSWORD PERFTUI_APP_TOKEN           an application's password or bearer token
  PERFTUI_CONFIG PERFTUI_INTERVAL PERFTUI_WINDOW PERFTUI_THEME PERFTUI_UTC PERFTUI_READ_ONLY PERFTUI_BUDGETS
  PERFTUI_VIA PERFTUI_SLOW_LINK                    as the flags of these names
  PERFTUI_WEBHOOK                                  where perftui watch sends its alerts

"""
_EXIT_CODES = """\
exit codes: 0 done, 1 found something or an action failed, 2 wrong usage, 3 a target could not be reached, 130 Ctrl-C"""
_OPTIONS_WITH_VALUE = (
    "--config", "--interval", "--window", "--theme", "--budgets", "--watch", "--via", "--ssh-config", "--slow-link",
    "--exec", "--exec-timeout", "--webhook", "--webhook-form", "--give-up-after", "--clear-after", "--heartbeat",
)  # fmt: skip


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
        _close_ways()
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
        say(f"perftui: the package {error.name} is missing; {_how_to_mend()}")
        return FOUND
    except Exception as error:
        from perftui.crash import report_crash

        say(report_crash(error))
        return FOUND


def _how_to_mend() -> str:
    from perftui.model.single_file import is_single_file

    if is_single_file():
        return "this single file was built without it: please report it, and install perftui with pip meanwhile"
    return "install it again: pip install --force-reinstall perftui"


def _close_ways() -> None:
    """The connections through bastions, where there are any: most commands never import what makes them."""
    if (opening := sys.modules.get("perftui.via.opening")) is not None:
        opening.close_all()


def _let_go_of_output() -> None:
    """Python flushes both streams once more at exit; where nobody reads them any more, that would fail aloud."""
    for stream, number in ((sys.stdout, 1), (sys.stderr, 2)):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def _run(arguments: list[str]) -> int:
    name, rest = _split_command(arguments)
    command, parsed = understand(name, rest)
    if name not in _LOOK_BACK_THEMSELVES:
        tell_left_behind()
    code: int = command.run(parsed)
    return code


def understand(name: str, texts: list[str]) -> tuple[Any, argparse.Namespace]:
    """What runs the command, a module or one action of it, and its arguments. Raises `UserError` and `SystemExit`."""
    module = import_module(f"perftui.commands.{name}")
    if not hasattr(module, "choose_action"):
        return module, _parsed(module, _parser(name), texts)
    action, rest = module.choose_action(texts)
    return action, _parsed(action, _action_parser(name, action) if action.name else _parser(name), rest)


def _parsed(command: Any, parser: argparse.ArgumentParser, texts: list[str]) -> argparse.Namespace:
    """Flags may stand between targets: argparse alone leaves the targets after a flag over."""
    command.add_arguments(parser)
    arguments, left = parser.parse_known_args(texts)
    unknown = [text for text in left if text.startswith("-") and text != "-"]
    if unknown and hasattr(command, "refuse"):
        raise command.refuse(unknown[0])
    if left and (unknown or not hasattr(arguments, "targets")):
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
    return _made_parser(
        "perftui" if is_main else f"perftui {name}",
        _main_description() if is_main else _sentence(COMMANDS[name]),
        examples + (_ENVIRONMENT if is_main else ""),
    )


def _action_parser(name: str, action: Any) -> argparse.ArgumentParser:
    """With the command's examples of this action."""
    command = f"perftui {name} {action.name}"
    lines = [line for line in _EXAMPLES[name].splitlines() if line.startswith(f"  {command} ")]
    return _made_parser(command, _sentence(action.does), "\n".join(["examples:", *lines, "", ""] if lines else []))


def _made_parser(prog: str, description: str, epilog: str) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=prog,
        description=description,
        epilog=epilog + _EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        conflict_handler="resolve",
    )
    parser.add_argument("--version", action="version", version=f"perftui {__version__}")
    add_common_arguments(parser)
    return parser


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


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
