"""Commands of several actions: each action has a parser of its own, whose help shows its own options only."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from perftui.commands import add_common_arguments
from perftui.model.errors import UserError
from perftui.model.names import closest, nearest
from perftui.model.redaction import redact

AddOptions = Callable[[argparse.ArgumentParser], None]


@dataclass(frozen=True, eq=False)
class Action:
    """`takes`: its words, of which `[WORD]` may be left out and `WORD...` may come again and again."""

    siblings: Actions
    name: str
    takes: str
    does: str
    module: str
    """Its `run(arguments)` returns the exit code; imported when it is asked for."""
    options: AddOptions | None = None
    """What adds its own options, where that is not the module's `add_arguments`."""

    @property
    def command(self) -> str:
        """As it is typed, or said where there is no word for it."""
        command = f"perftui {self.siblings.command}"
        return f"{command} {self.name}" if self.name else f"{command} without an action"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.usage = f"%(prog)s [OPTION ...] {self.takes}".rstrip()
        if not self.name:
            parser.usage = f"{parser.usage}\n       %(prog)s ACTION ..." if self.takes else "%(prog)s ACTION ..."
            parser.description = f"{parser.description}\n\n{self.siblings.in_words()}"
        parser.add_argument("targets", nargs="*", default=[], help=argparse.SUPPRESS)
        if self.takes:
            add_options = self.options or import_module(self.module).add_arguments
            add_options(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Its exit code. Raises `UserError`."""
        if not self.takes:
            typed = f"perftui {self.siblings.command}"
            raise UserError(f"{typed} takes an action: {', '.join(self.siblings.named)}. {typed} --help explains them.")
        words = self.takes.replace(" | ", "|").split()
        least = sum(not word.startswith("[") for word in words)
        most = math.inf if words[-1].rstrip("]").endswith("...") else len(words)
        if not least <= len(arguments.targets) <= most:
            raise UserError(f"{self.command} takes {self.takes}.")
        arguments.action = self.name
        code: int = import_module(self.module).run(arguments)
        return code

    def refuse(self, text: str) -> UserError:
        """One sentence on an option that it does not take: whose it is, or what was probably meant."""
        name, options = text.partition("=")[0] if text.startswith("--") else text[:2], self.siblings.options()
        owners = [one.command for one in self.siblings.all if name in options[one.name]]
        if not owners:
            known = [option for option in options[self.name] if option.startswith("--")]
            meant = closest(name, known)
            typed = f"perftui {self.siblings.command} {self.name}".rstrip()
            hint = f"did you mean '{meant}'?" if meant else f"{typed} --help lists what there is."
            return UserError(f"{self.command} has no option {redact(name)}; {hint}")
        return UserError(f"{name} goes with {_joined(owners)}, not with {self.command}.")


class Actions:
    """All of one command, each by its name, and what the command does without one."""

    def __init__(self, command: str, takes: str = "", does: str = "", module: str = "") -> None:
        """With what it takes, does, and its module, where no action is named; without them one must be."""
        self.command = command
        self.without = Action(self, "", takes, does, module)
        self.named: dict[str, Action] = {}

    @property
    def all(self) -> tuple[Action, ...]:
        return (*self.named.values(), self.without)

    def add(self, name: str, takes: str, does: str, module: str, options: AddOptions | None = None) -> None:
        self.named[name] = Action(self, name, takes, does, module, options)

    def choose(self, texts: Sequence[str]) -> tuple[Action, list[str]]:
        """The action that the first word names, with all but that word; else what is done without one.

        Raises `UserError` where an action must be named, and the word is none.
        """
        with_value = {name for options in self.options().values() for name, has_value in options.items() if has_value}
        is_value = False
        for place, text in enumerate(texts):
            if is_value or (text.startswith("-") and text != "--"):
                is_value = not is_value and text in with_value
            elif text in self.named:
                return self.named[text], [*texts[:place], *texts[place + 1 :]]
            elif not self.without.takes:
                raise UserError(f"There is no action '{redact(text)}'{nearest(text, self.named)}")
            else:
                break
        return self.without, list(texts)

    def options(self) -> dict[str, dict[str, bool]]:
        """By action the options that there are, and whether each takes a value."""
        found = {}
        for action in self.all:
            parser = argparse.ArgumentParser(add_help=False, conflict_handler="resolve")
            add_common_arguments(parser)
            action.add_arguments(parser)
            found[action.name] = {name: option.nargs != 0 for name, option in parser._option_string_actions.items()}
        return found

    def in_words(self) -> str:
        """A line for each, as `--help` shows them."""
        typed = [f"{one.name} {one.takes}" for one in self.named.values()]
        width = max(len(words) for words in typed) + 2
        lines = [f"  {words:<{width}}{one.does}" for words, one in zip(typed, self.named.values(), strict=True)]
        otherwise = f"; without one, {self.without.does}" if self.without.does else ""
        return "\n".join([f"actions (each takes --help){otherwise}:", *lines])


def _joined(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
