"""Budgets held against a metrics document, a recorded session or a bench result, for a build: `docs/checking.md`."""
