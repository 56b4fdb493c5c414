"""Puts interpreter, libraries, modules and packages into the tree that the launcher unpacks."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import interpreter
import packages
from packing import PLACEHOLDER, PROGRAM, archived, compiled

LOADER = "lib/loader.so"
STARTER = "lib/start.pyc"
UNPACKED = "lib/unpacked"
HERE = Path(__file__).resolve().parent
_LIBRARY = f"lib/{interpreter.VERSION}"


def tree(target: Path, patchelf: Path, scratch: Path) -> dict[str, bytes]:
    """Every file to unpack by its place; `target` holds the installed packages."""
    loader = Path(_output(patchelf, "--print-interpreter", interpreter.program()).strip())
    made = {LOADER: loader.read_bytes(), STARTER: compiled(HERE / "start.py", "start.py")}
    made |= dict(_interpreter_files(patchelf, scratch, loader, target))
    archive: list[tuple[str, bytes]] = [
        (name.with_suffix(".pyc").as_posix(), compiled(interpreter.standard_folder() / name, name.as_posix()))
        for name in interpreter.standard_modules()
    ]
    for name in packages.wanted_files(target):
        place, content = _file(target, name, scratch)
        if packages.READ_BY_PATH.match(name.as_posix()):
            made[f"{UNPACKED}/{place}"] = content
        else:
            archive.append((place, content))
    made[f"lib/{interpreter.ARCHIVE}"] = archived(archive)
    return made


def _file(target: Path, name: Path, scratch: Path) -> tuple[str, bytes]:
    if name.suffix == ".py":
        return name.with_suffix(".pyc").as_posix(), compiled(target / name, name.as_posix())
    if ".so" in name.name:
        return name.as_posix(), _stripped(target / name, scratch).read_bytes()
    return name.as_posix(), (target / name).read_bytes()


def _interpreter_files(patchelf: Path, scratch: Path, loader: Path, target: Path) -> Iterator[tuple[str, bytes]]:
    """The program finds its loader where the launcher says, and its libraries beside itself before anywhere else."""
    program, modules = interpreter.program(), interpreter.extension_modules()
    copy = _stripped(program, scratch)
    _output(patchelf, "--set-interpreter", PLACEHOLDER, "--force-rpath", "--set-rpath", "$ORIGIN/../lib", copy)
    yield PROGRAM, copy.read_bytes()
    for module in modules:
        yield f"{_LIBRARY}/lib-dynload/{module.name}", _without_places(module, patchelf, scratch)
    with_modules = [program, *modules, *target.rglob("*.so")]
    for name, path in interpreter.libraries(with_modules, loader).items():
        if not path.is_relative_to(target) and path.resolve() != loader.resolve():
            yield f"lib/{name}", _without_places(path, patchelf, scratch)


def _without_places(file: Path, patchelf: Path, scratch: Path) -> bytes:
    copy = _stripped(file, scratch)
    if not re.match(r"(libc|libm)\.so", file.name) and _output(patchelf, "--print-rpath", copy).strip():
        _output(patchelf, "--remove-rpath", copy)
    return copy.read_bytes()


def _stripped(file: Path, scratch: Path) -> Path:
    """A copy without symbols for debuggers, where this machine has `strip`; without it the result is larger."""
    copy = scratch / "binary"
    copy.unlink(missing_ok=True)
    shutil.copyfile(file, copy)
    copy.chmod(0o700)
    if strip := shutil.which("strip"):
        _output(strip, "--strip-unneeded", copy)
    return copy


def _output(*command: str | Path) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if result.returncode != 0:
        raise interpreter.CannotBuildError(f"{Path(command[0]).name} failed: {result.stderr.strip()}")
    return result.stdout
