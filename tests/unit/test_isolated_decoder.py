"""HEIC and AVIF, beyond what test_decode.py asks of all formats: depths, crops, limits of the process."""

import sys
import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.arrays import Picture
from inference.decode import MAX_PIXELS, decode, decode_in_child
from inference.errors import BrokenPicture, DecoderStopped, PictureTooLarge, UnknownFormat
from inference.opening import open_picture
from tests.coded_pictures import avif, avif_turned, heic
from tests.decoders import kill_the_decoder
from tests.hostile.corpus import body_of
from tests.pictures import garment_picture, stored_for

PICTURE = garment_picture(height=80, width=120)
NOISE: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
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


@pytest.mark.parametrize("upload", [heic(NOISE), heic(NOISE, tile_size=64), avif(NOISE)])
def test_a_missing_end_is_broken(upload: bytes) -> None:
    with pytest.raises(BrokenPicture, match="is truncated"):
        decode(upload[:-20], MAX_PIXELS)


def test_without_its_decoder_a_heic_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)

    with pytest.raises(UnknownFormat, match="HEIC is not read by this installation"):
        decode(KINDS["HEIC"], MAX_PIXELS)
    assert difference(decoded_picture(KINDS["AVIF"]), PICTURE) < LOSSY


def test_a_picture_that_takes_more_memory_than_its_pixels_need_is_refused() -> None:
    upload = body_of("avif/frame-of-16000x16000-said-to-be-28x28.avif")

    with pytest.raises((BrokenPicture, PictureTooLarge)):
        decode(upload, 1_000_000)


def test_a_picture_that_takes_seconds_is_refused() -> None:
    upload = body_of("heic/one-tile-900-times-in-a-grid.heic")

    with pytest.raises(PictureTooLarge, match="takes more time or memory to decode than a photo does"):
        decode(upload, MAX_PIXELS)


@pytest.mark.parametrize("upload", [KINDS["HEIC"], KINDS["AVIF"]], ids=["HEIC", "AVIF"])
def test_not_even_its_header_is_read_outside_its_process(upload: bytes) -> None:
    assert open_picture(upload, MAX_PIXELS) is None


@pytest.mark.parametrize("upload", [KINDS["HEIC"], KINDS["AVIF"]], ids=["HEIC", "AVIF"])
def test_its_process_compares_the_size_with_the_limit_before_it_decodes(upload: bytes) -> None:
    with pytest.raises(PictureTooLarge, match="has 120 x 80 = 9,600 pixels; at most 9,599"):
        decode(upload, 9_599)


@pytest.mark.parametrize("samples", [np.zeros((2000, 2000), np.uint16), np.zeros((2000, 2000, 3), np.uint8)])
def test_its_process_reduces_samples_of_any_depth(samples: NDArray[np.uint8 | np.uint16]) -> None:
    done = decode_in_child(heic(samples), MAX_PIXELS)

    assert (done.width, done.height) == (2000, 2000)
    assert len(done.output) < 600 * 600 * 3


def test_a_process_that_the_system_ends_is_no_fault_of_the_picture() -> None:
    killer = threading.Thread(target=kill_the_decoder)
    killer.start()

    with pytest.raises(DecoderStopped, match="was ended by the system, as for lack of memory"):
        decode(heic(np.zeros((4000, 4000, 3), np.uint8)), MAX_PIXELS)
    killer.join()
