"""Each action of `perftui bench` has a parser of its own: its help, where its word may stand, whose an option is."""

import re

import pytest

from perftui.cli import main, understand
from perftui.commands.bench.actions import BENCH

OWN = {"run": "--gc", "compare": "--fail-on", "http": "--uncached-header", "mongo": "--with-index", "": "--endpoints"}


def help_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["bench", *arguments, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", OWN)
def test_help_shows_the_action_s_own_options_only(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = help_of([name] if name else [], capsys)
    options = shown.partition("examples:")[0]
    assert [other for other, option in OWN.items() if re.search(rf"{option}\b", options)] == [name]
    assert "--read-only" in options
    words = {line.split()[2] for line in re.findall(r"^  perftui bench .*", shown, re.MULTILINE)}
    assert words == {name} if name else words >= set(BENCH.named)


def test_help_without_an_action_lists_the_actions(capsys: pytest.CaptureFixture[str]) -> None:
    shown = help_of([], capsys)
    for action in BENCH.named.values():
        assert re.search(rf"^  {re.escape(f'{action.name} {action.takes}')} +{re.escape(action.does)}$", shown, re.M)


@pytest.mark.parametrize(
    ("texts", "name", "rest"),
    [
        ([], "", []),
        (["run", "a.py"], "run", ["a.py"]),
        (["--json", "run", "compare", "a", "b"], "compare", ["--json", "run", "a", "b"]),
        (["--json=x", "--gc", "run", "a.py"], "run", ["--json=x", "--gc", "a.py"]),
        (["--config", "f", "http", "http://a"], "http", ["--config", "f", "http://a"]),
        (["-H", "a: b", "http", "http://a"], "http", ["-H", "a: b", "http://a"]),
        (["shop", "run"], "", ["shop", "run"]),
        (["--only", "run", "shop"], "", ["--only", "run", "shop"]),
        (["--", "run"], "", ["--", "run"]),
    ],
)
def test_the_action_is_the_first_word(texts: list[str], name: str, rest: list[str]) -> None:
    action, left = BENCH.choose(texts)
    assert (action.name, left) == (name, rest)


def test_options_may_stand_between_the_words() -> None:
    action, parsed = understand("bench", ["--max-time", "1s", "mongo", "mongodb://a", "--top", "3", "b.js", "-"])
    assert (action.name, parsed.targets, parsed.top) == ("mongo", ["mongodb://a", "b.js", "-"], 3)
    action, parsed = understand("bench", ["mongodb://a", "--rate", "5", "http://b"])
    assert (action, parsed.targets, parsed.rate) == (BENCH.without, ["mongodb://a", "http://b"], 5)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "a.py", "--rate", "5"], "--rate goes with perftui bench http and perftui bench without an action, "
         "not with perftui bench run."),
        (["compare", "a", "b", "--only", "x"], "--only goes with perftui bench run, perftui bench mongo and perftui "
         "bench without an action, not with perftui bench compare."),
        (["http", "http://a", "-x"], "perftui bench http has no option -x; perftui bench http --help lists what there "
         "is."),
        (["run", "a.py", "--histgram"], "perftui bench run has no option --histgram; did you mean '--histogram'?"),
        (["shop", "--jsno=redis://:hunter-2@a"], "perftui bench without an action has no option --jsno; did you mean "
         "'--json'?"),
        (["-Q"], "perftui bench without an action has no option -Q; perftui bench --help lists what there is."),
    ],
)  # fmt: skip
def test_a_wrong_option_is_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", *arguments]) == 2
    assert capsys.readouterr() == ("", f"perftui: {sentence}\n")
