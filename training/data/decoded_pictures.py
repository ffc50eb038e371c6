"""Decode all different pictures of a data set, each once, on all cores.

The pixels of large pictures are not kept in memory. A network reads them as soon as they are decoded, or the
file is read again later.
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
from inference.contract import GREY_28, InputContract, NetworkName, choose_only_network
from inference.pictures.border import measure_border
from inference.pictures.convert import make_model_input
from inference.pictures.decode import REDUCED_EDGE, DecodedPicture, prepare_decoders
from inference.text.plain_text import format_count
from training.data.hashed_files import (
    NO_HASHED_FILES,
    HashedFiles,
    check_unreadable_files,
    map_on_all_cores,
    read_picture_bytes,
)
from training.data.listing import Listing
from training.data.perceptual_hashes import PerceptualHash, PerceptualHashes, compute_perceptual_hash
from training.data.picture_files import FileImages, decode_picture_bytes, decode_picture_file, is_small_input
from training.data.unique_pictures import UniquePicture, UniquePictures
from training.data.vectors import NO_FEATURES, Features, join_features
from training.errors import DataError
from training.progress import Progress, ReportDone, Say

DECODING_BATCH_SIZE: Final = 128
"""Number of pictures that are decoded before a network reads them, or 19 MB for 224 x 224 pixels in
colour."""

MAX_PICTURES_IN_MEMORY: Final = 64
"""Number of large pictures, the first ones, whose pixels stay in memory, or 10 MB for 224 x 224 pixels in
colour. The exported graph is compared with its network on these pictures."""

ComputeFeatures: TypeAlias = Callable[[PixelsBatch], Features]
"""Function that computes a network's features from a batch of pictures."""

_DecodedRow: TypeAlias = tuple[PerceptualHash, bool, NetworkName, bool]
"""Perceptual hash, whether the border is plain, network, and whether the picture is black for the model."""


@dataclass(frozen=True)
class DecodedPictures:
    """The N different pictures that can be decoded, as columns.

    Attributes:
        unique_pictures: the pictures with their rows and labels, in the order in which they were decoded.
        hashes: uint64 (N, 10), the perceptual hash of each picture. Similar pictures have similar hashes.
        is_plain: bool (N,), whether the border of each picture has one colour.
        networks: the name of the network that should read each picture, `pixels` or `photos`.
        pixels: uint8 (N, ...), the input of the model; for large pictures an object that reads the files when
            needed.
        features: the network's features of the pictures; empty if no network was given.
    """

    unique_pictures: tuple[UniquePicture, ...]
    hashes: PerceptualHashes
    is_plain: NDArray[np.bool_]
    networks: tuple[NetworkName, ...]
    pixels: PixelsBatch | FileImages
    features: Features = NO_FEATURES


def decode_until_photo(
    listing: Listing, progress: Progress, known_files: HashedFiles = NO_HASHED_FILES
) -> tuple[bool, HashedFiles]:
    """Decode files one after the other until one is a photo, not a small grey picture as in Fashion-MNIST.

    Files after the first photo are not decoded here, which saves time.

    Args:
        progress: the display of how many files are decoded.
        known_files: files that were hashed before. Files that were also decoded are not read again.

    Returns:
        True if there is a photo, and the known files together with the files that were read here.
    """
    prepare_decoders()
    files = dict.fromkeys(picture.path for picture in listing.pictures)
    sha256 = dict(known_files.sha256)
    stamps = dict(known_files.stamps)
    read_errors = dict(known_files.read_errors)
    decoded = dict(known_files.decoded_pictures)
    hashed_files = HashedFiles(sha256, stamps, read_errors, decoded)
    with progress.show_progress("reading pictures") as report_done:
        for done, path in enumerate(files, start=1):
            report_done(done, len(files))
            if path not in decoded and path not in read_errors:
                bytes_and_stamp = read_picture_bytes(path)
                if isinstance(bytes_and_stamp, str):
                    read_errors[path] = bytes_and_stamp
                    continue
                known_files.check_unchanged(path, *bytes_and_stamp)
                picture_bytes, stamps[path] = bytes_and_stamp
                sha256[path] = sha256.get(path) or hashlib.sha256(picture_bytes).hexdigest()
                decoded[path] = decode_picture_bytes(path, picture_bytes)
            picture = decoded.get(path)
            # Only a picture that has the form of Fashion-MNIST itself, 28 x 28 in grey, has such pixels.
            if isinstance(picture, DecodedPicture) and picture.pixels is None:
                return True, hashed_files
    return False, hashed_files


