"""A View without values, hosts and users: all that a card holds is drawn from it."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from perftui.advice.contention.groups import Grouping, GroupKey, connection_value, is_member, value_of
from perftui.handover.redactor import Redactor
from perftui.model.operation import Operation
from perftui.monitor.feed import Series
from perftui.tui.view import View


class _RenamedHistory:
    """The same series under the targets' pseudonyms."""

    def __init__(self, history: Series, originals: dict[str, str]) -> None:
        self._history, self._originals = history, originals

    def values(
        self, target_id: str, metric: str, length: int, *, subject: str | None = None, until: int | None = None
    ) -> Sequence[float | None]:
        """As `feed.Series.values`."""
        known = self._originals.get(target_id, target_id)
        return self._history.values(known, metric, length, subject=subject, until=until)

    def times(self, length: int, *, until: int | None = None) -> Sequence[float | None]:
        return self._history.times(length, until=until)


def hidden_view(view: View, redactor: Redactor) -> View:
    """The same View for a stranger's eyes."""
    names = redactor.names
    snapshot = redactor.snapshot(view.snapshot)
    pseudonyms = {
        before.target.id: after.target.id for before, after in zip(view.snapshot.targets, snapshot.targets, strict=True)
    }
    originals = {pseudonym: target_id for target_id, pseudonym in pseudonyms.items()}
    book = None if view.advice is None else view.advice.changed(names.uri, redactor.redact)
    hidden = replace(
        view,
        snapshot=snapshot,
        history=_RenamedHistory(view.history, originals),
        selected={kind: pseudonyms[target_id] for kind, target_id in view.selected.items() if target_id in pseudonyms},
        advice=book,
    )
    return hidden if view.group is None else replace(hidden, group=_hidden_group(view.group, view, hidden, redactor))


def _hidden_group(group: GroupKey, view: View, hidden: View, redactor: Redactor) -> GroupKey:
    """By one of its operations, as it is after hiding; of a group that has ended, from its parts."""
    for before, after in zip(_operations(view), _operations(hidden), strict=True):
        if is_member(before, group):
            return replace(group, value=value_of(after, group.by))
    names = redactor.names
    machine, _, application = group.value.partition(" ")
    values: dict[Grouping, Callable[[], str]] = {
        "shape": lambda: redactor.text(group.value),
        "client": lambda: names.host(group.value),
        "application": lambda: names.name("application", group.value),
        "connection": lambda: connection_value(names.host(machine), names.name("application", application)),
    }
    return replace(group, value=values[group.by]())


def _operations(view: View) -> Sequence[Operation]:
    target = view.target("mongodb")
    return () if target is None or target.operations is None else target.operations.operations
