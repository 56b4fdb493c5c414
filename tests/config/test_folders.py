"""Where settings and the journal are, for accounts with and without a home."""

import os
from pathlib import Path

import pytest

from perftui.config.folders import config_file, state_folder


def test_an_account_without_a_home_is_at_home_at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers run under numbers that no account has; nothing may fail before the first word for that."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 3_141_592_653)
    assert config_file() == Path("/.config/perftui/perftui.toml")
    assert state_folder() == Path("/.local/state/perftui")


def test_a_named_folder_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "perftui"
