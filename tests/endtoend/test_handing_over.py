"""In a terminal, on real servers: `Y` takes what is seen to the clipboard and a file, `B` to a bundle."""

import base64
import re
import time
from pathlib import Path

import pytest
from helpers.drills import shop, traffic
from helpers.monitoring import ENTER, leave, monitor, press_until
from helpers.terminal import Terminal

from perftui.monitor.recording import open_recording
from perftui.tui.report_card.presses import AGAIN_AFTER_S

pytestmark = pytest.mark.timeout(240)


def clipboard(terminal: Terminal) -> str:
    """What the program last gave to the terminal's clipboard."""
    found = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)(?:\x07|\x1b\\)", bytes(terminal.output))
    return base64.b64decode(found[-1]).decode()


def cards(home: Path) -> list[Path]:
    return sorted((home / ".state/perftui/cards").glob("*.md"))


def test_a_query_is_handed_over_and_replayed_by_somebody_else(home: Path, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    with (
        shop() as here,
        traffic(here.scan, 10, threads=3),
        monitor(*here.uris, columns=80, lines=24, cwd=tmp_path / "here") as terminal,
    ):
        terminal.send("3/kind" + ENTER)
        press_until(terminal, "g", lambda text: "> shop.items find {kind: ?" in text)
        press_until(terminal, ENTER, lambda text: "EXECUTION" in text or "FROM THE PROFILER" in text)
        terminal.send("Y")
        terminal.wait_for(r"~/\.state/perftui/cards/card-\w+\.md, copied", timeout_s=60)
        card = clipboard(terminal)
        (path,) = cards(home)
        assert path.read_text() == card
        assert "### shop.items find" in card
        assert "COLLSCAN" in card
        assert '"kind": "?"' in card
        time.sleep(AGAIN_AFTER_S)  # sooner, it would be the first one's echo
        terminal.send("Y")
        terminal.wait_for("with values", timeout_s=60)
        assert re.search(r'"kind": \d+', clipboard(terminal))
        terminal.send("q")
        terminal.send("B")
        terminal.wait_for(r"perftui-bundle-\w+\.perftui: the last", timeout_s=60)
        leave(terminal)
    (bundle,) = (tmp_path / "here").glob("perftui-bundle-*.perftui")
    assert open_recording(bundle).header.redacted
    with monitor("replay", bundle, "--speed", "20", columns=120, lines=40) as terminal:
        terminal.send("3")
        terminal.wait_for(r"shop\.items find \{kind: \?", timeout_s=60)
        terminal.send("Y")
        terminal.wait_for(r"cards/card-", timeout_s=60)
        assert "the past or a recording" in clipboard(terminal)
        leave(terminal)
