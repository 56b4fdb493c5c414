"""Where perftui keeps its files: settings, themes, the journal and crash reports."""

from pathlib import Path

import platformdirs

CONFIG_NAME = "perftui.toml"


def config_folder() -> Path:
    """The user's config folder of perftui, such as `~/.config/perftui`."""
    return platformdirs.user_config_path("perftui")


def config_file() -> Path:
    return config_folder() / CONFIG_NAME


def themes_folder() -> Path:
    """The user's own themes, beside the settings."""
    return config_folder() / "themes"


def state_folder() -> Path:
    """Where the journal and crash reports are kept, such as `~/.local/state/perftui`. Made by who writes there."""
    return platformdirs.user_state_path("perftui")
