"""One fire drill: a healthy time, then the incident, ended at the end."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene
from perftui.model.errors import UserError

if TYPE_CHECKING:
    from perftui.demo.session import DemoSession

_FAILED = 1
Tell = Callable[[str], None]


def _silent(_words: str) -> None:
    return


class FireDrill:
    """`with FireDrill(incident, session, after_s) as drill:` causes the incident after so many seconds, in a thread.

    At the end it is ended and undone, if it had begun. A drill that could not be caused, or not be undone, has a
    `failure`; the demo goes on. Raises `UserError` where it cannot even be prepared.
    """

    def __init__(self, incident: Incident, session: "DemoSession", after_s: float, tell: Tell = _silent) -> None:
        self.incident, self.after_s = incident, after_s
        self.due_at = 0.0
        """When it is to begin, in Unix seconds."""
        self.began_at: float | None = None
        """When what causes it was there, in Unix seconds."""
        self.ended_at: float | None = None
        self.failure: str | None = None
        self._scene, self._tell = Scene(session), tell
        self._ending = threading.Event()
        self._began = threading.Event()
        self._thread = threading.Thread(target=self._run, name="perftui-drill", daemon=True)

    def __enter__(self) -> Self:
        try:
            self.incident.prepare(self._scene)
        except Exception as error:
            self._scene.close()
            raise UserError(f"{self.incident.name} could not be prepared: {error}", _FAILED) from None
        self.due_at = time.time() + self.after_s
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()

    def wait_begun(self, timeout_s: float) -> bool:
        """Whether it began, or failed to, within so many seconds."""
        return self._began.wait(timeout_s)

    def end(self) -> None:
        """End it now; safe to call twice."""
        self._ending.set()
        self._thread.join()
        if self.began_at is not None and self.ended_at is None:
            self._undo()
        self._scene.close()

    def _run(self) -> None:
        if self._ending.wait(self.after_s):
            return
        try:
            self.incident.start(self._scene)
        except Exception as error:
            self.failure = f"{self.incident.name} could not be caused: {error}"
            self._tell(self.failure)
        self.began_at = time.time()
        if self.failure is None:
            self._tell(f"{self.incident.name} began")
        self._began.set()

    def _undo(self) -> None:
        try:
            self._scene.end_workers()
            self.incident.stop(self._scene)
        except Exception as error:
            self.failure = self.failure or f"{self.incident.name} could not be undone: {error}"
            self._tell(self.failure)
        self.ended_at = time.time()
