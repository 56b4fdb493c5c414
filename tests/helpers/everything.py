"""Things of the model with every field filled, each text with secrets in it."""

from typing import Any, cast

import msgspec
from msgspec import inspect

from perftui.handover.rules import KEEP, RULES, TEXT

SECRETS = ("hunter2", "ada", "4111-1111", "10.66.77.88", "vault", "corp", "xyzzy", "s3cr3t")
_COMMAND = (
    '{"find":"orders","filter":{"email":"ada@vault.corp","pin":{"$in":["hunter2","xyzzy"]},"card":"4111-1111"},'
    '"comment":"xyzzy","lsid":{"id":"s3cr3t"},"$db":"shop"}'
)
_ENTRY = (
    '{"op":"query","ns":"shop.orders","command":' + _COMMAND + ',"client":"10.66.77.88:1234","user":"ada@vault",'
    '"allUsers":[{"user":"ada","db":"shop"}],"appName":"xyzzy","errMsg":"dup key: {email: hunter2}",'
    '"execStats":{"stage":"FETCH","filter":{"email":{"$eq":"ada@vault.corp"}},"nReturned":3,"inputStage":'
    '{"stage":"IXSCAN","indexName":"email_1","indexBounds":{"email":["[\\"hunter2\\", \\"hunter2\\"]"]}}},'
    '"other":"s3cr3t"}'
)
_TEXTS = {
    "uri": "mongodb://ada:hunter2@vault.corp:27017/xyzzy",
    "host": "10.66.77.88:5123",
    "opid": "vault:123",
    "command": _COMMAND,
    "entry": _ENTRY,
    "filter": '{"email":{"$eq":"ada@vault.corp"}}',
    "bounds": '["hunter2", "hunter2"]',
    "comment": "for ada of vault",
    "redis": "GET session:s3cr3t hunter2",
    "mount": "/srv/vault",
    "program": "/srv/app/python --token=hunter2 s3cr3t",
    "version": "ada@vault",
}
_SENTENCE = (
    'ada of 10.66.77.88 at vault.corp sent "hunter2": dup key {email: xyzzy}; see https://ada:hunter2@vault.corp/x'
)


def text_for(rule: str) -> str:
    """A text of this kind with a secret in it; names that are kept hold none."""
    return "shop.orders" if rule == KEEP else _TEXTS.get(rule, _SENTENCE)


def filled(kind: type[msgspec.Struct]) -> Any:
    """One of these, whole."""
    fields = cast("inspect.StructType", inspect.type_info(kind)).fields
    rules = RULES.get(kind.__name__, {})
    return kind(**{one.name: _value(one.type, rules.get(one.name, TEXT), kind) for one in fields})


def _value(kind: inspect.Type, rule: str, within: type) -> Any:
    if isinstance(kind, inspect.StrType):
        return text_for(rule)
    if isinstance(kind, inspect.StructType):
        return filled(kind.cls)
    if isinstance(kind, inspect.VarTupleType):
        recursive = isinstance(kind.item_type, inspect.StructType) and kind.item_type.cls is within
        return () if recursive else (_value(kind.item_type, rule, within),)
    if isinstance(kind, inspect.TupleType):
        return tuple(_value(one, rule, within) for one in kind.item_types)
    if isinstance(kind, inspect.DictType):
        name = "shop.orders" if rule == KEEP else "s3cr3t" if rule != "options" else "weights"
        return {name: _value(kind.value_type, rule, within)}
    if isinstance(kind, inspect.UnionType):
        best: list[inspect.Type] = [one for one in kind.types if isinstance(one, inspect.StrType | inspect.StructType)]
        return _value((best or [one for one in kind.types if not isinstance(one, inspect.NoneType)])[0], rule, within)
    if isinstance(kind, inspect.LiteralType):
        return kind.values[0]
    if isinstance(kind, inspect.AnyType):
        return {"de": "hunter2"} if rule == "options" else _SENTENCE
    return {inspect.IntType: 3, inspect.FloatType: 3.5, inspect.BoolType: True}.get(type(kind))
