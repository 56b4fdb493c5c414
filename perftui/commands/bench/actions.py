"""What `perftui bench` can do: each action has a parser of its own, whose help shows its own options only."""

import argparse
import math
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

from perftui.commands import add_common_arguments
from perftui.model.errors import UserError
from perftui.model.names import closest
from perftui.model.redaction import redact


class Action(NamedTuple):
    """`takes`: its words, of which `[WORD]` may be left out and `WORD...` may come again and again."""

    name: str
    takes: str
    does: str
    module: str

    @property
    def command(self) -> str:
        """As it is typed, or said where there is no word for it."""
        return f"perftui bench {self.name}" if self.name else "perftui bench without an action"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.usage = f"%(prog)s [OPTION ...] {self.takes}"
        if not self.name:
            parser.usage += "\n       %(prog)s ACTION ..."
            parser.description = f"{parser.description}\n\n{_actions_in_words()}"
        parser.add_argument("targets", nargs="*", default=[], help=argparse.SUPPRESS)
        import_module(self.module).add_arguments(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Its exit code. Raises `UserError`."""
        words = self.takes.split()
        least = sum(not word.startswith("[") for word in words)
        most = math.inf if words[-1].rstrip("]").endswith("...") else len(words)
        if not least <= len(arguments.targets) <= most:
            raise UserError(f"{self.command} takes {self.takes}.")
        code: int = import_module(self.module).run(arguments)
        return code

    def refuse(self, text: str) -> UserError:
        """One sentence on an option that it does not take: whose it is, or what was probably meant."""
        name, options = text.partition("=")[0] if text.startswith("--") else text[:2], _options()
        owners = [one.command for one in (*NAMED.values(), REPORT) if name in options[one.name]]
        if not owners:
            known = [option for option in options[self.name] if option.startswith("--")]
            meant = closest(name, known)
            hint = f"did you mean '{meant}'?" if meant else f"perftui bench {self.name} --help lists what there is."
            return UserError(f"{self.command} has no option {redact(name)}; {' '.join(hint.split())}")
        return UserError(f"{name} goes with {_joined(owners)}, not with {self.command}.")


REPORT = Action("", "[TARGET...]", "one report on the queries and endpoints of its targets", f"{__package__}.overall")
NAMED = {
    one.name: one
    for one in (
        Action("run", "FILE", "measure the bench_* functions of a Python file", f"{__package__}.running"),
        Action("compare", "BASE NEW", "compare two saved runs, benchmark by benchmark", f"{__package__}.comparing"),
        Action("http", "URL...", "put a steady load on endpoints, and say what they answered", f"{__package__}.http"),
        Action("mongo", "TARGET [FILE...]", "measure queries on a server, and what an index would change",
               f"{__package__}.mongo"),
    )
}  # fmt: skip


def choose_action(texts: Sequence[str]) -> tuple[Action, list[str]]:
    """The action that the first word names, with all but that word; without one it is the report."""
    with_value = {name for options in _options().values() for name, has_value in options.items() if has_value}
    is_value = False
    for place, text in enumerate(texts):
        if is_value or (text.startswith("-") and text != "--"):
            is_value = not is_value and text in with_value
        elif text in NAMED:
            return NAMED[text], [*texts[:place], *texts[place + 1 :]]
        else:
            break
    return REPORT, list(texts)


def _options() -> dict[str, dict[str, bool]]:
    """By action the options that there are, and whether each takes a value."""
    found = {}
    for action in (*NAMED.values(), REPORT):
        parser = argparse.ArgumentParser(add_help=False, conflict_handler="resolve")
        add_common_arguments(parser)
        action.add_arguments(parser)
        found[action.name] = {name: option.nargs != 0 for name, option in parser._option_string_actions.items()}
    return found


def _joined(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _actions_in_words() -> str:
    lines = [f"  {f'{one.name} {one.takes}':<24}{one.does}" for one in NAMED.values()]
    return "\n".join(["actions (each takes --help); without one, a report on the targets:", *lines])
