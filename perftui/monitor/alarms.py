"""Thresholds crossed and recovered: only after several readings in a row, so that nothing flutters."""

from collections import OrderedDict
from collections.abc import Iterator

from perftui.model.event import Event
from perftui.model.settings import Thresholds
from perftui.model.snapshot import TargetState
from perftui.monitor.rules import RULES, Figure, Rule

READINGS = 3
"""How many readings in a row beyond a threshold cross it, or back inside recover it."""
FIGURES = 1000
"""How many figures are remembered; the one unseen for longest makes room."""

_NORMAL, _WARNING, _OVER = 0, 1, 2


class _Level:
    """Where one figure stands, and how often in a row it stood elsewhere."""

    __slots__ = ("again", "level", "seen")

    def __init__(self) -> None:
        self.level, self.seen, self.again = _NORMAL, _NORMAL, 0

    def move(self, level: int) -> bool:
        """Take a reading; true when the level changes with it."""
        self.again = self.again + 1 if level == self.seen else 1
        self.seen = level
        if level == self.level or self.again < READINGS:
            return False
        self.level = level
        return True


class Alarms:
    """Takes each target's state once a reading and says what crossed its threshold or came back."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._levels: OrderedDict[tuple[str, str, str], _Level] = OrderedDict()
        self._seen: dict[tuple[str, str], object] = {}

    def notice(self, state: TargetState, at: float) -> Iterator[Event]:
        """Events of this reading; a slot that was not read anew or whose source fails counts as no reading."""
        silent = {one.slot for one in state.sources if one.stale or one.failure is not None}
        fresh = {slot for slot in ("mongodb", "queries", "redis", "application", "host") if self._is_new(state, slot)}
        for rule in RULES:
            if rule.kind == state.target.kind and rule.slot in fresh and rule.slot not in silent:
                for figure in rule.figures(state):
                    if figure.value is not None and (event := self._judge(state, rule, figure, at)):
                        yield event

    def forget(self, target_id: str) -> None:
        """A target is gone."""
        for key in [key for key in self._levels if key[0] == target_id]:
            del self._levels[key]
        for slot in [key for key in self._seen if key[0] == target_id]:
            del self._seen[slot]

    def _is_new(self, state: TargetState, slot: str) -> bool:
        value = getattr(state, slot)
        key = (state.target.id, slot)
        if value is None or self._seen.get(key) is value:
            return False
        self._seen[key] = value
        return True

    def _judge(self, state: TargetState, rule: Rule, figure: Figure, at: float) -> Event | None:
        value = figure.value
        key = (state.target.id, rule.name, figure.subject)
        wanted = _NORMAL if value is None else self._level_of(rule, value)
        level = self._levels.get(key)
        if level is None:
            if wanted == _NORMAL:
                return None
            level = self._levels[key] = _Level()
            if len(self._levels) > FIGURES:
                self._levels.popitem(last=False)
        self._levels.move_to_end(key)
        changed = level.move(wanted)
        if level.level == _NORMAL and level.seen == _NORMAL:
            del self._levels[key]
        return self._event(state, rule, figure, wanted, at) if changed and value is not None else None

    def _level_of(self, rule: Rule, value: float) -> int:
        over = rule.over(self._thresholds)
        beyond = value < over if rule.below else value > over
        if beyond:
            return _OVER
        if rule.warning is not None and value > rule.warning(self._thresholds):
            return _WARNING
        return _NORMAL

    def _event(self, state: TargetState, rule: Rule, figure: Figure, level: int, at: float) -> Event:
        limit = rule.over if level != _WARNING or rule.warning is None else rule.warning
        words = f"{state.target.name}: {figure.words} is {rule.write(figure.value or 0.0)}"
        bound = rule.write(limit(self._thresholds))
        beyond = "below" if rule.below else "above"
        if level == _NORMAL:
            back = rule.write((rule.warning or rule.over)(self._thresholds))
            message = f"{words}, back {'above' if rule.below else 'below'} {back}."
            return _event("threshold.recovered", "recovered", state, rule, figure, message, at)
        severity = rule.severity if level == _OVER else "warning"
        return _event("threshold.crossed", severity, state, rule, figure, f"{words}, {beyond} {bound}.", at)


def _event(kind: str, severity: str, state: TargetState, rule: Rule, figure: Figure, message: str, at: float) -> Event:
    subject = rule.name if figure.subject == rule.name else f"{rule.name} {figure.subject}"
    return Event(at=at, target_id=state.target.id, kind=kind, severity=severity, message=message, subject=subject)  # type: ignore[arg-type]
