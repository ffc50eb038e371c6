"""The process that decodes a picture which no scan bounds: its limits, its ends, what it sees."""

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
from inference.errors import (
    BrokenPicture,
    DecoderStopped,
    PictureTooLarge,
    UnknownPictureFormat,
    UploadError,
)
from inference.pictures.decode import MAX_PIXELS, decode_image
from tests.coded_pictures import avif, heic
from tests.decoders import children_that_decode, kill_the_template
from tests.hostile.corpus import body_of
from tests.pictures import bmp, garment_picture, gif, webp
from tests.service import of_process
from tests.waiting import wait_for

PICTURE = garment_picture(height=80, width=120)
HEIC, AVIF = heic(PICTURE), avif(PICTURE)


def decoded_picture(upload: bytes) -> Picture:
    return decode_image(upload, MAX_PIXELS).picture


def test_without_its_decoder_a_heic_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)

    with pytest.raises(UnknownPictureFormat, match="HEIC is not read by this installation"):
        decode_image(HEIC, MAX_PIXELS)
    assert decoded_picture(AVIF).shape == PICTURE.shape


def test_a_picture_that_takes_more_memory_than_its_pixels_need_is_refused() -> None:
    upload = body_of("avif/frame-of-16000x16000-said-to-be-28x28.avif")

    with pytest.raises((BrokenPicture, PictureTooLarge)):
        decode_image(upload, 1_000_000)


@pytest.mark.slow
def test_a_webp_of_50_megapixels_is_read_in_100_mb_and_16_bytes_a_pixel() -> None:
    upload = webp(np.full((7000, 7000), 200, np.uint8))
    decode_image(AVIF, MAX_PIXELS)
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


@pytest.mark.parametrize("upload", [HEIC, AVIF], ids=["HEIC", "AVIF"])
def test_its_process_compares_the_size_with_the_limit_before_it_decodes(upload: bytes) -> None:
    with pytest.raises(PictureTooLarge, match="has 120 x 80 = 9,600 pixels; at most 9,599"):
        decode_image(upload, 9_599)


@pytest.mark.parametrize("samples", [np.zeros((1000, 1000), np.uint16), np.zeros((1000, 1000, 3), np.uint8)])
def test_its_process_reduces_samples_of_any_depth(samples: NDArray[np.uint8 | np.uint16]) -> None:
    spent: list[int] = []

    decoded = decode_image(heic(samples), MAX_PIXELS, report_cost=lambda pixels, _: spent.append(pixels))

    assert spent == [1000 * 1000]
    assert max(decoded.samples.shape) == 500


RUNS = b"BM" + struct.pack("<IIIIiiHHIIiiII", 0, 0, 1078, 40, 28, 28, 1, 8, 1, 0, 0, 0, 0, 0) + bytes(1024)
HOSTILE = {
    "runs of no length": RUNS + b"\0\2\0\0" * 1_000_000,
    "comments": gif(PICTURE)[:13] + bytes(768) + (b"!\xfe\xff" + b"x" * 255 + b"\0") * 50_000,
}


@pytest.mark.parametrize("upload", HOSTILE.values(), ids=HOSTILE)
def test_no_file_takes_longer_than_three_pictures_of_its_size(upload: bytes) -> None:
    spent: list[float] = []

    with contextlib.suppress(UploadError):
        decode_image(upload, MAX_PIXELS, report_cost=lambda _, seconds: spent.append(seconds))

    assert sum(spent) < 0.2  # .1 s, and some ticks of the kernel's clock


def test_its_process_sees_no_key_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    kill_the_template()

    decode_image(AVIF, MAX_PIXELS)

    (template,) = children_that_decode(os.getpid())
    assert b"secret" not in Path(f"/proc/{template}/environ").read_bytes()


def test_after_the_end_of_the_process_that_forks_the_next_picture_is_decoded_all_the_same() -> None:
    decode_image(AVIF, MAX_PIXELS)
    kill_the_template()
    assert decoded_picture(AVIF).shape == PICTURE.shape


@pytest.mark.parametrize("spare", range(4))
def test_without_descriptors_to_spare_another_try_may_work(spare: int) -> None:
    decode_image(AVIF, MAX_PIXELS)

    with pytest.raises(DecoderStopped, match="cannot be started"), descriptors(spare):
        decode_image(AVIF, MAX_PIXELS)

    with descriptors(4):
        assert decoded_picture(AVIF).shape == PICTURE.shape


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
    decode_image(AVIF, MAX_PIXELS)
    (template,) = children_that_decode(os.getpid())

    wait_for("a template that waits", lambda: state_of(template) == "S")


def state_of(pid: int) -> str:
    """One letter of proc(5): S sleeps, R runs."""
    return of_process(pid, "stat").rpartition(")")[2].split()[0]
