"""All drills, by name."""

from collections.abc import Mapping
from difflib import get_close_matches

from perftui.demo.incidents.blocked_redis import BlockingKeys, BlockingScript
from perftui.demo.incidents.busy_disk import BusyDisk
from perftui.demo.incidents.busy_processor import BusyProcessor
from perftui.demo.incidents.connection_storm import ConnectionStorm
from perftui.demo.incidents.dropped_index import DroppedIndex
from perftui.demo.incidents.evicting_cache import EvictingCache
from perftui.demo.incidents.few_tickets import FewTickets
from perftui.demo.incidents.flushed_cache import FlushedCache
from perftui.demo.incidents.full_pool import FullPool
from perftui.demo.incidents.healthy import Healthy
from perftui.demo.incidents.hung_build import HungBuild
from perftui.demo.incidents.idle_transaction import IdleTransaction
from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.missing_index import MissingIndex
from perftui.demo.incidents.piled_up import PiledUp
from perftui.demo.incidents.runaway_aggregation import RunawayAggregation
from perftui.demo.incidents.slow_endpoint import SlowEndpoint
from perftui.demo.incidents.small_cache import SmallCache
from perftui.demo.incidents.step_down import StepDown

_KINDS: tuple[type[Incident], ...] = (
    MissingIndex,
    DroppedIndex,
    ConnectionStorm,
    IdleTransaction,
    RunawayAggregation,
    PiledUp,
    FlushedCache,
    EvictingCache,
    BlockingKeys,
    BlockingScript,
    SlowEndpoint,
    BusyProcessor,
    BusyDisk,
    FullPool,
    FewTickets,
    SmallCache,
    StepDown,
    HungBuild,
    Healthy,
)
INCIDENTS: Mapping[str, type[Incident]] = {kind.name: kind for kind in _KINDS}


def incident_named(name: str) -> Incident:
    """Raises `ValueError` with the nearest name for one that is none."""
    kind = INCIDENTS.get(name)
    if kind is None:
        alike = [one for one in INCIDENTS if name and name in one]
        nearest = (alike or get_close_matches(name, INCIDENTS, n=1, cutoff=0.0))[0]
        raise ValueError(f"There is no incident {name!r}; the nearest is {nearest}.")
    return kind()
