"""Where perftui keeps its files: settings, themes, the journal and crash reports."""

from collections.abc import Callable
from pathlib import Path

import platformdirs

CONFIG_NAME = "perftui.toml"


def config_folder() -> Path:
    """The user's config folder of perftui, such as `~/.config/perftui`."""
    return _of_user(platformdirs.user_config_path, ".config")


def config_file() -> Path:
    return config_folder() / CONFIG_NAME


def themes_folder() -> Path:
    """The user's own themes, beside the settings."""
    return config_folder() / "themes"


def state_folder() -> Path:
    """Where the journal and crash reports are kept, such as `~/.local/state/perftui`. Made by who writes there."""
    return _of_user(platformdirs.user_state_path, ".local/state")


def _of_user(folder: Callable[[str], Path], below: str) -> Path:
    """An account without a home, as containers have them, is at home at the root, as for `login`."""
    try:
        found = folder("perftui")
    except RuntimeError:
        found = Path("~")
    return found if found.is_absolute() else Path("/", below, "perftui")
