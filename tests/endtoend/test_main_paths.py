"""What a user does first and most, in a real terminal against a real demo: look, find, open, go back, leave."""

import base64
import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.monitoring import (
    DOWN,
    ENTER,
    ESCAPE,
    F1,
    F2,
    F3,
    F6,
    F10,
    leave,
    monitor,
    press_until,
    profile,
    shown_time,
)
from helpers.terminal import Terminal
from helpers.waiting import wait_until

from perftui.demo.session import DemoSession

TABS = "1 Overview"
PAST = r"PAST, \d+s ago"


@pytest.fixture
def settings_file(tmp_path: Path, demo: DemoSession) -> Path:
    return profile(tmp_path, *demo.connections[:3])


@pytest.fixture
def terminal(settings_file: Path, tmp_path: Path) -> Iterator[Terminal]:
    """The monitor on the whole demo, once every target has told its figures."""
    with monitor("--config", settings_file, "all", columns=160, lines=45, cwd=tmp_path) as started:
        started.wait_for(r"demo mongodb 6\.\S+ PRIMARY \| demo-cache redis 8\.\S+ \| prompt-library app")
        started.wait_for(r"library\.prompts")
        yield started


def open_tab(terminal: Terminal, key: str, shows: str) -> None:
    terminal.send(key)
    terminal.wait_for(shows)


def test_every_tab_shows_its_own_real_content(terminal: Terminal) -> None:
    terminal.wait_for(r"library\.\w+ (find|aggregate|findAndModify|update) ")
    terminal.wait_for("Endpoints, slowest first")
    open_tab(terminal, "2", r"shown \d+ +waiting \d+ +hidden \d+")
    open_tab(terminal, "\t", r"127\.0\.0\.1:\d+ +PRIMARY")
    open_tab(terminal, "3", r"\d+ entries of the profiler, last .* databases library")
    open_tab(terminal, "\t", r"collection +library\.(prompts|users) +\d+")
    open_tab(terminal, "\t", r"^> +127\.0\.0\.1:\d+ +1 +\d+ +\d+")
    open_tab(terminal, "4", r"GET +/api/prompts/\{slug\} ")
    open_tab(terminal, "\t", r"STATUS +METHOD +ROUTE|No slow request is remembered")
    open_tab(terminal, "\t", r"No websocket was open in this window")
    open_tab(terminal, "5", r"(?s)role primary +memory .*policy allkeys-lru.*\bget +\d")
    open_tab(terminal, "6", r"\d+ mongod +\S+%")
    open_tab(terminal, "\t", r"demo-cache +redis\.server +ok")
    open_tab(terminal, "8", r"critical \d+ +warnings \d+ +recovered \d+")
    open_tab(terminal, "9", r"responses +\d+%")
    leave(terminal)


def test_a_filter_by_text_by_field_and_inverted(terminal: Terminal) -> None:
    terminal.send("4")
    terminal.wait_for(r"/api/users/by-email")
    terminal.send("/users")
    terminal.wait_for(r"Filter: users")
    terminal.wait_gone(r"/api/prompts/featured")
    terminal.send(ENTER)
    terminal.wait_for(r"\d+ of \d+ +/users")
    terminal.send(ESCAPE)
    terminal.wait_for(r"/api/prompts/featured")
    terminal.send(F3 + "method:post" + ENTER)
    terminal.wait_for("/method:post")
    terminal.wait_gone(r"^[> ]+GET ")
    terminal.wait_for(r"^[> ]+POST ")
    terminal.send("\\" + "\x15" + "!prompts requests:>0" + ENTER)
    terminal.wait_for(r"^[> ]+GET +/api/users")
    terminal.wait_gone(r"^[> ]+\w+ +/api/prompts")


def shown_figures(terminal: Terminal) -> list[int]:
    """The REQUESTS column of the endpoints."""
    found = re.findall(r"^[> ][ *] *(?:GET|POST) .* ([\d,]+) +\d+[smh]$", terminal.screen_text(), re.MULTILINE)
    return [int(figure.replace(",", "")) for figure in found]


