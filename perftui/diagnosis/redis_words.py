"""What of a Redis several rules write."""

from perftui.diagnosis.words import name, size
from perftui.model.redis import RedisServer

_WORTH_TELLING = 0.25


def memory(server: RedisServer) -> str:
    """`60 MB of 60 MB, policy allkeys-lru`, and what of it is no data."""
    known = server.memory
    used, most = size(known.used_bytes or 0), size(known.maximum_bytes or 0)
    buffers = known.clients_bytes or 0
    large = known.maximum_bytes is not None and buffers >= _WORTH_TELLING * known.maximum_bytes
    of_clients = f", {size(buffers)} of it clients' buffers" if large else ""
    return f"{used} of {most}, policy {name(known.policy or 'unknown')}{of_clients}"
