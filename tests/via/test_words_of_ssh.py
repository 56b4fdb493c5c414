"""What is known of a way at the moment when a connection through it ends."""

import pytest
from helpers.bastions import TestBastion

from perftui.via.opening import way_through


def test_what_ssh_says_while_its_end_is_looked_for_is_heard(
    bastion: TestBastion, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = way_through("bastion", str(bastion.ssh_config))
    master = way._master
    assert master is not None

    def late(_within_s: float) -> bool:
        master.log.take("Connection to port 1 forwarding to 10.0.0.1 port 1 requested.")
        master.log.take("channel 2: new direct-tcpip [direct-tcpip]")
        master.log.take("channel 2: open failed: connect failed: Connection refused")
        return False

    monkeypatch.setattr(master, "has_ended", late)
    trouble = way.trouble("10.0.0.1:1")
    assert trouble is not None
    assert trouble.kind == "refused"
