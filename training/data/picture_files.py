"""Decode picture files exactly as the service decodes uploads.

inference/decode.py and inference/convert.py do the work, with the limits and parameters that a release is
served with. Reads the files. All pictures of a data set: decoded_pictures.py.
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
from inference.contract import EDGE, GREY_28, InputContract, choose_only_name
from inference.convert import make_model_input
from inference.decode import MAX_PIXELS, DecodedPicture, decode_image
from inference.errors import UploadError
from training.data.hashed_files import NO_FILES, HashedFiles, on_all_cores, read_content
from training.errors import BadPictures

SMALL: Final = EDGE * EDGE
"""Largest size of a picture, in numbers (height x width x channels), of which all pixels are kept in
memory."""


def is_small(contract: InputContract) -> bool:
    """Tell whether pictures for a model are so small that the pixels of all of them are kept in memory.

    Args:
        contract: the input contract of the model: the shape and form of its pixels.
    """
    return math.prod(contract.array_shape) <= SMALL


def decode_file(
    path: Path, contract: InputContract = GREY_28, hashed: HashedFiles = NO_FILES
) -> DecodedPicture | str:
    """Decode the picture in a file as the service decodes an upload.

    Args:
        path: the file.
        contract: the input contract of the model: the shape and form of its pixels.
        hashed: files that were hashed before.

    Returns:
        The decoded picture, or a sentence that says why it cannot be read.

    Raises:
        BadPictures: the file has changed since it was hashed.
    """
    read = read_content(path)
    if isinstance(read, str):
        return read
    hashed.check_unchanged(path, *read)
    return decode_content(path, read[0], contract)


def decode_content(path: Path, content: bytes, contract: InputContract = GREY_28) -> DecodedPicture | str:
    """Decode the bytes of a picture file as the service decodes an upload.

    Args:
        path: the file, for the message.
        content: the bytes of the file.
        contract: the input contract of the model: the shape and form of its pixels.

    Returns:
        The decoded picture, or a sentence that says why the bytes are no picture.
    """
    try:
        return decode_image(content, MAX_PIXELS, contract)
    except UploadError as error:
        return f"{path}: {error}"


def _read_pixels(path: Path, contract: InputContract) -> Pixels:
    """Read the pixels of a file as a model reads them.

    Raises:
        BadPictures: the file could be read before, and cannot be read now.
    """
    decoded = decode_file(path, contract)
    if isinstance(decoded, str):
        raise BadPictures(f"{decoded} It could be read before: do not change pictures meanwhile.")
    return make_model_input(decoded, {choose_only_name(contract): contract}).pixels


@dataclass(frozen=True)
class FileImages:
    """The pixels of N files, which are read from disk whenever a slice is taken.

    Attributes:
        files: the files, which could be read before.
        contract: the input contract of the model: the shape and form of its pixels.
        samples: the pixels of some files that stay in memory, by file.
    """

    files: tuple[Path, ...]
    contract: InputContract
    samples: Mapping[Path, Pixels] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.files)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array that all pictures together would have: (N, ...)."""
        return (len(self), *self.contract.array_shape)

    def take(self, places: NDArray[np.int64]) -> "FileImages":
        """Return the pictures at these positions, still unread."""
        return replace(self, files=tuple(self.files[place] for place in places))

    def __getitem__(self, places: slice) -> PixelsBatch:
        """Read the pixels of a slice of the files, uint8 (M, ...).

        Raises:
            BadPictures: a file cannot be read any more.
        """
        files = self.files[places]
        others = [file for file in files if file not in self.samples]
        read = on_all_cores(partial(_read_pixels, contract=self.contract), others, lambda *_: None)
        pixels = {**dict(zip(others, read, strict=True)), **self.samples}
        return np.stack([pixels[file] for file in files])
