"""The processes of interest on another machine: those that are named, and the busiest of the others."""

from perftui.model.host import Process
from perftui.model.redaction import mask_arguments
from perftui.model.text import safe_text
from perftui.sources.host.processes import BUSIEST_OTHERS, LONGEST_COMMAND, database_role
from perftui.sources.host.remote_answer import About, Seen


class RemoteProcesses:
    """Fed with the list of all now and then, and with more about those that it asks for."""

    def __init__(self) -> None:
        self.listeners: set[int] = set()
        """Processes that listen on the applications' ports."""
        self._before: dict[tuple[int, float], float] = {}
        self._before_at: float | None = None
        self._chosen: list[tuple[Seen, str, float | None]] = []
        self._about: dict[tuple[int, float], About] = {}

    def take(self, uptime_s: float, seen: list[Seen]) -> None:
        """Choose from the list of all, which was made at that moment of the machine's clock."""
        elapsed = None if self._before_at is None else uptime_s - self._before_at
        shares: dict[int, float] = {}
        if elapsed is not None and elapsed > 0:
            for one in seen:
                before = self._before.get((one.pid, one.started_s))
                if before is not None:
                    shares[one.pid] = max(0.0, one.cpu_s - before) / elapsed
        self._before = {(one.pid, one.started_s): one.cpu_s for one in seen}
        self._before_at = uptime_s
        named = [(one, role) for one in seen if (role := self._role(one)) is not None]
        others = [one for one in seen if self._role(one) is None and shares.get(one.pid, 0.0) > 0]
        others.sort(key=lambda one: -shares[one.pid])
        chosen = [*named, *((one, "other") for one in others[:BUSIEST_OTHERS])]
        self._chosen = [(one, role, shares.get(one.pid)) for one, role in chosen]
        kept = {(one.pid, one.started_s) for one, _ in chosen}
        self._about = {key: about for key, about in self._about.items() if key in kept}

    def asked_about(self) -> list[int]:
        """Whose open files are counted anew, and of whom nothing is known yet."""
        return [
            one.pid for one, role, _ in self._chosen if role != "other" or (one.pid, one.started_s) not in self._about
        ]

    def tell(self, about: dict[int, About]) -> None:
        for one, _, _ in self._chosen:
            if one.pid in about:
                self._about[(one.pid, one.started_s)] = about[one.pid]

    def shown(self, booted_at: float | None) -> tuple[Process, ...]:
        """The busiest first."""
        found = [self._process(one, role, share, booted_at) for one, role, share in self._chosen]
        return tuple(sorted(found, key=lambda process: -(process.cpu_share or 0)))

    def _process(self, one: Seen, role: str, share: float | None, booted_at: float | None) -> Process:
        about = self._about.get((one.pid, one.started_s)) or About(None, None, None, ())
        arguments = about.arguments if any(about.arguments) else (one.name,)
        return Process(
            pid=one.pid,
            name=one.name,
            command=safe_text(mask_arguments(arguments)[:LONGEST_COMMAND].strip()),
            role=role,
            user=about.user,
            cpu_share=share,
            resident_bytes=one.resident_bytes,
            threads=one.threads,
            open_files=about.open_files if role != "other" else None,
            open_files_limit=about.open_files_limit if role != "other" else None,
            started_at=None if booted_at is None else booted_at + one.started_s,
        )

    def _role(self, one: Seen) -> str | None:
        return "application" if one.pid in self.listeners else database_role(one.name)
