"""The machine's network traffic: each byte once, though on its way it may pass several interfaces."""

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from perftui.model.host import HostNetwork
from perftui.sources.rates import CounterRates

FOLDER = Path("/sys/class/net")

_LOOPBACK = re.compile(r"lo\d*")
_LIES_ON_OTHERS = re.compile(
    r"(?:veth|docker|podman|br-|br\d|bridge|virbr|vnet|lxc|lxd|cni|cali|flannel|vxlan|bond|team|tun|tap|utun|wg|ifb"
    r"|dummy|vlan).*|.+\.\d+",
    re.IGNORECASE,
)


class Interface(NamedTuple):
    """What one interface has counted since it came up."""

    received_bytes: float
    sent_bytes: float
    errors: float
    is_physical: bool | None = None
    """It stands for a device, of the hypervisor's too, and is no part of another such one, as with Azure's fast path;
    `None` where the system does not tell."""


class Network:
    """Rates since the reading before. Interfaces come and go with the containers behind them."""

    def __init__(self) -> None:
        self._rates = CounterRates()

    def expect_every(self, seconds: float) -> None:
        """Readings come this often from now on."""
        self._rates.expect_every(seconds)

    def read(self) -> HostNetwork:
        """Of this machine."""
        return self.take(time.monotonic(), read_interfaces())

    def take(self, now: float, interfaces: Mapping[str, Interface]) -> HostNetwork:
        """The next reading, at that moment of the clock of the machine that is read."""
        counted = {name: interfaces[name] for name in counted_once(interfaces)}
        self._rates.update(now, dict(_counters(counted)))
        return HostNetwork(
            received_bytes_per_s=self._summed("received", counted),
            sent_bytes_per_s=self._summed("sent", counted),
            errors_per_s=self._summed("errors", counted),
        )

    def _summed(self, kind: str, counted: Mapping[str, Interface]) -> float | None:
        """One that is new, or counts anew, adds nothing yet."""
        if self._rates.elapsed_s is None:
            return None
        rates = [rate for name in counted if (rate := self._rates.rate(f"{kind} {name}")) is not None]
        return sum(rates) if rates or not counted else None


def counted_once(interfaces: Mapping[str, Interface]) -> list[str]:
    """Names of those whose traffic is the machine's: what a bridge, a bond or a tunnel carries passes them too.

    A container has no physical one: there, as where the system does not tell, the names decide.
    """
    outside = [name for name in interfaces if not _LOOPBACK.fullmatch(name)]
    physical = [name for name in outside if interfaces[name].is_physical]
    return physical or [name for name in outside if not _LIES_ON_OTHERS.fullmatch(name)] or outside


def read_interfaces() -> dict[str, Interface]:
    """All of this machine, or of the container that we run in."""
    import psutil

    return {
        name: Interface(one.bytes_recv, one.bytes_sent, one.errin + one.errout, is_physical(name))
        for name, one in psutil.net_io_counters(pernic=True, nowrap=False).items()
    }


def is_physical(name: str, folder: Path = FOLDER) -> bool | None:
    """Links to what an interface is made of stand in its folder, on Linux."""
    if not folder.is_dir():
        return None
    return (folder / name / "device").exists() and not (folder / name / "master" / "device").exists()


def _counters(interfaces: Mapping[str, Interface]) -> Iterator[tuple[str, float]]:
    for name, one in interfaces.items():
        yield f"received {name}", one.received_bytes
        yield f"sent {name}", one.sent_bytes
        yield f"errors {name}", one.errors
