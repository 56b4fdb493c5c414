"""A View without values, hosts and users: all that a card holds is drawn from it."""

from collections.abc import Sequence

from msgspec.structs import replace

from perftui.advice.contention.groups import GroupKey
from perftui.handover.redactor import Redactor
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
    originals = {
        after.target.id: before.target.id for before, after in zip(view.snapshot.targets, snapshot.targets, strict=True)
    }
    book = None if view.advice is None else view.advice.changed(names.uri, redactor.redact)
    return replace(
        view,
        snapshot=snapshot,
        history=_RenamedHistory(view.history, originals),
        selected={kind: names.uri(target_id) for kind, target_id in view.selected.items()},
        advice=book,
        group=None if view.group is None else _hidden_group(view.group, redactor),
    )


def _hidden_group(group: GroupKey, redactor: Redactor) -> GroupKey:
    if group.by == "client":
        return replace(group, value=redactor.names.host(group.value))
    return replace(group, value=redactor.names.name("application", group.value)) if group.by == "application" else group
