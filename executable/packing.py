"""From a folder to one file: launcher, files, table, footer, as launcher.c reads them; and modules made small."""

import py_compile
import struct
import tempfile
import zipfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

MAGIC = b"PERFTUI\1"
FOOTER = struct.Struct("<8s4Q")
"""Magic, the table's offset and size, the placeholder's offset in the interpreter and its size."""
PLACEHOLDER = "/" + "unpacked" * 30
PROGRAM = "bin/perftui"
_THE_SAME_DATE = (1980, 1, 1, 0, 0, 0)


def compiled(source: Path, name: str) -> bytes:
    """A module's code without its source: never compared with one, and naming no folder of the builder's."""
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch, "made.pyc")
        unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(source), cfile=str(made), dfile=name, doraise=True, invalidation_mode=unchecked)
        return made.read_bytes()


def archived(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip file of modules that is the same for the same files.

    Folders have entries of their own: without one, a package that has no `__init__` is not found.
    """
    contents = dict(files)
    contents |= {f"{folder}/": b"" for folder in _folders(contents)}
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in sorted(contents.items()):
            about = zipfile.ZipInfo(name, _THE_SAME_DATE)
            about.compress_type = zipfile.ZIP_STORED if name.endswith("/") else zipfile.ZIP_DEFLATED
            archive.writestr(about, content, compresslevel=9)
    return buffer.getvalue()


def write_single_file(launcher: bytes, tree: dict[str, bytes], output: Path) -> None:
    """Put the files behind the launcher; programs and libraries may be run. The same for the same input."""
    table, offset, parts = [f"700 0 0 0 {folder}/" for folder in _folders(tree)], len(launcher), [launcher]
    for name, content in sorted(tree.items()):
        stored = _smaller(content)
        mode = 0o700 if name == PROGRAM or ".so" in name else 0o600
        table.append(f"{mode:o} {offset} {len(stored)} {len(content)} {name}")
        parts.append(stored)
        offset += len(stored)
    lines = ("\n".join(table) + "\n").encode()
    placeholder = tree[PROGRAM].index(PLACEHOLDER.encode())
    footer = FOOTER.pack(MAGIC, offset, len(lines), placeholder, len(PLACEHOLDER) + 1)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.unlink(missing_ok=True)  # a running one cannot be written to
    output.write_bytes(b"".join([*parts, lines, footer]))
    output.chmod(0o755)


def _smaller(content: bytes) -> bytes:
    """As a block of LZ4, which a few lines of the launcher expand fast; as it is where that is no larger."""
    import lz4.block  # type: ignore[import-not-found] # in the venv of tools.txt only

    block: bytes = lz4.block.compress(content, mode="high_compression", compression=12, store_size=False)
    return block if len(block) < len(content) else content


def read_table(file: Path) -> dict[str, int]:
    """The files in an executable and their sizes in bytes. Raises `ValueError` where it is none of ours."""
    content = file.read_bytes()
    magic, offset, size, _, _ = FOOTER.unpack(content[-FOOTER.size :])
    if magic != MAGIC:
        raise ValueError(f"{file} was not built by executable/build.py")
    lines = [line.split(" ", 4) for line in content[offset : offset + size].decode().splitlines()]
    return {name: int(length) for _, _, _, length, name in lines}


def _folders(names: Iterable[str]) -> list[str]:
    parents = {parent.as_posix() for name in names for parent in Path(name).parents}
    return sorted(parents - {"."})
