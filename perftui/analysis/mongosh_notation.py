"""Queries as people type them: JSON, extended JSON, or mongosh's notation. Nothing is ever evaluated."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from string import hexdigits
from typing import Any, NoReturn

_SPACE = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:Infinity|NaN|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
_NAME = re.compile(r"[A-Za-z_$][\w$.]*")
_REGEX = re.compile(r"/((?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)/([a-z]*)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}
_DEPTH = 100
_LONGEST_WHOLE = 20
"""Characters of a number of 64 bits with its sign."""


class NotationUnreadable(ValueError):  # noqa: N818 - an answer, not a fault
    """What is wrong and where, as the end of a sentence."""


def read_notation(text: str) -> Any:
    """The one value that the text holds, in Python and BSON values. Raises `NotationUnreadable`."""
    reader = _Reader(text)
    value = reader.value(0)
    reader.space()
    if reader.at < len(text):
        reader.fail("something follows the end of it")
    return _extended(value)


def _extended(value: Any) -> Any:
    """`{"$oid": ...}` and its like as what they stand for."""
    from bson.errors import BSONError
    from bson.json_util import JSONMode, JSONOptions, object_hook

    options: Any = JSONOptions(json_mode=JSONMode.RELAXED, tz_aware=False)
    if isinstance(value, list):
        return [_extended(each) for each in value]
    if not isinstance(value, dict):
        return value
    read = {name: _extended(each) for name, each in value.items()}
    try:
        found = object_hook(read, options)
        if isinstance(found, int):
            _fitting(found, 64)
        return found
    except (BSONError, TypeError, ValueError, OverflowError, KeyError, AttributeError):
        return read


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def fail(self, what: str) -> NoReturn:
        shown = self.text[self.at : self.at + 20]
        place = f"at '{shown}'" if shown else "at its end"
        raise NotationUnreadable(f"{what} {place}")

    def space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def value(self, depth: int) -> Any:
        self.space()
        if depth > _DEPTH:
            self.fail("it is nested too deeply")
        sign = self.text[self.at : self.at + 1]
        if sign == "{":
            return self.document(depth)
        if sign == "[":
            return self.items("[", "]", depth)
        if sign in ("'", '"'):
            return self.quoted()
        if sign == "/" and (regex := _REGEX.match(self.text, self.at)):
            self.at = regex.end()
            return _regex(regex[1], regex[2])
        if number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            return _number(number[0])
        return self.word(depth)

    def document(self, depth: int) -> dict[str, Any]:
        self.at += 1
        read: dict[str, Any] = {}
        while not self.ends("}"):
            name = self.name()
            self.space()
            if self.text[self.at : self.at + 1] != ":":
                self.fail("a colon is expected")
            self.at += 1
            read[name] = self.value(depth + 1)
            self.separator("}")
        return read

    def items(self, start: str, end: str, depth: int) -> list[Any]:
        self.at += len(start)
        read = []
        while not self.ends(end):
            read.append(self.value(depth + 1))
            self.separator(end)
        return read

    def ends(self, end: str) -> bool:
        self.space()
        if self.text[self.at : self.at + 1] != end:
            return False
        self.at += 1
        return True

    def separator(self, end: str) -> None:
        self.space()
        sign = self.text[self.at : self.at + 1]
        if sign == ",":
            self.at += 1
        elif sign != end:
            self.fail(f"a comma or {end} is expected")

    def name(self) -> str:
        self.space()
        if self.text[self.at : self.at + 1] in ("'", '"'):
            return self.quoted()
        match = _NAME.match(self.text, self.at) or re.compile(r"\d+").match(self.text, self.at)
        if match is None:
            self.fail("the name of a field is expected")
        self.at = match.end()
        return match[0]

    def quoted(self) -> str:
        quote = self.text[self.at]
        self.at += 1
        read: list[str] = []
        while (sign := self.text[self.at : self.at + 1]) != quote:
            if not sign:
                self.fail("a text is not closed")
            self.at += 1
            read.append(self.escaped() if sign == "\\" else sign)
        self.at += 1
        return "".join(read).encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def escaped(self) -> str:
        sign = self.text[self.at : self.at + 1]
        self.at += 1
        size = {"u": 4, "x": 2}.get(sign)
        if size is None:
            return _ESCAPES.get(sign, sign)
        digits = self.text[self.at : self.at + size]
        if len(digits) < size or not all(digit in hexdigits for digit in digits):
            self.fail("an escape is not whole")
        self.at += size
        return chr(int(digits, 16))

    def word(self, depth: int) -> Any:
        match = _NAME.match(self.text, self.at)
        if match is None:
            self.fail("a value is expected")
        name = match[0]
        if name == "db" or name.startswith("db."):
            from perftui.analysis.mongosh_statement import read_statement

            return read_statement(self, depth)
        if name == "new":
            self.at = match.end()
            self.space()
            return self.word(depth)
        if name in _WORDS:
            self.at = match.end()
            return _WORDS[name]
        made = _CALLS.get(name)
        self.space()
        if made is None or self.text[match.end() : match.end() + 1] != "(":
            self.fail("a value is expected; texts stand in quotes:")
        self.at = match.end()
        arguments = self.items("(", ")", depth)
        try:
            return made(arguments)
        except Exception:
            raise NotationUnreadable(f"{name}(...) does not take what it is given") from None


def _number(text: str) -> int | float:
    """Whole numbers that MongoDB has no type for are doubles, as in the shell."""
    if text.lstrip("+-").isdecimal() and len(text) <= _LONGEST_WHOLE and _fits(int(text), 64):
        return int(text)
    return float(text.replace("Infinity", "inf"))


def _regex(pattern: str, flags: str) -> Any:
    from bson.regex import Regex

    return Regex(pattern, "".join(flag for flag in flags if flag in "imsxlu"))


def _date(arguments: list[Any]) -> datetime:
    if not arguments:
        return datetime.now(UTC)
    given = arguments[0]
    if isinstance(given, int | float):
        return datetime.fromtimestamp(given / 1000, UTC)
    read = datetime.fromisoformat(str(given))
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _fitting(number: Any, bits: int) -> int:
    """Raises `ValueError` for one that needs more."""
    whole = int(number)
    if not _fits(whole, bits):
        raise ValueError(f"{number} does not fit into {bits} bits")
    return whole


def _fits(number: int, bits: int) -> bool:
    return -(1 << bits - 1) <= number < 1 << bits - 1


def _bson(name: str) -> Callable[[list[Any]], Any]:
    def make(arguments: list[Any]) -> Any:
        import bson

        kinds: dict[str, Callable[..., Any]] = {
            "ObjectId": lambda text=None: bson.ObjectId(text),
            "NumberLong": lambda number: bson.Int64(_fitting(number, 64)),
            "NumberDecimal": lambda number: bson.Decimal128(str(number)),
            "Timestamp": lambda seconds, number=1: bson.Timestamp(int(seconds), int(number)),
            "UUID": _uuid,
            "MinKey": lambda: bson.MinKey(),
            "MaxKey": lambda: bson.MaxKey(),
        }
        return kinds[name](*arguments)

    return make


def _uuid(text: str) -> Any:
    from uuid import UUID

    from bson import Binary

    return Binary.from_uuid(UUID(text))


_CALLS: dict[str, Callable[[list[Any]], Any]] = {
    "ISODate": _date,
    "Date": _date,
    "ObjectId": _bson("ObjectId"),
    "NumberInt": lambda arguments: _fitting(arguments[0], 32),
    "NumberDouble": lambda arguments: float(arguments[0]),
    "Double": lambda arguments: float(arguments[0]),
    "Int32": lambda arguments: _fitting(arguments[0], 32),
    "NumberLong": _bson("NumberLong"),
    "Long": _bson("NumberLong"),
    "NumberDecimal": _bson("NumberDecimal"),
    "Decimal128": _bson("NumberDecimal"),
    "Timestamp": _bson("Timestamp"),
    "UUID": _bson("UUID"),
    "MinKey": _bson("MinKey"),
    "MaxKey": _bson("MaxKey"),
    "RegExp": lambda arguments: _regex(str(arguments[0]), str(arguments[1]) if arguments[1:] else ""),
}
