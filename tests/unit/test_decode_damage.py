"""Uploads that are cut short, or that ask for more work than their pixels need, are refused."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from inference.decode import decode
from inference.errors import BrokenPicture, PictureTooLarge, UnknownFormat, UploadError
from tests.hostile.corpus import body_of
from tests.pictures import encoded, gif, handmade_png, jpeg, png_chunk, tiff, tiff_with

MAX_PIXELS = 50_000_000
NOISE = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
MAIN = jpeg(NOISE)
PROGRESSIVE = encoded(".jpg", NOISE, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
SECOND = jpeg(NOISE[:16, :16])


def with_thumbnails(picture: bytes, count: int = 1) -> bytes:
    block = (b"Exif\0\0" + SECOND * count)[:60_000]
    return picture[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + picture[2:]


@pytest.mark.parametrize(
    "upload",
    [
        MAIN + SECOND,
        PROGRESSIVE + SECOND,
        with_thumbnails(MAIN, 40),
        with_thumbnails(MAIN) + bytes(9) + SECOND,
    ],
)
def test_a_jpeg_with_further_pictures_shows_the_main_one(upload: bytes) -> None:
    assert decode(upload, MAX_PIXELS).picture.shape == NOISE.shape


@pytest.mark.parametrize("picture", [MAIN, PROGRESSIVE], ids=["baseline", "progressive"])
@pytest.mark.parametrize("share", [0.5, 0.99])
def test_a_jpeg_cut_short_in_its_main_picture_is_broken(picture: bytes, share: float) -> None:
    kept = picture[: int(len(picture) * share)]

    for upload in (kept + SECOND, with_thumbnails(kept), with_thumbnails(kept) + SECOND):
        with pytest.raises(BrokenPicture, match="ends too early"):
            decode(upload, MAX_PIXELS)


def with_scans(count: int, fill: bytes = b"") -> bytes:
    """The progressive picture, which has ten scans, with its last one repeated."""
    last = PROGRESSIVE[PROGRESSIVE.rindex(b"\xff\xda") : -2]
    return PROGRESSIVE[:-2] + (fill + last) * (count - 10) + b"\xff\xd9"


def test_a_jpeg_of_32_scans_is_read() -> None:
    assert decode(with_scans(32), MAX_PIXELS).picture.shape == NOISE.shape


@pytest.mark.parametrize(
    "upload",
    [
        with_scans(33),
        with_scans(33, fill=b"\xff\xff\xff"),
        MAIN.replace(b"\xff\xda", b"\xff\xfe\0\2" * 9000 + b"\xff\xda", 1),
    ],
    ids=["scans", "scans behind fill bytes", "segments"],
)
def test_a_jpeg_of_more_scans_or_segments_than_encoders_write_is_broken(upload: bytes) -> None:
    with pytest.raises(BrokenPicture, match="more than 32 scans or 8192 segments"):
        decode(upload, MAX_PIXELS)


@pytest.mark.timeout(120)
def test_a_megabyte_of_fill_bytes_is_passed_in_no_time() -> None:
    with pytest.raises(BrokenPicture, match="ends too early"):
        decode(MAIN[:-2] + b"\xff" * 1_000_000 + b"\0", MAX_PIXELS)


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("jpeg/9000-segments.jpg", BrokenPicture, "names no size"),
        ("png/chunk-of-4-gb.png", BrokenPicture, "ends too early"),
        ("png/iend-with-data-then-3-gb.png", BrokenPicture, "ends too early"),
        ("png/idat-of-20-mb-at-49-megapixels.png", BrokenPicture, "more data than its size needs"),
        ("gif/80000-resets.gif", BrokenPicture, "resets its compression more often than its pixels need"),
        ("gif/reset-after-every-pixel.gif", BrokenPicture, "resets its compression more often"),
        ("gif/2000-comments.gif", BrokenPicture, "in more blocks than any encoder writes"),
        ("tiff/strips-that-overlap.tif", BrokenPicture, "more bytes of strips or tiles than it has"),
        ("tiff/tile-of-0.tif", BrokenPicture, "tiles without a size"),
        ("tiff/tile-of-8192x8192.tif", PictureTooLarge, "28 x 28 in tiles that take 67,108,864 pixels"),
        ("tiff/thin-in-wide-tiles.tif", PictureTooLarge, "in tiles that take 2,048,000,000 pixels"),
        ("tiff/doubles.tif", UnknownFormat, "samples of 64 bits"),
    ],
)
def test_a_file_that_asks_for_unbounded_work_is_refused_before_decoding(
    name: str, error: type[UploadError], words: str
) -> None:
    with pytest.raises(error, match=words):
        decode(body_of(name), MAX_PIXELS)


@pytest.mark.timeout(20)
def test_a_tiff_that_repeats_a_long_list_of_byte_counts_is_looked_through_once() -> None:
    byte_counts = (279, 4, 1_000_000, 8)
    upload = tiff_with(tiff(np.zeros((1000, 4000), np.uint8)), *[byte_counts] * 60_000)

    with pytest.raises(BrokenPicture, match="TIFF"):
        decode(upload, MAX_PIXELS)


def shrunk(png: bytes, interlaced: bool = False) -> bytes:
    """A PNG whose header says 28 x 28 in place of its own size."""
    header = b"IHDR" + struct.pack(">II", 28, 28) + png[24:28] + bytes([interlaced])
    return png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]


@pytest.mark.parametrize(
    "upload",
    [
        shrunk(encoded(".png", np.resize(NOISE, (400, 400)))),
        shrunk(encoded(".png", np.resize(NOISE, (200, 200, 4)).astype(np.uint16))),
        shrunk(encoded(".png", np.resize(NOISE, (400, 400))), interlaced=True),
        handmade_png((28, 28), 1, 3, [bytes(1_000_000)]),
    ],
    ids=["grey, several chunks", "RGBA of 16 bits", "interlaced", "palette of 1 bit"],
)
def test_a_png_that_inflates_past_its_size_is_broken(upload: bytes) -> None:
    with pytest.raises(BrokenPicture, match="holds more data than its size needs"):
        decode(upload, MAX_PIXELS)


def test_a_png_whose_end_holds_data_is_broken() -> None:
    upload = encoded(".png", NOISE)[:-12] + png_chunk(b"IEND", b"data")

    with pytest.raises(BrokenPicture, match="ends too early"):
        decode(upload, MAX_PIXELS)


def test_a_png_with_a_few_bytes_too_many_is_read() -> None:
    assert decode(handmade_png((28, 28), 8, 0, [bytes(28)] * 60), MAX_PIXELS).pixels is not None


@pytest.mark.parametrize("size", [(28, 28), (1, 7), (9, 3), (2000, 1500)])
@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_holds_what_its_size_needs(size: tuple[int, int], mode: str) -> None:
    file = io.BytesIO()
    Image.new(mode, size).save(file, "PNG")

    assert decode(file.getvalue(), MAX_PIXELS).samples.shape[:2] == size[::-1]


@pytest.mark.parametrize("name", ["tiff/tile-of-32.tif", "tiff/tile-of-256.tif", "gif/uncompressed.gif"])
def test_an_unusual_layout_within_the_bounds_is_read(name: str) -> None:
    assert decode(body_of(name), MAX_PIXELS).picture.size > 0


@pytest.mark.parametrize("colours", [2, 4, 16, 256])
def test_a_gif_of_noise_resets_no_more_often_than_it_may(colours: int) -> None:
    samples = np.random.default_rng(0).integers(0, colours, (700, 700), np.uint8)
    file = io.BytesIO()
    picture = Image.fromarray(samples, "P")
    picture.putpalette(list(range(256)) * 3)
    picture.save(file, "GIF", optimize=False)

    assert decode(file.getvalue(), MAX_PIXELS).picture.shape == (700, 700, 3)


def test_only_the_first_frame_of_a_gif_is_looked_at() -> None:
    first, second = gif(NOISE), body_of("gif/80000-resets.gif").partition(b",")[2]

    assert decode(first[:-1] + b"," + second, MAX_PIXELS).picture.shape == NOISE.shape
