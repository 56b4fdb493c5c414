"""A bounded number of a shape's commands, each as likely as any other to be kept."""

import math
import random
from collections.abc import Mapping
from typing import Any, NamedTuple

MOST_COMMANDS = 32
MOST_BYTES = 128 * 1024
"""Of one shape."""
_ONE_COMMAND = 64 * 1024


class Kept(NamedTuple):
    """One command, encoded: what is kept is many times smaller than what it is decoded to."""

    data: bytes
    is_bson: bool
    ns: str
    """As the command was sent: a view's own name."""
    views: bytes = b""
    """`resolvedViews` in the same encoding; of a command that was sent to a collection nothing."""


class Reservoir:
    """Algorithm L: after the first few it tells how many to let pass before the next one is taken."""

    def __init__(self, seed: str) -> None:
        self._draw = random.Random(seed)  # noqa: S311 - a sample, no secret
        self._weight = 1.0
        self._bytes = 0
        self.next = 0
        """How many commands were seen when the next one is to be given to `keep`."""
        self.commands: list[Kept] = []

    def keep(self, command: Kept | None) -> None:
        """Keep it, in the place of another one where there are enough; `None`: it is not whole."""
        self.next = self.next + 1 if self.next + 1 < MOST_COMMANDS else self._after_a_gap()
        size = 0 if command is None else len(command.data) + len(command.views)
        if command is None or size > _ONE_COMMAND:
            return
        if self.commands and (len(self.commands) >= MOST_COMMANDS or self._bytes + size > MOST_BYTES):
            self._remove(self._draw.randrange(len(self.commands)))
        if self._bytes + size <= MOST_BYTES:
            self.commands.append(command)
            self._bytes += size

    def shrink(self, most: int) -> None:
        """Keep at most so many."""
        while len(self.commands) > most:
            self._remove(self._draw.randrange(len(self.commands)))

    @property
    def size(self) -> int:
        """Bytes kept."""
        return self._bytes

    def _remove(self, position: int) -> None:
        gone = self.commands.pop(position)
        self._bytes -= len(gone.data) + len(gone.views)

    def _after_a_gap(self) -> int:
        self._weight *= math.exp(math.log(1.0 - self._draw.random()) / MOST_COMMANDS)
        gap = math.log(1.0 - self._draw.random()) / math.log1p(-self._weight) if self._weight < 1 else 0.0
        return self.next + 1 + int(min(gap, 2.0**40))


def keep_bson(command: Mapping[str, Any], ns: str, views: object = None) -> Kept | None:
    """A command as the driver decoded it; `None` where it cannot be encoded again."""
    from bson import encode
    from bson.errors import BSONError

    try:
        resolved = encode({"views": views}) if views else b""
        return Kept(encode(command), True, ns, resolved)
    except (BSONError, OverflowError, RecursionError, TypeError, ValueError):
        return None
