"""Commands and webhooks on this machine: in order, tried again, bounded, and counted where they are lost."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from helpers.bare_http import served
from helpers.waiting import process_exists, wait_until_async

from perftui.model.redaction import redact
from perftui.model.watch import DeliveryTally, WatchLine
from perftui.watching.command import Command
from perftui.watching.delivery import Channel, Delivery, DeliveryError, Patience
from perftui.watching.webhook import Webhook

PATIENT = Patience(first_s=0.02, longest_s=0.1, give_up_s=60.0)
QUICK = Patience(first_s=0.02, longest_s=0.1, give_up_s=1.0)
"""For what cannot be delivered."""
TOKEN = "T0000-abcdefghijklmnop"


def line(number: int = 1, **fields: object) -> WatchLine:
    return WatchLine(kind="verdict", id=f"{number:032d}", at=1.0, severity="critical", message=f"alert {number}")


class Site:
    """A webhook that answers what it is told to, one answer after the other, the last for good."""

    def __init__(self, *answers: int | str) -> None:
        self.answers = list(answers)
        self.bodies: list[dict[str, object]] = []
        self.heads: list[str] = []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                length = int(next(one for one in head.lower().splitlines() if "content-length" in one).split(":")[1])
                self.heads.append(head)
                self.bodies.append(json.loads(await reader.readexactly(length)))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer == "silence":
                    await asyncio.sleep(3600)
                writer.write(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks/{TOKEN}"
        finally:
            server.close()


class Told:
    """What a delivery says of lost lines."""

    def __init__(self) -> None:
        self.tallies: list[DeliveryTally] = []
        self.messages: list[str] = []

    def __call__(self, tally: DeliveryTally, message: str) -> None:
        self.tallies.append(tally)
        self.messages.append(message)


@asynccontextmanager
async def delivering(channel: Channel, told: Told, patience: Patience = PATIENT) -> AsyncIterator[Delivery]:
    delivery = Delivery(channel, told, patience=patience, most_waiting=200)
    delivery.start()
    try:
        yield delivery
    finally:
        await delivery.finish(60.0)


async def test_lines_come_in_order_and_the_address_is_never_said() -> None:
    site, told = Site("204 No Content"), Told()
    async with site.open() as url:
        webhook = Webhook(url)
        async with delivering(webhook, told) as delivery:
            for number in range(20):
                delivery.add(line(number))
        assert [body["message"] for body in site.bodies] == [f"alert {number}" for number in range(20)]
        assert delivery.tally == DeliveryTally(channel=webhook.name, delivered=20)
        assert webhook.name == url.partition("/hooks")[0] + "/***"
        assert TOKEN not in redact(f"something broke at {url}")
    assert told.messages == []
    assert "content-type: application/json" in site.heads[0].lower()


async def test_a_server_in_trouble_is_tried_again_and_the_line_keeps_its_id() -> None:
    site, told = Site("503 Busy", "429 Later", "200 OK"), Told()
    async with site.open() as url, delivering(Webhook(url), told) as delivery:
        delivery.add(line())
        await wait_until_async(lambda: delivery.tally.delivered == 1)
    assert [body["id"] for body in site.bodies] == [line().id] * 3
    assert told.messages == []


@pytest.mark.parametrize("answer", ["404 Gone", "401 No", "302 Elsewhere"])
async def test_a_refusal_for_good_is_not_tried_again(answer: str) -> None:
    site, told = Site(answer), Told()
    async with site.open() as url, delivering(Webhook(url), told) as delivery:
        delivery.add(line(1))
        delivery.add(line(2))
        await wait_until_async(lambda: delivery.tally.failed == 2)
    assert len(site.bodies) == 2
    assert f"it answers {answer[:3]}" in told.messages[0]
    assert TOKEN not in "".join(told.messages)


async def test_a_dead_webhook_is_given_up_in_time_and_said() -> None:
    told = Told()
    async with Site("200 OK").open() as url:
        pass
    async with delivering(Webhook(url), told, QUICK) as delivery:
        delivery.add(line())
        await wait_until_async(lambda: delivery.tally.failed == 1)
    (message,) = told.messages
    assert "Nothing listens on 127.0.0.1" in message
    assert TOKEN not in message


async def test_a_webhook_that_never_answers_holds_up_nothing_else() -> None:
    site, other, told = Site("silence"), Site("200 OK"), Told()
    async with (
        site.open() as silent,
        other.open() as well,
        delivering(Webhook(silent, timeout_s=0.2), told, QUICK) as slow,
        delivering(Webhook(well), told) as quick,
    ):
        slow.add(line())
        quick.add(line())
        await wait_until_async(lambda: quick.tally.delivered == 1)
        await wait_until_async(lambda: slow.tally.failed == 1)
    assert "did not answer in time" in told.messages[0]


async def test_a_full_queue_drops_the_oldest_counts_them_and_says_so_once() -> None:
    site, told = Site("silence"), Told()
    async with site.open() as url:
        delivery = Delivery(Webhook(url, timeout_s=30), told, patience=QUICK, most_waiting=5)
        delivery.start()
        delivery.add(line(0))
        await wait_until_async(lambda: site.bodies)
        for number in range(1, 50):
            delivery.add(line(number))
        assert (delivery.tally.waiting, delivery.tally.dropped) == (5, 45)
        assert len(told.messages) == 1
        tally = await delivery.finish(0.2)
    assert (tally.delivered, tally.failed, tally.dropped, tally.waiting) == (0, 5, 45, 0)
    assert tally.lost == 50
    assert "perftui ended before 5 of them were delivered" in told.messages[-1]


async def test_who_is_in_a_hurry_does_not_wait_for_the_last_try() -> None:
    site, told = Site("silence"), Told()
    async with site.open() as url:
        delivery = Delivery(Webhook(url, timeout_s=300), told, patience=QUICK)
        delivery.start()
        delivery.add(line())
        await wait_until_async(lambda: site.bodies)
        ending = asyncio.create_task(delivery.finish(300))
        delivery.hurry()
        async with asyncio.timeout(30):
            tally = await ending
    assert (tally.failed, tally.waiting) == (1, 0)


async def test_a_sign_of_life_does_not_queue_and_is_no_loss() -> None:
    told = Told()
    async with Site("200 OK").open() as url:
        pass
    alive = WatchLine(kind="alive", id="1", at=1.0, message="still watching")
    async with delivering(Webhook(url), told, QUICK) as delivery:
        delivery.add(alive)
        await wait_until_async(lambda: delivery.tally.waiting == 0)
        delivery.add(line())
        delivery.add(alive)
        assert delivery.tally.waiting == 1
    assert delivery.tally.failed == 1


async def test_text_for_chats() -> None:
    site = Site("200 ok")
    async with site.open() as url, delivering(Webhook(url, form="text"), Told()) as delivery:
        delivery.add(line(7))
    assert site.bodies == [{"text": "alert 7"}]


@pytest.mark.parametrize("url", ["hooks.example/T", "ftp://a/b", "http://", "mongodb://db1"])
def test_only_web_addresses_are_webhooks(url: str) -> None:
    with pytest.raises(ValueError, match="http"):
        Webhook(url)


def script(path: Path, text: str) -> str:
    path.write_text(text, "utf-8")
    return f"{sys.executable} {path}"


async def test_a_command_gets_each_line_on_its_stdin_without_a_shell(tmp_path: Path) -> None:
    words = script(
        tmp_path / "page.py", "import sys; open(sys.argv[1], 'a').write(sys.stdin.read() + sys.argv[2] + '\\n')"
    )
    told = Told()
    async with delivering(Command(f"{words} {tmp_path / 'got'} '$(id) ; $HOME'"), told) as delivery:
        delivery.add(line(1))
        delivery.add(line(2))
    got = (tmp_path / "got").read_text("utf-8").splitlines()
    assert [json.loads(one)["message"] for one in got[::2]] == ["alert 1", "alert 2"]
    assert got[1] == "$(id) ; $HOME"
    assert told.messages == []


async def test_a_command_that_fails_is_tried_again(tmp_path: Path) -> None:
    code = "import pathlib, sys; p = pathlib.Path(sys.argv[1]); there = p.exists(); p.touch(); sys.exit(not there)"
    words = script(tmp_path / "once.py", code)
    async with delivering(Command(f"{words} {tmp_path / 'mark'}"), Told()) as delivery:
        delivery.add(line())
        await wait_until_async(lambda: delivery.tally.delivered == 1)


async def test_a_command_s_last_words_are_said_without_secrets(tmp_path: Path) -> None:
    code = "import sys\nprint('x' * 300_000 + '\\nno route, token=abc123', file=sys.stderr)\nsys.exit(7)"
    with pytest.raises(DeliveryError, match=r"it exited with 7: no route, token=\*\*\*"):
        await Command(script(tmp_path / "bad.py", code)).deliver(line())


async def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    # A shell, for it begins at once: what is ended before it has started something proves nothing.
    (tmp_path / "hang.sh").write_text('trap "" TERM\nsleep 600 &\necho $! > "$1"\nwait\n', "utf-8")
    command = Command(f"/bin/sh {tmp_path / 'hang.sh'} {tmp_path / 'pid'}", timeout_s=3.0)
    with pytest.raises(DeliveryError, match="it took longer than 3 s and was ended"):
        await command.deliver(line())
    pid = int((tmp_path / "pid").read_text())
    await wait_until_async(lambda: not process_exists(pid))


async def test_what_a_command_leaves_behind_is_not_waited_for(tmp_path: Path) -> None:
    """A pager's agent may run on, with the command's stderr."""
    (tmp_path / "page.sh").write_text('sleep 600 &\necho $! > "$1"\nexit 0\n', "utf-8")
    await Command(f"/bin/sh {tmp_path / 'page.sh'} {tmp_path / 'pid'}", timeout_s=60.0).deliver(line())
    pid = int((tmp_path / "pid").read_text())
    assert process_exists(pid)
    os.kill(pid, signal.SIGKILL)


async def test_what_a_hanging_command_started_is_ended_where_only_it_hears(tmp_path: Path) -> None:
    (tmp_path / "hang.sh").write_text('(trap "" TERM; exec sleep 600) &\necho $! > "$1"\nwait\n', "utf-8")
    command = Command(f"/bin/sh {tmp_path / 'hang.sh'} {tmp_path / 'pid'}", timeout_s=3.0)
    with pytest.raises(DeliveryError, match="it took longer"):
        await command.deliver(line())
    pid = int((tmp_path / "pid").read_text())
    await wait_until_async(lambda: not process_exists(pid))


async def test_a_command_does_not_get_the_passwords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_PASSWORD", "hunter22")
    monkeypatch.setenv("PAGER_KEY", "its own")
    words = script(tmp_path / "env.py", "import os, sys; open(sys.argv[1], 'w').write(repr(dict(os.environ)))")
    await Command(f"{words} {tmp_path / 'env'}", withheld={"MONGODB_PASSWORD"}).deliver(line())
    seen = (tmp_path / "env").read_text("utf-8")
    assert "hunter22" not in seen
    assert "its own" in seen


def test_a_program_that_does_not_exist_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="a program that exists"):
        Command("/nowhere/page --team shop")
    with pytest.raises(ValueError, match="a program that exists"):
        Command("")


async def test_nothing_is_sent_where_a_redirect_leads() -> None:
    elsewhere, told = Site("200 OK"), Told()

    async def redirect(_head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 307 Go\r\nLocation: {there}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    async with (
        elsewhere.open() as there,
        served(redirect) as (url, _asked),
        delivering(Webhook(url), told) as delivery,
    ):
        delivery.add(line())
    assert elsewhere.bodies == []
    assert delivery.tally.failed == 1
