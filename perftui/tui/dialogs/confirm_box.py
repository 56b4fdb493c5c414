"""The frame of a question as a widget, and its buttons."""

from collections.abc import Sequence

from textual import events
from textual.message import Message

from perftui.tui.dialogs.box import Button
from perftui.tui.widgets.line_widget import LineWidget


class ConfirmBox(LineWidget):
    """The framed question itself; says which button was clicked."""

    class Clicked(Message):
        def __init__(self, button: str) -> None:
            super().__init__()
            self.button = button

    def __init__(self) -> None:
        super().__init__(id="confirm-box")
        self.buttons: Sequence[Button] = ()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        for button in self.buttons:
            if event.y == button.y and button.left <= event.x < button.right:
                self.post_message(self.Clicked(button.name))
