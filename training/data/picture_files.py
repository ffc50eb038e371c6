"""Decode picture files exactly as the service decodes uploads, with the same code and limits.

Otherwise a network would learn pictures that look different from those that it is asked about.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Pixels, PixelsBatch
from inference.contract import EDGE, GREY_28, InputContract, choose_only_network
from inference.errors import UploadError
from inference.pictures.convert import make_model_input
from inference.pictures.decode import MAX_PIXELS, DecodedPicture, decode_image
from training.data.hashed_files import NO_HASHED_FILES, HashedFiles, map_on_all_cores, read_picture_bytes
from training.errors import DataError

MAX_SMALL_PICTURE_NUMBERS: Final = EDGE * EDGE
"""Largest size of a picture, in numbers (height x width x channels), of which all pixels are kept in
memory."""


def is_small_input(contract: InputContract) -> bool:
    """Tell whether pictures for a model are so small that the pixels of all of them are kept in memory.

    Args:
        contract: the input contract of the model: the shape and form of its pixels.
    """
    return math.prod(contract.array_shape) <= MAX_SMALL_PICTURE_NUMBERS


def decode_picture_file(
    path: Path, input_contract: InputContract = GREY_28, hashed_files: HashedFiles = NO_HASHED_FILES
) -> DecodedPicture | str:
    """Decode the picture in a file as the service decodes an upload.

    Args:
        input_contract: the input contract of the model: the shape and form of its pixels.
        hashed_files: files that were hashed before.

    Returns:
        The decoded picture, or a sentence that says why it cannot be read.

    Raises:
        DataError: the file has changed since it was hashed.
    """
    bytes_and_stamp = read_picture_bytes(path)
    if isinstance(bytes_and_stamp, str):
        return bytes_and_stamp
    hashed_files.check_unchanged(path, *bytes_and_stamp)
    return decode_picture_bytes(path, bytes_and_stamp[0], input_contract)


def decode_picture_bytes(
    path: Path, picture_bytes: bytes, input_contract: InputContract = GREY_28
) -> DecodedPicture | str:
    """Decode the bytes of a picture file as the service decodes an upload.

    Args:
        path: the file, for the message.
        input_contract: the input contract of the model: the shape and form of its pixels.

    Returns:
        The decoded picture, or a sentence that says why the bytes are no picture.
    """
    try:
        return decode_image(picture_bytes, MAX_PIXELS, input_contract)
    except UploadError as error:
        return f"{path}: {error}"


def _read_pixels(path: Path, input_contract: InputContract) -> Pixels:
    """Read the pixels of a file as a model reads them.

    Raises:
        DataError: the file could be read before, and cannot be read now.
    """
    decoded = decode_picture_file(path, input_contract)
    if isinstance(decoded, str):
        raise DataError(f"{decoded} It could be read before: do not change pictures meanwhile.")
    return make_model_input(decoded, {choose_only_network(input_contract): input_contract}).pixels


@dataclass(frozen=True)
class FileImages:
    """The pixels of N files, which are read from disk whenever a slice is taken.

    Attributes:
        files: the files, which could be read before.
        input_contract: the input contract of the model: the shape and form of its pixels.
        pixels_in_memory: the pixels of some files that stay in memory, by file.
    """

    files: tuple[Path, ...]
    input_contract: InputContract
    pixels_in_memory: Mapping[Path, Pixels] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.files)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array that all pictures together would have: (N, ...)."""
        return (len(self), *self.input_contract.array_shape)

    def take(self, positions: NDArray[np.int64]) -> "FileImages":
        """Return the pictures at these positions, still unread."""
        return replace(self, files=tuple(self.files[place] for place in positions))

    def __getitem__(self, selection: slice) -> PixelsBatch:
        """Read the pixels of a slice of the files, uint8 (M, ...).

        Raises:
            DataError: a file cannot be read any more.
        """
        files = self.files[selection]
        unread_files = [file for file in files if file not in self.pixels_in_memory]
        pixels_read = map_on_all_cores(
            partial(_read_pixels, input_contract=self.input_contract), unread_files, lambda *_: None
        )
        pixels = {**dict(zip(unread_files, pixels_read, strict=True)), **self.pixels_in_memory}
        return np.stack([pixels[file] for file in files])