def test_sorting_by_key_by_click_and_reversed(terminal: Terminal) -> None:
    terminal.send("4")
    terminal.wait_for(r"P95v")
    terminal.send(F6)
    terminal.wait_for(r"P99v")
    terminal.send("<")
    terminal.wait_for(r"P95v")
    click_on(terminal, "REQUESTS")
    terminal.wait_for(r"REQUESTSv")
    wait_until(lambda: len(figures := shown_figures(terminal)) > 5 and figures == sorted(figures, reverse=True))
    terminal.send("I")
    terminal.wait_for(r"REQUESTS\^")
    wait_until(lambda: len(figures := shown_figures(terminal)) > 5 and figures == sorted(figures))


def click_on(terminal: Terminal, text: str) -> None:
    """Press and release the left button on the first cell of a text, as xterm's SGR mode tells it."""
    rows = terminal.screen_text().split("\n")
    y, row = next((y, row) for y, row in enumerate(rows) if text in row)
    place = f"{row.index(text) + 1};{y + 1}"
    terminal.send(f"\x1b[<0;{place}M\x1b[<0;{place}m")


def test_the_mouse_opens_tabs_and_moves_the_cursor(terminal: Terminal) -> None:
    click_on(terminal, "4 Endpoints")
    terminal.wait_for(r"METHOD ROUTE")
    terminal.wait_for(r"^  GET +/api/\S+ ")
    terminal.send("p")  # rows that stand still: the one that is read is the one that is clicked
    terminal.wait_for(r"(?i)paused")
    route = terminal.wait_for(r"^  GET +(/api/[\w/-]+) ").group(1)
    click_on(terminal, f" {route} ")
    terminal.wait_for(rf"^> +GET +{route} ")
    terminal.send("p")
    terminal.wait_for(r"Enter Open")
    click_on(terminal, "Enter Open")
    terminal.wait_for(rf"Slow queries by shape of GET {route} ")
    terminal.send("q")
    terminal.wait_for(rf"^> +GET +{route} ")


DRILLS = [
    ("3", r"^> +library", ENTER, r"^ library\.\w+ \S+ on demo", r"FINDINGS"),
    ("\t", r"^> +(operation|collection|shape) ", ENTER, r"^ Queries by \w+", r"AS THE APPLICATION MEASURED IT"),
    (
        "\t",
        r"^> +127\.0\.0\.1:\d+ ",
        ENTER,
        r"^ Connections to 127\.0\.0\.1:",
        r"COMMANDS WAITED FOR A CONNECTION",
    ),
    ("4", r"^> +(GET|POST) ", "d", r"^ (GET|POST) /api/\S+ of prompt-library", r"P95 .*threshold"),
    ("4", r"^> +(GET|POST) ", ENTER, r"^ +Slow queries by shape of (GET|POST) /api/", r"Slow queries by shape of"),
    ("5", r"^> +\w", ENTER, r"^ Redis command \w", r"SLOW LOG"),
    ("6", r"^> +\d+ ", ENTER, r"^ Process \d+: ", r"COMMAND, WITHOUT SECRETS"),
    ("9", r"^> +responses ", ENTER, r"^ \S*.*responses", r"(?i)most used keys"),
    ("8", r"^> +\d\d:\d\d:\d\d", ENTER, r"^ Event\b", r"about"),
]
"""The key of a tab, what its cursor stands on, the key that opens it, the title of the screen, and what is in it."""


def test_enter_drills_down_and_escape_and_q_come_back(terminal: Terminal) -> None:
    for tab, found, opens, title, inside in DRILLS:
        open_tab(terminal, tab, found)
        terminal.send(opens)
        terminal.wait_for(title)
        terminal.wait_for(inside)
        terminal.send(ESCAPE)
        terminal.wait_for(TABS)
        terminal.wait_for(found)
        terminal.send(opens)
        terminal.wait_for(inside)
        terminal.send("q")
        terminal.wait_for(TABS)
        terminal.wait_for(found)


