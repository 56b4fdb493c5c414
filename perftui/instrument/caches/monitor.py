"""Counts one cache: what the application tells, or an adapter of its library."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

from perftui.instrument.caches.counter import CacheCounter
from perftui.instrument.caches.top_keys import KeyLog, KeyUse

if TYPE_CHECKING:
    from dogpile.cache.proxy import ProxyBackend

    from perftui.instrument.caches.calls import Operation
    from perftui.instrument.caches.cashews_adapter import Middleware

Thing = TypeVar("Thing")
P = ParamSpec("P")
R = TypeVar("R")


class CacheMonitor(CacheCounter):
    """Counts one cache by name; monitors of the same name and registry count together.

    Keys are counted as templates (`user:*:*`). With `keep_keys` the process itself also holds the most used ones as
    they are, for `top_keys`; they are never published. With `show_keys` they may be published, to who asks for them
    and has the right to. No method raises.

    >>> from perftui import CacheMonitor, Registry, build_document
    >>> registry = Registry("shop")
    >>> pages = CacheMonitor("pages", registry)
    >>> pages.hit("page:7", 0.001)
    >>> pages.miss("page:8")
    >>> build_document(registry).cache["pages"].hit_rate
    0.5
    """

    @property
    def keeps_keys(self) -> bool:
        """Whether `top_keys` and `missed_keys` have something to tell."""
        return self._recorder.options.keep > 0

    def top_keys(self, number: int) -> list[KeyUse]:
        """The most used keys as they are, most used first; empty without `keep_keys`. For this process only."""
        return self._kept(self._recorder.asked, number)

    def missed_keys(self, number: int) -> list[KeyUse]:
        """The keys that were missed most: what warming would serve."""
        return self._kept(self._recorder.missed, number)

    def wrap(self, store: Thing) -> Thing:
        """Measure a store and give it back: a Redis client, a cachetools cache, a cashews cache and a dogpile region
        are measured themselves; around anything else with `get`, `set` and `delete` comes a proxy."""
        from perftui.instrument.caches.wrapping import wrapped

        return wrapped(self, store)

    def cashews(self) -> "Middleware":
        """A middleware for `cache.setup(..., middlewares=(monitor.cashews(),))`."""
        from perftui.instrument.caches.cashews_adapter import middleware

        return middleware(self)

    def dogpile(self) -> "ProxyBackend":
        """A proxy for `region.configure(..., wrap=[monitor.dogpile()])`."""
        from perftui.instrument.caches.dogpile_adapter import proxy

        return proxy(self)

    @overload
    def measured(self, function: Callable[P, R], /) -> Callable[P, R]: ...
    @overload
    def measured(
        self,
        /,
        *,
        operation: "Operation" = "get",
        key: Callable[..., object] | None = None,
        found: Callable[[Any], bool] | None = None,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
    def measured(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        operation: "Operation" = "get",
        key: Callable[..., object] | None = None,
        found: Callable[[Any], bool] | None = None,
    ) -> Any:
        """Decorate a function or coroutine that gets, sets or deletes. A get that gives `None` is a miss, unless
        `found(result)` says otherwise; the key is the first argument, or `key(*arguments)`."""
        from perftui.instrument.caches.functions import measured_function

        def decorate(inner: Callable[..., Any]) -> Callable[..., Any]:
            return measured_function(self, inner, operation, key, found)

        return decorate if function is None else decorate(function)

    def wrap_function(
        self,
        function: Callable[P, R],
        operation: "Operation" = "get",
        *,
        key: Callable[..., object] | None = None,
        found: Callable[[Any], bool] | None = None,
    ) -> Callable[P, R]:
        """`measured` for a function that is somebody else's."""
        return self.measured(operation=operation, key=key, found=found)(function)

    def _kept(self, log: KeyLog, number: int) -> list[KeyUse]:
        if not self._recorder.options.keep or log.kept is None:
            return []
        log.settle()
        return log.kept.top(number)
