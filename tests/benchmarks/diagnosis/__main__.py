"""`python -m tests.benchmarks.diagnosis [NAME ...]`: each drill, and a table of how the verdicts were.

`--recordings DIR` keeps the sessions; `--judge DIR` judges kept ones anew, in seconds instead of minutes.
"""

import argparse
import json
from pathlib import Path

import msgspec
from msgspec.structs import replace

from perftui.demo.incidents.catalogue import INCIDENTS, incident_named
from perftui.diagnosis.diagnosis import Diagnosis
from perftui.model.settings import Thresholds
from perftui.monitor.recording import open_recording

from .drilling import Drilled, drill, is_of_the_machine
from .outcome import Outcome, Said, outcome, said
from .table import table


def main() -> None:
    arguments = _arguments()
    found: list[Outcome] = []
    for name in arguments.names or [one for one in INCIDENTS if one != "healthy"]:
        one = _judged(arguments, name) if arguments.judge else _drilled(arguments, name)
        if one.failure:
            print(f"{name}: {one.failure}", flush=True)
        result = outcome(name, incident_named(name).verdicts, one.heard, one.began, one.ended)
        found.append(result)
        print(f"{table([result], header=len(found) == 1)}\n    {result.message}", flush=True)
        if arguments.verbose:
            print(_story(one), flush=True)
    print("\n" + table(found))
    if arguments.json:
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(found)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="drills; by default all")
    parser.add_argument("--healthy", type=float, default=40.0, help="seconds before the incident")
    parser.add_argument("--ill", type=float, default=30.0, help="seconds of the incident")
    parser.add_argument("--after", type=float, default=35.0, help="seconds after it")
    parser.add_argument("--without-machine", action="store_true", help="where other work saturates this machine")
    parser.add_argument("--recordings", type=Path, help="keep each drill's session in this folder")
    parser.add_argument("--judge", type=Path, help="judge the sessions of this folder, start nothing")
    parser.add_argument("--json", type=Path, help="write the outcomes to this file")
    parser.add_argument("--verbose", action="store_true", help="print every change of the verdict")
    return parser.parse_args()


def _drilled(arguments: argparse.Namespace, name: str) -> Drilled:
    kept: Path | None = arguments.recordings
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
    recording = None if kept is None else kept / f"{name}.perftui"
    one = drill(
        name,
        healthy_s=arguments.healthy,
        ill_s=arguments.ill,
        after_s=arguments.after,
        recording=recording,
        machine=not arguments.without_machine,
    )
    print(f"{name}: load {one.load:.1f} a core when it began", flush=True)
    if kept is not None:
        times = {"began": one.began, "ended": one.ended}
        (kept / f"{name}.json").write_text(json.dumps(times), "utf-8")
    return one


def _judged(arguments: argparse.Namespace, name: str) -> Drilled:
    """The verdicts that today's rules have on a kept session."""
    folder: Path = arguments.judge
    times = json.loads((folder / f"{name}.json").read_text("utf-8"))
    found, diagnosis = Drilled(name, times["began"], times["ended"]), Diagnosis(Thresholds())
    recording = open_recording(folder / f"{name}.perftui")
    for index in range(len(recording.entries)):
        snapshot = recording.snapshot(index)
        if arguments.without_machine and not is_of_the_machine(name):
            others = tuple(state for state in snapshot.targets if state.target.kind != "host")
            snapshot = replace(snapshot, targets=others)
        found.heard.append(said(diagnosis.take(snapshot)))
    return found


def _story(one: Drilled) -> str:
    """Every change of the verdict, with its time from the cause."""
    lines, before = [], None
    for heard in one.heard:
        key = (*heard.key, heard.effects, heard.others)
        if key != before:
            before = key
            lines.append(_line(heard, one.began))
    return "\n".join(lines)


def _line(heard: Said, began: float) -> str:
    more = f" effects {','.join(heard.effects)}" if heard.effects else ""
    more += f" others {','.join(heard.others)}" if heard.others else ""
    return f"  {heard.at - began:+7.1f} s  {heard.status} {heard.code} {heard.subject}{more}"


if __name__ == "__main__":
    main()
