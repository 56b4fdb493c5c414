"""A file of budgets, such as `perftui-budgets.toml`."""

import os
from functools import partial
from pathlib import Path

from perftui.model.budgets.budget import Budget
from perftui.model.budgets.toml import budgets_read_by


def load_budgets(path: str | os.PathLike[str]) -> tuple[Budget, ...]:
    """The budgets of a TOML file. Raises `BudgetFileError`, one sentence with the line and what to write.

    >>> from pathlib import Path
    >>> from perftui import Registry, load_budgets
    >>> lines = ["[[endpoint]]", 'match = "GET /api/items/*"', 'limits = ["p(95)<500ms", "error_rate<1%"]']
    >>> _ = Path("budgets.toml").write_text(chr(10).join(lines))
    >>> registry = Registry("shop", budgets=load_budgets("budgets.toml"))
    """
    return budgets_read_by(partial(Path(path).read_text, "utf-8"), str(Path(path)))
