"""The figures of this process in a form for people, without a server and without a monitor."""

from typing import Literal

import msgspec

from perftui.instrument.budgets import window_minutes
from perftui.instrument.document.build import build_document
from perftui.instrument.document.report_markdown import markdown_of
from perftui.instrument.document.report_page import report_page
from perftui.instrument.document.report_text import text_of
from perftui.instrument.registry import Registry

ReportFormat = Literal["text", "json", "md"]
_FORMATS = ("text", "json", "md")


def report(
    format: ReportFormat = "text",  # the name that callers expect
    registry: Registry | None = None,
    window: str = "5m",
    *,
    top: int = 10,
    width: int = 120,
) -> str:
    """Endpoints, queries, caches, budgets and the process over the last `window` (`30s`, `5m`, `1h`; at most an hour).

    `text` is for a terminal or a log and fits into `width` columns, `md` has Markdown tables, `json` is the document
    that `metrics_app` serves. Tables have at most `top` rows. Raises `ValueError` for another format or window.

    >>> from perftui import CacheMonitor, Registry, report
    >>> registry = Registry("nightly", "1.0")
    >>> CacheMonitor("pages", registry).hit()
    >>> print(report(registry=registry).splitlines()[0])
    nightly 1.0
    """
    if format not in _FORMATS:
        raise ValueError(f"format must be one of {', '.join(_FORMATS)}, not {str(format)[:40]!r}")
    if top < 1:
        raise ValueError(f"top must be at least 1, not {top}")
    document = build_document(registry, minutes=window_minutes(window), top=max(top, 100))
    if format == "json":
        return msgspec.json.format(document.to_json(), indent=2).decode()
    page = report_page(document, top)
    return markdown_of(page) if format == "md" else text_of(page, width)
