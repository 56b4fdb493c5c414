"""A MongoDB server's state, as rates since the poll before."""

from perftui.model.base import Model


class OperationRates(Model, frozen=True, kw_only=True):
    """Operations a second by kind (`serverStatus.opcounters`)."""

    insert: float | None = None
    query: float | None = None
    update: float | None = None
    delete: float | None = None
    getmore: float | None = None
    command: float | None = None


class OperationLatency(Model, frozen=True, kw_only=True):
    """Operations a second and their mean latency (`serverStatus.opLatencies`)."""

    per_s: float | None = None
    average_ms: float | None = None


class Connections(Model, frozen=True, kw_only=True):
    """`serverStatus.connections`."""

    current: int | None = None
    active: int | None = None
    available: int | None = None
    created_per_s: float | None = None


class Queues(Model, frozen=True, kw_only=True):
    """Operations that wait (`serverStatus.globalLock.currentQueue`)."""

    readers: int | None = None
    writers: int | None = None


class Tickets(Model, frozen=True, kw_only=True):
    """Storage engine tickets in use and in all."""

    read_used: int | None = None
    read_total: int | None = None
    write_used: int | None = None
    write_total: int | None = None


class StorageCache(Model, frozen=True, kw_only=True):
    """The WiredTiger cache."""

    used_bytes: int | None = None
    maximum_bytes: int | None = None
    dirty_bytes: int | None = None
    read_bytes_per_s: float | None = None
    written_bytes_per_s: float | None = None
    evicted_pages_per_s: float | None = None
    evicted_by_operations_per_s: float | None = None
    """Pages that operations had to evict themselves, because the server's own threads did not keep up."""


class NetworkTraffic(Model, frozen=True, kw_only=True):
    """Bytes and requests a second."""

    received_bytes_per_s: float | None = None
    sent_bytes_per_s: float | None = None
    requests_per_s: float | None = None


class QueryWork(Model, frozen=True, kw_only=True):
    """What queries had to do (`serverStatus.metrics`)."""

    examined_documents_per_s: float | None = None
    examined_keys_per_s: float | None = None
    returned_documents_per_s: float | None = None
    written_documents_per_s: float | None = None
    """Inserted, updated and deleted by operations that have ended."""
    collection_scans_per_s: float | None = None
    sorts_in_memory_per_s: float | None = None
    write_conflicts_per_s: float | None = None


class FlowControl(Model, frozen=True, kw_only=True):
    """Whether the primary slows its writers for lagging secondaries."""

    enabled: bool | None = None
    throttling: bool | None = None
    waited_ms_per_s: float | None = None


class IndexBuilds(Model, frozen=True, kw_only=True):
    """Index builds in progress."""

    active: int | None = None
    waiting_for_commit_quorum: int | None = None


class Transactions(Model, frozen=True, kw_only=True):
    """Open transactions (`serverStatus.transactions`)."""

    open: int | None = None
    inactive: int | None = None
    """Open, with no operation under way."""
    committed_per_s: float | None = None
    aborted_per_s: float | None = None


class MongoServer(Model, frozen=True, kw_only=True):
    """One `mongod` or `mongos`."""

    host: str | None = None
    version: str | None = None
    process: str | None = None
    """`mongod` or `mongos`."""
    role: str | None = None
    """PRIMARY, SECONDARY, ARBITER, ..., STANDALONE or MONGOS."""
    set_name: str | None = None
    pid: int | None = None
    uptime_s: float | None = None
    operations: OperationRates = OperationRates()
    reads: OperationLatency = OperationLatency()
    writes: OperationLatency = OperationLatency()
    commands: OperationLatency = OperationLatency()
    connections: Connections = Connections()
    queues: Queues = Queues()
    tickets: Tickets = Tickets()
    cache: StorageCache = StorageCache()
    network: NetworkTraffic = NetworkTraffic()
    work: QueryWork = QueryWork()
    flow_control: FlowControl = FlowControl()
    index_builds: IndexBuilds = IndexBuilds()
    transactions: Transactions = Transactions()
    asserts_per_s: dict[str, float] = {}
    page_faults_per_s: float | None = None
    resident_bytes: int | None = None
    replication_lag_s: float | None = None
    """How far this member is behind the primary; `None` on a primary or a standalone."""
    slow_ms: float | None = None
    """The server's own threshold for slow operations, where it may be read."""


class Member(Model, frozen=True, kw_only=True):
    """A member of a replica set, as the set and our own connection to it see it."""

    address: str
    target_id: str | None = None
    """Id of the target that reads this member, or `None` when it is not read."""
    role: str
    """PRIMARY, SECONDARY, ARBITER, RECOVERING, DOWN, ... or UNKNOWN."""
    healthy: bool | None = None
    lag_s: float | None = None
    ping_ms: float | None = None
    votes: int | None = None
    hidden: bool | None = None
    message: str | None = None


class ReplicaSet(Model, frozen=True, kw_only=True):
    """The members behind one MongoDB URI."""

    name: str | None = None
    term: int | None = None
    primary: str | None = None
    members: tuple[Member, ...] = ()
