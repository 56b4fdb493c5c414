"""What a registry says of endpoints, in the short form that tests compare."""

from perftui.instrument import EndpointStatistics, Registry
from perftui.model.metrics import EndpointDocument


def statuses_of(registry: Registry) -> dict[str, dict[str, int]]:
    """Each endpoint's statuses, by method and route."""
    return {f"{one.method} {one.route}": dict(one.status) for one in EndpointStatistics(registry).endpoints()}


def endpoint_of(registry: Registry, name: str) -> EndpointDocument:
    """The endpoint `METHOD route`."""
    method, _, route = name.partition(" ")
    found = EndpointStatistics(registry).endpoint(method, route)
    assert found is not None, (name, statuses_of(registry))
    return found


def assert_no_faults(registry: Registry) -> None:
    """Nothing failed inside the library, and nothing is in flight."""
    assert dict(registry.faults) == {}
    assert EndpointStatistics(registry).overall().active == 0


class _Nameless(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise LookupError("a class without a name")


class NamelessError(Exception, metaclass=_Nameless):
    """An application's error on which counting it fails."""
