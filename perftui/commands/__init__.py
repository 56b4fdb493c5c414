"""One file a command: `add_arguments(parser)` and `run(arguments) -> exit code`. Here is what they share."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perftui.model.settings import Settings

DONE, FOUND, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: done; found something, refused or failed; wrong usage; a target not reached; Ctrl-C."""


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags that every command takes; `perftui.cli` calls it for each."""
    group = parser.add_argument_group("common options")
    group.add_argument("--config", metavar="FILE", help="settings file instead of the user's own perftui.toml")
    group.add_argument("--read-only", action="store_true", default=False, help="take every action away")
    group.add_argument("--interval", type=_value("interval"), metavar="TIME", help="how often to read: 500ms, 1s, 5s")
    group.add_argument("--window", type=_value("window"), metavar="TIME", help="the digests' window: 1m, 5m, 1h")
    group.add_argument("--budgets", metavar="FILE", help="file of budgets in place of those of the settings")
    group.add_argument("--theme", metavar="NAME", help="name of a theme")
    group.add_argument("--utc", action="store_true", default=None, help="show times in UTC")
    group.add_argument("--via", metavar="[USER@]HOST", help="reach the targets through this bastion, with your own ssh")
    group.add_argument("--ssh-config", metavar="FILE", help="ssh's configuration instead of ~/.ssh/config")
    group.add_argument(
        "--slow-link",
        type=_value("byte_rate"),
        metavar="BYTES",
        help="most bytes a second, on the terminal and through the bastion: 20k",
    )
    group.add_argument("--ask-password", action="store_true", help="ask for each target's password on the terminal")


def add_target_arguments(parser: argparse.ArgumentParser) -> None:
    """`TARGET ...`, read back by `load_settings`."""
    parser.add_argument(
        "targets",
        nargs="*",
        default=[],
        metavar="TARGET",
        help="mongodb://, mongodb+srv://, redis://, rediss://, unix://, http(s):// or a profile's name; with none: "
        "MONGODB_URI, REDIS_URL and PERFTUI_APP_URL, then this machine's usual ports, then just the machine",
    )


def load_settings(
    arguments: argparse.Namespace, environment: Mapping[str, str] | None = None, *, with_targets: bool = True
) -> "Settings":
    """Flags over environment over file over default, with every target resolved. Raises `UserError`.

    Without targets there are no connections: nothing is looked for, and no password is asked.
    """
    from perftui.commands.resolve import Resolved, Through, resolve
    from perftui.config import Flags, find_config, merge

    environment = os.environ if environment is None else environment
    config = find_config(arguments.config, environment)
    chosen = Resolved((), ())
    if with_targets:
        chosen = resolve(
            getattr(arguments, "targets", []),
            config,
            environment,
            ask=arguments.ask_password,
            through=Through(arguments.via, arguments.ssh_config, arguments.slow_link),
        )
    flags = Flags(
        interval_s=arguments.interval,
        window_s=arguments.window,
        theme=arguments.theme,
        utc=arguments.utc,
        read_only=arguments.read_only,
        budgets=arguments.budgets,
        slow_link=arguments.slow_link,
    )
    return merge(config, chosen.profiles, environment, flags, chosen.connections)


def say(message: str) -> None:
    """Words for the user, on stderr: stdout is for data."""
    print(message, file=sys.stderr)


def _value(name: str) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        from perftui.config import values

        try:
            return getattr(values, name)(text)
        except ValueError as expected:
            raise argparse.ArgumentTypeError(f"must be {expected}") from None

    return read
