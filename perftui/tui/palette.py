"""Colours by meaning: a theme's roles as Rich styles."""

from msgspec import Struct, field
from rich.style import Style

ROLES: tuple[str, ...] = (
    "normal", "dim", "good", "warning", "over", "accent",
    "label", "value", "spark", "bar", "bracket", "heading", "key", "tab", "caret",
)  # fmt: skip
"""The roles of a piece of text: the six states, then the parts of a screen."""
BASES: tuple[str, ...] = ("normal", "header", "title", "cursor", "tagged", "bar", "selected")
"""The roles of a whole line: what it stands on."""


class Palette(Struct, frozen=True):
    """Styles of roles on bases; made once from a theme, then looked up."""

    roles: dict[str, Style]
    bases: dict[str, Style]
    plain_on: frozenset[str] = frozenset()
    """Bases on which text keeps the base's colour, because the role's own could not be read there."""
    _made: dict[tuple[str, str], Style] = field(default_factory=dict)

    def rich(self, role: str, base: str = "normal") -> Style:
        """The style of a role on a base; unknown names are drawn plain."""
        made = self._made.get((role, base))
        if made is None:
            ground, ink = self.bases.get(base, self.bases["normal"]), self.roles.get(role, self.roles["normal"])
            if base in self.plain_on or (role == "normal" and base != "normal"):
                made = ground + Style(bold=ink.bold) if role != "normal" else ground
            else:
                made = ground + ink
            self._made[(role, base)] = made
        return made
