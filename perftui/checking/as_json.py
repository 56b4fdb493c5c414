"""A check as JSON, for programs."""

import msgspec

from perftui.model.check import CheckReport


def json_of(report: CheckReport) -> bytes:
    """All that was found."""
    return msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"
