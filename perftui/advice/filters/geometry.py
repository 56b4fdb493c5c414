"""Whether a point lies near enough: what the model needs of the server's geometry."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from perftui.advice.filters.tree import Leaf

_EARTH_M = 6_378_100.0
Point = tuple[float, float]


def point_of(value: Any) -> Point | None:
    """Longitude and latitude of a GeoJSON point or a pair of old."""
    if isinstance(value, Mapping):
        inner = value.get("coordinates")
        value = inner if inner is not None else list(value.values())
    if isinstance(value, list | tuple) and len(value) >= 2:
        x, y = value[0], value[1]
        if isinstance(x, int | float) and isinstance(y, int | float):
            return float(x), float(y)
    return None


def near_enough(leaf: Leaf) -> Callable[[Any], bool]:
    """A test of a field's value; what it cannot judge passes."""
    inside = _area(leaf.value) if leaf.op == "geo" else _circle_of_near(leaf.value)

    def test(value: Any) -> bool:
        point = point_of(value)
        return point is not None and (inside is None or inside(point))

    return test


Inside = Callable[[Point], bool]


def _area(operand: Any) -> Inside | None:
    if not isinstance(operand, Mapping):
        return None
    for name, maker in _AREAS.items():
        if name in operand:
            try:
                return maker(operand[name])
            except (TypeError, ValueError, IndexError, KeyError):
                return None
    return None


def _box(corners: Any) -> Inside:
    (x0, y0), (x1, y1) = corners
    return lambda point: min(x0, x1) <= point[0] <= max(x0, x1) and min(y0, y1) <= point[1] <= max(y0, y1)


def _center(circle: Any) -> Inside:
    (x, y), radius = circle
    return lambda point: math.hypot(point[0] - x, point[1] - y) <= radius


def _center_sphere(circle: Any) -> Inside:
    center, radius = circle
    origin = point_of(center)
    return lambda point: origin is None or distance_m(origin, point) <= float(radius) * _EARTH_M


def _polygon(corners: Any) -> Inside:
    ring = [(float(x), float(y)) for x, y in corners]

    def inside(point: Point) -> bool:
        x, y = point
        crossed = False
        for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True):
            if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
                crossed = not crossed
        return crossed

    return inside


def _geometry(geometry: Any) -> Inside | None:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "Polygon":
        return _polygon(coordinates[0])
    if kind == "MultiPolygon":
        parts = [_polygon(part[0]) for part in coordinates]
        return lambda point: any(part(point) for part in parts)
    return None


_AREAS: dict[str, Callable[[Any], Inside | None]] = {
    "$box": _box,
    "$center": _center,
    "$centerSphere": _center_sphere,
    "$polygon": _polygon,
    "$geometry": _geometry,
}


def _circle_of_near(operand: Any) -> Inside | None:
    if not isinstance(operand, Mapping):
        return None
    origin = point_of(operand.get("$geometry", operand))
    most = operand.get("$maxDistance")
    if origin is None or not isinstance(most, int | float):
        return None
    return lambda point: distance_m(origin, point) <= most


def distance_m(one: Point, other: Point) -> float:
    """On the sphere, in metres."""
    (x0, y0), (x1, y1) = ((math.radians(a), math.radians(b)) for a, b in (one, other))
    half = math.sin((y1 - y0) / 2) ** 2 + math.cos(y0) * math.cos(y1) * math.sin((x1 - x0) / 2) ** 2
    return 2 * _EARTH_M * math.asin(min(1.0, math.sqrt(half)))
