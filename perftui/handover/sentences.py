"""Sentences without what others wrote into them: only figures, kept names and perftui's own words stay."""

import re

from perftui.handover.names import Names
from perftui.handover.vocabulary import own_words

HIDDEN = "?"
_MOST_KNOWN = 50_000
_TOKEN = re.compile(r"""[^\s,;()\[\]{}<>|"'`]+""")
_QUOTED = re.compile(r'"[^"]*"')
_PARTS = re.compile(r"[^-/:=+_*→…%^~!?.·]+")
_NAMES_IN = re.compile(r"[\w$.*-]+")
_FIGURE = re.compile(
    r"[<>~+-]?(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,9})(?:\.\d{1,6})?"
    r"(?:%|x|ms|µs|us|s|m|h|d|kB|KB|MB|GB|TB|B|K|M|G|T|k)?(?:/s)?|\d\d:\d\d(?::\d\d)?|p\d\d{1,2}|\d{1,3}(?:st|nd|rd|th)|[45]xx|\d{4}-\d\d-\d\d|\d+\.\d+\.\d+"
)

_IN_BRACES = re.compile(r"[{}]|(?<![\w.])-?\d[\w.:-]*")
_DIRECTIONS = {"1", "-1", "1.0", "-1.0"}
_OPTIONS = {"name", "unique", "sparse", "hidden", "expireAfterSeconds", "partialFilterExpression", "collation", "v"}
"""Names of options in a command of mongosh."""
_METHODS = {"createIndex", "dropIndex", "hideIndex", "unhideIndex", "runCommand", "adminCommand", "find", "aggregate"}


class Sentences:
    """Knows the pseudonyms and the names that are kept."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._known: set[str] = set()

    def keep(self, text: str) -> str:
        """A name that stays as it is, and may stand in sentences: a collection, a field, an endpoint."""
        if text not in self._known and len(self._known) < _MOST_KNOWN:
            self._known.add(text)
            for found in _NAMES_IN.findall(text):
                self._known.update((found, found.strip("."), *found.split(".")))
        return text

    def hide(self, text: str) -> str:
        """The sentence; each word that is not ours, no figure and no kept name is `?`."""
        if not text:
            return text
        if text in self._known:
            return text
        if (whole := self._names.mentioned(text)) is not None:
            return whole
        for original in self._names.of_many_words:
            if original in text:
                text = text.replace(original, self._names.given[original])
        text = _QUOTED.sub(self._quoted, _without_numbers(text))
        return _TOKEN.sub(lambda found: self._token(found[0]), text)

    def _quoted(self, found: re.Match[str]) -> str:
        inner = found[0][1:-1]
        stays = not inner or inner in self._known or inner in _OPTIONS or self._names.mentioned(inner)
        return found[0] if stays else f'"{HIDDEN}"'

    def _token(self, token: str) -> str:
        core = token.rstrip(".:!?")
        return self._word(core) + token[len(core) :] if core else token

    def _word(self, word: str) -> str:
        if word in self._known or _FIGURE.fullmatch(word):
            return word
        if (name := self._names.mentioned(word)) is not None:
            return name
        if self._names.is_this_machine(word):
            return word
        if "://" in word:
            return self._names.uri(word)
        if "@" in word:
            return HIDDEN
        if "." in word.strip("."):
            parts = word.strip(".").split(".")
            is_command = parts[0] == "db" or parts[-1] in _METHODS
            return word if is_command and all(self._is_ours(part) for part in parts) else HIDDEN
        for part in _PARTS.findall(word):
            if not self._is_ours(part):
                return HIDDEN
        return word

    def _is_ours(self, part: str) -> bool:
        if _FIGURE.fullmatch(part) or part in self._known or part.lower() in own_words() or _is_pseudonym(part):
            return True
        return not any(letter.isalnum() for letter in part)


def _is_pseudonym(part: str) -> bool:
    return part in {"host", "user", "client", "target", "others"}


def _without_numbers(text: str) -> str:
    """Documents in a sentence, such as a key that is there already, hold values; only an index' directions stay."""
    depth = 0

    def each(found: re.Match[str]) -> str:
        nonlocal depth
        if found[0] in "{}":
            depth = max(0, depth + (1 if found[0] == "{" else -1))
            return found[0]
        return HIDDEN if depth and found[0] not in _DIRECTIONS else found[0]

    return _IN_BRACES.sub(each, text) if "{" in text else text
