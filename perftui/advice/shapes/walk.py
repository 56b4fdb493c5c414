"""The bounds of one walk through a command that anybody may have written."""

from perftui.model.text import safe_text

CUT = "…"
_NODES = 2000
_DEPTH = 40
_NAME = 200


class Walk:
    """How much of a command may still be looked at: a count of nodes, and a depth below which nothing is read."""

    __slots__ = ("left",)

    def __init__(self, nodes: int = _NODES) -> None:
        self.left = nodes

    def enter(self, depth: int) -> bool:
        """Take one node at this depth; False when it is one too many or too deep."""
        self.left -= 1
        return self.left >= 0 and depth < _DEPTH


def name_text(name: str) -> str:
    """A field's or an operator's name, safe and bounded; quoted where it could be taken for syntax."""
    if name.isidentifier() and name.isascii() and len(name) <= _NAME:
        return name
    plain = name.replace(".", "").replace("$", "").replace("-", "")
    if plain.isascii() and plain.replace("_", "a").isalnum() and len(name) <= _NAME:
        return name
    return '"' + safe_text(name, _NAME).replace('"', "'") + '"'
