"""One slow query line of a structured log (4.4 and later), decoded only as far as it is needed."""

from typing import Any

import msgspec
from msgspec import field

from perftui.sources.mongodb.execution import Execution

SLOW_QUERY_ID = 51803
SLOW_QUERY_MARK = b"51803"
"""What every slow query's line holds, whoever wrote it."""


class Moment(msgspec.Struct, gc=False):
    """`{"$date": ...}`."""

    date: str = field(name="$date", default="")


class LoggedExecution(Execution, gc=False):
    """A line's attributes; parts that are rarely read stay undecoded."""

    type: str = ""
    ns: str = ""
    command: msgspec.Raw = msgspec.Raw()
    originating: msgspec.Raw = field(name="originatingCommand", default=msgspec.Raw())
    resolved_views: msgspec.Raw = field(name="resolvedViews", default=msgspec.Raw())
    matched: int | None = field(name="nMatched", default=None)
    modified: int | None = field(name="nModified", default=None)
    upserted: int | None = field(name="nUpserted", default=None)
    deleted: int | None = field(name="ndeleted", default=None)
    inserted: int | None = field(name="ninserted", default=None)
    error_name: str | None = field(name="errName", default=None)
    locks: msgspec.Raw = msgspec.Raw()
    storage: msgspec.Raw = msgspec.Raw()
    queues: msgspec.Raw = msgspec.Raw()
    flow_control: msgspec.Raw = field(name="flowControl", default=msgspec.Raw())


class SlowQueryLine(msgspec.Struct, gc=False):
    """The parts of a line outside its attributes."""

    attributes: LoggedExecution | None = field(name="attr", default=None)
    moment: Moment = field(name="t", default_factory=Moment)
    id: int = 0
    truncated: Any = None
    """Which attributes the server cut, by their paths."""


class _Update(msgspec.Struct, gc=False):
    u: msgspec.Raw = msgspec.Raw()
    update: msgspec.Raw = msgspec.Raw()


_decode = msgspec.json.Decoder(SlowQueryLine).decode
_decode_update = msgspec.json.Decoder(_Update).decode
_decode_any = msgspec.json.Decoder().decode


def decode_line(line: bytes) -> SlowQueryLine:
    """Raises `msgspec.DecodeError` (`ValidationError` where the JSON is right but a value is not what is expected)."""
    return _decode(line)


def document(raw: msgspec.Raw | bytes) -> Any:
    """A part that was left undecoded, as plain JSON. Raises `msgspec.DecodeError`."""
    return _decode_any(raw)


def update_of(command: bytes) -> bytes:
    """What an update or a findAndModify sets, as JSON; empty where it sets nothing. Raises `msgspec.DecodeError`."""
    found = _decode_update(command)
    return bytes(found.u) or bytes(found.update)
