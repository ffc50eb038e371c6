"""What a JPEG, PNG or WebP carries beside its picture costs nothing and is never in the way."""

import io
import struct
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inference.errors import BrokenPicture, PictureTooLarge
from inference.pictures.decode import MAX_PIXELS, decode_image
from inference.pictures.picture_opening import open_picture
from inference.pictures.scan import MAX_CHUNKS, MAX_MARKERS, read_orientation
from tests.pictures import exif, handmade_png, jpeg, plain, png, png_chunk, png_of_stream, webp_lossy

NOISE: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
JPEG, PNG, WEBP = jpeg(NOISE), png(NOISE), webp_lossy(NOISE)
RATIONALS = b"MM\0*\0\0\0\x08\0\x01\x90\0\0\x05\0\x01\0\0\0\0\0\x1a" + bytes(500_000)
"""An EXIF block of 62,500 fractions in one entry."""


def segment(code: int, data: bytes) -> bytes:
    return bytes([0xFF, code]) + struct.pack(">H", len(data) + 2) + data


def before_the_picture(inserted: bytes) -> bytes:
    """A JPEG with something behind its first two bytes."""
    return JPEG[:2] + inserted + JPEG[2:]


def png_with(*chunks: bytes) -> bytes:
    return PNG[:33] + b"".join(chunks) + PNG[33:]


