"""What is said of targets beside what they say themselves: their indexes, what became of ours, and their budgets."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from perftui.model.proof import ProofStart
from perftui.model.settings import Settings
from perftui.model.snapshot import TargetState

if TYPE_CHECKING:
    from perftui.monitor.budgets import HeldBudgets
    from perftui.monitor.digest import Digest
    from perftui.monitor.index_judging import IndexJudges
    from perftui.monitor.proofs import Proofs

States = tuple[TargetState, ...]
DigestOf = Callable[[str], "Digest | None"]
"""The slow queries of a target's id."""


class StateJudging:
    """Imports a judge when there is something for it: the first frame waits for none."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._proofs: Proofs | None = None
        self._index_judges: IndexJudges | None = None
        self._held_budgets: HeldBudgets | None = None
        self._budgets_at_once = False

    def judge_budgets_at_once(self) -> None:
        """Have a budget's first judgement count, for who takes only one Snapshot."""
        self._budgets_at_once = True

    def watch_proofs(self, starts: Sequence[ProofStart]) -> None:
        """Show from now on what became of these indexes of ours."""
        from perftui.monitor.proofs import Proofs

        self._proofs = self._proofs or Proofs()
        self._proofs.watch(starts)

    @property
    def behind(self) -> bool:
        """Some indexes have not been judged yet: the next states say more."""
        return self._index_judges is not None and self._index_judges.behind

    def judged(self, states: States, digest_of: DigestOf, window_s: float, wall: float) -> States:
        """The same targets, with all that is said of them."""
        shown = self._indexes_judged(states, wall)
        if self._proofs is not None:
            shown = self._proofs.applied(shown, digest_of, wall)
        return self._held_to_budgets(shown, window_s, wall)

    def _indexes_judged(self, states: States, wall: float) -> States:
        if self._index_judges is None:
            if all(state.indexes is None for state in states):
                return states
            from perftui.monitor.index_judging import IndexJudges

            self._index_judges = IndexJudges()
        return self._index_judges.applied(states, wall)

    def _held_to_budgets(self, states: States, window_s: float, wall: float) -> States:
        if self._held_budgets is None:
            if not any(state.application or state.queries or state.redis for state in states):
                return states
            from perftui.monitor.budgets import HeldBudgets

            self._held_budgets = HeldBudgets(self._settings.budgets)
            if self._budgets_at_once:
                self._held_budgets.judge_at_once()
        return self._held_budgets.applied(states, window_s, wall)
