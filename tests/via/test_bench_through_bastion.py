"""A load is not sent through a bastion: the way would be measured too."""

import subprocess

from helpers.bastions import TestBastion
from helpers.monitoring import PERFTUI


def run(bastion: TestBastion, *arguments: str) -> "subprocess.CompletedProcess[str]":
    through = ["--via", "bastion", "--ssh-config", str(bastion.ssh_config)]
    return subprocess.run(
        [*PERFTUI, "bench", *arguments, *through],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_endpoints_behind_a_bastion_are_not_measured(bastion: TestBastion) -> None:
    ended = run(bastion, "http", "http://localhost:8000/")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "localhost:8000 is reached through bastion, and the way would be measured too" in ended.stderr
    ended = run(bastion, "http://localhost:8000/")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "is reached through bastion" in ended.stderr
    assert ended.stderr.endswith("Nothing was measured.\n")