def test_the_time_axis_has_every_target_under_one_cursor(terminal: Terminal) -> None:
    terminal.send("T")
    for heading in (r"^ demo +mongodb PRIMARY", r"^ demo-cache +redis", r"^ prompt-library +application", r"^ events"):
        terminal.wait_for(heading)
    terminal.wait_for(r"All sources .* \d\d:\d\d:\d\d, now")
    press_until(terminal, "h", lambda text: ", now" not in text)
    terminal.send("G")
    terminal.wait_for(r", now$")
    terminal.send("q")
    terminal.wait_for(TABS)


def test_back_and_forward_in_time_and_pause(terminal: Terminal) -> None:
    for _ in range(4):
        # The header's time: an event of the same second is listed for longer.
        terminal.wait_gone(rf"^ perftui .*{re.escape(shown_time(terminal))}")
    terminal.send("[[")
    terminal.wait_for(PAST)
    stood = shown_time(terminal)
    press_until(terminal, "[", lambda text: stood not in text.split("\n")[0])
    press_until(terminal, "]", lambda text: stood in text.split("\n")[0])
    terminal.send("4")
    terminal.wait_for(r"GET +/api/prompts")
    terminal.wait_for(PAST)
    terminal.send(ESCAPE)
    terminal.wait_gone(PAST)
    terminal.send("p")
    terminal.wait_for(r"PAUSED, [1-9]\d*s behind")
    terminal.send("p")
    terminal.wait_gone("PAUSED")


def test_themes_are_switched_live_and_saved(terminal: Terminal, settings_file: Path) -> None:
    terminal.send(F2)
    terminal.wait_for(r"Theme +< perftui-dark ")
    before = colours(terminal)
    seen = len(terminal.output)
    terminal.send("l")
    terminal.wait_for(r"Theme +< perftui-light ")
    terminal.wait_until(lambda: colours(terminal) != before)
    assert len(terminal.output) > seen
    terminal.send("s")
    terminal.wait_for(r"Saved to ")
    assert 'theme = "perftui-light"' in settings_file.read_text("utf-8")
    terminal.send("q")
    terminal.wait_for(TABS)
    leave(terminal)


def colours(terminal: Terminal) -> set[tuple[str, str]]:
    return {(cell.fg, cell.bg) for row in terminal.screen.buffer.values() for cell in row.values()}


def test_help_is_complete_at_80_by_24(settings_file: Path) -> None:
    from perftui.tui.keys import COMMANDS

    with monitor("--config", settings_file, "all", columns=80, lines=24) as terminal:
        terminal.wait_for("Help")
        terminal.send(F1)
        terminal.wait_for(r"Help: The monitor +top")
        pages = [terminal.screen_text()]
        while not pages[-1].split("\n")[0].endswith(" end"):
            terminal.send("j")
            wait_until(lambda: terminal.screen_text() != pages[-1])
            pages.append(terminal.screen_text())
        text = " ".join(" ".join(pages).split())
        shown = [one for one in COMMANDS if one.context in ("main", "table", "app")]
        missing = [one.help for one in shown if one.help.split(":")[0].split(",")[0] not in text]
        assert not missing
        assert "…" not in text
        terminal.send("?")
        terminal.wait_for("1 All")


def test_the_palette_finds_and_runs_a_command(terminal: Terminal) -> None:
    terminal.send(":")
    terminal.wait_for(r"(?i)search")
    terminal.send("tab caches")
    terminal.wait_for(r"Tab Caches")
    terminal.wait_gone(r"Tab Endpoints")  # what was found for the first letters
    terminal.send(ENTER)
    terminal.wait_for(r"responses +\d+%")


