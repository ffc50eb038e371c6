"""HEIC and AVIF: no decoder starts on more pixels, tiles, slices or frames than were counted before."""

import struct

import pytest

from inference.decode import decode
from inference.errors import BrokenPicture, PictureTooLarge, UnknownFormat
from inference.formats import av1, hevc
from inference.header import Header, read_header
from tests.coded_pictures import (
    AUXL,
    Held,
    av1_item,
    bits,
    box,
    dimg,
    grid,
    heif,
    hevc_item,
    hvcc,
    ispe,
    obu,
    opacity,
    sequence_header,
    sps,
)

MAX_PIXELS = 1_000_000
TILE = hevc_item(64, 64)
SLICE = struct.pack(">I", 6) + b"\x28\1\x80abc"


def unit(kind: int, content: bytes = b"\x80abc", layer: int = 0) -> bytes:
    """A NAL unit after its length."""
    whole = bytes([kind << 1 | layer >> 5, (layer & 31) << 3 | 1]) + content
    return struct.pack(">I", len(whole)) + whole


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (heif(hevc_item(20_000, 20_000)), "20000 x 20000 = 400,000,000 pixels; at most 1,000,000"),
        (
            heif(hevc_item(20_000, 20_000, says=(28, 28))),
            "28 x 28; decoding it takes as much memory as 400,000,000 pixels",
        ),
        (
            heif(av1_item(65_536, 65_536, says=(28, 28))),
            "28 x 28; decoding it takes as much memory as 8,589,934,592 pixels",
        ),
        (heif(av1_item(1000, 501)), "1000 x 501; decoding it takes as much memory as 1,002,000 pixels"),
        (
            heif(grid(16, 16, 16_000, 16_000), hevc_item(1000, 1000), references=dimg(*[2] * 256)),
            "16000 x 16000 = 256,000,000 pixels",
        ),
        (
            heif(grid(2, 2, 801, 801), hevc_item(800, 800), references=dimg(*[2] * 4)),
            "801 x 801; decoding it takes as much memory as 1,280,000 pixels",
        ),
        (
            heif(TILE, opacity(hevc_item(20_000, 20_000, says=(64, 64))), references=AUXL),
            "64 x 64; decoding it takes as much memory as 400,000,000 pixels",
        ),
    ],
    ids=["HEVC", "a small ispe", "AV1", "AV1 counts twice", "grid", "tiles that overhang", "opacity"],
)
def test_more_pixels_than_allowed_are_refused_before_decoding(upload: bytes, words: str) -> None:
    with pytest.raises(PictureTooLarge, match=words):
        decode(upload, MAX_PIXELS)


def test_a_photo_of_48_megapixels_in_tiles_counts_no_more_than_it_shows() -> None:
    photo = heif(grid(12, 16, 8064, 6048), hevc_item(512, 512), references=dimg(*[2] * 192))

    assert read_header(photo).pixels == 8064 * 6048


def test_the_size_is_the_one_that_is_decoded_less_what_is_cropped() -> None:
    layered = heif(hevc_item(640, 480, hvcc(sps(640, 480, layers=3, cropped=4)), says=(624, 464)))

    assert read_header(layered) == Header("HEIC", 624, 464, 307_200)