def webp_with(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP with a canvas and more chunks in front of its picture."""
    canvas = b"VP8X" + struct.pack("<IB3x", 10, 0x2C) + b"\x5f\0\0\x3f\0\0"
    padded = [(kind, data, b"\0" * (len(data) % 2)) for kind, data in chunks]
    more = b"".join(kind + struct.pack("<I", len(data)) + data + end for kind, data, end in padded)
    body = b"WEBP" + canvas + more + WEBP[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


CARRYING = {
    "a film behind a JPEG": JPEG + bytes(1000) + b"ftypmp42" + b"\xff\xda\0\x08" * 10_000,
    "a second JPEG behind it": JPEG + jpeg(plain(500, 500)),
    "a trailer of text": JPEG + b"SEFT" * 100,
    "a thumbnail in its EXIF": before_the_picture(segment(0xE1, b"Exif\0\0" + exif(1) + jpeg(plain(8, 8)))),
    "200 pieces of EXIF": before_the_picture(segment(0xE1, b"Exif\0\0x") * 200),
    "fractions in EXIF": before_the_picture(segment(0xE1, b"Exif\0\0" + RATIONALS[:65_000])),
    "a profile of 16 MB": before_the_picture(segment(0xE2, bytes(65_533)) * 255),
    "fill bytes": before_the_picture(b"\xff" * 100_000),
    "strays": before_the_picture(segment(0xFE, b"") + bytes(100_000)),
    "a scan's mark in a comment": before_the_picture(segment(0xFE, b"\xff\xda")),
    "a PNG with megabytes of text": png_with(png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(5_000_000)))),
    "a broken text": png_with(*[png_chunk(b"zTXt", b"a\0\0" + bytes(1000))] * 900),
    "a profile of megabytes": png_with(png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(5_000_000)))),
    "two profiles": png_with(*[png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(100)))] * 2),
    "fractions in a PNG": png_with(png_chunk(b"eXIf", RATIONALS)),
    "text behind its samples": PNG[:-12] + png_chunk(b"tEXt", b"a\0" + bytes(2_000_000)) + PNG[-12:],
    "a WebP with fractions": webp_with((b"EXIF", RATIONALS), (b"XMP ", bytes(100_000)), (b"ICCP", bytes(9))),
    "an unknown chunk": webp_with((b"????", b"\0")),
}


@pytest.mark.parametrize("upload", CARRYING.values(), ids=CARRYING)
def test_what_a_file_carries_beside_its_picture_is_not_read(upload: bytes) -> None:
    opened = open_picture(upload, MAX_PIXELS)

    assert len(opened.data) <= max(map(len, (JPEG, PNG, WEBP))) + 100
    assert decode_image(upload, MAX_PIXELS).picture.shape == NOISE.shape


def of_scans(count: int, pixels: NDArray[np.uint8] = NOISE) -> bytes:
    """A JPEG whose one scan comes again and again."""
    whole = jpeg(pixels)
    scan = whole.index(b"\xff\xda")
    return whole[:scan] + whole[scan:-2] * count + b"\xff\xd9"


REFUSED = {
    "segments": (before_the_picture(segment(0xE0, b"") * (MAX_MARKERS + 1)), "more than 10,000 markers"),
    "markers without a length": (
        before_the_picture(b"\xff\x01" * (MAX_MARKERS + 1)),
        "more than 10,000 markers",
    ),
    "tables": (before_the_picture(segment(0xDB, bytes(65)) * 2_000), "more than 64 kB of tables"),
    "scans": (of_scans(2_500), "2500 scans"),
    "chunks of a PNG": (
        png_with(*[png_chunk(b"tEXt", b"a\0b")] * (MAX_CHUNKS + 1)),
        "more than 1,000 chunks",
    ),
    "empty samples": (png_with(*[png_chunk(b"IDAT", b"")] * 1_100), "samples are in very small pieces"),
    "chunks of a WebP": (webp_with(*[(b"????", b"")] * MAX_CHUNKS), "more than 1,000 chunks"),
}


@pytest.mark.parametrize(("upload", "words"), REFUSED.values(), ids=REFUSED)
def test_a_file_of_more_parts_than_any_camera_writes_is_refused(upload: bytes, words: str) -> None:
    with pytest.raises(BrokenPicture, match=words):
        open_picture(upload, MAX_PIXELS)


@pytest.mark.parametrize("scans", [2, 20, 1_000])
def test_scans_of_a_small_picture_are_read(scans: int) -> None:
    assert open_picture(of_scans(scans), MAX_PIXELS).pixel_count == 64 * 96


def test_a_png_in_pieces_of_8_kb_is_read() -> None:
    samples = np.random.default_rng(0).integers(0, 256, (3000, 3000), np.uint8)

    assert decode_image(png(samples), MAX_PIXELS).samples.shape[0] == 500


@pytest.mark.parametrize(("orientation", "order"), [*((turn, "<") for turn in range(1, 9)), (6, ">")])
def test_the_first_exif_block_says_how_a_picture_is_turned(orientation: int, order: str) -> None:
    first, second = (segment(0xE1, b"Exif\0\0" + exif(turn, order)) for turn in (orientation, 3))

    opened = open_picture(before_the_picture(first + second), MAX_PIXELS)

    assert opened.orientation == orientation


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"MM\0*\xff\xff\xff\xff",
        exif(9),
        exif(6).replace(b"\0\x03\0\0\0\x01", b"\0\x03\0\0\0\x02"),
        exif(6).replace(b"\0\x03\0\0\0\x01", b"\0\x04\0\0\0\x01"),
        b"MM\0*\0\0\0\x08\xff\xff" + bytes(70_000),
        bytes(70_000) + exif(6),
    ],
    ids=["empty", "no directory", "9", "two values", "a LONG", "65,535 entries", "too late"],
)
def test_metadata_that_cannot_be_read_turn_nothing(block: bytes) -> None:
    assert read_orientation(block) == 1


@pytest.mark.parametrize(
    ("kind", "size"),
    [("PNG", (1, 30_001)), *((kind, (30_001, 1)) for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF"))],
)
def test_an_edge_has_at_most_30_000_samples(kind: str, size: tuple[int, int]) -> None:
    file = io.BytesIO()
    Image.new("L", size).save(file, kind)

    with pytest.raises(PictureTooLarge, match="an edge of at most 30,000"):
        decode_image(file.getvalue(), MAX_PIXELS)


def test_the_first_header_of_a_png_counts() -> None:
    second = handmade_png((60_000, 60_000), 8, 2, [b""])[8:33]

    assert decode_image(png_with(second), MAX_PIXELS).picture.shape == NOISE.shape


@pytest.mark.parametrize("alpha", [True, False])
@pytest.mark.parametrize("options", [{}, {"save_all": True}], ids=["still", "animated"])
def test_a_webp_whose_header_bounds_nothing_is_decoded_by_a_process_of_its_own(
    alpha: bool, options: dict[str, bool]
) -> None:
    frame = Image.fromarray(NOISE).convert("RGBA" if alpha else "RGB")
    file = io.BytesIO()
    frame.save(file, "WEBP", lossless=True, append_images=[frame.rotate(180)] * 3, **options)

    assert open_picture(file.getvalue(), MAX_PIXELS).lane == "isolated"
    assert np.abs(decode_image(file.getvalue(), MAX_PIXELS).picture.astype(int) - NOISE).mean() < 1


CANVAS = b"RIFF\x2a\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0" + 2 * (7_141).to_bytes(3, "little") + b"ALPH\0\0\0\0"
LOSSLESS = b"RIFF\x16\0\0\0WEBPVP8L\x0a\0\0\0/" + (7_141 | 7_141 << 14).to_bytes(4, "little") + bytes(5)


@pytest.mark.parametrize("upload", [CANVAS, LOSSLESS])
def test_a_webp_that_declares_too_much_asks_no_process(upload: bytes) -> None:
    with pytest.raises(PictureTooLarge, match="has 7142 x 7142 = 51,008,164 pixels"):
        open_picture(upload, MAX_PIXELS)


def test_a_webp_of_65_536_tables_takes_no_memory_of_ours() -> None:
    upload = webp_of_tables(1024)

    with pytest.raises((BrokenPicture, PictureTooLarge)):
        decode_image(upload, MAX_PIXELS)


def webp_of_tables(edge: int) -> bytes:
    """A lossless WebP in which each block of 4 x 4 has its own five tables, of one symbol each.

    WebP Lossless Bitstream Specification, sections 6.2.1 and 6.2.2.
    """
    one_symbol, blocks = "1000", (edge // 4) ** 2
    size = 2 * f"{edge - 1:014b}"[::-1]
    lengths = "0" + "0001" + "000100" + "000" * 9 + "100" + "0" + "0" * 256
    green, red = lengths + "1" + f"{24 - 11:07b}"[::-1], lengths
    numbers = "".join(f"{block & 255:08b}{block >> 8 & 255:08b}" for block in range(blocks))
    bits = f"{0x2F:08b}"[::-1] + size + "0000" + "001000" + "0" + green + red + 3 * one_symbol + numbers
    bits += 5 * one_symbol * blocks
    data = bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8)) + bytes(8)
    data += bytes(len(data) % 2)
    return b"RIFF" + struct.pack("<I4s4sI", 12 + len(data), b"WEBP", b"VP8L", len(data)) + data


@pytest.mark.parametrize(("size", "interlaced"), [((28, 28), 0), ((60, 7), 0), ((28, 28), 1)])
def test_a_png_whose_packed_samples_are_far_more_than_its_size_needs_is_refused(
    size: tuple[int, int], interlaced: int
) -> None:
    header = struct.pack(">IIBBBBB", *size, 8, 0, 0, 0, interlaced)
    packed = zlib.compress(np.random.default_rng(0).bytes(100_000))
    picture = PNG[:8] + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", packed) + png_chunk(b"IEND", b"")

    with pytest.raises(BrokenPicture, match="more than twice as many bytes of packed samples"):
        open_picture(picture, MAX_PIXELS)


def test_a_grey_png_of_28_by_28_that_unpacks_to_megabytes_is_not_unpacked_to_its_end() -> None:
    picture = png_of_stream(28, 28, zlib.compress(bytes(40_000_000)))

    assert open_picture(picture, MAX_PIXELS).lane != "bare"
    assert decode_image(picture, MAX_PIXELS).samples.max() == 0


@pytest.mark.parametrize(("mode", "level"), [("L", 0), ("L", 1), ("L", 9), ("RGBA", 9), ("I;16", 9)])
def test_noise_in_any_compression_of_a_png_is_read(mode: str, level: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 200, 8), np.uint8)
    kinds = {
        "L": noise[..., 0],
        "RGBA": noise[..., :4],
        "I;16": noise[..., :2].copy().view(np.uint16)[..., 0],
    }
    file = io.BytesIO()
    Image.fromarray(kinds[mode]).save(file, "PNG", compress_level=level)

    assert open_picture(file.getvalue(), MAX_PIXELS).pixel_count == 60_000
