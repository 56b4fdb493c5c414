"""The page on the report without an action: its options are the program's, and its commands are understood."""

import argparse
import re
import shlex
from pathlib import Path

from perftui.cli import understand
from perftui.commands.bench.actions import BENCH
from perftui.commands.bench.overall_checks import check_action
from perftui.commands.several_actions import Action

PAGE = (Path(__file__).parents[2] / "docs" / "benchmarking-targets.md").read_text("utf-8")


def options_of(action: Action) -> set[str]:
    parser = argparse.ArgumentParser(add_help=False)
    action.add_arguments(parser)
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", parser.format_help())) - {"--help"}


def test_the_options_of_its_own_are_in_the_table() -> None:
    own = options_of(BENCH.without)
    shared = set().union(*(options_of(BENCH.named[name]) for name in ("run", "mongo", "http")))
    listed = {option for line in PAGE.splitlines() for option in re.findall(r"^\| `(--[a-z-]+)", line)}
    assert own - shared <= listed <= own
    assert set(re.findall(r"`(--[a-z-]+)", PAGE)) == own | {"--with-index", "--method", "--body"}


def test_the_commands_are_understood() -> None:
    for line in PAGE.partition("```sh\n")[2].partition("```")[0].splitlines():
        action, parsed = understand("bench", shlex.split(line)[2:])
        assert action is BENCH.without
        if parsed.targets != ["shop-prod"]:
            check_action(parsed)
