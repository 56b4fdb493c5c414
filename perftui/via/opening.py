"""Opens each way once, before there is a screen, and closes all of them in the end."""

import atexit
import sys

from perftui.via.bastion import Bastion
from perftui.via.client import SshClient

_open: dict[tuple[str, str | None], Bastion] = {}


def way_through(destination: str, config_file: str | None = None, *, compress: bool = False) -> Bastion:
    """The open way through this bastion; ssh may ask on the terminal. Raises `UserError` where there is none.

    `compress`: a slow link is worth the bastion's CPU.
    """
    key = (destination, config_file)
    if key not in _open:
        bastion = Bastion(SshClient(destination, config_file, compress=compress))
        if not _open:
            atexit.register(close_all)
        _open[key] = bastion
        try:
            bastion.open(interactive=sys.stdin.isatty() and sys.stderr.isatty())
        except BaseException:
            _open.pop(key).close()
            raise
    return _open[key]


def close_all() -> None:
    """End every connection that was opened here."""
    while _open:
        _open.popitem()[1].close()
