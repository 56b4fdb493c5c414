"""Budgets: limits on endpoints, shapes and caches, held over windows. Library, monitor and CI share it; it is pure."""
