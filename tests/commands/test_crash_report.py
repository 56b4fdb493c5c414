"""An error of our own: where it happened is kept, what it happened with is not."""

import stat
from pathlib import Path

import pytest

from perftui import cli
from perftui.crash import report_crash, report_text
from perftui.targets import connect_to


def fail(uri: str) -> None:
    local_password = "local-" + "secret"
    raise RuntimeError(f"could not use {uri}, {len(local_password)} letters")


def test_a_report_has_the_place_but_no_secret(home: Path) -> None:
    connection = connect_to("mongodb://ann:remembered-pw@db1")
    try:
        fail(connection.uri.reveal())
    except RuntimeError as error:
        sentence = report_crash(error)
    (report,) = (home / ".state/perftui").glob("crash-*.txt")
    text = report.read_text("utf-8")
    assert str(report) in sentence
    assert "in fail" in text
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    for shown in (text, sentence):
        assert "remembered-pw" not in shown
        assert "local-secret" not in shown
        assert "mongodb://***@db1" in shown


def test_a_secret_in_a_cause_is_hidden_too() -> None:
    connect_to("redis://:another-pw@cache")
    try:
        try:
            raise ValueError("another-pw")
        except ValueError as error:
            raise RuntimeError("outer") from error
    except RuntimeError as error:
        text = report_text(error)
    assert "another-pw" not in text
    assert "ValueError: ***" in text


def test_without_a_place_for_the_report_it_says_so(home: Path) -> None:
    (home / ".state").write_text("a file")
    assert "No report could be saved" in report_crash(RuntimeError("x"))


def test_the_command_line_never_shows_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    def broken(_arguments: list[str]) -> int:
        raise KeyError("mongodb://ann:secret-pw@db1")

    monkeypatch.setattr(cli, "_run", broken)
    assert cli.main([]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("perftui: an error of perftui itself: KeyError")
    assert "secret-pw" not in shown.err
    assert "Traceback" not in shown.err
