"""The recommendations of a reviewed `perftui.analysis/1` file, as far as they still fit the server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from perftui.actions.base import Problem
from perftui.actions.create_index import CreateIndexes
from perftui.actions.index_spec import IndexSpec
from perftui.actions.proof_starts import before_in_analysis
from perftui.model.analysis import Analysis, Recommendation
from perftui.model.errors import UserError
from perftui.model.names import nearest
from perftui.model.target import Connection, Target

_LONGEST_BYTES = 256 * 1024 * 1024


class Fitted(msgspec.Struct, frozen=True):
    """One recommendation and what stands against it; `blocking`: it does not fit any more."""

    spec: IndexSpec
    problems: tuple[Problem, ...] = ()

    @property
    def blocking(self) -> Problem | None:
        return next((problem for problem in self.problems if problem.blocking), None)


def read_analysis(path: Path) -> Analysis:
    """Raises `UserError` for a file that cannot be read or is none."""
    try:
        if path.stat().st_size > _LONGEST_BYTES:
            raise UserError(f"{path} is longer than any analysis.")
        return msgspec.json.decode(path.read_bytes(), type=Analysis)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no perftui.analysis/1 file: {error}.") from None


def chosen(analysis: Analysis, only: Sequence[str]) -> tuple[Recommendation, ...]:
    """Those named, or all. A name may be `database.collection.name` where two collections use it.

    Raises `UserError` for a name that the file does not hold, and where there is nothing to create.
    """
    if not analysis.recommendations:
        raise UserError("The file recommends no index: there is nothing to create.", 1)
    if not only:
        return analysis.recommendations
    known = [one.name for one in analysis.recommendations]
    found = []
    for name in only:
        named = [one for one in analysis.recommendations if name in (one.name, f"{one.ns}.{one.name}")]
        if not named:
            raise UserError(f"The file recommends no index '{name}'{nearest(name, known)}")
        found += named
    return tuple({f"{one.ns}.{one.name}": one for one in found}.values())


def spec_of(recommendation: Recommendation, analysis: Analysis) -> IndexSpec:
    """With what the analysis knows of its shapes, for the proof.

    Raises `UserError` where a hand has left it without a collection or without keys.
    """
    database, _, collection = recommendation.ns.partition(".")
    if not database or not collection or not recommendation.keys:
        raise UserError(f"The recommendation {recommendation.name} names no collection or no keys.")
    spec = IndexSpec.of(recommendation)
    return msgspec.structs.replace(spec, shapes=before_in_analysis(spec.shapes, analysis))


async def fit(connection: Connection, target: Target, specs: Sequence[IndexSpec]) -> tuple[Fitted, ...]:
    """Each by itself: one that does not fit any more must not stop the others. Raises what the check raises."""
    found = []
    for spec in specs:
        action = CreateIndexes(connection, target, [spec], watch_s=0)
        problems = await action.check()
        facts = action.facts.get(spec.ns)
        names = {index.name for index in (facts.indexes or ())} if facts is not None else set(spec.supersedes)
        gone = [name for name in spec.supersedes if name not in names]
        found.append(Fitted(spec, (*_changed(spec, gone), *problems)))
    return tuple(found)


def _changed(spec: IndexSpec, gone: Sequence[str]) -> tuple[Problem, ...]:
    """The analysis compared it with indexes that are not there any more."""
    if not gone:
        return ()
    words = f"{', '.join(gone)} on {spec.ns}, which {spec.index_name} was to replace, is not there any more."
    return (Problem(blocking=True, message=words, help="The analysis is too old: analyse again."),)
