"""Little photos of three kinds of things on paper, in folders of their own, as a user would bring them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from inference.arrays import Picture, PixelsBatch
from inference.contract import GREY_28, InputContract
from labelling.lists.list_reading import ListOptions
from tests.uploads import png
from training.data.data_source import DataSource
from training.data.decoded_pictures import ComputeFeatures, decode_pictures
from training.data.fashion import LabelledData
from training.data.folders import list_pictures
from training.data.listing import PictureUse
from training.data.near_copies import group_near_copies
from training.data.perceptual_hashes import PerceptualHashes
from training.data.read import make_labelled_data
from training.data.unique_pictures import UniquePicture, make_unique_pictures
from training.data.vectors import Features
from training.progress import Progress, ProgressLines

KINDS = ("Ball", "Box", "Stick")
"""The classes, in order of their names."""


def a_photo(kind: str, seed: int) -> Picture:
    """A dark thing on light paper, uint8 (72, 64, 3); no two seeds share size, place, colour and paper."""
    random = np.random.default_rng([KINDS.index(kind), seed])
    photo = np.full((72, 64, 3), random.integers(235, 256), np.uint8)
    colour = tuple(map(int, random.integers(0, 120, 3)))
    x, y = map(int, random.integers(26, 38, 2))
    half = int(random.integers(14, 22))
    if kind == "Ball":
        cv2.circle(photo, (x, y), half, colour, -1)
    elif kind == "Box":
        cv2.rectangle(photo, (x - half, y - half), (x + half, y + half), colour, -1)
    else:
        cv2.rectangle(photo, (x - 3, y - half), (x + 3, y + half), colour, -1)
    paper = cv2.resize(random.integers(0, 9, (18, 16), np.uint8), (64, 72), interpolation=cv2.INTER_CUBIC)
    return cv2.subtract(photo, cv2.merge([paper] * 3)).astype(np.uint8, copy=False)


def write_class_folders(folder: Path, count: int, kinds: Sequence[str] = KINDS, first_seed: int = 0) -> Path:
    """Write `count` PNGs of each kind into a sub-folder of its name."""
    for kind in kinds:
        (folder / kind).mkdir(parents=True)
        for seed in range(first_seed, first_seed + count):
            (folder / kind / f"{seed:03}.png").write_bytes(png(a_photo(kind, seed)))
    return folder


@dataclass
class Things:
    """Pictures of three classes in folders of their own, and what a table would say of each."""

    folder: Path
    is_table: bool
    rows: dict[Path, str] = field(default_factory=dict)
    column: str = "group"
    """Of the cells, in the table."""

    def add(self, label: str, name: str, content: bytes, cell: str = "") -> None:
        file = self.folder / label / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        self.rows[file] = cell

    def of_kinds(self, count: int = 12, kinds: Sequence[str] = KINDS, first_seed: int = 0) -> "Things":
        for kind in kinds:
            for seed in range(first_seed, first_seed + count):
                self.add(kind, f"{seed:03}.png", png(a_photo(kind, seed)))
        return self

    def rename(self) -> None:
        """Give every picture another name, in another order."""
        for number, (file, cell) in enumerate(sorted(self.rows.items(), reverse=True)):
            del self.rows[file]
            self.rows[file.rename(file.with_name(f"renamed {number:03}.jpeg"))] = cell

    @property
    def place(self) -> Path:
        """The folder, or the table beside it."""
        if not self.is_table:
            return self.folder
        rows = [
            f"{file.relative_to(self.folder.parent)},{file.parent.name},{self.rows[file]}"
            for file in self.rows
        ]
        table = self.folder.with_suffix(".csv")
        table.write_text("\n".join([f"path,label,{self.column}", *rows]), "utf-8")
        return table


class Said(list[str], ProgressLines):
    """Collects what is said while pictures are read."""

    def warn(self, line: str) -> None:
        self.append(line)

    def read(
        self,
        place: Path,
        reads: InputContract = GREY_28,
        *,
        skip_unreadable: bool = False,
        attributes: Sequence[str] = (),
        see: ComputeFeatures | None = None,
        limit: int | None = None,
        use: PictureUse = "learn",
        by: str = "",
    ) -> LabelledData:
        listing = list_pictures(place, ListOptions(product_column=by), attributes).assign_class_ids()
        contents = make_unique_pictures(listing)
        contents.check_pictures(self.warn, skip_unreadable=skip_unreadable)
        contents = contents if limit is None else contents.limit_pictures(limit)
        named = DataSource(place=str(place), skip_unreadable=skip_unreadable)
        return make_labelled_data(named, contents, reads, self, picture_use=use, compute_features=see)


def kept_pictures(named: DataSource, progress: Progress) -> list[UniquePicture]:
    """The contents of a data set that can be learnt once they are decoded."""
    listing = named.list_pictures()
    assert listing is not None
    contents = named.make_unique_pictures(listing)
    contents.check_pictures(progress.warn, skip_unreadable=named.skip_unreadable)
    decoded = decode_pictures(contents, GREY_28, progress, skip_unreadable=named.skip_unreadable)
    return group_near_copies(decoded.unique_pictures, decoded.hashes).kept_pictures


def see_nothing(pixels: PixelsBatch) -> Features:
    """Stands for a frozen network, where it does not matter what it sees."""
    nothing = np.zeros((len(pixels), 1), np.float32)
    return Features(nothing, nothing)


def hashes_in_a_row(count: int) -> PerceptualHashes:
    """Each is near the one before and the one behind, by 20 of 256 bits, and near no other."""
    bits = np.zeros((count, 256), np.uint8)
    for number in range(count):
        bits[number:, 20 * number : 20 * number + 20] = 1
    shapes = np.packbits(bits, axis=1).view(np.uint64)
    return np.concatenate([shapes, np.zeros((count, 6), np.uint64)], axis=1)


COLOURS = {"Green": (0, 1, 0), "Red": (1, 0, 0), "Violet": (1, 0, 1)}
"""Classes that differ in colour alone, by the shares of red, green and blue."""

LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of ITU-R BT.601."""


def a_blob(colour: str, seed: int) -> Picture:
    """A blob on light paper, uint8 (72, 64, 3), RGB; grey, no class can be told from another."""
    random = np.random.default_rng([*colour.encode(), seed])
    photo = np.full((72, 64, 3), random.integers(235, 256), np.uint8)
    shares = np.array(COLOURS[colour])
    ink = tuple(map(int, np.rint(random.uniform(30, 70) * shares / (LUMA @ shares))))
    x, y, width, height = map(int, random.integers(14, 26, 4))
    cv2.ellipse(photo, (x + 14, y + 16), (width // 2 + 6, height // 2 + 6), 0, 0, 360, ink, -1)
    return photo
