"""A database number in the address that the server does not have: it is refused before any command of ours."""

from perftui.model.sample import Failure
from perftui.sources.network_failure import causes

_OF_A_CLUSTER, _NO_SUCH = "select is not allowed in cluster mode", "db index is out of range"


def is_about_database(error: BaseException) -> bool:
    """Whether the address has to change, and nothing is known of what the server offers."""
    return _says(error, _OF_A_CLUSTER) or _says(error, _NO_SUCH)


def wrong_database(error: BaseException, address: str) -> Failure | None:
    """In words; `None` for any other error."""
    if _says(error, _OF_A_CLUSTER):
        message = f"{address} belongs to a Redis cluster, which has only database 0."
    elif _says(error, _NO_SUCH):
        message = f"{address} has no database of this number."
    else:
        return None
    return Failure(
        kind="unsupported",
        message=message,
        help="Drop the database number (/1 or ?db=1) from the address: what is read is of the whole server anyway.",
    )


def _says(error: BaseException, words: str) -> bool:
    return any(words in str(cause).lower() for cause in causes(error))
