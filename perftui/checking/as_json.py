"""A check as JSON, for programs."""

import msgspec

from perftui.checking.report import Report

SCHEMA = "perftui.check/1"


def json_of(report: Report) -> bytes:
    """All that was found. `ok` is what the exit code says."""
    unreached = [one._asdict() for one in report.unreached]
    document = {
        "schema": SCHEMA,
        "ok": report.ok,
        "checks": report.checks,
        "unreached": unreached,
        "remarks": report.remarks,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"
