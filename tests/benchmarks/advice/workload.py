"""What a workload is: collections with their indexes, and shapes with the commands of their executions."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .draw import Data, Document, Draw

Command = dict[str, Any]
DATABASE = "bench"
COMMANDS = 24
"""At most so many commands are made of a shape; its executions repeat them."""


@dataclass(frozen=True)
class IndexSpec:
    """An index: its keys in their order, and the options of createIndexes."""

    collection: str
    keys: tuple[tuple[str, Any], ...]
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """Told apart by the options too, but for `hidden`."""
        apart = [option for option in self.options if option[0] != "hidden"]
        plain = "_".join(f"{path}_{direction}" for path, direction in self.keys)
        return f"{plain}_{zlib.crc32(repr(apart).encode()):08x}" if apart else plain

    @property
    def described(self) -> str:
        keys = ", ".join(f"{path}: {direction}" for path, direction in self.keys)
        options = "".join(f" {name}={value}" for name, value in self.options)
        return f"{self.collection} {{{keys}}}{options}"

    def command(self, **more: Any) -> Document:
        return {"key": dict(self.keys), "name": self.name, **thawed(self.options), **more}


def frozen(value: Any) -> Any:
    """Mappings as tuples of pairs, so that it can be hashed."""
    if isinstance(value, Mapping):
        return tuple((key, frozen(one)) for key, one in value.items())
    return value


def thawed(options: Sequence[tuple[str, Any]]) -> Document:
    return {
        key: thawed(value) if isinstance(value, tuple) and value and isinstance(value[0], tuple) else value
        for key, value in options
    }


def index(collection: str, keys: Mapping[str, Any] | str, **options: Any) -> IndexSpec:
    """`index("orders", "customer -createdAt", sparse=True)`, or with a mapping where a key is special."""
    if isinstance(keys, str):
        keys = {word.lstrip("-"): -1 if word.startswith("-") else 1 for word in keys.split()}
    return IndexSpec(collection, tuple(keys.items()), tuple((name, frozen(value)) for name, value in options.items()))


@dataclass(frozen=True)
class Shape:
    """What an application does again and again; `make` draws the values of one execution."""

    name: str
    executions: int
    make: Callable[[], Command]


@dataclass(frozen=True)
class Workload:
    collections: Mapping[str, Data]
    shapes: Sequence[Shape]
    indexes: Sequence[IndexSpec] = ()
    inserted: Mapping[str, int] = field(default_factory=dict)
    """Documents inserted in each collection in the time of the executions."""


@dataclass(frozen=True)
class BuiltShape:
    name: str
    executions: int
    commands: tuple[Command, ...]


@dataclass(frozen=True)
class Built:
    """A workload with all its values drawn."""

    name: str
    collections: Mapping[str, Sequence[Document]]
    shapes: tuple[BuiltShape, ...]
    indexes: tuple[IndexSpec, ...]
    inserted: Mapping[str, int]


Definition = Callable[[Draw], Workload]
WORKLOADS: dict[str, Definition] = {}


def workload(definition: Definition) -> Definition:
    """Register a workload under the name of its function."""
    name = definition.__name__.replace("_", "-")
    if name in WORKLOADS:
        raise ValueError(f"two workloads {name}")
    WORKLOADS[name] = definition
    return definition


def build(name: str, definition: Definition, seed: int) -> Built:
    """Draw everything; the same name and seed give the same."""
    drawn = definition(Draw(zlib.crc32(f"{name} {seed}".encode())))
    shapes = tuple(
        BuiltShape(shape.name, shape.executions, tuple(shape.make() for _ in range(min(shape.executions, COMMANDS))))
        for shape in drawn.shapes
    )
    return Built(name, drawn.collections, shapes, tuple(drawn.indexes), dict(drawn.inserted))
