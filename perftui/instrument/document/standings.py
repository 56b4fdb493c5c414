"""The budgets of a document, each with what it holds."""

from collections.abc import Iterator

from perftui.instrument.document.exposition import Family
from perftui.model.metrics import BudgetDocument, MetricsDocument


def standings(document: MetricsDocument) -> Iterator[tuple[str, BudgetDocument]]:
    """Of endpoints, shapes and caches, with their names."""
    for endpoint in document.api.endpoints if document.api else ():
        for budget in endpoint.budgets:
            yield f"{endpoint.method} {endpoint.route}", budget
    for shape in document.query.shapes if document.query else ():
        for budget in shape.budgets:
            yield f"{shape.collection} {shape.shape}", budget
    for name, cache in (document.cache or {}).items():
        for budget in cache.budgets:
            yield f"cache {name}", budget


def state_of(budget: BudgetDocument) -> str:
    """`ok`, `warning`, `over` or `unknown`; of a document without states what the limit says now."""
    return budget.state or {True: "ok", False: "over", None: "unknown"}[budget.ok]


def budget_families(document: MetricsDocument) -> Iterator[Family]:
    """For alerts: which budgets are over, and how much of each is left."""
    over = Family("perftui_budget_over", "gauge", "1 where a budget is over, 0 where it is not.")
    left = Family(
        "perftui_budget_left_ratio", "gauge", "Headroom as a share of the limit; negative beyond it.", "ratio"
    )
    told: set[tuple[str, str, str]] = set()
    for name, budget in standings(document):
        key = (name, budget.budget or "", budget.expr)
        if key in told:
            continue  # two budgets may be the same
        told.add(key)
        labels = {"subject": name, "budget": budget.budget or "", "limit": budget.expr}
        over.add(state_of(budget) == "over", **labels)
        if budget.left is not None:
            left.add(budget.left, **labels)
    yield from (over, left)
