"""Prometheus and OpenMetrics text, read fast: a line's beginning is parsed once and remembered."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

_LABEL = re.compile(
    r'\s*(?:([A-Za-z_:][\w:.]*)|"((?:[^"\\]|\\.)*)")\s*(?:=\s*"((?:[^"\\]|\\.)*)"\s*)?(,|(?=\}))', re.DOTALL
)
_NAME = re.compile(r"[A-Za-z_:][\w:]*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NOT_WANTED = -1
_MOST_REMEMBERED = 50_000
"""Beginnings of lines, beside two of each line of a page."""
_MOST_DROPPED = 20_000

_Key = tuple[str, frozenset[tuple[str, str]]]


class Series(NamedTuple):
    name: str
    labels: dict[str, str]


class TextReader:
    """Keeps the series that are wanted, each at its place until those that are gone are dropped."""

    def __init__(self, wanted: Callable[[str], bool]) -> None:
        self.series: list[Series] = []
        self.broken_lines = 0
        self.is_cut = False
        """Whether the text last read broke off within a line; that line is not read."""
        self.returned: set[int] = set()
        """Places of series in the text last read that were dropped before: these did not begin with it."""
        self._wanted = wanted
        self._known: dict[str, int] = {}
        self._places: dict[_Key, int] = {}
        self._dropped: dict[int, None] = {}

    def read(self, text: str) -> list[float | None]:
        """The value of each series, `None` for one that is not in this text."""
        if len(self._known) > _MOST_REMEMBERED + 2 * text.count("\n"):
            self._known = {}
        self.returned.clear()
        values: list[float | None] = [None] * len(self.series)
        text, _, rest_of_line = text.rpartition("\n")
        self.is_cut = rest_of_line.strip() not in ("", "# EOF")
        known, self.broken_lines = self._known, int(self.is_cut)
        for line in text.split("\n"):
            if not line or line[0] == "#":
                continue
            head, _, rest = line.partition("} " if "{" in line else " ")
            place = known.get(head)
            if place is None:
                place, rest = self._parse(line, head, values)
            if place == _NOT_WANTED:
                continue
            try:
                values[place] = float(rest)
            except ValueError:
                self._with_more(rest, place, values)
        return values

    def keep(self, places: Sequence[int]) -> None:
        """Drop all series but these; the first of them is at place 0 from now on."""
        moved = {place: number for number, place in enumerate(places)}
        for key, place in self._places.items():
            if place not in moved:
                self._dropped[hash(key)] = None
        while len(self._dropped) > _MOST_DROPPED:
            del self._dropped[next(iter(self._dropped))]
        self.series = [self.series[place] for place in places]
        self._places = {key: moved[place] for key, place in self._places.items() if place in moved}
        self._known = {head: moved[place] for head, place in self._known.items() if place in moved}

    def _with_more(self, rest: str, place: int, values: list[float | None]) -> None:
        """After the value may come a time and an exemplar."""
        try:
            values[place] = float(rest.split(None, 1)[0])
        except (ValueError, IndexError):
            self.broken_lines += 1

    def _parse(self, line: str, head: str, values: list[float | None]) -> tuple[int, str]:
        parsed = parse_series(line)
        if parsed is None or not _has_value(line[parsed[1] :]):
            self.broken_lines += bool(line.strip())
            return _NOT_WANTED, ""
        series, end = parsed
        place = _NOT_WANTED
        if self._wanted(series.name):
            # An empty label is none: exporters add it to a series when another series of the metric gets it.
            key = (series.name, frozenset(pair for pair in series.labels.items() if pair[1]))
            place = self._places.setdefault(key, len(self.series))
            if place == len(self.series):
                self._add(series, key)
                values.append(None)
        # Only where the quick cut found the real end of the labels may it be trusted the next time.
        if end == len(head) + line.startswith("}", len(head)):
            self._known[head] = place
        return place, line[end:]

    def _add(self, series: Series, key: _Key) -> None:
        if hash(key) in self._dropped:
            del self._dropped[hash(key)]
            self.returned.add(len(self.series))
        self.series.append(series)


def parse_series(line: str) -> tuple[Series, int] | None:
    """Name and labels at the beginning of a line, and where they end; `None` where they are broken."""
    found = _NAME.match(line)
    name, at = (found.group(), found.end()) if found else ("", 0)
    start = at
    while line[at : at + 1] in (" ", "\t"):
        at += 1
    if line[at : at + 1] != "{":
        return (Series(name, {}), start) if found and start < len(line) else None
    labels: dict[str, str] = {}
    at += 1
    while line[at : at + 1] != "}":
        label = _LABEL.match(line, at)
        if label is None:
            return None
        key = label[1] or _unescaped(label[2] or "")
        if label[3] is None:
            name = name or key
        else:
            labels[key] = _unescaped(label[3])
        at = label.end()
        while line[at : at + 1] == " ":
            at += 1
    return (Series(name, labels), at + 1) if name else None


def _has_value(rest: str) -> bool:
    try:
        float(rest.split(None, 1)[0])
    except (ValueError, IndexError):
        return False
    return True


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: "\n" if match[1] == "n" else match[1], text)
