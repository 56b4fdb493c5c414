"""The pages say what the program does: every name in them exists, and every existing one is in them."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from perftui import commands, targets
from perftui.cli import COMMANDS as PROGRAM_COMMANDS
from perftui.cli import main
from perftui.commands.bench.actions import BENCH
from perftui.commands.index.actions import INDEX
from perftui.commands.watch import WEBHOOK_VARIABLE
from perftui.config import read_config
from perftui.config.keys import LIST_KEYS, SETTING_KEYS, TARGET_KEYS
from perftui.config.merge import ENVIRONMENT
from perftui.model.settings import Thresholds
from perftui.sources.redis.client import GRANT
from perftui.tui.keys import COMMANDS, show_key
from perftui.tui.pages import PAGES
from perftui.tui.palette import BASES, ROLES
from perftui.tui.table_spec import TableSpec
from perftui.tui.tables.operation_groups import OPERATION_GROUPS
from perftui.tui.themes import _REQUIRED, read_theme, shipped_folder

ROOT = Path(__file__).parents[2]
PAGES_OF_DOCS = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
OTHER_PROGRAMS_OPTIONS = {"--rm", "--network", "--pid"}


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def section(name: str, title: str) -> str:
    """The text of one heading, up to the next of its level or above."""
    level = len(title) - len(title.lstrip("#"))
    text = read(name).partition(f"\n{title}\n")[2]
    assert text, f"{name} has no {title!r}"
    return re.split(rf"^#{{1,{level}}} ", text, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of all table rows; a `\\|` is no border."""
    lines = [line for line in text.splitlines() if line.startswith("| ") and not set(line) <= set("|- ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def in_code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def keyed_rows(text: str) -> dict[str, list[str]]:
    """Rows whose first cell is one name in code, by that name."""
    return {in_code(cells[0])[0]: cells[1:] for cells in rows(text) if re.fullmatch(r"`[^`]+`", cells[0])}


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", read(name), re.MULTILINE | re.DOTALL)


def test_the_readme_s_two_commands_are_complete_and_the_second_is_the_one_ci_runs() -> None:
    lines = [line for block in blocks("README.md", "sh") for line in block.splitlines()]
    commands_of_readme = [line for line in lines if line.startswith("python3 -m venv .venv && ")]
    assert [line.rpartition("&& ")[2] for line in commands_of_readme] == [".venv/bin/perftui demo", ".venv/bin/pytest"]
    assert commands_of_readme[1] in read(".ci/run").splitlines()


def test_every_key_is_in_the_settings_page_as_it_is() -> None:
    documented = {name: in_code(cells[0]) for name, cells in keyed_rows(section("docs/settings.md", "## Keys")).items()}
    keys = {command.name: [show_key(key) for key in command.keys.split(",")] for command in COMMANDS}
    assert {name: shown for name, shown in documented.items() if name in keys} == keys


def test_every_key_in_the_readme_exists() -> None:
    known = {show_key(key) for command in COMMANDS for key in command.keys.split(",")}
    shown = {
        key for cells in rows(section("README.md", "## Screens and keys")) for key in in_code(" ".join(cells[::2]))
    }
    assert shown
    assert shown <= known


def test_every_tab_is_in_the_readme() -> None:
    documented = {key: cells[0] for key, cells in keyed_rows(section("README.md", "## Screens and keys")).items()}
    assert {page.key: page.title for page in PAGES}.items() <= documented.items()


def test_every_setting_is_documented() -> None:
    page = section("docs/settings.md", "## The settings file").partition("### A target")[0]
    assert set(keyed_rows(page)) == {*SETTING_KEYS, *LIST_KEYS, "profiles"}
    assert set(keyed_rows(section("docs/settings.md", "### A target"))) == {*TARGET_KEYS, "headers"}


def test_every_threshold_is_documented_with_its_default() -> None:
    documented = keyed_rows(section("docs/settings.md", "### Thresholds"))
    defaults = {name: getattr(Thresholds(), name) for name in Thresholds.__struct_fields__}
    assert {name: float(cells[0]) for name, cells in documented.items()} == defaults


def test_the_example_has_every_key() -> None:
    example = tomllib.loads(read("docs/perftui.toml"))
    assert {*SETTING_KEYS, *LIST_KEYS, "profiles"} == set(example)
    assert set(example["thresholds"]) == set(Thresholds.__struct_fields__)


def test_every_theme_is_documented() -> None:
    themes = {path.stem: read_theme(path).about for path in shipped_folder().glob("*.toml")}
    assert {name: cells[0] for name, cells in keyed_rows(section("docs/settings.md", "## Themes")).items()} == themes


def test_the_example_of_a_theme_is_whole_and_good(tmp_path: Path) -> None:
    example = next(block for block in blocks("docs/settings.md", "toml") if "[colors]" in block)
    (tmp_path / "mine.toml").write_text(example, "utf-8")
    assert read_theme(tmp_path / "mine.toml").name == "mine"
    assert set(tomllib.loads(example)["colors"]) == set(_REQUIRED)
    named = set(in_code(section("docs/settings.md", "### Your own theme").rpartition("```")[2]))
    assert {*ROLES, *BASES} <= named


@pytest.mark.parametrize("name", ["docs/settings.md", "docs/start.md"])
def test_the_pages_settings_can_be_read(name: str, tmp_path: Path) -> None:
    for block in blocks(name, "toml"):
        if "[colors]" not in block:
            (tmp_path / "perftui.toml").write_text(block, "utf-8")
            assert read_config(tmp_path / "perftui.toml")


def options_of(command: list[str], capsys: pytest.CaptureFixture[str]) -> set[str]:
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", capsys.readouterr().out))


def test_every_command_line_option_is_documented_and_none_is_invented(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "250")  # a narrow help is cut within an option's name
    actions = [[of.command, name] for of in (BENCH, INDEX) for name in of.named]
    commands = [*([name] for name in PROGRAM_COMMANDS), *actions]
    existing = set().union(*(options_of(command, capsys) for command in commands))
    documented = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", read("docs/start.md")))
    assert existing <= documented
    named = {option for page in PAGES_OF_DOCS for line in page.read_text("utf-8").splitlines() if "perftui" in line
             for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", line)}  # fmt: skip
    assert named | documented <= existing | OTHER_PROGRAMS_OPTIONS


def test_every_environment_variable_is_documented() -> None:
    variables = {
        *ENVIRONMENT,
        "PERFTUI_CONFIG",
        WEBHOOK_VARIABLE,
        "NO_COLOR",
        targets.TOKEN_VARIABLE,
        *targets.ENVIRONMENT_TARGETS,
    }
    variables.update(name for names in targets.PASSWORD_VARIABLES.values() for name in names)
    table = rows(section("docs/start.md", "## Environment variables"))
    assert {name for cells in table for name in in_code(cells[0])} == variables


def test_the_exit_codes_are_those_of_the_program() -> None:
    table = rows(section("docs/start.md", "## Snapshot, doctor, demo"))
    codes = {commands.DONE, commands.FOUND, commands.USAGE, commands.UNREACHABLE, commands.INTERRUPTED}
    assert {int(cells[0]) for cells in table if cells[0].isdigit()} == codes


def test_the_rights_for_redis_are_those_that_the_program_asks_for() -> None:
    rights = GRANT.partition("{user} ")[2]
    assert f"ACL SETUSER NAME on >PASSWORD {rights}\n" in read("docs/start.md")


def columns_of(spec: TableSpec[Any]) -> set[tuple[str, str]]:
    return {(column.title.strip(), column.key) for column in spec.columns}


def test_every_column_is_explained_under_its_title_and_field() -> None:
    tables = {frozenset(columns_of(pane.spec())) for page in PAGES for pane in page.panes}
    tables.add(frozenset(columns_of(OPERATION_GROUPS)))
    text = read("docs/numbers.md")
    documented = {
        frozenset((cells[0], in_code(cells[1])[0]) for cells in rows(table)[1:])
        for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
        if rows(table)[0][1] == "field"
    }
    assert documented == tables


@pytest.mark.parametrize("page", PAGES_OF_DOCS, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        path, _, anchor = target.partition("#")
        assert "://" not in target, "pages link to each other only"
        found = (page.parent / path) if path else page
        assert found.exists(), f"{page.name} links to {target}"
        if anchor:
            titles = re.findall(r"^#+ (.+)$", found.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_is_reached_from_the_readme() -> None:
    readme = read("README.md")
    assert [page.name for page in (ROOT / "docs").iterdir() if f"docs/{page.name}" not in readme] == []
