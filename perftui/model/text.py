"""Text from outside made safe to draw on a terminal."""

import re

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffc\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_CONTROL_PICTURES = 0x2400
_MARKDOWN = re.compile(r"[\\`*_{}\[\]#|!~&]")


def safe_text(text: str, limit: int | None = None) -> str:
    """One line without control characters, escapes, direction overrides or surrogates; each is replaced visibly.

    What is left may stand in an XML document too.
    A zero-width joiner stays only where it joins an emoji. Cut to `limit` characters with an ellipsis.
    """
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_visible, text)


def markdown_text(text: str) -> str:
    """`safe_text` that Markdown shows as it is, in a cell of a table too."""
    shown = _MARKDOWN.sub(r"\\\g<0>", safe_text(text)).replace("<", "&lt;")
    return shown.replace("://", ":&#8203;//").replace("@", "@&#8203;")  # no link, and nobody is called


def _visible(match: re.Match[str]) -> str:
    character, code = match.group(), ord(match.group())
    if code < 0x20:
        return " " if character in "\t\n\r" else chr(_CONTROL_PICTURES + code)
    if code == 0x7F:
        return "\u2421"
    if character == "\u200d" and match.start() and ord(match.string[match.start() - 1]) > 0x2190:
        return character
    return "\ufffd"
