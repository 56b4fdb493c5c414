"""Which servers run on a machine that is read: what ails a machine explains nothing about servers elsewhere."""

import re

from perftui.model.host import Process
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.target import TargetKind

_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|\[?::1\]?|0\.0\.0\.0")
_HOST = re.compile(r"[a-z+]+://(?:[^/@]*@)?(?P<host>\[[^\]]*\]|[^:/?,]*)")
_NUMBER = re.compile(r"#\d+$")
_ROLES = {"mongodb": "mongod", "redis": "redis", "application": "application"}
"""Of each kind of target, the role that its process has on its machine."""


class Places:
    """Remembers who was seen on which machine: a process that has ended ran there all the same."""

    def __init__(self) -> None:
        self._on: dict[str, set[str]] = {}
        self._kinds: dict[str, TargetKind] = {}
        self._looked_at: set[str] = set()
        """Machines whose processes are known: until then nobody can say who runs there."""

    def take(self, snapshot: Snapshot) -> None:
        """Learn from the next Snapshot."""
        self._kinds = {state.target.id: state.target.kind for state in snapshot.targets}
        for machine in snapshot.targets:
            if machine.target.kind == "host":
                if machine.host is not None and machine.host.processes:
                    self._looked_at.add(machine.target.id)
                on = self._on.setdefault(machine.target.id, set())
                on.update(one.target.id for one in snapshot.targets if one.target.id not in on and _is_on(machine, one))

    def is_on(self, machine_id: str, target_id: str) -> bool:
        """Whether this target runs on this machine, as far as was seen."""
        return target_id in self._on.get(machine_id, ())

    def is_idle(self, machine_id: str) -> bool:
        """Whether none of the servers that are watched runs there, though some are watched."""
        only_machines = all(kind == "host" for kind in self._kinds.values())
        return machine_id in self._looked_at and not only_machines and not self._on.get(machine_id)

    def touch(self, one: str, other: str) -> bool:
        """Whether what happens at one target may come from the other, by where they run.

        An application depends on its databases: it feels the machine of any of them.
        """
        if one == other or "host" not in (kinds := (self._kinds.get(one), self._kinds.get(other))):
            return True
        machine, server, kind = (one, other, kinds[1]) if kinds[0] == "host" else (other, one, kinds[0])
        if machine not in self._looked_at and kind != "host":
            return True
        return self.is_on(machine, server) or (kind == "application" and bool(self._on.get(machine)))

    def are_alike(self, one: str, other: str) -> bool:
        """Whether both are of the same kind, such as two Redis servers."""
        return self._kinds.get(one) == self._kinds.get(other)


def process_on(machine: TargetState, state: TargetState) -> Process | None:
    """The server's process by its id; in a container the server knows another id, so that the only one of its role
    will do where the address is of this machine."""
    role = _ROLES.get(state.target.kind)
    found = [one for one in (machine.host.processes if machine.host is not None else ()) if one.role == role]
    pid = state.mongodb.pid if state.mongodb is not None else state.redis.pid if state.redis is not None else None
    same = next((one for one in found if one.pid == pid), None)
    return found[0] if same is None and len(found) == 1 and _is_named(machine, state) else same


def same_side(machine: TargetState, state: TargetState) -> bool:
    """Reached through the same bastion as the machine, or both directly."""
    return _way(machine) == _way(state)


def _way(state: TargetState) -> str:
    """The bastion's name, after which a number may tell two of the same address apart."""
    return _NUMBER.sub("", state.target.id).partition("#")[2]


def _is_on(machine: TargetState, state: TargetState) -> bool:
    if state.target.kind == "host" or machine.host is None or not same_side(machine, state):
        return False
    if _is_named(machine, state) or process_on(machine, state) is not None:
        return True
    # Applications tell no process id; theirs is found by the port on which it listens here.
    roles = {one.role for one in machine.host.processes}
    return state.target.kind == "application" and "application" in roles


def _is_named(machine: TargetState, state: TargetState) -> bool:
    """By its address: a loopback one, a socket file, or the machine's own name."""
    if state.target.address.startswith("unix:"):
        return True
    found = _HOST.match(state.target.address.lower())
    host = found["host"] if found is not None else ""
    if not host or machine.host is None:
        return False
    own = machine.host.hostname.lower()
    return _LOOPBACK.fullmatch(host) is not None or host == own or host.partition(".")[0] == own.partition(".")[0]
