"""HEIC and AVIF, beyond what test_decode.py asks of every format: their boxes, tiles and depths."""

import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.arrays import Picture
from inference.decode import decode
from inference.errors import BrokenPicture, UnknownFormat
from inference.header import Header, read_header
from tests.coded_pictures import (
    AUXL,
    Held,
    av1_item,
    avif,
    avif_turned,
    box,
    dimg,
    grid,
    heic,
    heif,
    hevc_item,
    opacity,
    taken_from,
)
from tests.pictures import garment_picture, stored_for

PICTURE = garment_picture(height=80, width=120)
NOISE = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
MAX_PIXELS = 1_000_000
LOSSY = 2
"""Mean difference that these pictures stay below; any wrong turn of them makes it 40 or more."""


def decoded_picture(upload: bytes) -> Picture:
    return decode(upload, MAX_PIXELS).picture


def difference(one: Picture, other: Picture) -> float:
    """Mean over all samples."""
    assert one.shape == other.shape
    return float(np.abs(one.astype(int) - other).mean())


def wide(largest: int) -> NDArray[np.uint16]:
    """The picture in samples of 10, 12 or 16 bits."""
    return (PICTURE.astype(np.uint32) * largest // 255).astype(np.uint16)


KINDS = {
    "HEIC": heic(PICTURE),
    "HEIC, 4:2:0": heic(PICTURE, chroma=420),
    "HEIC, lossless": heic(PICTURE, quality=-1),
    "HEIC, 10 bits": heic(wide(65535)),
    "HEIC, 10 bits, tiles": heic(wide(65535), tile_size=64),
    "HEIC, tiles": heic(PICTURE, tile_size=64),
    "HEIC, opaque": heic(np.dstack([PICTURE, np.full(PICTURE.shape[:2], 255, np.uint8)])),
    "AVIF": avif(PICTURE),
    "AVIF, 10 bits": avif(wide(1023), 10),
    "AVIF, 12 bits": avif(wide(4095), 12),
    "AVIF, 4:4:4": avif_turned(PICTURE, 1),
}


@pytest.mark.parametrize("upload", KINDS.values(), ids=KINDS)
def test_a_photo_keeps_its_colours(upload: bytes) -> None:
    assert difference(decoded_picture(upload), PICTURE) < LOSSY


def test_the_boxes_say_how_a_photo_is_turned_and_exif_does_not() -> None:
    upload = heic(stored_for(PICTURE, 6), 6).replace(b"irot", b"free")

    assert difference(decoded_picture(upload), stored_for(PICTURE, 6)) < LOSSY


@pytest.mark.parametrize("size", [(1, 1), (61, 93), (33, 120), (79, 7)])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_photo_of_any_size_is_cropped_to_it(size: tuple[int, int], orientation: int) -> None:
    picture = np.ascontiguousarray(PICTURE[: size[0], : size[1]])
    upload = heic(stored_for(picture, orientation), orientation)

    assert b"clap" in upload
    assert difference(decoded_picture(upload), picture) < 2 * LOSSY


def test_a_grey_photo_of_10_bits_is_no_darker() -> None:
    grey = PICTURE[..., 0].astype(np.uint16) * 257

    assert difference(decoded_picture(heic(grey)), np.dstack([PICTURE[..., 0]] * 3)) < LOSSY


UPLOADS = {"HEIC": heic(NOISE), "tiles": heic(NOISE, tile_size=64), "AVIF": avif(NOISE)}


@pytest.mark.parametrize("upload", UPLOADS.values(), ids=UPLOADS)
def test_a_missing_end_is_named(upload: bytes) -> None:
    words = f"96 x 64 pixels ends too early, after {len(upload) - 20} bytes"

    with pytest.raises(BrokenPicture, match=words):
        decode(upload[:-20], MAX_PIXELS)


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (heif(hevc_item(64, 64)), "This HEIC of 64 x 64 pixels is damaged, or compressed in a way"),
        (
            heif(av1_item(64, 64), brand=b"avif"),
            "This AVIF of 64 x 64 pixels is damaged, or compressed in a way",
        ),
    ],
    ids=["HEIC", "AVIF"],
)
def test_a_picture_without_samples_is_broken(upload: bytes, words: str) -> None:
    with pytest.raises(BrokenPicture, match=words):
        decode(upload, MAX_PIXELS)


