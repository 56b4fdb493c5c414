"""What is wrong with an HTTP answer, in words."""

from perftui.model.sample import Failure, FailureKind

LARGEST_BYTES = 8 * 1024 * 1024


class UnusableAnswer(Exception):  # noqa: N818  # carries a failure that is already in words
    """An answer came, but not one that can be read."""

    def __init__(self, failure: Failure, status: int | None = None) -> None:
        super().__init__(failure.message)
        self.failure, self.status = failure, status


def unusable(kind: FailureKind, message: str, help_text: str, status: int | None = None) -> UnusableAnswer:
    return UnusableAnswer(Failure(kind=kind, message=message, help=help_text), status)


def refused(status: int, place: str, *, with_login: bool = False) -> UnusableAnswer:
    """For every status but 200; `with_login`: a token or a password was sent."""
    if status == 401 and with_login:
        return unusable(
            "login",
            f"{place} asks for a login (401): it does not take the token or password that was sent.",
            "Check PERFTUI_APP_TOKEN, or what the settings name for it.",
            status,
        )
    if status == 401:
        return unusable(
            "login",
            f"{place} asks for a login (401).",
            "Give the header it wants in the settings, such as Authorization from an environment variable.",
            status,
        )
    if status in (403, 407):
        return unusable(
            "rights",
            f"{place} refuses to show its metrics ({status}).",
            "Ask from the application's own machine, or give the token it wants as a header in the settings.",
            status,
        )
    if status in (404, 405, 410):
        return unusable(
            "unsupported", f"{place} serves no metrics ({status}).", "Give the whole URL of its metrics.", status
        )
    if status == 429 or status >= 500:
        return unusable(
            "unreachable",
            f"{place} could not give its metrics ({status}).",
            "Look into the application's log; it is tried again.",
            status,
        )
    return unusable("protocol", f"{place} answers with status {status}.", "Give the whole URL of its metrics.", status)


def redirected(status: int, place: str) -> UnusableAnswer:
    return unusable(
        "protocol",
        f"{place} redirects to another address ({status}), which is not followed.",
        "Give the URL that it redirects to, if you trust it.",
        status,
    )


def too_large(place: str) -> UnusableAnswer:
    return unusable(
        "protocol",
        f"{place} sent more than {LARGEST_BYTES // 1024 // 1024} MB, so the answer was cut.",
        "Check that the URL is that of the metrics; have the application expose fewer series.",
    )


def endless(place: str, received: int, seconds: float) -> UnusableAnswer:
    return unusable(
        "timeout",
        f"{place} did not finish its answer in {seconds:.1f} s ({received // 1024:,} KB came).",
        "Check that the URL is that of the metrics and not of a stream.",
    )


def cut_short(place: str) -> UnusableAnswer:
    return unusable(
        "unreachable",
        f"{place} broke its answer off, or does not speak HTTP.",
        "It restarts, or the URL's port or scheme is wrong; it is tried again.",
    )


def html(place: str) -> UnusableAnswer:
    return unusable(
        "protocol",
        f"{place} answers with a web page, not with metrics.",
        "Give the URL of the metrics, such as /metrics; a login page may stand in front of it.",
    )


def unreadable(place: str, why: str) -> UnusableAnswer:
    return unusable(
        "protocol",
        f"{place} answers with something that is no metrics document: {why}.",
        "Expected are perftui's document, the older system's JSON, or Prometheus text.",
    )
