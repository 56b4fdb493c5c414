"""Whether a target answers: what its sources prove of that, and what they do not."""

from perftui.model.sample import Failure
from perftui.model.snapshot import SourceState, TargetState

_LOST = {"refused", "unreachable", "timeout", "name"}
_REFUSED = ("rights", "unsupported")


def lost_of(state: TargetState) -> Failure | None:
    """Why nothing of it can be reached; `None` where something may answer.

    One heavy command may run out of time while the server is well: its main source has to be lost, which asks what is
    answered most easily, and no other may have been answered since. What was not asked since then proves nothing.
    """
    lost = [one for one in state.sources if is_lost(one)]
    main = _main(state)
    if not lost or (main is not None and not is_lost(main)):
        return None
    since = None if main is None else main.failing_since
    if any(_answers(one, since) for one in state.sources):
        return None
    told = main if main is not None else lost[0]
    return _telling(told, lost)


def _telling(told: SourceState, lost: list[SourceState]) -> Failure | None:
    """A connection that is closed may only be that of a client whose time ran out."""
    if told.failure is None or told.failure.kind != "unreachable":
        return told.failure
    late = (one.failure for one in lost if one.failure is not None and one.failure.kind == "timeout")
    return next(late, told.failure)


def is_lost(source: SourceState) -> bool:
    return source.failure is not None and source.failure.kind in _LOST


def does_not_answer(state: TargetState) -> bool:
    """It is lost, or what was asked last is long overdue. A machine that is late may be our own."""
    main = _main(state)
    late = main is not None and main.stale and main.waiting and state.target.kind != "host"
    return late or lost_of(state) is not None


def gave_nothing(state: TargetState) -> bool:
    """No source of it was ever answered with a reading."""
    return all(one.read_at is None for one in state.sources)


def _main(state: TargetState) -> SourceState | None:
    """The source of what the target is first of all, also before it has answered once; not one that is refused."""
    kind = state.target.kind
    known = (one for one in state.sources if one.slot == kind or one.source == f"{kind}.server")
    return next((one for one in known if not _is_refused(one)), None)


def _is_refused(source: SourceState) -> bool:
    return source.failure is not None and source.failure.kind in _REFUSED


def _answers(source: SourceState, since: float | None) -> bool:
    """Since then; `None`: it may. What was refused is not asked again for long, and proves nothing.

    What was read and gave nothing, as the members of a server without a set, may have asked nothing.
    """
    if source.failure is not None:
        return not _is_refused(source) and not is_lost(source)
    if source.read_at is not None and source.slot is None:
        return False
    return since is None or (source.read_at is not None and source.read_at > since)
