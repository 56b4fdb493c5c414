"""A command: each line on its stdin, without a shell, one at a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
from collections.abc import AsyncIterator, Iterable, Mapping

from perftui.model.redaction import redact
from perftui.model.text import safe_text
from perftui.model.watch import WatchLine
from perftui.watching.delivery import DeliveryError

_ENDS_WITHIN_S = 2.0
_KEPT_BYTES = 2000
_SHOWN = 200


class Command:
    """`words` are the program and its arguments; it has succeeded when it exits with 0 in time.

    Raises `ValueError` where there is no such program. `withheld` names what of the environment it does not get.
    """

    def __init__(self, words: str, *, timeout_s: float = 10.0, withheld: Iterable[str] = ()) -> None:
        self._words = shlex.split(words)
        if not self._words or shutil.which(self._words[0]) is None:
            raise ValueError("a program that exists, with its arguments")
        self._timeout_s = timeout_s
        self._environment: Mapping[str, str] = {
            name: value for name, value in os.environ.items() if name not in set(withheld)
        }

    @property
    def name(self) -> str:
        """Its arguments may hold a token."""
        return f"command {self._words[0].rpartition('/')[2]}"

    async def deliver(self, line: WatchLine) -> None:
        async with _ear() as (mouth, last_words):
            process = await self._start(mouth)
            code = None
            try:
                async with asyncio.timeout(self._timeout_s):
                    await _feed(process, line)
                    code = await process.wait()
            except TimeoutError:
                raise DeliveryError(f"it took longer than {self._timeout_s:g} s and was ended") from None
            finally:
                if code is None:
                    await _end(process)
            said = await _heard(last_words) if code else ""
        if code != 0:
            raise DeliveryError(f"it {_exit_words(code)}{f': {said}' if said else ''}")

    async def _start(self, stderr: int) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,
                env=self._environment,
            )
        except OSError as error:
            raise DeliveryError(f"it cannot be started ({error.strerror})") from None
        finally:
            os.close(stderr)

    async def close(self) -> None:
        """Nothing of it is left running."""


@contextlib.asynccontextmanager
async def _ear() -> AsyncIterator[tuple[int, asyncio.Task[bytes]]]:
    """A pipe of our own for what it says: who ends is not waited for until all that it started have closed theirs."""
    ours, its = os.pipe()
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(ours, "rb", 0)
    )
    last_words = asyncio.create_task(_last_words(stream))
    try:
        yield its, last_words
    finally:
        last_words.cancel()
        transport.close()


async def _feed(process: asyncio.subprocess.Process, line: WatchLine) -> None:
    """A command that does not read is as good as one that does."""
    assert process.stdin is not None  # noqa: S101
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(line.to_json() + b"\n")
        await process.stdin.drain()
    process.stdin.close()


async def _end(process: asyncio.subprocess.Process) -> None:
    """With all that it started, also where it ends at once and they do not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _ENDS_WITHIN_S)


async def _last_words(stream: asyncio.StreamReader) -> bytes:
    """Read all, so that it never waits for us; keep the end."""
    kept = b""
    while some := await stream.read(65_536):
        kept = (kept + some)[-_KEPT_BYTES:]
    return kept


async def _heard(reading: asyncio.Task[bytes]) -> str:
    """The last line; a grandchild that keeps the pipe open is not waited for."""
    done, _ = await asyncio.wait({reading}, timeout=0.5)
    if not done:
        return ""
    lines = reading.result().decode("utf-8", "replace").strip().splitlines()
    return redact(safe_text(lines[-1]))[:_SHOWN] if lines else ""


def _exit_words(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"exited with {code}"
