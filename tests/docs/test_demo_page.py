"""The page of the demo: its table of caches is what the application has, and its commands do what they say."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from perftui.cli import main
from perftui.demo.incidents.catalogue import INCIDENTS
from perftui.demo.session import DemoOptions, DemoSession
from perftui.demo.switches import Switches

PAGE = (Path(__file__).parents[2] / "docs" / "demo.md").read_text("utf-8")


@pytest.fixture(scope="module")
def port() -> Iterator[str]:
    """Of a demo without visitors."""
    with DemoSession(DemoOptions(documents=700, visitors=False)) as session:
        yield session.application_url.rpartition(":")[2]


def test_the_table_of_the_caches_is_what_the_application_starts_with() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (on|off) \|", PAGE, re.MULTILINE)
    assert {name: state == "on" for name, state in rows} == msgspec.to_builtins(Switches())


def test_the_commands_switch_as_the_page_says(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    commands, printed = re.findall(r"^```(?:sh)?\n(perftui demo --switch .*?|read-through .*?)^```$", PAGE, re.M | re.S)
    for line in commands.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "perftui"
        capsys.readouterr()
        assert main([*arguments, "--port", port]) == 0
    assert capsys.readouterr().out == printed


def test_the_table_of_the_drills_is_what_can_be_caused() -> None:
    drills = PAGE.partition("## Fire drills")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+?) \| (.+?) \|$", drills, re.MULTILINE)
    assert [name for name, _, _ in rows] == list(INCIDENTS)
    for name, words, verdict in rows:
        kind = INCIDENTS[name]
        assert words == kind.words
        assert tuple(re.findall(r"`([a-z-]+)`", verdict)) == kind.verdicts
        assert re.findall(r"\((.+)\)", verdict) == ([kind.subject] if kind.subject else [])
