"""What can be explained, or why nothing can."""

from dataclasses import dataclass
from typing import Any, Final

from perftui.model.command_text import one_line
from perftui.model.text import safe_text

Given = dict[str, Any]
_SHOWN: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why there is no plan: one sentence, and one on what to do."""

    message: str
    help: str = ""
    code: int | None = None
    """The server's."""


@dataclass(frozen=True, kw_only=True)
class Explainable:
    """A command that can stand in an explain, without what belongs to its session and its connection."""

    ns: str
    op: str
    command: Given
    notes: tuple[str, ...] = ()
    """What was changed for the explain, in sentences."""
    never_run: str | None = None
    """Why it is never explained with executionStats; `None` where it may be, once the user agreed."""

    @property
    def database(self) -> str:
        return self.ns.partition(".")[0]

    @property
    def collection(self) -> str:
        return self.ns.partition(".")[2]

    def shell_command(self, verbosity: str, max_time_ms: int) -> str:
        """What is sent, in mongosh's notation, bounded."""
        whole = {"explain": self.command, "verbosity": verbosity, "maxTimeMS": max_time_ms}
        return f'db.getSiblingDB("{safe_text(self.database)}").runCommand({one_line(whole, _SHOWN)})'
