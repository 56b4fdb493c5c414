"""Private throw-away mongod and Redis processes, ended whatever happens to their starter."""

from perftui.servers.binaries import find_mongod, find_redis
from perftui.servers.errors import ServerBinaryMissing, ServerStartFailed
from perftui.servers.mongod import MongodProcess
from perftui.servers.private import PrivateServers
from perftui.servers.process import ManagedProcess
from perftui.servers.redis import RedisProcess

__all__ = [
    "ManagedProcess",
    "MongodProcess",
    "PrivateServers",
    "RedisProcess",
    "ServerBinaryMissing",
    "ServerStartFailed",
    "find_mongod",
    "find_redis",
]
