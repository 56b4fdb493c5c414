"""Runs first in the executable: takes over the unpacked folder from launcher.c, then runs perftui."""

import atexit
import os
import sys
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path

ROOTS_OF_TRUST = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Red Hat, Fedora, Amazon
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/cert.pem",
)


class Unpacked:
    """Finds the modules that stand in files of their own; their packages may be in the archive."""

    def __init__(self, folder: Path) -> None:
        files = (path for path in folder.rglob("*") if path.suffix in {".so", ".pyc"})
        self._files = {_module_name(path.relative_to(folder)): path for path in files}

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        """The module's place, or nothing for one that stands in the archive."""
        if (file := self._files.get(name)) is None:
            return None
        inside = [str(file.parent)] if file.name == "__init__.pyc" else None
        return spec_from_file_location(name, file, submodule_search_locations=inside)


def _module_name(file: Path) -> str:
    """`pymongo/_cmessage.cpython-311-x86_64-linux-gnu.so` is `pymongo._cmessage`."""
    parts = [*file.parent.parts, file.name.partition(".")[0]]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def run() -> int:
    """The exit code of perftui with the arguments behind the number of the folder's descriptor."""
    folder, lock = Path(sys.executable).parents[1], int(sys.argv[1])
    sys.argv = ["perftui", *sys.argv[2:]]
    sys.frozen = True  # type: ignore[attr-defined] # as other tools for executables say it
    # The lock tells other starts that the folder is in use; no program that we start shall hold it longer than we live.
    os.set_inheritable(lock, False)
    atexit.register(_remove, folder, os.getpid())
    sys.meta_path.insert(0, Unpacked(folder / "lib" / "unpacked"))
    _find_roots_of_trust(folder)
    from perftui.cli import main

    return main()


def _remove(folder: Path, owner: int) -> None:
    import shutil

    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def _find_roots_of_trust(folder: Path) -> None:
    """OpenSSL looks where the machine it was built on keeps its certificates; other systems have other places."""
    if "SSL_CERT_FILE" in os.environ or "SSL_CERT_DIR" in os.environ:
        return
    found = next((path for path in ROOTS_OF_TRUST if Path(path).is_file()), None)
    os.environ["SSL_CERT_FILE"] = found or str(folder / "lib" / "unpacked" / "certifi" / "cacert.pem")


if __name__ == "__main__":
    sys.exit(run())
