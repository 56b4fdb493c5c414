"""Takes values, hosts, users and keys out of anything of the model; what is the same before is the same after."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from msgspec import inspect

from perftui.handover import documents
from perftui.handover.names import Names
from perftui.handover.rules import DROP, KEEP, RULES, TEXT
from perftui.handover.sentences import HIDDEN, Sentences
from perftui.model.comment import endpoint_of
from perftui.model.operation import Operation
from perftui.model.redaction import mask_text
from perftui.model.snapshot import Snapshot

Something = TypeVar("Something", bound=msgspec.Struct)
_MOST_REMEMBERED = 20_000
_VERSION = re.compile(r"[\w .+/()-]{1,40}")
_PROGRAM = re.compile(r"[\w.+-]{1,40}")
_REDIS_WORD = re.compile(r"[A-Za-z|_.-]{1,40}")
_USUAL_MOUNTS = {"/", "/boot", "/home", "/var", "/tmp", "/data", "/srv", "/opt", "/usr", "/mnt"}  # noqa: S108
_PLAIN = (int, float, bool, type(None))


class Redactor:
    """One for all that belongs together: the pseudonyms are its own."""

    def __init__(self) -> None:
        self.names = Names()
        self._sentences = Sentences(self.names)
        self._remembered: dict[tuple[str, str], str] = {}
        self._learning = False
        self._read: dict[str, Callable[[str], str]] = {
            KEEP: self._sentences.keep,
            TEXT: self._sentence,
            DROP: lambda _text: "",
            "uri": self.names.uri,
            "host": self.names.host,
            "title": self._title,
            "version": lambda text: text if _VERSION.fullmatch(text) and mask_text(text) == text else HIDDEN,
            "opid": self._opid,
            "drawn": documents.line_of,
            "command": documents.command_text,
            "entry": lambda text: documents.entry_text(text, self._renamed),
            "filter": documents.filter_text,
            "bounds": documents.bounds_text,
            "comment": _comment,
            "redis": _redis_command,
            "mount": lambda text: text if text in _USUAL_MOUNTS else self.names.name("mount", text),
            "program": _program,
        }

    def redact(self, one: Something) -> Something:
        """An equal thing without secrets. Names in it are learnt first, so that its sentences may hold them."""
        self._learning = True
        self._struct(one)
        self._learning = False
        return cast("Something", self._struct(one))

    def snapshot(self, snapshot: Snapshot) -> Snapshot:
        """A frame of a recording; its verdict stays, in words that are redacted."""
        return self.redact(snapshot)

    def text(self, text: str) -> str:
        """A sentence of our own."""
        return self._sentence(text)

    def _struct(self, one: msgspec.Struct) -> msgspec.Struct:
        changed: dict[str, Any] = {}
        for name, rule in _ruled(type(one)):
            value = getattr(one, name)
            if not isinstance(value, _PLAIN) and rule != "line":
                changed[name] = self._value(rule, value)
        if isinstance(one, Operation) and not self._learning:
            changed["text"] = self._line(one, changed["command"])
        return msgspec.structs.replace(one, **changed) if changed else one

    def _line(self, one: Operation, command: str) -> str:
        """The command as it is now on one line; where there is none, the words that stand for it."""
        return self._text("drawn", command) if command else self._sentence(one.text)

    def _value(self, rule: str, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(rule, value)
        if isinstance(value, msgspec.Struct):
            return self._struct(value)
        if isinstance(value, tuple | list):
            return type(value)([self._value(rule, one) for one in value])
        if isinstance(value, dict):
            return self._mapping(rule, value)
        return value

    def _mapping(self, rule: str, value: dict[str, Any]) -> dict[str, Any]:
        if rule == "options":
            return cast("dict[str, Any]", documents.options(value))
        kept = {key if rule == KEEP else self._text(TEXT, key): self._value(rule, one) for key, one in value.items()}
        if rule == KEEP:
            for key in kept:
                self._sentences.keep(key)
        return kept

    def _text(self, rule: str, text: str) -> str:
        read = self._read.get(rule)
        if rule == TEXT:
            return text if self._learning else self._sentence(text)
        if read is None:
            return self.names.name(rule, text)
        key = (rule, text)
        found = self._remembered.get(key)
        if found is None:
            found = read(text)
            if len(self._remembered) < _MOST_REMEMBERED:
                self._remembered[key] = found
        return found

    def _sentence(self, text: str) -> str:
        return self._sentences.hide(text)

    def _title(self, text: str) -> str:
        """A target's name: its host and port, or what its user called it."""
        is_address = ":" in text or text in self.names.given
        return self.names.host(text) if is_address else self.names.name("target", text)

    def _opid(self, text: str) -> str:
        """A sharded operation's id is its shard's name and a number."""
        shard, _, number = text.rpartition(":")
        return f"{self.names.name('shard', shard)}:{number}" if shard and number.isdecimal() else HIDDEN

    def _renamed(self, kind: str, name: str) -> str:
        return name if kind == KEEP else self.names.host(name) if kind == "host" else self.names.name(kind, name)


@cache
def _ruled(kind: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    """The fields that may hold text, each with its rule."""
    rules = RULES.get(kind.__name__, {})
    fields = cast("inspect.StructType", inspect.type_info(kind)).fields
    return tuple((one.name, rules.get(one.name, TEXT)) for one in fields if may_hold_text(one.type))


def may_hold_text(kind: inspect.Type) -> bool:
    """Whether something of this type can hold a text that is not one of a few of ours."""
    if isinstance(kind, inspect.UnionType):
        return any(may_hold_text(one) for one in kind.types)
    if isinstance(kind, inspect.VarTupleType):
        return may_hold_text(kind.item_type)
    if isinstance(kind, inspect.TupleType):
        return any(may_hold_text(one) for one in kind.item_types)
    return isinstance(kind, inspect.StrType | inspect.AnyType | inspect.DictType | inspect.StructType)


def _comment(text: str) -> str:
    """Only ours says nothing but the endpoint."""
    return text if endpoint_of(text) is not None else HIDDEN


def _redis_command(text: str) -> str:
    """The command's name; each argument is `?`."""
    words = text.split()
    if not words or not _REDIS_WORD.fullmatch(words[0]):
        return HIDDEN if words else text
    return " ".join((words[0], *[HIDDEN] * min(len(words) - 1, 20)))


def _program(text: str) -> str:
    """The program's own name, without its folder and arguments."""
    name = text.split(" ", 1)[0].rsplit("/", 1)[-1].rstrip(":")
    return name if _PROGRAM.fullmatch(name) else HIDDEN
