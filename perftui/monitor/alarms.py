"""Thresholds crossed and recovered: only after several readings in a row, so that nothing flutters."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence

from perftui.model.event import Event, Severity
from perftui.model.settings import Thresholds
from perftui.model.snapshot import TargetState
from perftui.monitor.figures import Figure
from perftui.monitor.rules import RULES, Rule

FIGURES = 1000
"""How many figures are remembered; the one unseen for longest makes room."""
GATHERED_S = 30.0
"""Of many figures of one kind, at most one sentence in this time says which crossed their threshold."""

_NORMAL, _WARNING, _OVER = 0, 1, 2


class _Level:
    """Where one figure stands, and how often in a row it stood elsewhere."""

    __slots__ = ("again", "level", "seen")

    def __init__(self) -> None:
        self.level, self.seen, self.again = _NORMAL, _NORMAL, 0

    def move(self, level: int, readings: int) -> bool:
        """Take a reading; true when the level changes with it. What was over is back only below the warning."""
        level = self.level if level == _WARNING and self.level == _OVER else level
        self.again = self.again + 1 if level == self.seen else 1
        self.seen = level
        if level == self.level or self.again < readings:
            return False
        self.level = level
        return True


class _Gathering:
    """Figures of one rule that reached the same level and wait to be told together."""

    __slots__ = ("figures", "told_at")

    def __init__(self) -> None:
        self.figures: dict[str, Figure] = {}
        self.told_at: float | None = None

    def release(self, at: float) -> list[Figure]:
        """All that wait, once it is time."""
        early = self.told_at is not None and 0 <= at - self.told_at < GATHERED_S
        if early or not self.figures:
            return []
        released, self.figures, self.told_at = list(self.figures.values()), {}, at
        return released


class Alarms:
    """Takes each target's state once a reading and says what crossed its threshold or came back."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._levels: OrderedDict[tuple[str, str, str], _Level] = OrderedDict()
        self._gathered: dict[tuple[str, str], dict[int, _Gathering]] = {}
        self._seen: dict[tuple[str, str], object] = {}

    def notice(self, state: TargetState, at: float) -> Iterator[Event]:
        """Events of this reading; a slot that was not read anew or whose source fails counts as no reading."""
        silent = {one.slot for one in state.sources if one.is_silent}
        fresh = {slot for slot in ("mongodb", "queries", "redis", "application", "host") if self._is_new(state, slot)}
        for rule in RULES:
            if rule.kind == state.target.kind and rule.slot in fresh and rule.slot not in silent:
                yield from self._judge_all(state, rule, at)

    def forget(self, target_id: str) -> None:
        """A target is gone."""
        for key in [key for key in self._levels if key[0] == target_id]:
            del self._levels[key]
        for gathered in [key for key in self._gathered if key[0] == target_id]:
            del self._gathered[gathered]
        for slot in [key for key in self._seen if key[0] == target_id]:
            del self._seen[slot]

    def _is_new(self, state: TargetState, slot: str) -> bool:
        value = getattr(state, slot)
        key = (state.target.id, slot)
        if value is None or self._seen.get(key) is value:
            return False
        self._seen[key] = value
        return True

    def _judge_all(self, state: TargetState, rule: Rule, at: float) -> Iterator[Event]:
        changed = [(figure, level) for figure in rule.figures(state) if (level := self._judge(state, rule, figure))]
        if not rule.many:
            for figure, level in changed:
                yield self._event(state, rule, [figure], level.level, at)
            return
        gathered = self._gathered.setdefault((state.target.id, rule.name), {})
        for figure, level in changed:
            self._gather(gathered, figure, level.level)
        for reached, gathering in gathered.items():
            if figures := gathering.release(at):
                yield self._event(state, rule, figures, reached, at)

    def _gather(self, gathered: dict[int, _Gathering], figure: Figure, level: int) -> None:
        """What came back before anybody was told that it had gone is not told at all."""
        untold = [one for one in gathered.values() if one.figures.pop(figure.subject, None) is not None]
        if level != _NORMAL or not untold:
            gathered.setdefault(level, _Gathering()).figures[figure.subject] = figure

    def _judge(self, state: TargetState, rule: Rule, figure: Figure) -> _Level | None:
        """The figure's level when it has just changed."""
        if figure.value is None:
            return None
        key = (state.target.id, rule.name, figure.subject)
        wanted = self._level_of(rule, figure.value)
        level = self._levels.get(key)
        if level is None:
            if wanted == _NORMAL:
                return None
            level = self._levels[key] = _Level()
            if len(self._levels) > FIGURES:
                self._levels.popitem(last=False)
        self._levels.move_to_end(key)
        changed = level.move(wanted, rule.readings)
        if level.level == _NORMAL and level.seen == _NORMAL:
            del self._levels[key]
        return level if changed else None

    def _level_of(self, rule: Rule, value: float) -> int:
        over = rule.over(self._thresholds)
        beyond = value < over if rule.below else value > over
        if beyond:
            return _OVER
        if rule.warning is not None and value > rule.warning(self._thresholds):
            return _WARNING
        return _NORMAL

    def _event(self, state: TargetState, rule: Rule, figures: Sequence[Figure], level: int, at: float) -> Event:
        worst = (min if rule.below else max)(figures, key=lambda one: one.value or 0.0)
        limit = rule.over if level == _OVER or rule.warning is None else rule.warning
        value, bound = rule.write(worst.value or 0.0), rule.write(limit(self._thresholds))
        inside, beyond = ("above", "below") if rule.below else ("below", "above")
        where = f"back {inside} {bound}" if level == _NORMAL else f"{beyond} {bound}"
        words = f"{state.target.name}: {worst.words} is {value}, {where}"
        if len(figures) > 1:
            words += f", as {'is' if len(figures) == 2 else 'are'} {len(figures) - 1} more"
        if level != _NORMAL and worst.note:
            words += f"; {worst.note}"
        severity: Severity = "recovered" if level == _NORMAL else rule.severity if level == _OVER else "warning"
        return Event(
            at=at,
            target_id=state.target.id,
            kind="threshold.recovered" if level == _NORMAL else "threshold.crossed",
            severity=severity,
            message=f"{words}.",
            subject=rule.name if worst.subject == rule.name else f"{rule.name} {worst.subject}",
        )
