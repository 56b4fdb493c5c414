"""One long-lived command on another machine that is asked by lines and answers by lines."""

import asyncio
from contextlib import suppress

from perftui.model.redaction import redact
from perftui.model.text import safe_text
from perftui.model.way import Way
from perftui.sources.host.remote_programs import END, PYTHON, SHELL, START

_LARGEST_BYTES = 1 << 20
_MOST_WORDS = 200
_SSH_FAILED = 255
"""How ssh itself exits where the connection is gone; a command's own code is another one."""


class CannotRead(Exception):  # noqa: N818 - it is an answer, not a fault
    """That machine has nothing that perftui could read, or lets no command run. The text says which."""


class RemoteSession:
    """Started once; whoever asks must not ask again before the answer is there."""

    def __init__(self, process: asyncio.subprocess.Process, reader: str, hostname: str) -> None:
        self._process = process
        self.reader, self.hostname = reader, hostname
        self.received_bytes = 0

    async def ask(self, request: str) -> str:
        """The answer's lines. Raises `ConnectionError` when the command has ended."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise ConnectionResetError
        stdin.write(f"{request}\n".encode())
        await stdin.drain()
        answer = await _until_dot(stdout)
        self.received_bytes += len(answer)
        return answer.decode("utf-8", "replace")

    async def close(self) -> None:
        """The command ends with its input; what waits here for it is ended at once."""
        await _end(self._process)


async def start_session(way: Way) -> RemoteSession:
    """Run the reader there. Raises `CannotRead`, `ConnectionError` or `OSError`."""
    process = await asyncio.create_subprocess_exec(
        *way.command(START),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LARGEST_BYTES,
        start_new_session=True,
    )
    try:
        return await _greeted(process)
    except BaseException:
        await _end(process)
        raise


async def _greeted(process: asyncio.subprocess.Process) -> RemoteSession:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise ConnectionResetError
    with suppress(ConnectionError):
        process.stdin.write((SHELL + END).encode())
        await process.stdin.drain()
    while line := await process.stdout.readline():
        words = line.decode("utf-8", "replace").split()
        if words[:2] == ["perftui", "1"] and len(words) == 4:  # a login may greet with lines of its own
            break
    else:
        said = safe_text(redact((await process.stderr.read(2000)).decode("utf-8", "replace").strip()), _MOST_WORDS)
        if await process.wait() == _SSH_FAILED and "open refused" not in said:
            raise ConnectionResetError
        raise CannotRead(f"lets no command run there{f' (it says: {said})' if said else ''}")
    if words[2] == "nothing":
        raise CannotRead(f"runs {safe_text(words[3], 30)}, where only psutil for Python 3 could read it")
    if words[2] == "psutil":
        process.stdin.write(f"{PYTHON!r}\n".encode())
    return RemoteSession(process, words[2], safe_text(words[3], 100))


async def _until_dot(stdout: asyncio.StreamReader) -> bytes:
    lines = bytearray()
    while (line := await stdout.readline()) != b".\n":
        if not line or len(lines) > _LARGEST_BYTES:
            raise ConnectionResetError
        lines += line
    return bytes(lines)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    with suppress(ProcessLookupError):
        process.terminate()
    await asyncio.shield(process.wait())
