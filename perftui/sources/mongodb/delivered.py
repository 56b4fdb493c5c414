"""Up to which moment slow queries were handed out, so that another place to read them from goes on there."""

from collections.abc import Iterable

from perftui.model.query import SlowQuery
from perftui.sources.mongodb.profile_tail import OVERLAP_S


class Delivered:
    """For each database on its own: profiles are read in turn, so that one may be far behind another.

    Moments are Unix seconds of the server's clock, which may be set back.
    """

    def __init__(self) -> None:
        self._everywhere = 0.0
        self._profiles: dict[str, float] = {}

    def until(self, database: str) -> float:
        """Nothing of this database up to then is to be taken from another place; 0 before anything was handed out."""
        return self._profiles.get(database, max([self._everywhere, *self._profiles.values()]))

    def has(self, entry: SlowQuery) -> bool:
        """Whether another place has given it already."""
        return entry.at <= self.until(_database_of(entry))

    def take_profiled(self, entries: Iterable[SlowQuery], databases: Iterable[str]) -> None:
        """These were handed out, of each database in their order; of `databases` those not read yet are known too."""
        for name in databases:
            self._profiles.setdefault(name, self._everywhere)
        for name, at in {_database_of(entry): entry.at for entry in entries if entry.at > 0}.items():
            self._profiles[name] = _moved(self._profiles.get(name, self._everywhere), at)

    def take(self, entries: Iterable[SlowQuery]) -> None:
        """These were handed out, in their order, and are of all databases."""
        at = max((entry.at for entry in entries), default=0.0)
        if not at:
            return
        if self._profiles:  # the first after the profiles: what one of them was behind is no clock set back
            self._everywhere, self._profiles = max(at, self._everywhere, *self._profiles.values()), {}
        else:
            self._everywhere = _moved(self._everywhere, at)


def _moved(before: float, at: float) -> float:
    """Entries come out of their order by little; by more, the server's clock was set back."""
    return at if at < before - OVERLAP_S else max(before, at)


def _database_of(entry: SlowQuery) -> str:
    return entry.ns.partition(".")[0]
