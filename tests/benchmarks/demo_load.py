"""The demo's servers, application and load, as targets on a command line."""

import contextlib
from collections.abc import Iterator

from perftui.demo.session import DemoOptions, DemoSession


@contextlib.contextmanager
def demo_targets() -> Iterator[list[str]]:
    """The URIs of the running demo."""
    with DemoSession(DemoOptions()) as session:
        yield list(session.uris)
