"""What every dialog of ours has in common: once it is left it hears nothing more, and it closes itself only."""

from typing import ClassVar

from textual import events
from textual.screen import ModalScreen


class Dialog(ModalScreen[None]):
    """Its heirs are told each key by `hear`, until they call `leave`.

    Keys of one read wait in its own queue: those after the one that left it must neither answer it nor close another.
    """

    AUTO_FOCUS: ClassVar[str | None] = ""
    left = False

    def hear(self, event: events.Key) -> None:
        """A key, while the dialog is open."""

    def leave(self) -> None:
        """Close it; below another screen, as soon as that one is gone."""
        self.left = True
        self._close()

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if not self.left:
            self.hear(event)

    def on_paste(self, event: events.Paste) -> None:
        """A paste is never an answer."""
        event.stop()
        event.prevent_default()

    def on_screen_resume(self) -> None:
        if self.left:
            self._close()

    def _close(self) -> None:
        """`dismiss` closes whatever is on top, and `is_current` is true below another dialog, too."""
        if self.is_active:
            self.dismiss()
