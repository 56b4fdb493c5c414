"""The whole verdict: what is wrong, what follows from it, what else, what was looked at and what may not be read."""

from collections.abc import Iterator

from perftui.diagnosis.sentence import sentence
from perftui.model.verdict import Problem, Verdict
from perftui.tui.lines import Line
from perftui.tui.screens.details_parts import when
from perftui.tui.screens.document import Block, Document, Fact, Facts, Text, lay_out
from perftui.tui.screens.page import PageScreen
from perftui.tui.verdict_line import moments, state_of
from perftui.tui.view import View


class VerdictScreen(PageScreen):
    """Stays up to date while it is open."""

    TITLE_FOR_HELP = "The verdict"

    def title_text(self) -> str:
        return "Verdict"

    def copied_text(self) -> str:
        verdict = self._verdict
        return "" if verdict is None or self._view is None else sentence(verdict, moments(self._view))

    def lay_out_page(self, width: int) -> list[Line]:
        if self._verdict is None or self._view is None:
            return [Line(((" There is no verdict yet.", "dim"),))]
        document = Document("Verdict", tuple(blocks(self._verdict, self._view)))
        return lay_out(document, width, folded=self._folded, utc=self._view.utc)

    @property
    def _verdict(self) -> Verdict | None:
        return None if self._view is None else self._view.snapshot.verdict


def blocks(verdict: Verdict, view: View) -> Iterator[Block]:
    """The page from top to bottom."""
    yield Text(sentence(verdict, moments(view)), role=state_of(verdict), prose=True)
    if verdict.problem is not None:
        yield _problem(verdict.problem, view)
    for heading, problems in (("FOLLOWS FROM IT", verdict.effects), ("ALSO WRONG", verdict.others)):
        if problems:
            yield Text("\n".join(_short(one, view) for one in problems), heading, prose=True)
    if verdict.looked_at:
        yield Text(", ".join(verdict.looked_at), "LOOKED AT", prose=True)
    if verdict.unseen:
        lines = [f"{one.what}: needs {one.needs}. {one.grant or ''}".rstrip() for one in verdict.unseen]
        yield Text("\n".join(lines), "MAY NOT BE READ", prose=True)


def _problem(problem: Problem, view: View) -> Block:
    before = "" if problem.since_known else "before "
    facts = (
        Fact("code", problem.code),
        Fact("severity", problem.severity),
        Fact("since", before + when(problem.since, view)),
        Fact("shown in", problem.evidence.page),
        Fact("about", problem.subject or problem.target_id),
    )
    return Facts(facts)


def _short(problem: Problem, view: View) -> str:
    since = moments(view)(problem.since)
    return f"{problem.severity}: {problem.what} since {since}" + (f"; {problem.cost}" if problem.cost else "")
