#!/usr/bin/env python3
"""Build the monitor as one file that needs nothing of the machine it runs on but Linux: docs/installing.md.

`python executable/build.py` in a checkout, with Python 3.11 or newer, pip and a package index. It installs the pinned
versions of constraints.txt and tools.txt into folders below `build/`, and changes nothing else.
"""

import argparse
import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - said before what older ones cannot read
    sys.exit(f"perftui needs Python 3.11 or newer, and this is {sys.version.split()[0]}.")

import interpreter
import packages
from assembling import HERE, tree
from packing import write_single_file

ROOT = packages.ROOT
TARGETS = {"x86_64": "x86_64-linux-musl", "aarch64": "aarch64-linux-musl"}


def main() -> int:
    """Exit code 0 with the file's place, size and SHA-256 printed; 1 with a sentence."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--output", type=Path, metavar="FILE", help="the file to write [dist/perftui-linux-MACHINE]")
    parser.add_argument(
        "--work", type=Path, default=ROOT / "build", metavar="FOLDER", help="what may stay for the next build"
    )
    arguments = parser.parse_args()
    output = arguments.output or ROOT / "dist" / f"perftui-linux-{platform.machine()}"
    try:
        interpreter.require_usable()
        build(output.absolute(), arguments.work.absolute(), _tools(arguments.work.absolute() / "tools"))
    except interpreter.CannotBuildError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    except subprocess.CalledProcessError as problem:
        sys.stderr.write(f"{Path(problem.cmd[0]).name} ended with {problem.returncode}; what it said is above.\n")
        return 1
    return 0


def build(output: Path, work: Path, tools: Path) -> None:
    """Install, compile and pack. Raises `CannotBuildError` or `CalledProcessError`."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch, "packages")
        _say("installing perftui and its pinned requirements")
        packages.install([str(tools / "python"), "-m", "pip"], target)
        _say("compiling the launcher")
        launcher = _launcher(tools, Path(scratch), work)
        _say("compiling modules and packing")
        write_single_file(launcher, tree(target, tools / "patchelf", Path(scratch)), output)
    digest = hashlib.sha256(output.read_bytes()).hexdigest()
    output.with_name(f"{output.name}.sha256").write_text(f"{digest}  {output.name}\n", "utf-8")
    _say(f"{output}: {output.stat().st_size / 1e6:.1f} MB in {time.monotonic() - began:.0f} s\nSHA-256 {digest}")


def _tools(folder: Path) -> Path:
    """The folder of programs of a venv with what tools.txt names; what goes on from here runs in it."""
    programs = folder / "bin"
    if Path(sys.prefix) != folder:
        _say("installing the tools")
        python = str(programs / "python")
        if not Path(python).exists():
            venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", str(HERE / "tools.txt")], check=True)  # noqa: S603
        os.execv(python, [python, *sys.argv])  # noqa: S606
    return programs


def _launcher(tools: Path, scratch: Path, work: Path) -> bytes:
    if (machine := platform.machine()) not in TARGETS:
        raise interpreter.CannotBuildError(
            f"The launcher is made for {' and '.join(TARGETS)} only, and this is {machine}."
        )
    made = scratch / "launcher"
    options = ["-target", TARGETS[machine], "-static", "-O2", "-s", "-Wall", "-Wextra", "-Werror"]
    command = [str(tools / "python"), "-m", "ziglang", "cc", *options, "-o", str(made), str(HERE / "launcher.c")]
    caches = {name: str(work / "zig") for name in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")}
    subprocess.run(command, check=True, env=os.environ | caches)  # noqa: S603
    return made.read_bytes()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