@pytest.mark.parametrize("reduced", [True, False])
def test_av1_names_its_size_in_both_kinds_of_sequence_header(reduced: bool) -> None:
    header = obu(2, b"") + sequence_header(300, 200, reduced=reduced)

    assert av1.frame_size(header) == (300, 200)


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (
            heif(hevc_item(64, 64, says=(65, 64))),
            "says that its picture is 65 x 64 pixels, and holds 64 x 64",
        ),
        (heif(hevc_item(64, 64, says=(0, 64))), "says that its picture is 0 x 64 pixels"),
        (heif(Held(b"hvc1", SLICE, (hvcc(sps(64, 64)),))), "does not say how large its picture is"),
        (heif(Held(b"hvc1", SLICE, (ispe(64, 64),))), "does not say how large its picture is"),
        (
            heif(Held(b"av01", SLICE, (ispe(9, 9), box(b"av1C", b"\x81")))),
            "does not say how its picture is coded",
        ),
        (heif(hevc_item(64, 64, hvcc(sps(64, 64), sps(9, 9)))), "has 2 sequence parameter sets"),
        (heif(hevc_item(64, 64, hvcc())), "has 0 sequence parameter sets"),
        (heif(hevc_item(64, 64, box(b"hvcC", b"\1"))), "has 0 sequence parameter sets"),
        (heif(hevc_item(64, 64, hvcc(sps(64, 64), *[b"\x44\1\0"] * 16))), "of 17 parameter sets"),
        (heif(hevc_item(64, 64, hvcc(sps(64, 64), chroma=3))), "describes its samples in two ways"),
        (heif(hevc_item(64, 64, hvcc(sps(64, 64)[:20]))), "ends within its header"),
        (heif(av1_item(64, 64, obu(6, bytes(8)))), "does not begin with a sequence header"),
        (
            heif(av1_item(64, 64, obu(15, bytes(8)) * 26 + sequence_header(64, 64))),
            "not begin with a sequence header",
        ),
        (heif(grid(2, 2, 100, 100), TILE, references=dimg(2, 2, 2)), "a grid of 2 x 2 tiles, and 3 of them"),
        (heif(grid(256, 256, 65_000, 65_000), TILE, references=dimg(*[2] * 65_535)), "at most 1024 are read"),
        (heif(grid(33, 32, 2048, 2112), TILE, references=dimg(*[2] * 1056)), "at most 1024 are read"),
        (heif(grid(2, 2, 64, 64), TILE, references=dimg(*[2] * 4)), "tiles do not fit"),
        (heif(grid(1, 1, 65, 64), TILE, references=dimg(2)), "tiles do not fit"),
        (heif(grid(1, 2, 100, 64), TILE, hevc_item(32, 64), references=dimg(2, 3)), "tiles do not fit"),
        (heif(Held(b"grid", b"\0\0\0"), TILE, references=dimg(2)), "a grid without a size"),
        (
            heif(Held(TILE.kind, TILE.data, [*TILE.properties, *[box(b"irot", b"\1")] * 4])),
            "turns its picture more than 3 times",
        ),
        (heif(TILE).replace(b"pitm", b"free"), "names no picture"),
        (
            heif(TILE, Held(b"Exif", b"", [box(b"free", bytes(600_000))])),
            "a description of more than 524,288 bytes",
        ),
        (box(b"ftyp", b"heic", bytes(4)) + box(b"free") * 70 + heif(TILE)[20:], "a description of more than"),
        (heif(TILE)[:60], "ends within its header, after 60 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_picture_whose_size_is_not_certain_is_broken(upload: bytes, words: str) -> None:
    with pytest.raises(BrokenPicture, match=words):
        read_header(upload)


def test_a_video_with_a_timing_of_its_own_is_refused() -> None:
    with pytest.raises(UnknownFormat, match="coded as a video"):
        read_header(heif(av1_item(64, 64, sequence_header(64, 64, reduced=False, timing=True))))


def test_tiles_that_share_their_bytes_are_broken() -> None:
    tile = Held(b"hvc1", unit(20) * 100, TILE.properties)
    upload = heif(grid(4, 4, 256, 256), tile, references=dimg(*[2] * 16))

    with pytest.raises(BrokenPicture, match="decodes the same bytes more than twice"):
        decode(upload, MAX_PIXELS)


def test_data_in_another_file_are_not_followed() -> None:
    upload = heif(TILE)
    start = upload.index(b"iloc") + 12
    elsewhere = upload[:start] + b"\0\1\0\1" + upload[start + 4 :]  # item 1 is in file 1

    with pytest.raises(BrokenPicture, match="or where"):
        read_header(elsewhere)


def test_only_slices_of_one_still_picture_get_to_the_decoder() -> None:
    slices = unit(20) + unit(20, b"\0rest")
    others = unit(33, sps(60_000, 60_000)[2:]), unit(39), unit(35), unit(20, layer=1), unit(1)

    assert (
        hevc.slices(others[0] + slices[: len(unit(20))] + b"".join(others) + slices[len(unit(20)) :], 4)
        == slices
    )


@pytest.mark.parametrize(
    "stream",
    [b"", unit(1), unit(20) * 2, unit(20, b"\0rest"), unit(20)[:-1], unit(20) + unit(20, b"\0") * 600],
    ids=["nothing", "no still picture", "two", "no first slice", "cut short", "601 slices"],
)
def test_anything_but_one_hevc_picture_is_broken(stream: bytes) -> None:
    with pytest.raises(BrokenPicture, match="does not hold one picture in up to 600 slices"):
        hevc.slices(stream, 4)


HEADER, FRAME = sequence_header(64, 64), obu(6, b"frame")


def test_only_one_header_and_one_frame_get_to_the_av1_decoder() -> None:
    others = obu(2, b"") + obu(5, b"metadata") + obu(15, b"padding") + sequence_header(6000, 6000)

    assert av1.single_frame(HEADER + others + FRAME + others) == HEADER + FRAME


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        HEADER,
        HEADER + FRAME + FRAME,
        HEADER + obu(3, b"shown") + FRAME,
        HEADER + FRAME[:-1],
        HEADER + b"\x32" + b"\xff" * 9,
        HEADER + FRAME + obu(4, b"") * 5000,
    ],
    ids=["nothing", "no frame", "two", "a header more", "cut short", "a length without end", "5000 parts"],
)
def test_anything_but_one_av1_frame_is_broken(stream: bytes) -> None:
    with pytest.raises(BrokenPicture, match="does not hold one frame"):
        av1.single_frame(stream)


