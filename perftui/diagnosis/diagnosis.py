"""Snapshots in, verdicts out."""

from collections.abc import Iterator

from msgspec.structs import replace

from perftui.diagnosis.causes import FELT
from perftui.diagnosis.coverage import looked_at, unread, unseen
from perftui.diagnosis.elsewhere import all_tell, elsewhere
from perftui.diagnosis.endpoint_time import where_time_goes
from perftui.diagnosis.memory import Memory
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.places import Places
from perftui.diagnosis.ranking import rank
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.rules import RULES
from perftui.diagnosis.sentence import sentence
from perftui.diagnosis.steadiness import Held, Steadiness
from perftui.diagnosis.words import name
from perftui.model.settings import Thresholds
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.verdict import Evidence, Problem, Unseen, Verdict, VerdictStatus

_SHORTEST_STEP_S = 0.4
"""Snapshots that come closer together change nothing of the verdict."""
_GAP_S, _GAP_STEPS = 60.0, 3.0
"""A pause so long makes all that was known old: in seconds, and in intervals where these are long themselves."""
_LOOKING_S = 4.0
_PATIENCE_S = 10.0
"""How long a target may leave its first question unanswered until that is told: most fail before."""


class Diagnosis:
    """Takes Snapshots in order and says what is wrong. `at_once`: for who has only one."""

    def __init__(self, thresholds: Thresholds, *, at_once: bool = False) -> None:
        self._thresholds, self._at_once = thresholds, at_once
        self._memory, self._steadiness, self._places = Memory(), Steadiness(at_once=at_once), Places()
        self._verdict: Verdict | None = None
        self._last_at = self._began_at = 0.0
        self._broken: list[Unseen] = []

    def take(self, snapshot: Snapshot) -> Verdict:
        """The verdict of this Snapshot's time; one that is older than the last begins anew."""
        step = snapshot.taken_at - self._last_at
        if self._verdict is not None and 0 <= step < _SHORTEST_STEP_S and not self._at_once:
            return self._verdict
        if self._verdict is not None and (step < 0 or step > max(_GAP_S, _GAP_STEPS * snapshot.interval_s)):
            self._begin()
        self._last_at = snapshot.taken_at
        self._began_at = self._began_at or snapshot.taken_at
        self._memory.take(snapshot)
        self._places.take(snapshot)
        held = self._steadiness.held()
        moment = Moment(snapshot, self._memory, self._thresholds, held, self._places, at_once=self._at_once)
        watched = {
            state.target.id: since
            for state in snapshot.targets
            if (since := self._memory.watched_since(state.target.id)) is not None
        }
        self._broken = []
        self._steadiness.take(self._suspected(moment), moment.now, watched)
        self._steadiness.end(lambda one: one.rule.is_over is not None and one.rule.is_over(moment, one.suspicion))
        self._verdict = self._judge(moment)
        return self._verdict

    @property
    def suspects(self) -> bool:
        """Whether something is suspected that has not lasted long enough to count."""
        return self._steadiness.suspects

    def _begin(self) -> None:
        self._memory, self._steadiness, self._places = Memory(), Steadiness(at_once=self._at_once), Places()
        self._verdict, self._last_at, self._began_at = None, 0.0, 0.0

    def _judge(self, moment: Moment) -> Verdict:
        problems = [_located(moment, _problem(held)) for held in self._steadiness.counting]
        culprit, effects, others = rank(problems, moment.now, self._places)
        if culprit is not None:
            culprit = _told(moment, culprit, effects)
        hidden = (*unseen(moment.snapshot), *self._broken)
        told = {one.target_id for one in hidden} | {one.target_id for one in problems}
        silent = tuple(unread(moment.snapshot, told))
        status = self._status(moment, culprit, bool(hidden), bool(silent))
        if status != "looking":
            hidden = (*hidden, *silent)
        before = self._verdict
        is_same = before is not None and before.status == status and before.problem is None
        since = culprit.since if culprit else before.since if is_same and before else moment.now
        verdict = Verdict(
            status=status,
            at=moment.now,
            since=since,
            problem=culprit,
            effects=effects,
            others=others,
            looked_at=tuple(looked_at(moment.snapshot)),
            unseen=hidden,
        )
        return replace(verdict, message=sentence(verdict))

    def _suspected(self, moment: Moment) -> Iterator[tuple[Rule, Suspicion]]:
        """A rule that breaks on what a server says takes neither the others nor the screen down; it is named."""
        for rule in RULES:
            try:
                found = list(rule.find(moment))
            except Exception as error:
                needs = f"a repaired perftui; please report it: {type(error).__name__} in {rule.codes[0]}"
                self._broken.append(Unseen(target_id="", what=f"{rule.codes[0]} (its rule failed)", needs=needs))
                continue
            for suspicion in found:
                yield rule, suspicion

    def _status(self, moment: Moment, culprit: Problem | None, hidden: bool, silent: bool) -> VerdictStatus:
        """`silent`: something was never read, and nobody can say yet why."""
        if culprit is not None:
            return "problem"
        looked_s = moment.now - self._began_at
        young = looked_s < (_PATIENCE_S if silent else _LOOKING_S) and not self._at_once
        if not moment.snapshot.targets or young:
            return "looking"
        return "cannot tell" if hidden or silent else "healthy"


def _problem(held: Held) -> Problem:
    one = held.suspicion
    return Problem(
        code=one.code,
        severity=one.severity,
        target_id=one.target_id,
        subject=one.subject,
        what=one.what,
        since=round(held.since, 1),
        since_known=held.since_known,
        cost=one.cost,
        cause=one.cause,
        help=one.help,
        action=one.action,
        command=one.command,
        evidence=Evidence(page=one.page, row=one.row),
        figures={key: round(value, 4) for key, value in one.figures.items()},
    )


def _located(moment: Moment, problem: Problem) -> Problem:
    """What ails a machine on which no watched server runs is no emergency."""
    if not moment.places.is_idle(problem.target_id):
        return problem
    return replace(problem, severity="warning", cost=f"no watched server was seen to run there; {problem.cost}")


def _told(moment: Moment, culprit: Problem, effects: tuple[Problem, ...]) -> Problem:
    """The culprit with what callers feel of it, and with what else changed at that time."""
    felt = next((one for one in effects if one.code in FELT and _says_more(culprit, one)), None)
    cost = culprit.cost if felt is None else f"{felt.subject}: {felt.cost}; {culprit.cost}"
    state = next((one for one in moment.snapshot.targets if one.target.id == culprit.target_id), None)
    around = elsewhere(moment, state.target.kind, culprit.since) if state is not None else ""
    cause, help_ = culprit.cause, culprit.help
    if culprit.code == "slow-endpoint" and state is not None and not cause:
        silent = not all_tell(moment, state.target.kind, culprit.since)
        alone = around.startswith("nothing changed") and not silent
        cause, help_ = where_time_goes(moment, state, culprit, alone=alone, silent=silent)
    severity = culprit.severity if felt is None else "critical"
    what = culprit.what if state is None else _placed(moment, culprit.what, state)
    return replace(culprit, severity=severity, what=what, cost=cost, cause=cause, help=help_, elsewhere=around)


def _says_more(culprit: Problem, effect: Problem) -> bool:
    """That all are slow tells of each."""
    return (culprit.code, effect.code) != ("slow-application", "slow-endpoint")


def _placed(moment: Moment, what: str, state: TargetState) -> str:
    """With the target's name, where there are several of its kind."""
    alone = sum(1 for _ in moment.states(state.target.kind)) < 2
    return what if alone or state.target.name in what else f"{what} ({name(state.target.name)})"
