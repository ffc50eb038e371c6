"""A disk of a test's own, which can be full or read-only, and gone at the end; it takes root."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BYTES = 8 << 20
"""Room for a few little releases."""


def _mount(*words: str | Path) -> bool:
    if os.geteuid():
        return False
    return subprocess.run(["mount", *words], check=False, capture_output=True).returncode == 0


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own in a folder, which is made if absent; what is mounted in it goes with it."""
    folder.mkdir(parents=True, exist_ok=True)
    mount(folder)
    try:
        yield folder
    finally:
        unmount(folder)


def mount(folder: Path) -> None:
    """Put a new file system where a folder is; skips the test without root."""
    if not _mount("-t", "tmpfs", "-o", f"size={BYTES}", "disk", folder):
        pytest.skip("mounting a small disk takes root")


def unmount(folder: Path) -> None:
    """Take it away."""
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path, room: int = 0) -> None:
    """Leave so many bytes of it free, in whole pages; `empty` gives the others back."""
    with (disk / "filler").open("ab", buffering=0) as filler:
        for size in (1 << 16, 1):
            try:
                while filler.write(bytes(size)):
                    pass
            except OSError:
                continue
        os.ftruncate(filler.fileno(), filler.tell() - room)


def empty(disk: Path) -> None:
    """Give the room back that `fill` took."""
    (disk / "filler").unlink()


def make_read_only(disk: Path) -> None:
    """Nothing can be written any more."""
    assert _mount("-o", "remount,ro", disk)


def make_writable(disk: Path) -> None:
    """Undo `make_read_only`."""
    assert _mount("-o", "remount,rw", disk)
