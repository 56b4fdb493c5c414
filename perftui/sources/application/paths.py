"""At which path an application's metrics are asked for: where they were found, before that at the well known ones."""

from perftui.model.sample import FailureKind

WELL_KNOWN = (
    "/perftui/v1/metrics",
    "/api/performance/metrics",
    "/metrics",
    "/actuator/prometheus",  # Spring
    "/q/metrics",  # Quarkus
)
_DOWN: frozenset[FailureKind] = frozenset({"unreachable", "timeout"})
"""What a proxy answers in the place of an application that starts: it says nothing of where the metrics are."""


class Paths:
    """One application's. A path that worked is never given up for a worse one while the application is down."""

    def __init__(self, given: str) -> None:
        """`given` is the URL's own path and query."""
        self.found: str | None = None
        self.guessed = given.partition("?")[0] in ("", "/")
        self._given = given
        self._turn = 0
        self._asked_all = self._was_down = False

    def candidates(self) -> tuple[str, ...]:
        """What worked before and then the others; where nothing did, every well known path, after that one a poll."""
        if not self.guessed:
            return (self._given,)
        if self.found is not None:
            return (self.found, *(path for path in WELL_KNOWN if path != self.found))
        turned = WELL_KNOWN[self._turn :] + WELL_KNOWN[: self._turn]
        return turned[:1] if self._asked_all and not self._was_down else turned

    def ends_search(self, path: str, kind: FailureKind) -> bool:
        """Whether after this refusal no other path is worth a request."""
        if path == self.found:
            return kind != "unsupported"
        return self._was_down and kind in _DOWN

    def failed(self, kinds: set[FailureKind]) -> None:
        """None of those that were asked gave metrics."""
        self._turn = (self._turn + 1) % len(WELL_KNOWN)
        self._asked_all, self._was_down = True, bool(kinds & _DOWN)

    def start_over(self) -> None:
        """Ask everywhere again, what worked before first."""
        self._turn, self._asked_all = 0, False
