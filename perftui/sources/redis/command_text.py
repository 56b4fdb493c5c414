"""A slow command on one line: the command and its keys, values masked, everything cut and safe to draw."""

from collections.abc import Sequence

from perftui.model.text import safe_text

_LONGEST_ARGUMENT = 64
_MOST_ARGUMENTS = 12
_KEYS_ONLY = frozenset(
    """
    DEL UNLINK EXISTS MGET TOUCH KEYS SCAN SSCAN HSCAN ZSCAN TYPE TTL PTTL GET GETDEL STRLEN HGETALL HKEYS HVALS HLEN
    SMEMBERS SCARD SINTER SUNION SDIFF SINTERSTORE SUNIONSTORE SDIFFSTORE LRANGE LLEN LTRIM LINDEX ZRANGE ZREVRANGE
    ZRANGEBYSCORE ZREVRANGEBYSCORE ZCARD ZCOUNT ZUNIONSTORE ZINTERSTORE ZUNION ZINTER SORT SORT_RO DUMP RENAME EXPIRE
    BLPOP BRPOP BLMOVE XRANGE XREVRANGE XREAD XLEN INFO FLUSHDB FLUSHALL DBSIZE BGSAVE SAVE DEBUG SLOWLOG CLIENT
    CLUSTER SUBSCRIBE PSUBSCRIBE PFCOUNT PFMERGE BITCOUNT BITOP GETRANGE COMMAND LATENCY MEMORY OBJECT WAIT
    """.split()  # noqa: SIM905 - a list of a hundred quoted words reads worse
)
_WITH_SCRIPT_TEXT = frozenset(("EVAL", "EVAL_RO"))
_SECRET = frozenset(("AUTH", "HELLO", "ACL", "MIGRATE"))


def command_line(arguments: Sequence[bytes]) -> str:
    """Such as `SET user:17 ?`; the first argument is taken for a key, numbers are shown, other values are not."""
    if not arguments:
        return ""
    name = safe(arguments[0]).upper()
    shown = [name, *(_argument(name, place, value) for place, value in enumerate(arguments[1:_MOST_ARGUMENTS], 1))]
    more = len(arguments) - _MOST_ARGUMENTS
    return " ".join(shown) + (f" … {more} more" if more > 0 else "")


def _argument(name: str, place: int, value: bytes) -> str:
    if name in _SECRET or (name == "CONFIG" and place > 2):
        return "?"
    if name in _WITH_SCRIPT_TEXT and place == 1:
        return f"({len(value)} bytes of script)"
    if place == 1 or name in _KEYS_ONLY or name == "CONFIG" or value.lstrip(b"-").isdigit():
        return safe(value)
    return "?"


def safe(value: bytes) -> str:
    """Bytes as printable text, cut to a bounded length."""
    text = value[: _LONGEST_ARGUMENT * 4].decode("utf-8", errors="backslashreplace")
    return safe_text(text, _LONGEST_ARGUMENT)
