"""One ssh connection to a real sshd: what it reaches, what it says, and that it comes back."""

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers.bastions import TestBastion, ssh_processes
from helpers.waiting import wait_until

from perftui.model.errors import UserError
from perftui.via.bastion import Bastion
from perftui.via.client import SshClient
from perftui.via.opening import way_through


@contextmanager
def echo() -> Iterator[str]:
    """A place that sends back what it gets."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(connection.recv(100))

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def through(path: str, text: bytes = b"hello") -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(path)
        try:
            client.sendall(text)
            return client.recv(100)
        except (BrokenPipeError, ConnectionResetError):  # ssh closes it where there is nothing over there
            return b""


def reaches(path: str) -> bool:
    try:
        return through(path) == b"hello"
    except OSError:
        return False


def test_every_place_is_reached_through_one_connection(bastion: TestBastion) -> None:
    way = way_through("bastion", str(bastion.ssh_config))
    with echo() as first, echo() as second:
        assert through(way.socket_to(first)) == through(way.socket_to(second)) == b"hello"
        assert way.socket_to(first) == way.socket_to(first) != way.socket_to(second)
        assert way_through("bastion", str(bastion.ssh_config)) is way
    assert bastion.connections() == 1


def test_only_this_user_may_use_the_way(bastion: TestBastion) -> None:
    way = way_through("bastion", str(bastion.ssh_config))
    path = Path(way.socket_to("127.0.0.1:1"))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    way.close()
    assert not path.parent.exists()


def test_a_socket_over_there_is_reached_too(bastion: TestBastion, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "there.sock"))
        server.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(way_through("bastion", str(bastion.ssh_config)).socket_to(str(tmp_path / "there.sock")))
            taken, _ = server.accept()
            taken.sendall(b"there")
            taken.close()
            assert client.recv(10) == b"there"


def test_what_fails_over_there_is_said_of_the_place_alone(bastion: TestBastion) -> None:
    way = way_through("bastion", str(bastion.ssh_config))
    with echo() as good:
        assert through(way.socket_to("127.0.0.1:1")) == b""
        assert through(way.socket_to("nowhere.invalid:5")) == b""
        assert through(way.socket_to(good)) == b"hello"
        refused = wait_until(lambda: way.trouble("127.0.0.1:1"))
        unknown = wait_until(lambda: way.trouble("nowhere.invalid:5"))
        assert refused.kind == "refused"
        assert "as bastion sees it" in refused.message
        assert unknown.kind == "name"
        assert "bastion cannot resolve" in unknown.message
        assert way.trouble(good) is None


def test_a_bastion_that_forbids_forwarding_is_named_with_the_setting(bastion: TestBastion) -> None:
    bastion.stop()
    bastion.options = ["AllowTcpForwarding no"]
    bastion.start()
    way = way_through("bastion", str(bastion.ssh_config))
    assert through(way.socket_to("127.0.0.1:1")) == b""
    trouble = wait_until(lambda: way.trouble("127.0.0.1:1"))
    assert "administratively prohibited" in trouble.message
    assert "AllowTcpForwarding" in trouble.help


def test_it_comes_back_when_ssh_is_killed(bastion: TestBastion) -> None:
    way = way_through("bastion", str(bastion.ssh_config))
    with echo() as place:
        path = way.socket_to(place)
        assert reaches(path)
        (pid,) = ssh_processes(bastion.folder)
        bastion.suspend()  # it would be back before anybody could look
        os.kill(pid, signal.SIGKILL)
        down = wait_until(lambda: way.trouble(place))
        bastion.resume()
        assert down.kind == "unreachable"
        assert down.message.startswith("The ssh connection through bastion is down")
        assert "not the server" in down.help
        wait_until(lambda: reaches(path))
        assert way.trouble(place) is None
    assert bastion.connections() == 2


def test_it_comes_back_when_the_bastion_does(bastion: TestBastion) -> None:
    way = way_through("bastion", str(bastion.ssh_config))
    with echo() as place:
        path = way.socket_to(place)
        bastion.stop()
        wait_until(lambda: way.trouble(place))
        wait_until(lambda: (found := way.trouble(place)) and "nothing takes ssh there" in found.message)
        later = way.socket_to("127.0.0.1:1")
        bastion.start()
        wait_until(lambda: way.trouble(place) is None)
        assert reaches(path)
        assert through(later) == b""


def test_a_login_that_is_refused_meanwhile_is_not_tried_often(bastion: TestBastion) -> None:
    way = way_through("bastion", str(bastion.ssh_config))
    (bastion.folder / "authorized_keys").write_text("")
    (pid,) = ssh_processes(bastion.folder)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: (found := way.trouble("")) and "refuses this login" in found.message)
    refusal = way.trouble("")
    assert refusal is not None
    assert "every 5 minutes" in refusal.help


def test_nothing_is_left_when_perftui_is_killed(bastion: TestBastion, tmp_path: Path) -> None:
    program = (
        "import sys, time; from perftui.via.opening import way_through\n"
        "way = way_through('bastion', sys.argv[1]); print(way.socket_to('127.0.0.1:1'), flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(bastion.ssh_config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as perftui:
        assert perftui.stdout is not None
        folder = Path(perftui.stdout.readline().strip()).parent
        assert folder.is_dir()
        perftui.kill()
    wait_until(lambda: not folder.exists() and not ssh_processes(tmp_path))


def test_a_connection_that_the_user_has_open_is_used_and_left_as_it_was(bastion: TestBastion, tmp_path: Path) -> None:
    control = tmp_path / "mine"
    bastion.write_ssh_config(f"ControlPath {control}")
    command = ["ssh", "-F", str(bastion.ssh_config), "-M", "-N", "bastion"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as users:
        wait_until(control.is_socket)
        way = way_through("bastion", str(bastion.ssh_config))
        with echo() as place:
            path = way.socket_to(place)
            assert reaches(path)
            assert way.is_borrowed
            assert bastion.connections() == 1
            way.close()
            assert users.poll() is None
            assert not reaches(path)
        users.terminate()


def test_it_goes_on_alone_when_the_user_ends_the_connection_that_was_used(bastion: TestBastion, tmp_path: Path) -> None:
    control = tmp_path / "mine"
    bastion.write_ssh_config(f"ControlPath {control}")
    command = ["ssh", "-F", str(bastion.ssh_config), "-M", "-N", "bastion"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as users, echo() as place:
        wait_until(control.is_socket)
        way = way_through("bastion", str(bastion.ssh_config))
        path = way.socket_to(place)
        assert reaches(path)
        users.terminate()
        users.wait(60)
        wait_until(lambda: reaches(path))
        assert not way.is_borrowed


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_the_users_own_forwards_are_not_opened(bastion: TestBastion) -> None:
    """A SOCKS port would be open to everybody on this machine."""
    local, socks = free_port(), free_port()
    bastion.write_ssh_config(f"LocalForward 127.0.0.1:{local} 127.0.0.1:9", f"DynamicForward 127.0.0.1:{socks}")
    way = way_through("bastion", str(bastion.ssh_config))
    with echo() as place:
        assert reaches(way.socket_to(place))
        assert not listens(local)
        assert not listens(socks)
        assert way.trouble(place) is None
        way.close()


def test_the_users_own_forwards_are_left_as_they_were(bastion: TestBastion, tmp_path: Path) -> None:
    control, local, socks = tmp_path / "mine", free_port(), free_port()
    bastion.write_ssh_config(
        f"ControlPath {control}", f"LocalForward 127.0.0.1:{local} 127.0.0.1:9", f"DynamicForward 127.0.0.1:{socks}"
    )
    command = ["ssh", "-F", str(bastion.ssh_config), "-M", "-N", "bastion"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as users:
        wait_until(lambda: control.is_socket() and listens(socks))
        way = way_through("bastion", str(bastion.ssh_config))
        with echo() as place:
            assert reaches(way.socket_to(place))
            assert way.is_borrowed
            assert way.trouble(place) is None
            way.close()
        assert listens(local)
        assert listens(socks)
        users.terminate()


def test_a_connection_that_the_user_opens_anew_is_used_again(bastion: TestBastion, tmp_path: Path) -> None:
    control = tmp_path / "mine"
    bastion.write_ssh_config(f"ControlPath {control}")
    command = ["ssh", "-F", str(bastion.ssh_config), "-M", "-N", "bastion"]
    with echo() as place:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as users:
            wait_until(control.is_socket)
            way = way_through("bastion", str(bastion.ssh_config))
            path = way.socket_to(place)
            assert reaches(path)
            bastion.stop()  # so that it cannot go on alone
            users.terminate()
        wait_until(lambda: way.trouble(place) is not None)
        bastion.start()
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as users:
            wait_until(lambda: reaches(path))
            assert way.trouble(place) is None
            way.close()
            users.terminate()


def test_a_jump_host_of_the_users_configuration_is_gone_through(bastion: TestBastion) -> None:
    with bastion.ssh_config.open("a") as file:
        file.write(f"Host inner\n  ProxyJump bastion\n  HostName 127.0.0.1\n  Port {bastion.port}\n")
        file.write(f"  IdentityFile {bastion.identity}\n  UserKnownHostsFile {bastion.known_hosts}\n")
    way = way_through("inner", str(bastion.ssh_config))
    with echo() as place:
        assert reaches(way.socket_to(place))
    assert bastion.connections() == 2


def refused(bastion: TestBastion, destination: str = "bastion") -> str:
    with pytest.raises(UserError) as error:
        way_through(destination, str(bastion.ssh_config))
    assert error.value.exit_code == 3
    return str(error.value)


def test_a_login_that_is_refused_is_said_in_words(bastion: TestBastion) -> None:
    (bastion.folder / "authorized_keys").write_text("")
    said = refused(bastion)
    assert "bastion refuses this login" in said
    assert "Permission denied" in said


def test_an_unknown_host_key_is_never_accepted_by_itself(bastion: TestBastion) -> None:
    bastion.known_hosts.write_text("")
    assert "could not be confirmed" in refused(bastion)
    assert bastion.known_hosts.read_text() == ""


def test_a_changed_host_key_ends_it(bastion: TestBastion) -> None:
    bastion.stop()
    bastion.change_host_key()
    bastion.start()
    said = refused(bastion)
    assert "not the one that is known" in said
    assert bastion.connections() == 0


def test_hosts_that_are_not_there_are_said_in_words(bastion: TestBastion) -> None:
    assert "does not resolve" in refused(bastion, "nowhere.invalid")
    bastion.stop()
    assert "nothing takes ssh there" in refused(bastion)


def test_a_configuration_with_a_mistake_is_said_in_words(bastion: TestBastion) -> None:
    bastion.write_ssh_config("NoSuchOption yes")
    assert "your ssh configuration has a mistake" in refused(bastion)


def test_without_ssh_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError, match="not installed") as error:
        SshClient("bastion")
    assert error.value.exit_code == 3


@pytest.mark.parametrize("destination", ["-oProxyCommand=x", "a b", "", "a;b", "@", "ops@-x", "$(x)"])
def test_what_is_no_destination_never_reaches_ssh(destination: str) -> None:
    with pytest.raises(UserError, match="--via takes"):
        SshClient(destination)


@pytest.mark.parametrize(
    ("written", "given"),
    [("ops@bastion:2222", "ssh://ops@bastion:2222"), ("bastion:22", "ssh://bastion:22"), ("ops@bastion", "ops@bastion"),
     ("ssh://bastion:22", "ssh://bastion:22"), ("fe80::1", "fe80::1"), ("ssh://ops@bastion:22", "ssh://ops@bastion:22"),
     ("[::1]:2222", "ssh://[::1]:2222"), ("ssh://bastion", "bastion")],
)  # fmt: skip
def test_a_port_is_written_as_everywhere_else(written: str, given: str) -> None:
    client = SshClient(written)
    assert (client.destination, client.name) == (given, written.removeprefix("ssh://"))


def test_a_bastion_with_a_port_is_reached(bastion: TestBastion) -> None:
    assert SshClient("bastion:4022", str(bastion.ssh_config)).configured()["port"] == "4022"


def test_a_way_that_was_never_opened_can_be_closed(bastion: TestBastion) -> None:
    Bastion(SshClient("bastion", str(bastion.ssh_config))).close()
