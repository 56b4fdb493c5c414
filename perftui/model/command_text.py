"""Commands and documents as text: bounded work, bounded length, safe to draw."""

from collections.abc import Iterator, Mapping

from perftui.model.bson_text import number_text, special
from perftui.model.document_json import to_json
from perftui.model.text import safe_text

__all__ = ["one_line", "safe_text", "to_json"]

_DEPTH = 100
_HIDDEN = frozenset(("lsid", "$clusterTime", "$db", "$readPreference", "signature", "apiVersion", "txnNumber"))


def one_line(command: object, limit: int = 500) -> str:
    """A command or document on one line in mongosh's notation, without session fields, at most `limit` characters."""
    pieces: list[str] = []
    length = 0
    for piece in _shell(command, 0, limit):
        pieces.append(piece)
        length += len(piece)
        if length > limit:
            break
    return safe_text("".join(pieces), limit)


def _shell(value: object, depth: int, room: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from _shell_mapping(value, depth, room)
    elif isinstance(value, list | tuple):
        yield from _shell_items(value, depth, room)
    elif isinstance(value, str):
        yield _quoted(value[: room + 1])
    elif value is None or isinstance(value, bool):
        yield {None: "null", True: "true", False: "false"}[value]
    elif isinstance(value, int | float):
        yield number_text(value)
    else:
        yield special(value)


def _shell_mapping(value: Mapping[object, object], depth: int, room: int) -> Iterator[str]:
    if depth >= _DEPTH:
        yield "{…}"
        return
    separator = "{"
    for key, item in value.items():
        if depth == 0 and key in _HIDDEN:
            continue
        yield f"{separator}{key if _plain(str(key)) else _quoted(str(key)[: room + 1])}: "
        yield from _shell(item, depth + 1, room)
        separator = ", "
    yield "{}" if separator == "{" else "}"


def _shell_items(values: list[object] | tuple[object, ...], depth: int, room: int) -> Iterator[str]:
    if depth >= _DEPTH:
        yield "[…]"
        return
    yield "["
    for position, item in enumerate(values):
        if position:
            yield ", "
        yield from _shell(item, depth + 1, room)
    yield "]"


def _plain(key: str) -> bool:
    return key.isascii() and key.replace("$", "_").isidentifier()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\x00", "\\0") + '"'