def test_a_number_without_end_is_none() -> None:
    endless = b"\x42\1" + bits((0, 4), (0, 3), (1, 1), (1, 32), (0x90, 16), (1, 40), (90, 8)) + bytes(200)

    with pytest.raises(BrokenPicture, match="ends within its header"):
        read_header(heif(hevc_item(64, 64, hvcc(endless))))


def described(iloc: bytes, kind: bytes = b"hvc1", ipma: bytes = bytes(8)) -> bytes:
    """A HEIC whose only item has these places and properties, and no others."""
    infe = box(b"infe", b"\2\0\0\0" + struct.pack(">HH", 1, 0) + kind + b"\0")
    meta = box(
        b"meta",
        bytes(4),
        box(b"pitm", bytes(4) + struct.pack(">H", 1)),
        box(b"iinf", bytes(4) + struct.pack(">H", 1), infe),
        box(b"iloc", bytes(4), iloc),
        box(b"iprp", box(b"ipco", ispe(8, 8)), box(b"ipma", ipma)),
    )
    return box(b"ftyp", b"heic", bytes(4), b"mif1heic") + meta + bytes(100_000)


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (described(struct.pack(">HHHHH", 0, 1, 1, 0, 65_535)), "take no bytes"),
        (
            described(
                struct.pack(">HHHHH", 0x4400, 1, 1, 0, 64) + struct.pack(">II", 0, 90_000) * 64, b"grid"
            ),
            "a grid without a size",
        ),
        (
            described(
                struct.pack(">HHHHH", 0x4400, 1, 1, 0, 0),
                ipma=bytes(4) + struct.pack(">IHB", 1, 1, 65) + b"\1" * 65,
            ),
            "more than 64 properties",
        ),
    ],
    ids=["parts of no bytes", "a grid of overlapping parts", "properties"],
)
def test_a_description_that_asks_for_much_more_than_it_takes_is_broken(upload: bytes, words: str) -> None:
    with pytest.raises(BrokenPicture, match=words):
        read_header(upload)


def test_units_of_no_bytes_are_counted() -> None:
    with pytest.raises(BrokenPicture, match="does not hold one picture"):
        hevc.slices(unit(19) + bytes(4) * 5000, 4)
