"""How long to wait before a source that was refused is asked again: each attempt stands in the server's log.

A refusal may pass without anybody at the keys: a proxy answers 404 while the application behind it restarts, or an
administrator grants what was missing. A wrong password is sent rarely, for directories lock an account that fails too
often.
"""

from perftui.model.sample import Failure, FailureKind

REFUSED: frozenset[FailureKind] = frozenset({"rights", "unsupported"})
"""The server has answered, and the same question gets the same answer for as long as nobody changes anything."""

_FIRST_S, _LONGEST_S = 5.0, 60.0
_FIRST_OF_NEW_S, _LONGEST_OF_NEW_S = 60.0, 300.0
"""For what never worked: most likely it is as it is meant to be."""
_MOST_DOUBLINGS = 8


def pause_s(failure: Failure | None, in_a_row: int, *, has_answered: bool) -> float:
    """From the beginning of the last of so many refusals `in_a_row`; 0 for a failure that is no refusal.

    `has_answered`: the source has worked before.
    """
    if not is_refusal(failure):
        return 0.0
    is_new = failure is not None and failure.kind in REFUSED and not has_answered
    first, longest = (_FIRST_OF_NEW_S, _LONGEST_OF_NEW_S) if is_new else (_FIRST_S, _LONGEST_S)
    return min(first * 2.0 ** min(in_a_row - 1, _MOST_DOUBLINGS), longest)


def is_refusal(failure: Failure | None) -> bool:
    """The server was reached and said no, also to the login."""
    return failure is not None and (failure.kind in REFUSED or failure.kind == "login")
