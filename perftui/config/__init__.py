"""`perftui.toml`, environment and flags -> one frozen `Settings`."""

from perftui.config.file import ConfigError, ConfigFile, Options, TargetEntry, read_config
from perftui.config.merge import Flags, find_config, merge, profile

__all__ = [
    "ConfigError",
    "ConfigFile",
    "Flags",
    "Options",
    "TargetEntry",
    "find_config",
    "merge",
    "profile",
    "read_config",
]
