"""Reads a file of budgets, or the `[budgets]` table of `perftui.toml`: the same tables in both.

Whatever is wrong in it becomes one sentence with the file, the line and what to write.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NoReturn

from perftui.model.budgets.budget import Budget
from perftui.model.budgets.limits import ON, On
from perftui.model.errors import UserError
from perftui.model.names import nearest
from perftui.model.toml_lines import KeyPath, line_of

MOST = 1000
"""Budgets in a file."""

_ENTRY_KEYS = ("match", "limits", "window", "service", "samples", "evaluations")
_EXAMPLE = {
    "endpoint": 'match = "GET /api/items/*" and limits = ["p(95)<500ms", "error_rate<1%"]',
    "query": 'match = "shop.prompts find *" and limits = ["p(95)<50ms"]',
    "cache": 'match = "products" and limits = ["hit_rate>80%"]',
    "redis": 'match = "*" and limits = ["hit_rate>80%"]',
    "benchmark": 'match = "*" and limits = ["p(95)<50ms"]',
}


class BudgetFileError(UserError):
    """A mistake in a file of budgets."""


class _Reader(NamedTuple):
    where: Callable[[KeyPath], str]
    """File and line of a key, for a sentence about it."""
    path: KeyPath

    def budgets(self, table: Mapping[str, Any], others: tuple[str, ...]) -> tuple[Budget, ...]:
        for name in table:
            if name not in (*ON, "defaults", *others):
                self.fail((name,), f"unknown key '{name}'{nearest(name, (*ON, 'defaults', *others))}")
        found = list(Budget.defaults()) if self._switch(table) else []
        for on in ON:
            found += [self._budget(on, number, entry) for number, entry in enumerate(self._entries(table, on))]
        if len(found) > MOST:
            self.fail((), f"{len(found):,} budgets are more than {MOST:,}; use patterns with *.")
        return tuple(found)

    def fail(self, path: KeyPath, sentence: str) -> NoReturn:
        raise BudgetFileError(f"{self.where((*self.path, *path))}: {sentence}")

    def _switch(self, table: Mapping[str, Any]) -> bool:
        value = table.get("defaults", False)
        if not isinstance(value, bool):
            self.fail(("defaults",), "'defaults' must be true or false.")
        return value

    def _entries(self, table: Mapping[str, Any], on: On) -> list[Any]:
        entries = table.get(on, [])
        if not isinstance(entries, list):
            name = ".".join(str(part) for part in (*self.path, on))
            self.fail((on,), f"'{on}' must be a list of tables: write [[{name}]].")
        return entries

    def _budget(self, on: On, number: int, entry: object) -> Budget:
        path: KeyPath = (on, number)
        if not isinstance(entry, dict):
            self.fail(path, f"a budget must be a table with {_EXAMPLE[on]}.")
        for name in entry:
            if name not in _ENTRY_KEYS:
                self.fail((*path, name), f"unknown key '{name}'{nearest(name, _ENTRY_KEYS)}")
        match = self._text(entry, "match", path, on)
        try:
            return Budget(
                match,
                *self._limits(entry, path, on),
                on=on,
                window=self._text(entry, "window", path, on, "5m"),
                service=self._text(entry, "service", path, on, "*"),
                samples=self._whole(entry, "samples", path, 20),
                evaluations=self._whole(entry, "evaluations", path, 3),
            )
        except ValueError as error:
            at = "window" if str(error).startswith("the window") else "limits"
            self.fail((*path, at), _sentence(error))

    def _limits(self, entry: Mapping[str, Any], path: KeyPath, on: On) -> list[str]:
        limits = entry.get("limits")
        if isinstance(limits, str):
            limits = [limits]
        if not isinstance(limits, list) or not limits or not all(isinstance(limit, str) for limit in limits):
            self.fail((*path, "limits") if "limits" in entry else path, f"a budget needs limits; write {_EXAMPLE[on]}.")
        return limits

    def _text(self, entry: Mapping[str, Any], key: str, path: KeyPath, on: On, absent: str | None = None) -> str:
        value = entry.get(key, absent)
        if value is None:
            self.fail(path, f"this budget has no '{key}'; write {_EXAMPLE[on]}.")
        if not isinstance(value, str) or not value.strip():
            self.fail((*path, key), f"'{key}' must be a text in quotes.")
        return value

    def _whole(self, entry: Mapping[str, Any], key: str, path: KeyPath, absent: int) -> int:
        value = entry.get(key, absent)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1_000_000:
            self.fail((*path, key), f"'{key}' must be a whole number, 1 or more.")
        return value


def _sentence(error: ValueError) -> str:
    text = str(error)
    return text if text.endswith(("?", ".")) else text + "."


def budgets_of_table(
    table: Mapping[str, Any],
    where: Callable[[KeyPath], str],
    path: KeyPath = (),
    others: tuple[str, ...] = (),
) -> tuple[Budget, ...]:
    """The budgets of a table at `path`; `others` are keys that somebody else reads. Raises `BudgetFileError`."""
    return _Reader(where, path).budgets(table, others)


def budgets_read_by(read: Callable[[], str], place: str, named_by: str = "") -> tuple[Budget, ...]:
    """The budgets of a file whose text `read()` gives; `named_by` says where its name stands. As `budgets_of_text`."""
    where = f"{named_by}: {place}" if named_by else place
    try:
        text = read()
    except OSError as error:
        raise BudgetFileError(f"{where}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BudgetFileError(f"{where}: is not UTF-8 text; save it as UTF-8.") from None
    return budgets_of_text(text, place)


def budgets_of_text(text: str, place: str) -> tuple[Budget, ...]:
    """The budgets of a whole file's text; `place` names it. Raises `BudgetFileError`."""
    import tomllib  # most applications have their budgets in code

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BudgetFileError(f"{place}: is not valid TOML: {error}.") from None

    def where(path: KeyPath) -> str:
        line = line_of(text, path)
        return f"{place}, line {line}" if line else place

    return budgets_of_table(table, where)
