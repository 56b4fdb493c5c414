"""Keys of a function's calls."""

import inspect
import string
from collections.abc import Callable, Mapping
from typing import Any

KeyOf = Callable[[tuple[Any, ...], Mapping[str, Any]], str]


def key_maker(template: str, function: Callable[..., Any]) -> KeyOf:
    """A function of a call's arguments. Raises `ValueError` for a name in braces that is no parameter."""
    signature = inspect.signature(function)
    names = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    unknown = [name for name in names if name.partition(".")[0].partition("[")[0] not in signature.parameters]
    if unknown:
        raise ValueError(f"{template!r} names {unknown[0]!r}, which is no parameter of {function.__name__}")
    if not names:
        return lambda _arguments, _keywords: template
    render = template.format_map
    if simple := _by_position(template, names, signature):
        return simple

    def by_signature(arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> str:
        bound = signature.bind(*arguments, **keywords)
        bound.apply_defaults()
        return render(bound.arguments)

    return by_signature


def _by_position(template: str, names: list[str], signature: inspect.Signature) -> KeyOf | None:
    """The short way, for plain names: calls that give all parameters by position, or one by its name, are most."""
    parameters = list(signature.parameters.values())
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if any(one.kind not in plain for one in parameters) or not all(name.isidentifier() for name in names):
        return None
    number, order = len(parameters), [one.name for one in parameters]
    at = {name: place for place, name in enumerate(order)}
    positional = _numbered(template, at).format
    render = template.format_map

    def make(arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> str:
        if not keywords and len(arguments) == number:
            return positional(*arguments)
        bound = signature.bind(*arguments, **keywords)
        bound.apply_defaults()
        return render(bound.arguments)

    return make


def _numbered(template: str, at: Mapping[str, int]) -> str:
    parts = []
    for text, name, form, conversion in string.Formatter().parse(template):
        parts.append(text.replace("{", "{{").replace("}", "}}"))
        if name is not None:
            parts.append(f"{{{at[name]}{'!' + conversion if conversion else ''}{':' + form if form else ''}}}")
    return "".join(parts)