def test_export_writes_what_is_shown(terminal: Terminal, tmp_path: Path) -> None:
    terminal.send("4/users" + ENTER)
    terminal.wait_for(r"4 of \d+ +/users")  # the demo may have begun a moment ago
    terminal.send("E")
    terminal.wait_for(r"rows written to ")
    (table,) = tmp_path.glob("perftui-endpoints-*.csv")
    (values,) = tmp_path.glob("perftui-endpoints-*.json")
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert len(rows) == 4
    assert all("/api/users" in row["route"] for row in rows)
    plain = json.loads(values.read_bytes())
    assert {row["route"] for row in plain["rows"]} == {row["route"] for row in rows}
    assert table.stat().st_mode & 0o777 == 0o600


def test_copy_writes_the_row_to_the_clipboard_by_osc_52(terminal: Terminal) -> None:
    terminal.send("4/by-email" + ENTER)
    terminal.wait_for(r"^> +GET +/api/users/by-email")
    terminal.send("y")
    terminal.wait_for(r"Copied [\d,]+ characters")
    sent = re.search(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", bytes(terminal.output))
    assert sent is not None
    assert base64.b64decode(sent[1]).startswith(b"GET /api/users/by-email")


@pytest.mark.parametrize(("keys", "code"), [("q", 0), (F10, 0), ("\x03", 130)], ids=["q", "F10", "Ctrl-C"])
def test_the_ways_out(settings_file: Path, keys: str, code: int) -> None:
    with monitor("--config", settings_file, "all") as terminal:
        terminal.wait_for("q Quit")
        terminal.send(keys)
        assert terminal.exit_code() == code
        assert b"\x1b[?1049l" in terminal.output


def test_resizing_at_any_moment_harms_nothing(terminal: Terminal) -> None:
    sizes = [(40, 10), (250, 70), (80, 24), (41, 11), (160, 45), (60, 15), (200, 60), (100, 10), (40, 70), (120, 30)]
    open_tab(terminal, "4", r"^> +(GET|POST) ")
    for screen in ("1", "3", "4" + ENTER, "qT", "q?", "qS", "q8", "6\t"):
        for number, key in enumerate(screen):
            columns, lines = sizes[number]
            terminal.resize(columns, lines)
            terminal.send(key)
        for columns, lines in sizes:
            terminal.resize(columns, lines)
            terminal.send(DOWN)
            terminal.screen_text()
    terminal.resize(160, 45)
    terminal.wait_for(r"demo +mongodb\.server +ok")
    leave(terminal)


def test_keys_are_rebound_by_the_settings_file(tmp_path: Path, demo: DemoSession) -> None:
    settings = profile(tmp_path, *demo.connections[:3], extra='[keys]\ntimeline = "f5,c"\npause = "ctrl+p"\n')
    with monitor("--config", settings, "all", columns=160) as terminal:  # room for it beside the keys of any row
        terminal.wait_for(r"F5 Timeline")
        terminal.send("c")
        terminal.wait_for("All sources")
        terminal.send("q")
        terminal.wait_for(TABS)
        terminal.send("T")
        terminal.send("4")
        terminal.wait_for("METHOD ROUTE")


@pytest.mark.parametrize(
    ("environment", "arguments"),
    [
        ({"NO_COLOR": "1"}, ()),
        ({"TERM": "dumb", "COLORTERM": ""}, ()),
        ({"TERM": "linux", "COLORTERM": ""}, ()),
        ({}, ("--theme", "terminal")),
    ],
    ids=["NO_COLOR", "dumb", "sixteen colours", "the terminal's own colours"],
)
def test_it_is_legible_without_colours_of_its_own(
    settings_file: Path, environment: dict[str, str], arguments: tuple[str, ...]
) -> None:
    with monitor("--config", settings_file, "all", *arguments, environment=environment) as terminal:
        terminal.wait_for(r"library\.prompts")
        invisible = [
            cell
            for row in terminal.screen.buffer.values()
            for cell in row.values()
            if cell.data.strip() and cell.fg == cell.bg and cell.fg != "default"
        ]
        assert not invisible
        assert b"38;2;" not in terminal.output
        terminal.wait_for(r"^> ")
        leave(terminal)
