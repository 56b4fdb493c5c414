"""The page on the report without an action: its options are the program's, and its commands are understood."""

import argparse
import re
import shlex
from pathlib import Path

from perftui.commands import bench
from perftui.commands.bench import _is_target, overall

PAGE = (Path(__file__).parents[2] / "docs" / "benchmarking-targets.md").read_text("utf-8")


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", parser.format_help()))


def test_the_options_of_its_own_are_in_the_table() -> None:
    own, everything = argparse.ArgumentParser(add_help=False), argparse.ArgumentParser(add_help=False)
    overall.add_arguments(own)
    bench.add_arguments(everything)
    listed = {option for line in PAGE.splitlines() for option in re.findall(r"^\| `(--[a-z-]+)", line)}
    assert options_of(own) <= listed <= options_of(everything)
    assert set(re.findall(r"`(--[a-z-]+)", PAGE)) <= options_of(everything)


def test_the_commands_are_understood() -> None:
    parser = argparse.ArgumentParser()
    bench.add_arguments(parser)
    parser.add_argument("--config")
    for line in PAGE.partition("```sh\n")[2].partition("```")[0].splitlines():
        parsed = parser.parse_args(shlex.split(line)[2:])
        assert parsed.action == "shop-prod" or _is_target(parsed.action, parsed)
