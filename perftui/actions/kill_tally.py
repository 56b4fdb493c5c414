"""What became of each of many operations that were to be killed, in counts and in a sentence."""

from perftui.actions.base import Outcome


class KillTally:
    """`total`: how many were confirmed."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.killed = self.ended = self.refused = self.lingering = 0
        self.changed_data = False
        """One of those killed was a write."""
        self.stopped = False

    @property
    def seen(self) -> int:
        return self.killed + self.ended + self.refused

    def outcome(self) -> Outcome:
        """Done is what is seen to be gone."""
        if not self.killed:
            return Outcome(state="refused", message=f"Nothing was killed: {self._rest()}.")
        gone = self.killed - self.lingering
        rest = self._rest()
        parts = [f"{gone:,} of {self.total:,} operations are killed and gone" + (f"; {rest}" if rest else "") + "."]
        if self.lingering:
            parts.append(f"{self.lingering:,} still run: each ends at its next safe point.")
        if self.changed_data:
            parts.append("What they had changed before stays changed.")
        return Outcome(state="unverified" if self.lingering else "done", message=" ".join(parts))

    def _rest(self) -> str:
        left = self.total - self.seen
        counted = (
            (self.ended, "had ended by themselves"),
            (self.refused, "were refused, for they are other operations by now"),
            (left, "were left: you stopped it" if self.stopped else "were left"),
        )
        return ", ".join(f"{number:,} {words}" for number, words in counted if number)
