"""The drill of the busy disk takes a bounded space, leaves no file however it ends, and needs a disk."""

import errno
import fcntl
import mmap
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from helpers.waiting import wait_until

from perftui.demo.incidents import busy_disk
from perftui.demo.incidents.busy_disk import BLOCK, MOST_MB, files_for, go_over, goes_to_the_disk, on_a_disk, open_file

MB = 2**20
COUNT = 3


@contextmanager
def worker(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "perftui.demo.incidents.busy_disk", str(folder), str(COUNT), str(2 * BLOCK)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def open_sizes(pid: int, folder: Path) -> list[int]:
    """Of the files in that folder, with a name or without."""
    links = {one: one.readlink() for one in Path(f"/proc/{pid}/fd").iterdir()}
    return [one.stat().st_size for one, target in links.items() if target.is_relative_to(folder)]


class TestSpace:
    @pytest.mark.parametrize("cores", [1, 2, 16, 48, 256])
    @pytest.mark.parametrize("free", [700 * MB, 3_000 * MB, 2**50])
    def test_it_is_bounded(self, free: int, cores: int) -> None:
        count, size = files_for(free, cores)
        assert 0 < count * size <= min(MOST_MB * MB, free / 10)
        assert size % BLOCK == 0
        assert count >= 16

    @pytest.mark.parametrize("cores", [8, 64, 256])
    def test_so_many_wait_that_a_tenth_of_the_cores_may_be_seen_to(self, cores: int) -> None:
        assert files_for(2**40, cores)[0] >= cores / 5

    def test_a_disk_that_is_nearly_full_is_left_alone(self) -> None:
        with pytest.raises(RuntimeError, match="the disk is nearly full: 50 MB are free"):
            files_for(50 * MB, 2)


class TestPlace:
    @staticmethod
    def filesystems(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
        left = iter(found)
        monkeypatch.setattr(busy_disk, "_filesystem", lambda _folder: next(left))

    def test_the_demos_own_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.filesystems(monkeypatch, "ext4")
        assert on_a_disk(tmp_path) == tmp_path

    def test_another_where_that_is_in_memory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.filesystems(monkeypatch, "tmpfs", "xfs")
        assert on_a_disk(tmp_path) == busy_disk._ELSEWHERE

    def test_none_where_both_are(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.filesystems(monkeypatch, "tmpfs", "tmpfs")
        with pytest.raises(RuntimeError, match="are in memory; let TMPDIR name a folder on a disk"):
            on_a_disk(tmp_path)

    def test_the_nearest_mount_is_the_filesystem(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def mount(place: Path, kind: str) -> Any:
            return psutil._ntuples.sdiskpart("disk", str(place), kind, "")

        mounts = [mount(tmp_path, "tmpfs"), mount(Path("/"), "ext4"), mount(tmp_path / "other", "xfs")]
        monkeypatch.setattr(psutil, "disk_partitions", lambda **_: mounts)
        assert busy_disk._filesystem(tmp_path / "demo") == "tmpfs"


class TestWorker:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
    def test_its_files_have_no_names_while_it_is_at_work_and_end_with_it(
        self, number: signal.Signals, temporary: Path
    ) -> None:
        with worker(temporary) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"at work\n"
            assert list(temporary.iterdir()) == []
            assert open_sizes(process.pid, temporary) == [2 * BLOCK] * COUNT
            counters = psutil.Process(process.pid).io_counters
            wait_until(lambda: counters().write_chars >= 4 * COUNT * BLOCK)
            assert open_sizes(process.pid, temporary) == [2 * BLOCK] * COUNT
            process.send_signal(number)
            assert process.wait(60) == -number
        assert list(temporary.iterdir()) == []

    def test_one_without_room_ends_and_says_why(self, tmp_path: Path) -> None:
        with worker(tmp_path / "missing") as process:
            _, said = process.communicate(timeout=60)
        assert process.returncode == 1
        assert b"No such file or directory" in said

    @pytest.mark.parametrize("direct", [True, False])
    def test_it_reads_only_what_does_not_come_out_of_the_page_cache(
        self, direct: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done: list[str] = []
        monkeypatch.setattr(os, "fdatasync", lambda _file: done.append("sync"))
        monkeypatch.setattr(os, "preadv", lambda _file, _buffers, _place: done.append("read"))
        with open_file(tmp_path, 2 * BLOCK) as file, mmap.mmap(-1, BLOCK) as block:
            go_over(file, 2 * BLOCK, block, direct=direct)
        assert done == (["read"] * 6 if direct else ["sync"] * 2)

    def test_a_filesystem_that_cannot_write_past_the_page_cache_is_no_failure(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_arguments: object) -> None:
            raise OSError(errno.EINVAL, "Invalid argument")

        with open_file(tmp_path, BLOCK) as file:
            monkeypatch.setattr(fcntl, "fcntl", refuse)
            assert not goes_to_the_disk(file)
