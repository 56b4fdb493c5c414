"""What a rule is: it looks at a moment and says what it suspects; that lasts some seconds before anyone hears of it."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from perftui.diagnosis.moment import Moment


class Suspicion(Struct, frozen=True, kw_only=True):
    """A problem as one rule sees it at one moment. The fields are those of `model.verdict.Problem`."""

    code: str
    target_id: str
    subject: str = ""
    severity: Literal["warning", "critical"]
    what: str
    since: float | None = None
    """Where the figures themselves tell it; else it is when the rule first saw it."""
    cost: str = ""
    cause: str = ""
    help: str = ""
    action: str | None = None
    command: str | None = None
    page: str
    row: str | None = None
    figures: dict[str, float] = {}

    @property
    def key(self) -> tuple[str, str, str]:
        return self.code, self.target_id, self.subject


class Rule(Struct, frozen=True, kw_only=True):
    """One mechanism. Its codes are explained in docs/verdicts.md."""

    codes: tuple[str, ...]
    find: "Callable[[Moment], Iterator[Suspicion]]"
    holds_s: float = 3.0
    """How long it must be seen before it counts: longer than a burst that is nothing."""
    ends_s: float = 10.0
    """How long it must be unseen before it is over."""
    is_over: "Callable[[Moment, Suspicion], bool] | None" = None
    """Whether the figures prove at once that what was held has ended; `None`: only time tells."""
