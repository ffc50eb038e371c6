"""Uploads that are cut short, or that ask for more work than their pixels need, are refused."""

import io
import struct
import zlib
from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from PIL import Image

from inference.decode import decode, prepare_opencv
from inference.errors import BrokenPicture, PictureTooLarge
from tests.hostile.gif_webp_files import lzw_gif
from tests.hostile.png_files import ihdr
from tests.hostile.png_files import png as black_png
from tests.hostile.tiff_bmp_files import (
    COUNTS,
    OFFSETS,
    ROWS,
    TILE_HEIGHT,
    TILE_WIDTH,
    entry,
    overlapping_strips,
)
from tests.hostile.tiff_bmp_files import tiff as black_tiff
from tests.pictures import encoded, gif, jpeg, png_chunk

MAX_PIXELS = 50_000_000
NOISE = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
MAIN = jpeg(NOISE)
PROGRESSIVE = encoded(".jpg", NOISE, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
SECOND = jpeg(NOISE[:16, :16])
SOI, EOI = b"\xff\xd8", b"\xff\xd9"
LONG = 4


@pytest.fixture(autouse=True, scope="module")
def _quiet_opencv() -> None:
    prepare_opencv()


def with_thumbnail(picture: bytes) -> bytes:
    block = b"Exif\0\0" + SECOND
    return SOI + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + picture[2:]


@pytest.mark.parametrize(
    "upload",
    [MAIN + SECOND, PROGRESSIVE + SECOND, with_thumbnail(MAIN), with_thumbnail(MAIN) + bytes(9) + SECOND],
)
def test_a_jpeg_with_further_pictures_shows_the_main_one(upload: bytes) -> None:
    assert decode(upload, MAX_PIXELS).picture.shape == NOISE.shape


@pytest.mark.parametrize("picture", [MAIN, PROGRESSIVE], ids=["baseline", "progressive"])
@pytest.mark.parametrize("share", [0.5, 0.99])
def test_a_jpeg_cut_short_in_its_main_picture_is_broken(picture: bytes, share: float) -> None:
    kept = picture[: int(len(picture) * share)]

    for upload in (kept + SECOND, with_thumbnail(kept), with_thumbnail(kept) + SECOND):
        with pytest.raises(BrokenPicture, match="ends too early"):
            decode(upload, MAX_PIXELS)


@pytest.mark.parametrize("fill", [b"", b"\xff\xff\xff"], ids=["plain", "fill bytes"])
def test_a_jpeg_of_more_than_32_scans_is_broken(fill: bytes) -> None:
    last = PROGRESSIVE[PROGRESSIVE.rindex(b"\xff\xda") : -2]

    with pytest.raises(BrokenPicture, match="more than 32 scans"):
        decode(PROGRESSIVE[:-2] + (fill + last) * 30 + EOI, MAX_PIXELS)


@pytest.mark.timeout(120)
def test_a_megabyte_of_fill_bytes_is_passed_in_no_time() -> None:
    with pytest.raises(BrokenPicture, match="ends too early"):
        decode(MAIN[:-2] + b"\xff" * 1_000_000 + b"\0", MAX_PIXELS)


@pytest.mark.parametrize(
    "header",
    [ihdr(28, 28), ihdr(28, 28, 16, 6), ihdr(28, 28, 1, 3), ihdr(28, 28, 8, 2, 0, 0, 1)],
    ids=["grey", "RGBA of 16 bits", "palette of 1 bit", "interlaced"],
)
@pytest.mark.parametrize("chunks", [1, 7])
def test_a_png_that_inflates_past_its_size_is_broken(header: bytes, chunks: int) -> None:
    endless = zlib.compress(bytes(1_000_000))
    parts = [bytes(part) for part in np.array_split(np.frombuffer(endless, np.uint8), chunks)]
    palette = png_chunk(b"PLTE", bytes(6))
    upload = black_png(
        palette, *[png_chunk(b"IDAT", part) for part in parts[:-1]], header=header, data=parts[-1]
    )

    with pytest.raises(BrokenPicture, match="holds more data than its size needs"):
        decode(upload, MAX_PIXELS)


def test_a_png_with_a_few_bytes_too_many_is_read() -> None:
    assert decode(black_png(data=zlib.compress(bytes(28 * 29 + 1000))), MAX_PIXELS).pixels is not None


@pytest.mark.parametrize("size", [(28, 28), (1, 7), (9, 3), (2000, 1500)])
@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_holds_what_its_size_needs(size: tuple[int, int], mode: str) -> None:
    file = io.BytesIO()
    Image.new(mode, size).save(file, "PNG")

    assert decode(file.getvalue(), MAX_PIXELS).samples.shape[:2] == size[::-1]


def tiled(edge: int) -> bytes:
    tile = bytes(edge * edge if edge < 1000 else 784)
    layout = {OFFSETS: None, COUNTS: None, ROWS: None, 324: (LONG, 1, 8), 325: (LONG, 1, len(tile))}
    sides = {TILE_WIDTH: (LONG, 1, edge), TILE_HEIGHT: (LONG, 1, edge)}
    return black_tiff({**layout, **sides}, strip=tile)


@pytest.mark.parametrize("edge", [32, 256])
def test_a_small_tiff_in_one_tile_is_read(edge: int) -> None:
    assert decode(tiled(edge), MAX_PIXELS).samples.shape[:2] == (28, 28)


def test_a_tiff_whose_tile_is_larger_than_the_limit_is_too_large() -> None:
    with pytest.raises(PictureTooLarge, match=r"28 x 28 in tiles that take 67,108,864 pixels; at most 50,0"):
        decode(tiled(8192), MAX_PIXELS)


def test_a_thin_tiff_in_wide_tiles_is_too_large() -> None:
    thin = {256: (LONG, 1, 1), 257: (LONG, 1, 1_000_000)}
    layout = {
        OFFSETS: None,
        COUNTS: None,
        ROWS: None,
        TILE_WIDTH: (LONG, 1, 4096),
        TILE_HEIGHT: (LONG, 1, 16),
    }

    with pytest.raises(PictureTooLarge, match="in tiles that take 2,048,000,000 pixels"):
        decode(black_tiff({**thin, **layout}), MAX_PIXELS)


@pytest.mark.parametrize("edge", [0, -1])
def test_a_tiff_of_tiles_without_a_size_is_broken(edge: int) -> None:
    kind = LONG if edge == 0 else 9  # a signed type, which is not read

    with pytest.raises(BrokenPicture, match="tiles without a size"):
        decode(black_tiff({TILE_WIDTH: (kind, 1, edge), TILE_HEIGHT: (kind, 1, edge)}), MAX_PIXELS)


def test_a_tiff_whose_strips_share_their_bytes_is_broken() -> None:
    with pytest.raises(BrokenPicture, match="more bytes of strips or tiles than it has"):
        decode(overlapping_strips(1000), MAX_PIXELS)


@pytest.mark.timeout(20)
def test_a_tiff_that_repeats_a_long_list_of_byte_counts_is_looked_through_once() -> None:
    repeated = [entry(COUNTS, LONG, 1_000_000, 8)] * 60_000

    with pytest.raises(BrokenPicture, match="TIFF"):
        decode(black_tiff(None, *repeated, strip=bytes(4_000_000)), MAX_PIXELS)


def test_a_gif_of_nothing_but_resets_is_broken() -> None:
    with pytest.raises(BrokenPicture, match="resets its compression more often than its pixels need"):
        decode(lzw_gif([4] * 5000), MAX_PIXELS)


def test_a_gif_that_resets_after_every_pixel_is_broken() -> None:
    with pytest.raises(BrokenPicture, match="resets its compression more often than its pixels need"):
        decode(lzw_gif([4, 0] * 5000), MAX_PIXELS)


def test_a_gif_of_a_thousand_comments_and_more_is_broken() -> None:
    with pytest.raises(BrokenPicture, match="in more blocks than any encoder writes"):
        decode(lzw_gif([4, 0, 5], before=b"!\xfe\x01a\0" * 1001), MAX_PIXELS)


@pytest.mark.parametrize("colours", [2, 4, 16, 256])
def test_a_gif_of_noise_resets_no_more_often_than_it_may(colours: int) -> None:
    samples = np.random.default_rng(0).integers(0, colours, (700, 700), np.uint8)
    file = io.BytesIO()
    picture = Image.fromarray(samples, "P")
    picture.putpalette(list(range(256)) * 3)
    picture.save(file, "GIF", optimize=False)

    assert decode(file.getvalue(), MAX_PIXELS).picture.shape == (700, 700, 3)


def test_a_gif_that_avoids_compression_is_read() -> None:
    pixels = [*range(200)] * 450
    codes = [code for start in range(0, len(pixels), 254) for code in (256, *pixels[start : start + 254])]

    assert decode(uncompressed(codes, 300, 300), MAX_PIXELS).picture.shape == (300, 300, 3)


def uncompressed(codes: Sequence[int], width: int, height: int) -> bytes:
    """A GIF of 256 greys whose codes all have 9 bits."""
    palette = bytes(value for value in range(256) for _ in range(3))
    bits = "".join(f"{code:09b}"[::-1] for code in (*codes, 257))
    data = int(bits.ljust(-(-len(bits) // 8) * 8, "0")[::-1], 2).to_bytes(-(-len(bits) // 8), "little")
    blocks = b"".join(
        bytes([len(data[at : at + 255])]) + data[at : at + 255] for at in range(0, len(data), 255)
    )
    screen = struct.pack("<HHBBB", width, height, 0xF7, 0, 0) + palette
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x08" + blocks + b"\0"
    return b"GIF89a" + screen + frame + b";"


def test_only_the_first_frame_of_a_gif_is_looked_at() -> None:
    first = gif(NOISE)
    second = lzw_gif([4] * 5000).partition(b",")[2]

    assert decode(first[:-1] + b"," + second, MAX_PIXELS).picture.shape == NOISE.shape