def decode_pictures(
    unique_pictures: UniquePictures,
    input_contract: InputContract,
    progress: Progress,
    *,
    compute_features: ComputeFeatures | None = None,
    skip_unreadable: bool = False,
) -> DecodedPictures:
    """Decode all pictures that can be learnt or measured, on all cores.

    Args:
        input_contract: the input contract of the model: the shape and form of its pixels.
        progress: the display of how many pictures are decoded, which also receives a warning about pictures
            that are left out.
        compute_features: a function that computes a network's features; None for no features. With it,
            pictures are decoded in the order of their sha256, so that the batches do not depend on the names
            of files.
        skip_unreadable: whether files that are no pictures are left out instead of refused.

    Raises:
        DataError: a file cannot be read or has changed since it was hashed, or no file can be read.
    """
    pictures_in_order = (
        sorted(unique_pictures.learnable_pictures, key=lambda picture: picture.sha256)
        if compute_features
        else unique_pictures.learnable_pictures
    )
    decode_one = partial(
        _decode_unique_picture, hashed_files=unique_pictures.hashed_files, input_contract=input_contract
    )
    rows = list[_DecodedRow | str]()
    features = list[Features]()
    pixels_in_memory = dict[Path, Pixels]()
    with progress.show_progress("reading pictures") as report_done:
        for start in range(0, len(pictures_in_order), DECODING_BATCH_SIZE):
            batch = pictures_in_order[start : start + DECODING_BATCH_SIZE]
            results = map_on_all_cores(
                decode_one, batch, partial(_report_part_done, report_done, start, len(pictures_in_order))
            )
            rows += [result if isinstance(result, str) else result[0] for result in results]
            pixels = {
                picture.path: result[1]
                for picture, result in zip(batch, results, strict=True)
                if not isinstance(result, str)
            }
            if compute_features and pixels:
                features.append(compute_features(np.stack([*pixels.values()])))
            free_places = _count_kept_pixels(input_contract, len(batch), len(pixels_in_memory))
            pixels_in_memory |= {path: pixels[path].copy() for path in list(pixels)[:free_places]}
    read_errors = [row for row in rows if isinstance(row, str)]
    check_unreadable_files(read_errors, len(rows), progress.warn, skip_unreadable=skip_unreadable)
    decoded = [
        (picture, row)
        for picture, row in zip(pictures_in_order, rows, strict=True)
        if not isinstance(row, str)
    ]
    if not decoded:
        pictures = format_count(len(unique_pictures.rows), "picture")
        raise DataError(f"{unique_pictures.listing.place}: none of {pictures} can be read.")
    _report_black_pictures(decoded, progress.warn)
    return _make_columns(decoded, input_contract, features, pixels_in_memory)


def _count_kept_pixels(input_contract: InputContract, batch_size: int, already_kept: int) -> int:
    """Return of how many pictures of the next batch the pixels stay in memory.

    These are all if they are small. Otherwise all batches together keep at most MAX_PICTURES_IN_MEMORY.
    """
    if is_small_input(input_contract):
        return batch_size
    return max(0, MAX_PICTURES_IN_MEMORY - already_kept)


def _report_part_done(
    report_done: ReportDone, count_before: int, count: int, done: int, _: int | None
) -> None:
    """Report progress in one batch as progress in all `count` files; `count_before` precede the batch."""
    report_done(count_before + done, count)


def _decode_unique_picture(
    picture: UniquePicture, hashed_files: HashedFiles, input_contract: InputContract
) -> tuple[_DecodedRow, Pixels] | str:
    """Decode a picture into its row and its pixels for a model, or return why it cannot be read."""
    # Removed, so that the memory of each picture is free once it is used.
    decoded = hashed_files.decoded_pictures.pop(picture.path, None)
    if decoded is None or not _is_decoded_for(input_contract, decoded):
        decoded = decode_picture_file(picture.path, input_contract, hashed_files)
    if isinstance(decoded, str):
        return decoded
    model_input = make_model_input(decoded, {choose_only_network(input_contract): input_contract})
    is_plain = measure_border(decoded.picture, GREY_28.imaging.border_tolerance).is_plain()
    is_black = not model_input.pixels.any()
    return (
        compute_perceptual_hash(decoded.picture),
        is_plain,
        model_input.network,
        is_black,
    ), model_input.pixels


def _is_decoded_for(input_contract: InputContract, decoded: DecodedPicture | str) -> bool:
    """Tell whether a picture that was decoded for 28 x 28 pixels (GREY_28) can be used for another input.

    A large JPEG is decoded at a reduced size, which must be at least twice the edge of the other input.
    """
    if input_contract == GREY_28 or isinstance(decoded, str):
        return True
    return (
        decoded.pixels is None
        and input_contract.channels == 3
        and 2 * max(input_contract.shape) <= REDUCED_EDGE
    )


def _report_black_pictures(decoded: Sequence[tuple[UniquePicture, _DecodedRow]], say: Say) -> None:
    """Report the number of pictures in which nothing stands out from the border, so that they are black."""
    black = [picture.path for picture, (*_, is_black) in decoded if is_black]
    if black:
        say(
            f"{len(black)} of {len(decoded)} pictures come out black, since nothing in them stands out from "
            f"the border, among them {black[0]}. The model sees nothing of these."
        )


def _make_columns(
    decoded: Sequence[tuple[UniquePicture, _DecodedRow]],
    input_contract: InputContract,
    features: Sequence[Features],
    pixels_in_memory: Mapping[Path, Pixels],
) -> DecodedPictures:
    """Return decoded pictures as columns, with pixels in memory or, if they are large, in their files."""
    unique_pictures = tuple(picture for picture, _ in decoded)
    hashes, is_plain, networks, _ = zip(*(row for _, row in decoded), strict=True)
    paths = tuple(picture.path for picture in unique_pictures)
    return DecodedPictures(
        unique_pictures=unique_pictures,
        hashes=np.stack(hashes),
        is_plain=np.array(is_plain, np.bool_),
        networks=networks,
        pixels=np.stack([pixels_in_memory[path] for path in paths])
        if is_small_input(input_contract)
        else FileImages(paths, input_contract, pixels_in_memory),
        features=join_features(features) if features else NO_FEATURES,
    )
