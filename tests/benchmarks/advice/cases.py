"""All named workloads."""

from . import cases_documents, cases_events, cases_existing, cases_orders, cases_users
from .workload import WORKLOADS

__all__ = ["WORKLOADS", "cases_documents", "cases_events", "cases_existing", "cases_orders", "cases_users"]
