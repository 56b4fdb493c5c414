"""Lines on stdout: what becomes of them where they cannot be written."""

import os

from helpers.waiting import wait_until

from perftui.model.watch import WatchLine
from perftui.watching.output import Output


def line(number: int) -> WatchLine:
    return WatchLine(kind="verdict", id=f"{number:032d}", at=1.0, severity="critical", message=f"alert {number}")


def test_a_full_disk_ends_nothing_and_is_said_once() -> None:
    gone: list[int] = []
    said: list[str] = []
    descriptor = os.open("/dev/full", os.O_WRONLY)
    output = Output(descriptor, lambda: gone.append(1), said.append)
    for number in range(3):
        output.add(line(number))
    wait_until(lambda: output.dropped == 3)
    output.close(5.0)
    os.close(descriptor)
    assert (gone, output.failed) == ([], False)
    assert said == ["A line could not be written (No space left on device); the watching goes on without it."]


def test_a_reader_who_has_gone_ends_it() -> None:
    gone: list[int] = []
    reading, writing = os.pipe()
    os.close(reading)
    output = Output(writing, lambda: gone.append(1), lambda _words: None)
    output.add(line(1))
    wait_until(lambda: output.failed)
    os.close(writing)
    assert gone == [1]


def test_a_pipe_that_is_full_is_waited_for() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    output = Output(writing, lambda: None, lambda _words: None)
    for number in range(900):
        output.add(line(number))
    got = b""
    while got.count(b"\n") < 900:
        got += os.read(reading, 65_536)
    output.close(5.0)
    assert output.dropped == 0
    for descriptor in (reading, writing):
        os.close(descriptor)
