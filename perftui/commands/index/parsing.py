"""What people type for keys and options: JSON, or what mongosh takes: `{a: 1, 'b.c': -1}`."""

import json
import re
from typing import Any

from perftui.actions.index_spec import from_extended
from perftui.model.errors import UserError
from perftui.model.index import KeyDirection, KeyPattern

_KINDS = ("text", "2dsphere", "2d", "hashed", "geoHaystack")
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|' + r"'(?:[^'\\]|\\.)*'" + r"|[A-Za-z_$*][\w.$*]*(?=\s*:)")


def keys_of(text: str) -> KeyPattern:
    """Fields and directions in the order they are written. Raises `UserError`."""
    document = document_of(text, "the keys")
    if not document:
        raise UserError('The keys are empty; write them as \'{"a": 1, "b": -1}\'.')
    return tuple((field, _direction(field, value)) for field, value in document.items())


def document_of(text: str, what: str) -> dict[str, Any]:
    """A document as plain extended JSON; no field twice. Raises `UserError`."""
    try:
        document = json.loads(_TOKENS.sub(_quoted, text), object_pairs_hook=_once)
    except ValueError as error:
        raise UserError(f"{_capital(what)} cannot be read: {error}. Write them as '{{\"a\": 1}}'.") from None
    if not isinstance(document, dict):
        raise UserError(f"{_capital(what)} must be a document, such as '{{\"a\": 1}}'.")
    try:
        from_extended(document)
    except ValueError as error:
        raise UserError(f"{_capital(what)} cannot be read: {error}.") from None
    return document


def quorum_of(text: str) -> str | int:
    return int(text) if text.isdecimal() else text


def _direction(field: str, value: Any) -> KeyDirection:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UserError(f"The direction of {field} must be 1, -1 or one of {', '.join(_KINDS)}.")
    if isinstance(value, str):
        if value not in _KINDS:
            raise UserError(f"The direction of {field} must be 1, -1 or one of {', '.join(_KINDS)}.")
        return value
    if value not in (1, -1):
        raise UserError(f"The direction of {field} must be 1 or -1, not {value}.")
    return int(value)


def _quoted(match: re.Match[str]) -> str:
    token = match.group()
    if token.startswith('"'):
        return token
    if token.startswith("'"):
        return json.dumps(re.sub(r"\\(.)", r"\1", token[1:-1]))
    return json.dumps(token)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a field is named twice")
    return document


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
