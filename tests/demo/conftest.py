from collections.abc import Iterator

import pytest

from perftui.demo.session import DemoOptions, DemoSession


@pytest.fixture(scope="session")
def demo() -> Iterator[DemoSession]:
    """A small demo that all tests of one worker share."""
    with DemoSession(DemoOptions(documents=2_000, rate_per_s=30.0)) as session:
        yield session
