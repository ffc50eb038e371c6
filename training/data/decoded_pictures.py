"""Decode all pictures of a data set, each content once, on all cores.

The pixels of large pictures are not kept: a network sees them as they are decoded, or they are read again.
Reads the files that the contents name. One file: picture_files.py; the next step: near_copies.py.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.arrays import Pixels, PixelsBatch
from inference.border import measure_border
from inference.contract import GREY_28, InputContract, NetworkName, choose_only_name
from inference.convert import make_model_input
from inference.decode import REDUCED_EDGE, DecodedPicture, prepare_decoders
from training.data.contents import Content, Contents
from training.data.hashed_files import NO_FILES, HashedFiles, on_all_cores, read_content, report_unreadable
from training.data.listing import Listing
from training.data.perceptual_hashes import Hash, Hashes, perceptual_hash
from training.data.picture_files import FileImages, decode_content, decode_file, is_small
from training.data.vectors import NOT_SEEN, Features, joined
from training.errors import BadPictures
from training.progress import Progress, Say, Watch

AT_ONCE: Final = 128
"""Number of pictures that are decoded before a network reads them: 14 MB for 192 x 192 pixels in colour."""

SAMPLES: Final = 64
"""Number of large pictures, the first ones, whose pixels stay in memory. Exported graphs are compared on
them. 7 MB for 192 x 192 pixels in colour."""

See: TypeAlias = Callable[[PixelsBatch], Features]
"""Function that computes a network's features from a batch of pictures."""

_Row: TypeAlias = tuple[Hash, bool, NetworkName, bool]
"""Perceptual hash, whether the border is plain, network, and whether the picture is black for the model."""


@dataclass(frozen=True)
class DecodedPictures:
    """The N contents (different pictures) that can be decoded, as columns.

    Attributes:
        contents: the contents, in the order in which they were decoded.
        hashes: uint64 (N, 10), the perceptual hash of each picture, which is similar for similar pictures.
        is_plain: bool (N,), whether the border of each picture has one colour.
        networks: the name of the network that should read each picture, `pixels` or `photos`.
        pixels: uint8 (N, ...), the input of the model; for large pictures an object that reads the files when
            needed.
        features: the network's features of the pictures; empty if no network was given.
    """

    contents: tuple[Content, ...]
    hashes: Hashes
    is_plain: NDArray[np.bool_]
    networks: tuple[NetworkName, ...]
    pixels: PixelsBatch | FileImages
    features: Features = NOT_SEEN


def look_for_photo(
    listing: Listing, progress: Progress, known: HashedFiles = NO_FILES
) -> tuple[bool, HashedFiles]:
    """Decode files one after the other until one is a photo, not a picture in the form of Fashion-MNIST.

    Files after the first photo are not decoded, which saves time.

    Args:
        listing: the pictures.
        progress: the display of how many files are decoded.
        known: files that were hashed before. Files that were also decoded are not read again.

    Returns:
        True if there is a photo, and the known files together with the files that were read here.
    """
    prepare_decoders()
    files = dict.fromkeys(picture.path for picture in listing.pictures)
    sha256, stamps = dict(known.sha256), dict(known.stamps)
    unreadable, decoded = dict(known.unreadable), dict(known.decoded)
    found = HashedFiles(sha256, stamps, unreadable, decoded)
    with progress.counting("reading pictures") as watch:
        for done, path in enumerate(files, start=1):
            watch(done, len(files))
            if path not in decoded and path not in unreadable:
                read = read_content(path)
                if isinstance(read, str):
                    unreadable[path] = read
                    continue
                known.check_unchanged(path, *read)
                content, stamps[path] = read
                sha256[path] = sha256.get(path) or hashlib.sha256(content).hexdigest()
                decoded[path] = decode_content(path, content)
            picture = decoded.get(path)
            if isinstance(picture, DecodedPicture) and picture.pixels is None:
                return True, found
    return False, found


