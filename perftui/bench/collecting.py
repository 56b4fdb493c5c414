"""Finds the benchmarks of a Python file: its functions that are named `bench_*`."""

import importlib.util
import sys
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType
from typing import NamedTuple, TypeVar

from perftui.bench.subject import Function, Subject

Marked = TypeVar("Marked", bound=Callable[..., object])
_PREFIX, _ATTRIBUTE = "bench_", "__perftui_benchmark__"


class Around(NamedTuple):
    """What a benchmark of a file asks for."""

    name: str | None = None
    setup: Function | None = None
    teardown: Function | None = None


class Found(NamedTuple):
    """A benchmark of a file."""

    name: str
    function: Function
    around: Around

    def subject(self) -> Subject:
        """What a runner measures."""
        return Subject(self.function, self.name, self.around.setup, self.around.teardown)


def benchmark(
    *, name: str | None = None, setup: Function | None = None, teardown: Function | None = None
) -> Callable[[Marked], Marked]:
    """Give a function of a benchmark file another name, and what runs before and after each call, outside of the time.

    What `setup` returns is passed to the function and to `teardown`, unless it is `None`.

    >>> from perftui import benchmark
    >>> @benchmark(setup=lambda: list(range(1000, 0, -1)))
    ... def bench_sort(numbers):
    ...     numbers.sort()
    >>> bench_sort([2, 1])
    """

    def mark(function: Marked) -> Marked:
        setattr(function, _ATTRIBUTE, Around(name, setup, teardown))
        return function

    return mark


def collect(module: ModuleType, patterns: Sequence[str] = ()) -> list[Found]:
    """The benchmarks that the file defines itself, in its order; with patterns (`*json*`), those that match one.

    Raises `ValueError` for two of one name.
    """
    found = [
        Found(around.name or name.removeprefix(_PREFIX), function, around)
        for name, function in vars(module).items()
        if name.startswith(_PREFIX) and callable(function) and getattr(function, "__module__", None) == module.__name__
        for around in [getattr(function, _ATTRIBUTE, Around())]
    ]
    names = [one.name for one in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"two benchmarks are named {twice}")
    return [one for one in found if not patterns or any(fnmatchcase(one.name, pattern) for pattern in patterns)]


def load_module(path: Path) -> ModuleType:
    """Run the file as a module, its folder first in the import path. Raises what the file raises, and `OSError`."""
    path = path.resolve(strict=True)
    name = path.stem if path.stem not in sys.modules else f"perftui_benchmarks_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise OSError(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
