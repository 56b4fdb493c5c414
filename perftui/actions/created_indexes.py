"""What a creation leaves behind, for its undo: the indexes that were made, or that the server may still make."""

from collections.abc import Sequence

from msgspec.structs import replace

from perftui.actions.build_commands import Group
from perftui.actions.index_entries import IndexEntry
from perftui.actions.index_spec import keep
from perftui.actions.undo_data import KeptIndex


class CreatedIndexes:
    """Of these groups. Before and while it is created, all that is asked for; then what an undo has to drop."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self._groups = groups
        self._made: list[KeptIndex] = []
        self._over = False

    def begin(self) -> None:
        self._made, self._over = [], False

    def end(self) -> None:
        self._over = True

    def made(self, group: Group, entries: Sequence[IndexEntry]) -> None:
        """These were seen to be there."""
        shapes = {spec.index_name: spec.shapes for spec in group.specs}
        self._made += [replace(entry.kept(group.ns), shapes=shapes.get(entry.name, ())) for entry in entries]

    def may_be_made(self, group: Group, before: set[str]) -> None:
        """Their end was not seen. What was there before is not ours to drop."""
        self._made += [one for one in _intended(group) if one.name not in before]

    def left(self) -> tuple[KeptIndex, ...]:
        """What an undo of now has to drop."""
        return tuple(self._made) if self._over else tuple(one for group in self._groups for one in _intended(group))


def _intended(group: Group) -> list[KeptIndex]:
    return [
        KeptIndex(ns=group.ns, name=spec.index_name, definition=keep(spec.definition()), shapes=spec.shapes)
        for spec in group.specs
    ]
