"""Slabs in a shared folder: this process's own, and those of other workers."""

import mmap
import os

from perftui.instrument.store.folder import SharedFolder
from perftui.instrument.store.slab import Slab, SlabFullError
from perftui.instrument.store.view import SlabView


def own_slab(folder: SharedFolder) -> tuple[str, Slab]:
    """Its identity and itself, seen by others. Raises `OSError` and `SlabFullError`, and leaves nothing then."""
    own = folder.create_slab()
    try:
        slab = Slab(own.file, folder.boot)
        folder.show_slab(own.id)
    except (OSError, SlabFullError):
        folder.drop_slab(own)
        raise
    return own.id, slab


def slab_of(folder: SharedFolder, identity: str) -> SlabView | None:
    """Another worker's; `None` where it is of another form, of another boot, or just gone.

    Raises `OSError` where it cannot be read now: without its figures the sums would fall.
    """
    file = folder.open_slab(identity)
    if file is None:
        return None
    try:
        memory = memoryview(mmap.mmap(file, 0, access=mmap.ACCESS_READ))
    except ValueError:
        return None
    finally:
        os.close(file)
    view = SlabView(identity, memory.cast("Q"), memory.cast("d"))
    if not view.valid(folder.boot):
        return None
    view.refresh()
    return view
