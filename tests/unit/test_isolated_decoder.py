"""Pictures that a process of its own decodes: depths and crops of HEIC and AVIF, limits of the process."""

import contextlib
import os
import resource
import struct
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.arrays import Picture
from inference.decode import MAX_PIXELS, decode
from inference.errors import (
    BrokenPicture,
    DecoderStopped,
    PictureTooLarge,
    UnknownFormat,
    UploadError,
)
from tests.coded_pictures import avif, avif_turned, heic
from tests.decoders import children_that_decode, kill_the_template
from tests.hostile.corpus import body_of
from tests.pictures import bmp, garment_picture, gif, stored_for, webp
from tests.service import of_process
from tests.waiting import wait_for

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


def test_a_webp_of_50_megapixels_is_read_in_100_mb_and_16_bytes_a_pixel() -> None:
    upload = webp(np.full((7000, 7000), 200, np.uint8))
    decode(KINDS["AVIF"], MAX_PIXELS)
    (template,) = children_that_decode(os.getpid())

    with ThreadPoolExecutor(1) as threads:
        picture = threads.submit(decoded_picture, upload)
        limit = wait_for("a limit of memory", lambda: most_mapped(template))

    assert picture.result()[0, 0].tolist() == [200, 200, 200]
    before = int(of_process(template, "statm").split()[0]) * resource.getpagesize()
    assert limit < before + len(upload) + 16 * 7000 * 7000 + (116 << 20)


def most_mapped(template: int) -> int | None:
    """Bytes that the process of one picture may map, once that is bounded."""
    for decoder in children_that_decode(template):
        for line in of_process(decoder, "limits").splitlines():
            if line.startswith("Max address space") and (soft := line.split()[3]).isdecimal():
                return int(soft)
    return None


def test_a_picture_that_takes_seconds_is_refused() -> None:
    upload = body_of("bmp/rle8-rows-of-one-sample.bmp")

    with pytest.raises(PictureTooLarge, match="takes more time or memory to decode than a photo does"):
        decode(upload, MAX_PIXELS)


@pytest.mark.parametrize("upload", [KINDS["HEIC"], KINDS["AVIF"]], ids=["HEIC", "AVIF"])
def test_its_process_compares_the_size_with_the_limit_before_it_decodes(upload: bytes) -> None:
    with pytest.raises(PictureTooLarge, match="has 120 x 80 = 9,600 pixels; at most 9,599"):
        decode(upload, 9_599)


@pytest.mark.parametrize("samples", [np.zeros((1000, 1000), np.uint16), np.zeros((1000, 1000, 3), np.uint8)])
def test_its_process_reduces_samples_of_any_depth(samples: NDArray[np.uint8 | np.uint16]) -> None:
    spent: list[int] = []

    decoded = decode(heic(samples), MAX_PIXELS, spent=lambda pixels, _: spent.append(pixels))

    assert spent == [1000 * 1000]
    assert max(decoded.samples.shape) == 500


def tiff_of(*entries: tuple[int, int, int, int], data: bytes = b"") -> bytes:
    """A TIFF of one directory: tag, type, count and value of each entry, and what they point to."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + packed + bytes(4) + data


SIZE = ((256, 4, 1, 28), (257, 4, 1, 28), (258, 3, 1, 8), (262, 3, 1, 1))
RUNS = b"BM" + struct.pack("<IIIIiiHHIIiiII", 0, 0, 1078, 40, 28, 28, 1, 8, 1, 0, 0, 0, 0, 0) + bytes(1024)
STRIP = ((273, 4, 1, 8), (278, 4, 1, 28), (279, 4, 1, 784))
HUGE = 60_000_000
HOSTILE = {
    "a tile's width is a text": tiff_of(*SIZE, (322, 2, HUGE, 0), (324, 4, 1, 8)),
    "strips": tiff_of(*SIZE, (273, 4, 400_000, 8), (278, 3, 1, 1), data=bytes(1_600_000)),
    "fractions": tiff_of(
        *SIZE, *STRIP, *[(50_000 + n, 5, 150_000, 100) for n in range(40)], data=bytes(1_200_000)
    ),
    "runs of no length": RUNS + b"\0\2\0\0" * 1_000_000,
    "comments": gif(PICTURE)[:13] + bytes(768) + (b"!\xfe\xff" + b"x" * 255 + b"\0") * 50_000,
}


@pytest.mark.parametrize("upload", HOSTILE.values(), ids=HOSTILE)
def test_no_file_takes_longer_than_three_pictures_of_its_size(upload: bytes) -> None:
    spent: list[float] = []

    with contextlib.suppress(UploadError):
        decode(upload, MAX_PIXELS, spent=lambda _, seconds: spent.append(seconds))

    assert sum(spent) < 0.2  # .1 s, and some ticks of the kernel's clock


def test_its_process_sees_no_key_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    kill_the_template()

    decode(KINDS["AVIF"], MAX_PIXELS)

    (template,) = children_that_decode(os.getpid())
    assert b"secret" not in Path(f"/proc/{template}/environ").read_bytes()


def test_after_the_end_of_the_process_that_forks_the_next_picture_is_decoded_all_the_same() -> None:
    decode(KINDS["AVIF"], MAX_PIXELS)
    kill_the_template()
    assert difference(decoded_picture(KINDS["AVIF"]), PICTURE) < LOSSY


@pytest.mark.parametrize("spare", range(4))
def test_without_descriptors_to_spare_another_try_may_work(spare: int) -> None:
    decode(KINDS["AVIF"], MAX_PIXELS)

    with pytest.raises(DecoderStopped, match="cannot be started"), descriptors(spare):
        decode(KINDS["AVIF"], MAX_PIXELS)

    with descriptors(4):
        assert difference(decoded_picture(KINDS["AVIF"]), PICTURE) < LOSSY


@contextlib.contextmanager
def descriptors(spare: int) -> Iterator[None]:
    """Leave so many descriptors to this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = [os.dup(0)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (taken[0] + 60, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.dup(0))
        for descriptor in taken[-spare:] if spare else ():
            os.close(descriptor)
            taken.remove(descriptor)
        yield
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_many_threads_each_get_their_own_picture() -> None:
    uploads = [bmp(np.full((28, 30, 3), value, np.uint8)) for value in range(40)]

    with ThreadPoolExecutor(8) as threads:
        decoded = list(threads.map(decoded_picture, uploads))

    assert [int(picture[0, 0, 0]) for picture in decoded] == list(range(40))


def test_the_template_sleeps_between_pictures() -> None:
    decode(KINDS["AVIF"], MAX_PIXELS)
    (template,) = children_that_decode(os.getpid())

    wait_for("a template that waits", lambda: state_of(template) == "S")


def state_of(pid: int) -> str:
    """One letter of proc(5): S sleeps, R runs."""
    return of_process(pid, "stat").rpartition(")")[2].split()[0]
