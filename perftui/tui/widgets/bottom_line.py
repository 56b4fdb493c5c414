"""The last line: the keys, a message for a few seconds, or the filter being typed."""

from collections.abc import Sequence

from textual import events
from textual.message import Message

from perftui.tui.keys import Command, show_key
from perftui.tui.lines import Line, Piece, cells, fill, fit
from perftui.tui.widgets.line_widget import LineWidget

MESSAGE_S = 5.0


class BottomLine(LineWidget):
    """Has one thing to say at a time: a prompt over a message over the keys."""

    class KeyClicked(Message):
        def __init__(self, command: Command) -> None:
            super().__init__()
            self.command = command

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.prompt: str | None = None
        """The text being typed; `None`: no prompt is open."""
        self.caret = 0
        self._message: Piece | None = None
        self.keys_shown: list[tuple[Command, str]] = []
        self._places: list[tuple[int, int, Command]] = []

    def show_keys(self, keys: Sequence[tuple[Command, str]]) -> None:
        """Commands with the key to show for each, most important first; the last one, how to leave, always has room."""
        self.keys_shown = list(keys)
        self.paint()

    def say(self, text: str, state: str = "normal") -> None:
        """Show a sentence for some seconds."""
        self._message = (text, state)
        self.paint()
        message = self._message
        self.set_timer(MESSAGE_S, lambda: self._forget(message))

    def open_prompt(self, text: str) -> None:
        self.prompt, self.caret = text, len(text)
        self.paint()

    def close_prompt(self) -> None:
        self.prompt = None
        self.paint()

    def type_key(self, event: events.Key) -> bool:
        """Edit the prompt's text; False: the key means nothing here."""
        text, caret = self.prompt or "", self.caret
        if event.key == "backspace":
            text, caret = text[: max(caret - 1, 0)] + text[caret:], max(caret - 1, 0)
        elif event.key == "delete":
            text = text[:caret] + text[caret + 1 :]
        elif event.key == "ctrl+u":
            text, caret = text[caret:], 0
        elif event.key == "ctrl+w":
            kept = text[:caret].rstrip().rpartition(" ")[0]
            text, caret = kept + text[caret:], len(kept)
        elif event.key in {"left", "right", "home", "end"}:
            caret = {"left": max(caret - 1, 0), "right": min(caret + 1, len(text)), "home": 0, "end": len(text)}[
                event.key
            ]
        elif event.character is not None and event.is_printable:
            text, caret = text[:caret] + event.character + text[caret:], caret + 1
        else:
            return False
        self.prompt, self.caret = text, caret
        self.paint()
        return True

    def insert(self, text: str) -> None:
        """Put pasted text into the prompt."""
        before = self.prompt or ""
        self.prompt, self.caret = before[: self.caret] + text + before[self.caret :], self.caret + len(text)
        self.paint()

    def paint(self) -> None:
        width = self.size.width
        if not width:
            return
        self._places = []
        if self.prompt is not None:
            self.set_lines([self._prompt_line(self.prompt, width)])
        elif self._message is not None:
            text, state = self._message
            self.set_lines([Line(tuple(fill([(" " + fit(text, width - 1), state)], width)), "bar")])
        else:
            self.set_lines([self._keys_line(width)])

    def on_resize(self, _event: events.Resize) -> None:
        self._strips.clear()
        self.paint()

    def on_click(self, event: events.Click) -> None:
        for left, right, command in self._places:
            if left <= event.x < right:
                self.post_message(self.KeyClicked(command))

    def _forget(self, message: Piece) -> None:
        if self._message is message:
            self._message = None
            self.paint()

    def _prompt_line(self, text: str, width: int) -> Line:
        before, at, after = text[: self.caret], text[self.caret : self.caret + 1] or " ", text[self.caret + 1 :]
        pieces: list[Piece] = [(" Filter: ", "key"), (before, "normal"), (at, "caret"), (after, "normal")]
        pieces.append(("   text  field:value  field:>9  !not   Enter keeps  Esc clears", "dim"))
        return Line(tuple(fill(pieces, width)), "bar")

    def _keys_line(self, width: int) -> Line:
        pieces: list[Piece] = [(" ", "normal")]
        left = 1
        last = self.keys_shown[-1:]
        room = width - sum(_size(*item) for item in last)
        for command, key in [*self._fitting(self.keys_shown[:-1], room - left), *last]:
            size = _size(command, key)
            pieces += [(show_key(key), "key"), (f" {command.label}  ", "normal")]
            self._places.append((left, left + size, command))
            left += size
        return Line(tuple(fill(pieces, width)), "bar")

    def _fitting(self, keys: Sequence[tuple[Command, str]], room: int) -> list[tuple[Command, str]]:
        """The first ones that have room."""
        kept = []
        for command, key in keys:
            room -= _size(command, key)
            if room < 0:
                break
            kept.append((command, key))
        return kept


def _size(command: Command, key: str) -> int:
    return cells(show_key(key)) + len(command.label) + 3
