"""In a terminal, on a real server under load: from the worst shape to an index, its build, its proof, and back."""

from collections.abc import Iterator

import pytest
from helpers.asked_orders import INDEX, asked_orders, build_held, index_names, to_the_shape
from helpers.monitoring import ENTER, ESCAPE, answer, leave, monitor, press_until

from perftui.servers import MongodProcess, PrivateServers


@pytest.fixture
def server(private_servers: PrivateServers) -> Iterator[MongodProcess]:
    with asked_orders(private_servers) as mongod:
        yield mongod


@pytest.mark.timeout(300)
@pytest.mark.long
def test_the_whole_way_and_back(server: MongodProcess) -> None:
    with monitor(server.uri, columns=160, lines=50) as terminal:
        to_the_shape(terminal)

        terminal.send(ENTER)
        terminal.wait_for("PLAN OF THE SLOWEST")
        terminal.wait_for("COLLSCAN shop.orders")
        terminal.send("e")
        terminal.wait_for("WINNING PLAN")
        terminal.send(ESCAPE)
        terminal.wait_for("PLAN OF THE SLOWEST")

        terminal.send("a")
        terminal.wait_for(r"customer: 1, at: -1", timeout_s=60)
        terminal.send("d")
        terminal.wait_for("would create index")
        assert index_names(server) == {"_id_"}
        press_until(terminal, ESCAPE, lambda text: "would create index" not in text)

        with build_held(server):
            terminal.send("A")
            terminal.wait_for("createIndexes")
            assert index_names(server) == {"_id_"}
            answer(terminal, "Create it")
            terminal.wait_for(r"(?i)starting|scanning|inserting|building", timeout_s=60)
            terminal.wait_until(lambda: INDEX in index_names(server))
        terminal.wait_for(rf"{INDEX} on shop\.orders is ready", timeout_s=60)

        press_until(terminal, ESCAPE, lambda text: "PLAN OF THE SLOWEST" in text or "1 Overview" in text)
        press_until(terminal, ESCAPE, lambda text: "1 Overview" in text)
        terminal.send(ENTER)
        terminal.wait_for(rf"PROOF OF {INDEX}", timeout_s=60)
        terminal.wait_for(r"helped: .*documents 20,000 to 5", timeout_s=120)

        press_until(terminal, ESCAPE, lambda text: "1 Overview" in text)
        terminal.send("u")
        terminal.wait_for(f"dropIndexes.*{INDEX}|{INDEX}")
        answer(terminal, "Take it back")
        terminal.wait_until(lambda: index_names(server) == {"_id_"})
        terminal.wait_for(r"gone|taken back|dropped")
        terminal.wait_gone("Take it back")
        leave(terminal)
