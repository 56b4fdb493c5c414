"""What is remembered: each reading once, in the monitor and from a recording alike."""

import random
from itertools import count

from helpers.incidents import APPLICATION, START, healthy
from msgspec.structs import replace

from perftui.diagnosis.memory import Memory
from perftui.model.snapshot import Snapshot


def snapshot(second: int, seed: int) -> Snapshot:
    targets = tuple(healthy(random.Random(seed)).values())
    return Snapshot(sequence=second + 1, taken_at=START + second, interval_s=1.0, window_s=300.0, targets=targets)


def test_a_reading_that_a_recording_gives_again_is_no_new_one() -> None:
    memory, first = Memory(), snapshot(0, 1)
    memory.take(first)
    again = replace(Snapshot.from_json(first.to_json()), taken_at=START + 1)
    assert again.targets[2].application is not first.targets[2].application
    memory.take(again)
    memory.take(snapshot(2, 2))
    readings = list(memory.track(APPLICATION.id, "average_ms", "GET /items").pairs(0.0))
    assert [at for at, _ in readings] == [START, START + 2]


def test_what_follows_from_a_reading_is_found_once_and_anew_with_the_next() -> None:
    memory, asked = Memory(), count(1)
    found: list[int] = []
    for second, seed in ((0, 1), (1, 1), (2, 2)):
        taken = snapshot(second, seed)
        memory.take(taken)
        found.append(memory.once(taken.targets[2], "application", "askings", lambda: next(asked)))
    assert found == [1, 1, 2]
    assert memory.once(taken.targets[2], "application", "another", lambda: "its own") == "its own"
