"""Why DNS did not give the seeds of a `mongodb+srv` URI: the driver calls that a wrong configuration, yet it passes."""

from perftui.model.redaction import redact
from perftui.model.sample import Failure
from perftui.sources.network_failure import causes, network_failure


def unresolved(error: BaseException, place: str) -> Failure | None:
    """The failure in words, or `None` where neither DNS nor the network is behind the error."""
    for cause in causes(error):
        if _is_of_dns(cause):
            return Failure(
                kind="name",
                message=f"The seeds of {place} cannot be looked up in DNS: {redact(str(cause)).rstrip(' .:')[:200]}.",
                help="Check the name's spelling and the DNS server of this machine; it is tried again.",
            )
        if isinstance(cause, OSError):
            return network_failure(cause, place)
    return None


def _is_of_dns(error: BaseException) -> bool:
    """By its name: dnspython is imported only where a URI needs it."""
    return any((kind.__module__, kind.__name__) == ("dns.exception", "DNSException") for kind in type(error).__mro__)