def test_a_photo_that_is_cropped_to_what_it_has_not_is_broken() -> None:
    upload = heic(PICTURE[:61])
    place = upload.index(b"clap") + 4

    for field in (b"\0\0\xff\xff\0\0\0\1", b"\0\0\0\1\0\0\0\0", bytes(7) + b"\1"):
        with pytest.raises(BrokenPicture, match="is cropped to what it has not"):
            decode(upload[:place] + field + upload[place + 8 :], MAX_PIXELS)


def test_without_its_decoder_a_heic_is_refused_by_name_and_an_avif_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)

    with pytest.raises(UnknownFormat, match="HEIC is not read by this installation"):
        decode(KINDS["HEIC"], MAX_PIXELS)
    assert difference(decoded_picture(KINDS["AVIF"]), PICTURE) < LOSSY


@pytest.mark.parametrize("long", [False, True])
def test_the_size_is_read_from_every_version_of_the_boxes(long: bool) -> None:
    assert read_header(heif(hevc_item(640, 480), long=long)) == Header("HEIC", 640, 480, 307_200)


def test_brands_of_avif_and_heic_are_told_apart() -> None:
    assert read_header(heif(av1_item(64, 64), brand=b"avif")) == Header("AVIF", 64, 64, 8192)
    assert read_header(KINDS["HEIC"].replace(b"ftypheic", b"ftypxxxx")).format == "HEIC"


def test_a_file_of_two_brands_is_decoded_by_what_codes_its_picture() -> None:
    upload = avif(PICTURE).replace(b"ftypavif", b"ftypheic")

    assert difference(decoded_picture(upload), PICTURE) < LOSSY


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (
            box(b"ftyp", b"heic", bytes(4)) + box(b"moov") + box(b"mdat", bytes(99)),
            "holds a video, and no picture",
        ),
        (heif(Held(b"jpeg", b"\xff\xd8")), "coded as 'jpeg'"),
        (heif(Held(b"iovl", b"\0")), "coded as 'iovl'"),
        (heif(grid(1, 1, 64, 64), references=box(b"dimg", b"\0\1\0\1\0\1")), "coded as 'grid'"),
    ],
    ids=["video", "JPEG", "overlay", "grid of itself"],
)
def test_what_is_no_still_picture_of_hevc_or_av1_is_named(upload: bytes, words: str) -> None:
    with pytest.raises(UnknownFormat, match=words):
        read_header(upload)


COLOURS, GREY = taken_from(heic(NOISE[:, :64])), taken_from(heic(np.ascontiguousarray(NOISE[:, :64, 0])))


def test_parts_taken_from_other_files_make_a_photo() -> None:
    row = heif(grid(1, 2, 100, 64), COLOURS, taken_from(avif(NOISE[:, :64]), b"av01"), references=dimg(2, 3))

    assert difference(decoded_picture(row), np.hstack([NOISE[:, :64], NOISE[:, :36]])) < 4 * LOSSY


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (
            heif(grid(1, 2, 128, 64), COLOURS, GREY, references=dimg(2, 3)),
            "tiles with colours and tiles without",
        ),
        (
            heif(COLOURS, opacity(taken_from(heic(NOISE[..., 0].copy()))), references=AUXL),
            "opacity of another size",
        ),
        (heif(COLOURS, opacity(COLOURS), references=AUXL), "opacity of another size"),
    ],
    ids=["tiles", "opacity", "opacity of colours"],
)
def test_parts_that_do_not_fit_each_other_are_broken(upload: bytes, words: str) -> None:
    with pytest.raises(BrokenPicture, match=words):
        decode(upload, MAX_PIXELS)
