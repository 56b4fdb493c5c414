"""The advice that was asked for since the start, so that a table, a card and a key find it again."""

from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct

from perftui.model.analysis import Analysis, Recommendation

_MOST = 32


class Advised(Struct, frozen=True):
    """One answer, and when it was given (seconds since the epoch)."""

    analysis: Analysis
    at: float


class AdviceBook:
    """The latest analysis of each collection of each target, bounded."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple[str, str], Advised] = OrderedDict()

    def keep(self, target_id: str, ns: str, analysis: Analysis, at: float) -> None:
        self._pages[target_id, ns] = Advised(analysis, at)
        self._pages.move_to_end((target_id, ns))
        while len(self._pages) > _MOST:
            self._pages.popitem(last=False)

    def find(self, target_id: str, ns: str) -> Advised | None:
        return self._pages.get((target_id, ns))

    def changed(self, target: Callable[[str], str], analysis: Callable[[Analysis], Analysis]) -> "AdviceBook":
        """A copy with each target's id and each analysis as these make them."""
        copy = AdviceBook()
        for (target_id, ns), advised in list(self._pages.items()):
            copy.keep(target(target_id), ns, analysis(advised.analysis), advised.at)
        return copy

    def forget(self, target_id: str, ns: str) -> None:
        """After an index changed, old advice is wrong advice."""
        self._pages.pop((target_id, ns), None)

    def why_none(self, target_id: str, ns: str, shape_id: str) -> str:
        """Why no index is recommended for a shape; empty: nobody asked, or nothing is said."""
        advised = self.find(target_id, ns)
        declined = advised.analysis.declined if advised is not None else ()
        return " ".join(one.reason for one in declined if one.shape == shape_id)

    def serving(self, target_id: str, ns: str, shape_id: str) -> tuple[Recommendation, ...]:
        """The recommendations that serve a shape."""
        advised = self.find(target_id, ns)
        known = advised.analysis.recommendations if advised is not None else ()
        return tuple(one for one in known if shape_id in one.serves)
