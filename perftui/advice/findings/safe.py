"""Findings name fields and indexes as anybody may have called them."""

from msgspec.structs import replace

from perftui.model.finding import Finding
from perftui.model.text import safe_text

_LONGEST = 600


def safe_to_show(finding: Finding) -> Finding:
    """The same finding, safe to draw and bounded."""
    message, advice = finding.message, finding.advice
    if max(len(message), len(advice)) <= _LONGEST and message.isprintable() and advice.isprintable():
        return finding
    return replace(finding, message=safe_text(message, _LONGEST), advice=safe_text(advice, _LONGEST))
