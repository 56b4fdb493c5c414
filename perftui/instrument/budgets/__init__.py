"""Limits on endpoints, queries and caches: `Budget("GET /api/items/*", "p(95)<500ms", "error_rate<1%")`."""

from perftui.instrument.budgets.file import load_budgets
from perftui.model.budgets.budget import Budget
from perftui.model.budgets.changes import BudgetChange
from perftui.model.budgets.limits import window_minutes

__all__ = ["Budget", "BudgetChange", "load_budgets", "window_minutes"]
