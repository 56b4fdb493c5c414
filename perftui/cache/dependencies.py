"""What is made of what, so that a change reaches everything that was made of it."""

import threading
from collections import deque
from collections.abc import Iterable

from perftui.cache.forking import begin_anew_in_child


class DependencyGraph:
    """Names are keys, tags (`#products`) or patterns (`page:*`). Cycles do no harm. Safe to use from many threads.

    It is held in this process: say at start what depends on what, or where a value is made.

    >>> from perftui import DependencyGraph
    >>> graph = DependencyGraph()
    >>> graph.add("page:home", "product:7", "#banners")
    >>> graph.add("feed", "page:home")
    >>> sorted(graph.dependents("product:7"))
    ['feed', 'page:home']
    """

    def __init__(self) -> None:
        self._dependents: dict[str, set[str]] = {}
        self._sources: dict[str, set[str]] = {}
        self.begin_anew()
        begin_anew_in_child(self)

    def begin_anew(self) -> None:
        """In a child of a fork: the lock may be that of a thread which is not there."""
        self._lock = threading.Lock()

    def add(self, name: str, *made_of: str) -> None:
        """`name` has to go when one of `made_of` changes."""
        with self._lock:
            for source in made_of:
                self._dependents.setdefault(source, set()).add(name)
                self._sources.setdefault(name, set()).add(source)

    def remove(self, name: str) -> None:
        """Forget what the name is made of; what is made of it stays."""
        with self._lock:
            for source in self._sources.pop(name, ()):
                dependents = self._dependents[source]
                dependents.discard(name)
                if not dependents:
                    del self._dependents[source]

    def dependents(self, *changed: str) -> set[str]:
        """All that is made of these, directly or not; they themselves only where a cycle leads back."""
        found: set[str] = set()
        with self._lock:
            waiting = deque(changed)
            while waiting:
                for name in self._dependents.get(waiting.popleft(), ()):
                    if name not in found:
                        found.add(name)
                        waiting.append(name)
        return found

    def __len__(self) -> int:
        """How many names depend on something."""
        return len(self._sources)


def kinds(names: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    """Keys, tags and patterns, each sorted."""
    keys, tags, patterns = [], [], []
    for name in sorted(names):
        if name.startswith("#"):
            tags.append(name[1:])
        elif any(letter in name for letter in "*?["):
            patterns.append(name)
        else:
            keys.append(name)
    return keys, tags, patterns
