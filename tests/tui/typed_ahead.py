"""Keys that reach the program in one read, as from a pasting hand, a slow line or a busy machine."""

from typing import Any

from textual import events
from textual.keys import _character_to_key


def post_keys(app: Any, *keys: str) -> None:
    """Put them all into the queue; `pilot.press` waits after each, so that the next one never meets what it changed."""
    for key in keys:
        character = key if len(key) == 1 else None
        app.post_message(events.Key(_character_to_key(key) if character else key, character))