def decode_pictures(
    contents: Contents,
    reads: InputContract,
    progress: Progress,
    *,
    see: See | None = None,
    skip_unreadable: bool = False,
) -> DecodedPictures:
    """Decode all pictures that can be learnt or measured, on all cores.

    Args:
        contents: the pictures.
        reads: the input contract of the model: the shape and form of its pixels.
        progress: the display of how many pictures are decoded, which also receives a warning about pictures
            that are left out.
        see: a function that computes a network's features; None for no features. With it, pictures are
            decoded in the order of their sha256, so that the batches do not depend on the names of files.
        skip_unreadable: whether files that are no pictures are left out instead of refused.

    Raises:
        BadPictures: a file cannot be read or has changed since it was hashed, or no file can be read.
    """
    every = sorted(contents.learnable, key=lambda content: content.sha256) if see else contents.learnable
    decode_one = partial(_decode_content, hashed=contents.hashed, reads=reads)
    rows, features, kept = list[_Row | str](), list[Features](), dict[Path, Pixels]()
    with progress.counting("reading pictures") as watch:
        for start in range(0, len(every), AT_ONCE):
            batch = every[start : start + AT_ONCE]
            found = on_all_cores(decode_one, batch, partial(_watch_part, watch, start, len(every)))
            rows += [one if isinstance(one, str) else one[0] for one in found]
            pixels = {
                content.path: one[1]
                for content, one in zip(batch, found, strict=True)
                if not isinstance(one, str)
            }
            features += [see(np.stack([*pixels.values()]))] if see and pixels else []
            room = len(batch) if is_small(reads) else max(0, SAMPLES - len(kept))
            kept |= {path: pixels[path].copy() for path in list(pixels)[:room]}
    unreadable = [row for row in rows if isinstance(row, str)]
    report_unreadable(unreadable, len(rows), progress.warn, skip_unreadable=skip_unreadable)
    decoded = [(content, row) for content, row in zip(every, rows, strict=True) if not isinstance(row, str)]
    if not decoded:
        raise BadPictures(f"{contents.listing.place}: none of {len(contents.rows)} pictures can be read.")
    _report_black(decoded, progress.warn)
    return _as_columns(decoded, reads, features, kept)


def _watch_part(watch: Watch, before: int, of: int, done: int, _: int | None) -> None:
    """Report progress in a part of the files, as progress in all `of` files, of which `before` come first."""
    watch(before + done, of)


def _decode_content(content: Content, hashed: HashedFiles, reads: InputContract) -> tuple[_Row, Pixels] | str:
    """Decode a picture into its row and its pixels for a model, or return why it cannot be read."""
    decoded = hashed.decoded.pop(content.path, None)
    if decoded is None or not _is_decoded_for(reads, decoded):
        decoded = decode_file(content.path, reads, hashed)
    if isinstance(decoded, str):
        return decoded
    given = make_model_input(decoded, {choose_only_name(reads): reads})
    is_plain = measure_border(decoded.picture, GREY_28.imaging.border_tolerance).is_plain()
    is_black = not given.pixels.any()
    return (perceptual_hash(decoded.picture), is_plain, given.network, is_black), given.pixels


def _is_decoded_for(reads: InputContract, decoded: DecodedPicture | str) -> bool:
    """Tell whether a picture that was decoded for the input GREY_28 can be used for another input."""
    if reads == GREY_28 or isinstance(decoded, str):
        return True
    return decoded.pixels is None and reads.channels == 3 and 2 * max(reads.shape) <= REDUCED_EDGE


def _report_black(decoded: Sequence[tuple[Content, _Row]], say: Say) -> None:
    """Report the number of pictures in which nothing stands out from the border, so that they are black."""
    black = [content.path for content, (*_, is_black) in decoded if is_black]
    if black:
        say(
            f"{len(black)} of {len(decoded)} pictures come out black, since nothing in them stands out from "
            f"the border, among them {black[0]}. The model sees nothing of these."
        )


def _as_columns(
    decoded: Sequence[tuple[Content, _Row]],
    reads: InputContract,
    features: Sequence[Features],
    kept: Mapping[Path, Pixels],
) -> DecodedPictures:
    """Put the rows of decoded contents into columns."""
    contents = tuple(content for content, _ in decoded)
    hashes, is_plain, networks, _ = zip(*(row for _, row in decoded), strict=True)
    paths = tuple(content.path for content in contents)
    return DecodedPictures(
        contents=contents,
        hashes=np.stack(hashes),
        is_plain=np.array(is_plain, np.bool_),
        networks=networks,
        pixels=np.stack([kept[path] for path in paths])
        if is_small(reads)
        else FileImages(paths, reads, kept),
        features=joined(features) if features else NOT_SEEN,
    )
