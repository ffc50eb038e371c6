"""Little catalogues to be labelled: the same few pictures as a folder, a list, an archive or a bucket."""

import csv
import os
import shutil
import signal
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labelling.errors import PictureUnreadable
from labelling.sources.items import ReadPictures, read_bytes_or_error
from labelling.sources.picture_files import FolderSource, read_file
from tests.service import ROOT
from tests.uploads import a_garment, png

PICTURES = {f"{group}/{number}.png": png(a_garment(number)) for group in "ab" for number in range(3)}
"""Names, in order, and PNG files; both groups hold the same."""


def write_folder(folder: Path, pictures: dict[str, bytes] | None = None) -> Path:
    """Write pictures below a folder.

    Args:
        folder: made if absent.
        pictures: by name; PICTURES if None.
    """
    for name, content in (PICTURES if pictures is None else pictures).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def write_doubtful(folder: Path) -> Path:
    """Copy the examples into a folder, and write four pictures of nothing, which no release accepts."""
    folder.mkdir()
    for path in (ROOT / "examples").glob("*.[pj]*g"):
        shutil.copy(path, folder)
    for seed in range(4):
        noise = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), np.uint8)
        (folder / f"noise-{seed}.png").write_bytes(png(noise))
    return folder


def write_list(path: Path, names: Sequence[str]) -> Path:
    """Write a CSV with the column `path` among others."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["shelf", "path"])
        rows.writerows(["upper", name] for name in names)
    return path


def write_zip(
    path: Path, pictures: dict[str, bytes] = PICTURES, compression: int = zipfile.ZIP_DEFLATED
) -> Path:
    """Write a ZIP."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in pictures.items():
            archive.writestr(name, content)
    return path


@dataclass(frozen=True)
class Deadly(FolderSource):
    """A folder whose pictures `deadly.png` end each process that reads them, `once.png` the first one.

    `full.png` has no room in the memory of the first.
    """

    def open_reader(self) -> ReadPictures:
        return _read_all_or_die


def _read_all_or_die(paths: Sequence[str]) -> Iterator[bytes | PictureUnreadable]:
    return (read_bytes_or_error(_read_or_die, path) for path in paths)


def _read_or_die(path: str) -> bytes:
    content = read_file(path)
    if path.endswith("deadly.png") or (path.endswith("once.png") and _is_first(path)):
        os.kill(os.getpid(), signal.SIGKILL)
    if path.endswith("full.png") and _is_first(path):
        raise MemoryError
    return content


def _is_first(path: str) -> bool:
    """Whether no process has asked before."""
    try:
        Path(f"{path}.read").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
