"""Each action of `perftui index` takes its own options only: what it would not heed is refused in one sentence."""

import pytest

from perftui.cli import main, understand
from perftui.commands.index.actions import INDEX


@pytest.mark.parametrize("name", INDEX.named)
def test_help_shows_what_the_action_takes_and_its_own_options(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["index", name, "--help"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert f"perftui index {name} [OPTION ...] {INDEX.named[name].takes}\n" in shown
    assert ("--unique" in shown, "--slowms" in shown) == (name == "create", name == "profile")
    assert ("--dry-run" in shown) == (name not in ("list", "journal"))
    assert "examples:\n\n" not in shown


def test_help_without_an_action_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["index", "--help"])
    shown = capsys.readouterr().out
    assert all(f"  {one.name} {one.takes}" in shown and one.does in shown for one in INDEX.named.values())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["hide", "shop", "a.b", "c_1", "--unique"], "--unique goes with perftui index create, not with perftui index "
         "hide."),
        (["apply", "f.json", "shop", "--name", "x"], "--name goes with perftui index create, not with perftui index "
         "apply."),
        (["undo", "shop", "--confirm", "x"], "--confirm goes with perftui index drop, not with perftui index undo."),
        (["list", "shop", "--yes"], "--yes goes with perftui index create, perftui index apply, perftui index hide, "
         "perftui index unhide, perftui index drop, perftui index abort, perftui index undo and perftui index profile, "
         "not with perftui index list."),
        (["create", "shop", "a.b", "{a: 1}", "--uniqe"], "perftui index create has no option --uniqe; did you mean "
         "'--unique'?"),
        (["shop", "list"], "There is no action 'shop'"),
        (["crate", "shop", "a.b", "{a: 1}", "--unique"], "There is no action 'crate'; did you mean 'create'?"),
        (["--dry-run", "crate", "shop"], "There is no action 'crate'; did you mean 'create'?"),
        ([], "perftui index takes an action: create, apply, "),
        (["drop", "shop", "a.b"], "perftui index drop takes TARGET DB.COLLECTION NAME."),
        (["journal", "shop", "a.b"], "perftui index journal takes [TARGET]."),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["index", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"perftui: {sentence}")
    assert printed.err.count("\n") == 1


def test_options_may_stand_between_the_words() -> None:
    action, parsed = understand("index", ["--dry-run", "create", "shop", "--name", "list", "a.b", "{a: 1}"])
    assert (action.name, parsed.targets, parsed.name) == ("create", ["shop", "a.b", "{a: 1}"], "list")
