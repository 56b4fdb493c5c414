"""What is looked at before any load: the plan's limits, whose host it is, and whether the endpoints answer."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from perftui.commands import FOUND, UNREACHABLE
from perftui.model.errors import UserError
from perftui.model.target import Connection

if TYPE_CHECKING:
    from perftui.load.plan import Plan
    from perftui.load.request import Request


def why_too_far(connection: Connection) -> str:
    """A sentence where there is a bastion between, whose delay would be measured too; else nothing."""
    if connection.way is None:
        return ""
    return (
        f"{connection.target.name} is reached through {connection.way.name}, and the way would be measured too: "
        "run perftui bench on a machine that reaches it itself."
    )


def check_plan(plan: "Plan", requests: "list[Request]") -> None:
    """Raises `UserError` beyond the limits."""
    from perftui.load.sending import origins

    try:
        plan.checked(len(requests), origins(requests))
    except ValueError as reason:
        sentence = str(reason)
        raise UserError(f"{sentence[0].upper()}{sentence[1:]}.") from None


def check_hosts(urls: list[str], *, owned: bool) -> None:
    """Raises `UserError` for a host that is not this machine, unless the user says to own it."""
    from perftui.load.address import is_loopback

    for host in dict.fromkeys(urlsplit(url).hostname or "" for url in urls):
        try:
            local = is_loopback(host)
        except (OSError, UnicodeError):
            raise UserError(f"The name of {host} does not resolve.", UNREACHABLE) from None
        if not local and not owned:
            raise UserError(
                f"{host} is not this machine, and to put load on it may harm others. "
                "Where it is yours, and may be slow for a while, add --i-own-this-host."
            )


def asked_once(requests: "list[Request]", plan: "Plan") -> "Iterator[tuple[Request, UserError | None]]":
    """Each with why it cannot be measured, or `None`, so that no load is put on a wrong address."""
    from perftui.load.generator import ask_once
    from perftui.load.sending import ELSEWHERE, REDIRECTS

    for one, answer in zip(requests, ask_once(requests, plan.timeout_s), strict=True):
        wrong = None
        if answer.status is None:
            code = FOUND if answer.failure in (ELSEWHERE, REDIRECTS) else UNREACHABLE
            wrong = UserError(f"{one.name} ({one.shown}) gave no answer: {answer.failure}.", code)
        elif answer.status >= 400 and not plan.any_status:
            wrong = UserError(
                f"{one.name} ({one.shown}) answered with status {answer.status}, so it was not measured. "
                "Where that is what you want to measure, add --any-status.",
                FOUND,
            )
        yield one, wrong
