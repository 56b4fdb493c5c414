"""In a terminal, at three in the morning: the first line names the culprit, and three keys end it: v, A, y."""

import re
from typing import Any

import pytest
from helpers.drills import shop, traffic
from helpers.monitoring import ESCAPE, leave, monitor, press_until
from helpers.terminal import Terminal
from helpers.waiting import wait_until

pytestmark = pytest.mark.timeout(240)
CALM = 200
"""Looks at the screen, fifty a second."""
CULPRIT = r"(?m)^ (critical|warning)  missing index"


def first_line(text: str) -> str:
    return text.split("\n")[1]


def tells_the_way(line: str) -> bool:
    return "v shows it" in line and "A create" in line


def index_names(items: Any) -> set[str]:
    return set(items.index_information())


def is_about_queries(line: str) -> bool:
    """Not so once all is well, nor where other tests make the machine the next thing to tell."""
    return not line.startswith(" healthy") and "machine" not in line


def lines_until_mended(terminal: Terminal) -> list[str]:
    """Every first line from now until it has been about something else than queries for a while."""
    lines: list[str] = []

    def is_mended() -> bool:
        lines.append(first_line(terminal.screen_text()))
        return len(lines) > CALM and not any(map(is_about_queries, lines[-CALM:]))

    try:
        wait_until(is_mended)
    except AssertionError:
        raise AssertionError("never mended:\n" + "\n".join(dict.fromkeys(lines))) from None
    return lines


@pytest.mark.long
def test_from_the_first_line_to_the_created_index() -> None:
    with shop() as here, traffic(here.scan, 10, threads=3), monitor(here.mongod.uri, columns=170, lines=45) as terminal:
        terminal.wait_for(CULPRIT, timeout_s=60)
        wait_until(lambda: tells_the_way(first_line(terminal.screen_text())))
        press_until(terminal, "v", lambda text: "> shop.items find" in text and " 1 Overview" in text)
        assert re.search(r"(?m)^> shop\.items find \{kind: \?", terminal.screen_text())

        terminal.send("A")
        terminal.wait_for(r"Create it", timeout_s=60)
        before = index_names(here.items)
        press_until(terminal, "y", lambda text: "Create it" not in text)  # it hears once its check has ended
        terminal.wait_until(lambda: index_names(here.items) - before)
        press_until(terminal, ESCAPE, lambda text: " 1 Overview" in text)
        terminal.send("1")
        assert not [line for line in lines_until_mended(terminal) if "is gone" in line]
        leave(terminal)


def test_the_whole_verdict_and_back_without_colour() -> None:
    with (
        shop() as here,
        traffic(here.scan, 10, threads=3),
        monitor(here.mongod.uri, columns=80, lines=24, environment={"NO_COLOR": "1"}) as terminal,
    ):
        terminal.wait_for(CULPRIT, timeout_s=60)
        assert len(first_line(terminal.screen_text())) <= 80
        press_until(terminal, "V", lambda text: "LOOKED AT" in text)
        terminal.wait_for(r"missing-index")
        press_until(terminal, "q", lambda text: "LOOKED AT" not in text)
        leave(terminal)
