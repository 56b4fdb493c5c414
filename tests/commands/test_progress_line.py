"""The line that tells how far an action is must not end it."""

import errno
import io
import sys

import pytest

from perftui.actions.base import ActionProgress
from perftui.commands.index.showing import ProgressLine


class GoneTerminal(io.StringIO):
    """As after a dropped ssh: it is a terminal, and every write to it fails."""

    def isatty(self) -> bool:
        return True

    def write(self, _text: str) -> int:
        raise OSError(errno.EIO, "Input/output error")


def test_a_terminal_that_went_away_fails_no_action(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", GoneTerminal())
    line = ProgressLine()
    line.tell(ActionProgress(message="verifying a_1", phase="verifying"))
    line.end()
    with pytest.raises(OSError, match="Input/output"):
        sys.stderr.write("told")
