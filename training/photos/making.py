"""Make the variants of photos once, on all cores, and store them in the run's folder.

Reads the photos and writes one file in one step. How many variants: balance.py; what a variant is:
variants.py; their targets: data/splitting.py.
"""

import hashlib
import json
import multiprocessing
import os
import signal
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np

from inference.arrays import PixelsBatch
from inference.contract import Imaging
from inference.decode import prepare_decoders
from training.data.npz import UNREADABLE, read_npz, write_npz
from training.data.picture_files import Watch
from training.data.splitting import AuxiliaryData
from training.photos.balance import Planned
from training.photos.reading import Photos
from training.photos.variants import variants_of

FILE_NAME: Final = "auxiliary.npz"

CHUNK: Final = 16
"""Tasks that a process is handed at a time: a fraction of a second's work."""


def photos_sha256(photos: Photos) -> str:
    """Sixteen hex digits of what photos there are, whatever their files are called, for a recipe to name."""
    lines = sorted(map(str, zip(photos.sha256, photos.tiers, photos.labels.tolist(), strict=True)))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def variants_key(fingerprint: str, imaging: Imaging) -> str:
    """The key of stored variants: the run's fingerprint and the parameters of the conversion."""
    text = json.dumps(asdict(imaging), sort_keys=True)
    return f"{fingerprint}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def make_auxiliary(planned: Sequence[Planned], watch: Watch) -> AuxiliaryData:
    """Make all variants, on all cores.

    Args:
        planned: which.
        watch: receives after each source how many of how many are done.

    Raises:
        UploadError: a photo that could be read before no longer can.
    """
    made: list[PixelsBatch] = []
    # Fresh processes: a copy of this one would share locks with whatever threads it has.
    with multiprocessing.get_context("spawn").Pool(os.cpu_count(), _begin) as pool:
        for images in pool.imap(variants_of, [one.task for one in planned], CHUNK):
            made.append(images)
            watch(len(made), len(planned))
    labels = [np.full(len(images), one.label, np.uint8) for one, images in zip(planned, made, strict=True)]
    return AuxiliaryData(np.concatenate(made), np.concatenate(labels))


def _begin() -> None:
    """Make a process ready; Ctrl-C is for the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare_decoders()


def load_auxiliary(folder: Path, key: str) -> AuxiliaryData | None:
    """The stored variants of a run; None if there are none, or others, or half a file."""
    try:
        stored = read_npz(folder / FILE_NAME)
        return AuxiliaryData(stored["images"], stored["labels"]) if str(stored["key"]) == key else None
    except UNREADABLE:
        return None


def forget_auxiliary(folder: Path) -> None:
    """Remove the stored variants of a run, if there are any."""
    (folder / FILE_NAME).unlink(missing_ok=True)


def save_auxiliary(auxiliary: AuxiliaryData, folder: Path, key: str) -> None:
    """Store them in the run's folder, all or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    write_npz(folder / FILE_NAME, images=auxiliary.images, labels=auxiliary.labels, key=key)
