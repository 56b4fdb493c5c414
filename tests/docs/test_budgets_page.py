"""The page about budgets: its code runs, its file is read, its tables are the program's."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from perftui.instrument import Budget, load_budgets
from perftui.model.budgets.judging import State
from perftui.model.budgets.limits import NAMES
from perftui.model.metrics import BudgetDocument

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "library-budgets.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def first_cells(heading: str) -> list[str]:
    """What stands in code in the first cells of the table below a heading."""
    lines = PAGE.partition(f"\n{heading}\n")[2].partition("\n#")[0].splitlines()
    return [name for line in lines if line.startswith("|") for name in re.findall(r"`([^`]+)`", line.split("|")[1])]


def test_the_code_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    exec(compile(block("python"), "docs/library-budgets.md", "exec"), names)
    assert [budget.on for budget in names["registry"].budgets] == ["endpoint", "query", "cache", "endpoint", "cache"]
    assert capsys.readouterr().out == ""


def test_the_file_of_the_page_and_the_example_are_read(tmp_path: Path) -> None:
    (tmp_path / "budgets.toml").write_text(block("toml"), "utf-8")
    assert len(load_budgets(tmp_path / "budgets.toml")) == 7
    assert len(load_budgets(ROOT / "docs" / "perftui-budgets.toml")) == 6


def test_every_limit_is_documented_and_can_be_read() -> None:
    limits = first_cells("### Limits")
    assert {limit.partition("(")[0].partition("<")[0].partition(">")[0] for limit in limits} == set(NAMES)
    for limit in limits:
        on = "cache" if limit.startswith(("hit_rate", "efficiency")) else "endpoint"
        assert Budget("*", limit, on=on).limits[0].expr == limit  # type: ignore[arg-type]


def test_every_state_and_every_field_is_documented() -> None:
    cells = first_cells("### How a limit stands")
    assert set(get_args(State)) | set(BudgetDocument.__struct_fields__) - {"expr"} == set(cells)
