"""From indexes to create to the commands that create them: one for each collection."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from perftui.actions.index_spec import IndexSpec
from perftui.actions.mongosh import run_command

CommitQuorum = str | int


class Group(NamedTuple):
    """The indexes of one collection, which are built together, in one pass over its documents."""

    ns: str
    specs: tuple[IndexSpec, ...]

    @property
    def database(self) -> str:
        return self.specs[0].database

    @property
    def collection(self) -> str:
        return self.specs[0].collection

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(spec.index_name for spec in self.specs)

    @property
    def what(self) -> str:
        return f"{', '.join(self.names)} on {self.ns}"

    def command(self, quorum: CommitQuorum | None) -> dict[str, Any]:
        """Without maxTimeMS: a build that reaches it is aborted. Raises `ValueError` for options that are no JSON."""
        command: dict[str, Any] = {
            "createIndexes": self.collection,
            "indexes": [spec.definition() for spec in self.specs],
        }
        return command if quorum is None else {**command, "commitQuorum": quorum}

    def shown(self, quorum: CommitQuorum | None) -> str:
        return run_command(self.database, self.command(quorum))

    def abort_shown(self) -> str:
        """How to end the build from any client."""
        names = list(self.names)
        command = {"dropIndexes": self.collection, "index": names if len(names) > 1 else names[0]}
        return run_command(self.database, command)


def grouped(specs: Sequence[IndexSpec]) -> tuple[Group, ...]:
    """By collection, in the order they were named in. Raises `ValueError` for none, or for a name given twice."""
    if not specs:
        raise ValueError("name an index to create")
    found: dict[str, list[IndexSpec]] = {}
    for spec in specs:
        of_collection = found.setdefault(spec.ns, [])
        if any(spec.index_name == other.index_name for other in of_collection):
            raise ValueError(f"{spec.index_name} on {spec.ns} is named twice")
        of_collection.append(spec)
    return tuple(Group(ns, tuple(of_collection)) for ns, of_collection in found.items())
