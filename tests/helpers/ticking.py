"""Registries whose own thread does nothing, so that what is seen is what the test had them do."""

import pytest


@pytest.fixture(autouse=True)
def no_ticks_but_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the registry's own thread may take in a dead worker before it is looked at. For whoever imports it."""
    monkeypatch.setattr("perftui.instrument.store.store.begin_to_tick", lambda _registry: None)
