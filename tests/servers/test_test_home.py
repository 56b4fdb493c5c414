import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.waiting import wait_until_async

from perftui.servers import reaper


@pytest.fixture(scope="module", autouse=True)
def users_own_settings() -> Iterator[None]:
    """What a developer may have set; it comes before the fixture that hides it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MONGODB_URI", "REDIS_URL", "PERFTUI_APP_URL", "NO_COLOR", "TEXTUAL_THEME"):
            patch.setenv(name, "mine")
        yield


def test_a_test_sees_nothing_of_the_users_own_settings(home: Path) -> None:
    assert not {"MONGODB_URI", "REDIS_URL", "NO_COLOR"} & set(os.environ)
    assert not [name for name in os.environ if name.startswith(("PERFTUI_APP", "TEXTUAL_"))]
    assert Path.home() == home
    assert Path(os.environ["XDG_CONFIG_HOME"]).is_relative_to(home)


async def test_async_waiting_takes_plain_and_async_conditions() -> None:
    values = iter([None, 0, "yes"])

    async def ask() -> object:
        return next(values)

    assert await wait_until_async(ask) == "yes"
    assert await wait_until_async(lambda: 5) == 5
    with pytest.raises(AssertionError, match="not true within"):
        await wait_until_async(lambda: False, timeout_s=0.05)


def test_start_times_tell_processes_apart_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda _path: False)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        started = reaper.start_time(process.pid)
        assert started
        assert started == reaper.start_time(process.pid)
        process.kill()
        process.wait()
        assert reaper.start_time(process.pid) == ""
