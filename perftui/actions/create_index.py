"""Creates indexes: one createIndexes for each collection, watched to its end and verified on every member."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from perftui.actions.abort_build import AbortBuild
from perftui.actions.access import Access, CannotAct, Reached
from perftui.actions.base import UNDO_COMMAND, Description, Outcome, Problem, TellProgress
from perftui.actions.build_checks import problems_of
from perftui.actions.build_commands import CommitQuorum, Group, grouped
from perftui.actions.build_description import consequences_of
from perftui.actions.build_reads import duplicates, parallel_arrays
from perftui.actions.build_run import BuildRun, Built
from perftui.actions.build_verify import created_entries, verify
from perftui.actions.created_indexes import CreatedIndexes
from perftui.actions.index_action import explain_on
from perftui.actions.index_entries import list_indexes
from perftui.actions.index_spec import IndexSpec
from perftui.actions.owner import own_pid, own_start
from perftui.actions.undo_data import UndoData
from perftui.model.target import Connection, Target
from perftui.sources.mongodb.build_preflight import BuildFacts, read_preflight
from perftui.sources.mongodb.client import max_time_ms

QUORUM_CHOICES = ("votingMembers", "majority", "1")


class CreateIndexes:
    """`CreateIndexes(connection, target, [IndexSpec(...), ...])`.

    `commit_quorum`: `None` is the server's default (all voting members); a set with a voter down wants a choice, which
    `describe().choices` then offers and `choose` makes. `reconnect_s` is how long a lost primary is looked for,
    `watch_s` how long the first check counts the collection's writes.
    A `ReportingAction`: progress goes to `report_to`'s function while `run` is awaited. `abort_action` aborts what is
    being built. Raises `ValueError` for no specs, a name given twice, or options that are no extended JSON.
    """

    name = "create index"
    allowed_by = "readWrite"
    outlives = True
    """The build goes on when perftui is left."""

    def __init__(
        self,
        connection: Connection,
        target: Target,
        specs: Sequence[IndexSpec],
        *,
        commit_quorum: CommitQuorum | None = None,
        reconnect_s: float = 30.0,
        watch_s: float = 1.0,
        undoes: str | None = None,
    ) -> None:
        self.connection = connection
        self.target = target
        self.specs = tuple(specs)
        self.commit_quorum = commit_quorum
        self.reconnect_s = reconnect_s
        self.watch_s = watch_s
        self.undoes = undoes
        self.groups = grouped(self.specs)
        self.host = target.name
        self.role: str | None = None
        self.facts: dict[str, BuildFacts] = {}
        self._commands = tuple(group.shown(commit_quorum) for group in self.groups)
        self.access = Access(connection, target)
        self._tell: TellProgress = _nobody
        self._created = CreatedIndexes(self.groups)
        self._building: Group | None = None
        self._ns = self.groups[0].ns

    def report_to(self, tell: TellProgress) -> None:
        self._tell = tell

    def choose(self, choice: str) -> CreateIndexes:
        """The same with this commit quorum. Raises `ValueError` for one that is not offered."""
        if choice not in QUORUM_CHOICES:
            raise ValueError(f"choose one of {', '.join(QUORUM_CHOICES)}")
        quorum: CommitQuorum = int(choice) if choice.isdecimal() else choice
        chosen = CreateIndexes(
            self.connection,
            self.target,
            self.specs,
            commit_quorum=quorum,
            reconnect_s=self.reconnect_s,
            watch_s=self.watch_s,
            undoes=self.undoes,
        )
        chosen.host, chosen.role, chosen.facts, chosen._tell = self.host, self.role, self.facts, self._tell
        return chosen

    def describe(self) -> Description:
        many = len(self.specs) > 1
        what = "; ".join(group.what for group in self.groups)
        blocked = any(facts.blocking_members for facts in self.facts.values())
        return Description(
            title=f"Create {len(self.specs)} indexes" if many else f"Create index {what}",
            command="\n".join(self._commands),
            host=self.host,
            role=self.role,
            consequences=consequences_of(self.groups, self.facts, outlives=self.outlives),
            undo=f"{UNDO_COMMAND} drops {'them' if many else 'it'} again, after a confirmation.",
            choices=QUORUM_CHOICES if blocked else (),
            would=f"would create {'indexes' if many else 'index'} {what}",
        )

    async def check(self) -> tuple[Problem, ...]:
        """Reads only; the first time it also watches the collections' load for a second."""
        try:
            async with self.access.primary() as reached:
                self.host, self.role = reached.address, reached.role
                found = [problem for group in self.groups for problem in await self._check(reached, group)]
        except CannotAct as refusal:
            return (refusal.problem,)
        return tuple(sorted(dict.fromkeys(found), key=lambda problem: not problem.blocking))

    async def _check(self, reached: Reached, group: Group) -> list[Problem]:
        self._ns = group.ns
        limit_ms = max_time_ms(self.connection)
        watch_s = 0.0 if group.ns in self.facts else self.watch_s
        facts = await read_preflight(reached.client, group.ns, max_time_ms=limit_ms, watch_s=watch_s)
        self.facts[group.ns] = facts
        found = list(problems_of(group, facts, self.commit_quorum))
        if any(problem.blocking for problem in found):
            return found
        for spec in group.specs:
            for look in (parallel_arrays, duplicates):
                problem = await look(reached.client, spec, facts, limit_ms)
                found += [] if problem is None else [problem]
        return found

    async def run(self) -> Outcome:
        return await self._build_all()

    async def follow(self) -> Outcome:
        """Stay with builds that an earlier perftui began, and verify them: sends no build of its own."""
        return await self._build_all(begun=True)

    async def _build_all(self, *, begun: bool = False) -> Outcome:
        self._created.begin()
        outcomes = [await self._build(group, begun) for group in self.groups]
        self._building = None
        self._created.end()
        return _together(outcomes)

    async def _build(self, group: Group, begun: bool) -> Outcome:
        self._ns, self._building = group.ns, group
        building = BuildRun(self.access, group, self._tell, self.reconnect_s)
        before: set[str] = set()
        try:
            before = set() if begun else await self._names(group)
            built = await (building.follow(began_earlier=True) if begun else building.run(self.commit_quorum))
            return await self._verified(group, before, built)
        except Exception as error:  # the other collections' builds do not depend on this one
            if building.may_be_there:
                return self._unseen(group, before, error)
            return Outcome(state="failed", message=f"{group.what}: {self.explain(error)}")

    def _unseen(self, group: Group, before: set[str], error: Exception) -> Outcome:
        """The server has the build, or had it: whoever looks next must know of it."""
        self._created.may_be_made(group, before)
        later = "perftui looks again at its next start." if self.outlives else self.interrupted()
        words = f"Whether {group.what} is ready could not be read: {self.explain(error)}"
        return Outcome(state="unverified", message=f"{words} {later}")

    async def _names(self, group: Group) -> set[str]:
        async with self.access.primary() as reached:
            entries = await list_indexes(reached.client, group.ns, max_time_ms(self.connection))
        return {entry.name for entry in entries or ()}

    async def _verified(self, group: Group, before: set[str], built: Built) -> Outcome:
        if built.state == "unverified":
            self._created.may_be_made(group, before)
            return Outcome(state="unverified", message=f"{built.message} {self.interrupted()}")
        if built.state == "failed":
            return Outcome(state="failed", message=built.message)
        async with self.access.primary() as reached:
            entries = await created_entries(reached, group, before, max_time_ms(self.connection))
            outcome = await verify(self.access, reached, group, built, entries, self._tell)
        if outcome.state == "unverified":
            self._created.may_be_made(group, before)
        else:
            self._created.made(group, entries)
        return outcome

    def interrupted(self) -> str:
        """Leaving perftui, a lost connection: the server does not mind."""
        group = self._building or self.groups[0]
        return (
            f"The build of {group.what} goes on at the server. perftui looks again at its next start. "
            f"To abort it: {group.abort_shown()}"
        )

    def abort_action(self) -> AbortBuild | None:
        """What aborts the build that is under way now."""
        group = self._building
        if group is None:
            return None
        return AbortBuild(self.connection, self.target, group.ns, group.names[0], group.names)

    def undo_data(self) -> UndoData:
        """Before and during `run`: what is asked for; after it: what was really created."""
        left = self._created.left()
        return UndoData(
            kind="drop indexes" if left else None,
            ns=self.groups[0].ns if len(self.groups) == 1 else "",
            member=self.host,
            connection=self.connection.target.id,
            indexes=left,
            owner_pid=own_pid(),
            owner_started=own_start(),
            undoes=self.undoes,
        )

    def explain(self, error: BaseException) -> str:
        return explain_on(self.access, error, self._ns, self.allowed_by)


def _together(outcomes: Sequence[Outcome]) -> Outcome:
    """One whose end nobody saw is looked at again; else one that failed makes the whole fail. All of it is told."""
    if len(outcomes) == 1:
        return outcomes[0]
    states = {outcome.state for outcome in outcomes}
    done = sum(outcome.state == "done" for outcome in outcomes)
    head = f"{done} of {len(outcomes)} collections have their indexes. " if done < len(outcomes) else ""
    words = head + " ".join(outcome.message for outcome in outcomes)
    return Outcome(
        state="unverified" if "unverified" in states else "failed" if "failed" in states else "done", message=words
    )


def _nobody(_progress: Any) -> None:
    """Nobody asked for the progress."""
