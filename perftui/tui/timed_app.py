"""What the monitor's application knows of time: how often it reads, what is shown, and steps into the past."""

from abc import abstractmethod

from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.monitor.feed import Feed
from perftui.tui.formatting import duration
from perftui.tui.keyed import KeyedApp

INTERVALS_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
WINDOWS_S = (60.0, 300.0, 900.0, 3600.0)


class TimedApp(KeyedApp):
    """Has a feed, the newest Snapshot and the one that is shown. `renew_view` draws it."""

    feed: Feed
    interval_s: float
    window_s: float
    latest: Snapshot | None = None
    paused = False
    past = False
    """An earlier frame is shown because the user stepped back to it."""
    shown: Snapshot | None = None

    def follow(self, feed: Feed, settings: Settings) -> None:
        """Read what this feed gives, as often as the settings say."""
        self.feed = feed
        self.interval_s, self.window_s = settings.interval_s, settings.window_s

    @abstractmethod
    def renew_view(self) -> None:
        """Draw again after something about the way of showing changed."""

    @abstractmethod
    def say(self, text: str, state: str = "normal") -> None:
        """One sentence on the screen on top."""

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show this Snapshot, new or old."""
        self.shown = snapshot
        self.renew_view()

    def go_live(self) -> None:
        """Back to the newest Snapshot."""
        self.paused = self.past = False
        if self.latest is not None:
            self.show_snapshot(self.latest)

    def action_pause(self) -> None:
        if self.paused:
            self.go_live()
            return
        self.paused = True
        self.say("Paused: the screen stands still, reading goes on. p goes on.")
        self.renew_view()

    def action_back_in_time(self) -> None:
        self._step(-1)

    def action_forward_in_time(self) -> None:
        self._step(1)

    def action_refresh(self) -> None:
        self.feed.refresh()
        if self.feed.live:
            self.say("Reading all sources now.")
        else:
            self.paused = self.past = False
            self.say("From the beginning.")

    def action_slower(self) -> None:
        self.set_reading_interval(next((step for step in INTERVALS_S if step > self.interval_s), INTERVALS_S[-1]))

    def action_faster(self) -> None:
        self.set_reading_interval(
            next((step for step in reversed(INTERVALS_S) if step < self.interval_s), INTERVALS_S[0])
        )

    def action_window(self) -> None:
        self.set_window(next((window for window in WINDOWS_S if window > self.window_s), WINDOWS_S[0]))

    def set_reading_interval(self, seconds: float) -> None:
        if not self.feed.live:
            self.say("This is a recording: it was read as often as the first line says.")
            return
        self.interval_s = seconds
        self.feed.set_interval(seconds)
        self.say(f"Reading every {seconds:g} s.")
        self.renew_view()

    def set_window(self, seconds: float) -> None:
        if not self.feed.live:
            self.say("This is a recording: its digests keep the window that they were made with.")
            return
        self.window_s = seconds
        self.feed.set_window(seconds)
        self.say(f"Digests show the last {duration(seconds)}.")

    def _step(self, step: int) -> None:
        if self.shown is None or self.latest is None:
            return
        first, last = self.feed.frames()
        sequence = self.shown.sequence + step
        while first <= sequence <= last:
            frame = self.feed.frame(sequence)
            if frame is not None:
                self.paused = self.past = True
                self.show_snapshot(frame)
                return
            sequence += step
        if step > 0:
            self.go_live()
        else:
            self.say("No earlier frame is kept.")
