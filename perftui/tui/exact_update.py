"""Partial repaints that write the changed cells only: Textual writes from the start of a widget's line."""

from rich.console import Console
from textual._compositor import ChopsUpdate, Compositor
from textual.strip import Strip


class ExactUpdate(ChopsUpdate):
    """Writes each span and nothing to the left of it."""

    def render_segments(self, console: Console) -> str:
        written: list[str] = []
        for y, left, right in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is not None and x < right and end > left:
                    written.append(_place(strip, x, y, max(left, x), min(right, end), console))
        return "".join(written)


class ExactCompositor(Compositor):
    """Textual's compositor with `ExactUpdate` for partial repaints."""

    def render_partial_update(self) -> ChopsUpdate | None:
        update = super().render_partial_update()
        return None if update is None else ExactUpdate(update.chops, update.spans, update.chop_ends)


def _place(strip: Strip, x: int, y: int, left: int, right: int, console: Console) -> str:
    part = strip.crop(left - x, right - x)
    return f"\x1b[{y + 1};{left + 1}H{part.render(console)}"
