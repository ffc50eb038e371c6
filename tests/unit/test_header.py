"""What an upload is and how large it says it is, before anything is decoded."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.errors import BrokenPicture, UnknownFormat, UploadError
from inference.header import Header, read_header
from tests.pictures import (
    bmp,
    garment_picture,
    gif,
    jpeg,
    jpeg_turned,
    os2_bmp,
    png,
    png_bomb,
    tiff,
    top_down_bmp,
    webp,
    webp_lossy,
    webp_turned,
)

PICTURE = garment_picture(height=40, width=60)


@pytest.mark.parametrize(
    ("upload", "name"),
    [
        (png(PICTURE), "PNG"),
        (jpeg(PICTURE), "JPEG"),
        (jpeg_turned(jpeg(PICTURE), 6), "JPEG"),
        (webp(PICTURE), "WebP"),
        (webp_lossy(PICTURE), "WebP"),
        (webp_turned(webp(PICTURE), 6, 60, 40), "WebP"),
        (gif(PICTURE), "GIF"),
        (bmp(PICTURE), "BMP"),
        (os2_bmp(PICTURE), "BMP"),
        (top_down_bmp(PICTURE), "BMP"),
        (tiff(PICTURE), "TIFF"),
        (tiff(PICTURE, order=">"), "TIFF"),
    ],
)
def test_every_format_names_its_stored_size(upload: bytes, name: str) -> None:
    header = read_header(upload)

    assert header == Header(name, 60, 40)  # type: ignore[arg-type] # parametrize knows no Literal


def test_a_size_of_gigabytes_is_read_without_decoding() -> None:
    assert read_header(png_bomb(60_000, 60_000)) == Header("PNG", 60_000, 60_000)


def test_a_progressive_jpeg_and_one_with_fill_bytes_name_their_size() -> None:
    filled = jpeg(PICTURE).replace(b"\xff\xc0", b"\xff\xff\xff\xc2")

    assert read_header(filled) == Header("JPEG", 60, 40)


@pytest.mark.parametrize(
    ("upload", "seeming"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0", "HEIF"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "a video"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"  <svg/>", "SVG"),
        (b"<rss/>", "XML"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04\x14\0", "a ZIP archive"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x0a\0\0", "JPEG XL"),
        (b"\x76\x2f\x31\x01\0\0", "OpenEXR"),
        (b"P6\n1 1\n255\n\0\0\0", "Netpbm"),
        (b"#?RADIANCE\n", "Radiance HDR"),
        (b"II+\0\x08\0\0\0", "BigTIFF"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>", "HTML"),
        (b'{"image": "..."}', "JSON"),
        (b"BMW is a maker of cars", "text"),
        ("Ein schönes Kleid".encode(), "text"),
        (b"RIFF\x04\0\0\0WAVE", "a RIFF file, but not WebP"),
    ],
)
def test_what_is_no_picture_is_named_and_what_is_read_is_said(upload: bytes, seeming: str) -> None:
    with pytest.raises(UnknownFormat) as refusal:
        read_header(upload)

    assert f"This looks like {seeming}" in str(refusal.value)
    assert "Send PNG, JPEG, WebP, GIF, BMP or TIFF." in str(refusal.value)


def test_an_empty_upload_is_called_empty() -> None:
    with pytest.raises(UnknownFormat, match=r"The upload is empty\. Send PNG"):
        read_header(b"")


def test_noise_is_called_no_known_picture() -> None:
    with pytest.raises(UnknownFormat, match="This is no known picture"):
        read_header(b"\x80\x81\x82\x83" * 10)


@pytest.mark.parametrize(
    ("upload", "bytes_kept"),
    [
        (png(PICTURE), 20),
        (webp(PICTURE), 22),
        (webp_lossy(PICTURE), 28),
        (gif(PICTURE), 8),
        (bmp(PICTURE), 20),
        (tiff(PICTURE), 100),
    ],
)
def test_a_header_that_is_cut_off_is_broken(upload: bytes, bytes_kept: int) -> None:
    with pytest.raises(BrokenPicture, match=f"ends within its header, after {bytes_kept} bytes"):
        read_header(upload[:bytes_kept])


def test_a_picture_without_width_is_broken() -> None:
    with pytest.raises(BrokenPicture, match="says that it is 0 x 40 pixels"):
        read_header(png_bomb(0, 40))


@pytest.mark.parametrize("upload", [b"\xff\xd8\xff\xda\0\x08\0\0\0\0\0\0", jpeg(PICTURE)[:25]])
def test_a_jpeg_without_a_size_before_its_data_is_broken(upload: bytes) -> None:
    with pytest.raises(BrokenPicture, match="names no size"):
        read_header(upload)


def test_a_jpeg_of_a_million_empty_segments_is_refused_at_once() -> None:
    with pytest.raises(BrokenPicture, match="names no size"):
        read_header(b"\xff\xd8" + b"\xff\xe0\0\x02" * 1_000_000 + jpeg(PICTURE)[2:])


def test_a_png_that_begins_with_another_chunk_is_broken() -> None:
    with pytest.raises(BrokenPicture, match="IHDR"):
        read_header(png(PICTURE).replace(b"IHDR", b"gAMA"))


def test_a_webp_of_an_unknown_chunk_is_broken() -> None:
    with pytest.raises(BrokenPicture, match="VP8"):
        read_header(b"RIFF" + struct.pack("<I", 100) + b"WEBPALPH" + bytes(92))


MAGICS = [
    b"",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"RIFF\0\0\0\0WEBP",
    b"RIFF\0\0\0\0WEBPVP8X",
    b"GIF89a",
    b"BM\0\0\0\0\0\0\0\0",
    b"II*\0",
    b"MM\0*\0\0\0\x08",
    b"\0\0\0\0ftyp",
]


@given(magic=st.sampled_from(MAGICS), rest=st.binary(max_size=300))
def test_no_bytes_bring_the_header_reader_down(magic: bytes, rest: bytes) -> None:
    try:
        header = read_header(magic + rest)
    except UploadError:
        return

    assert header.width >= 1
    assert header.height >= 1


@pytest.mark.parametrize("kind", [1, 8, 9, 16], ids=["BYTE", "SSHORT", "SLONG", "LONG8"])
def test_a_tiff_size_of_a_type_that_decoders_read_otherwise_is_not_passed_over(kind: int) -> None:
    honest = tiff(PICTURE)
    width = struct.pack("<HHII", 256, 4, 1, 60)
    first = struct.pack("<HHII", 256, kind, 1, 30000)
    directory = honest.index(width) - 2
    lying = honest[:directory] + struct.pack("<H", 12) + first + honest[directory + 2 :]

    with pytest.raises(BrokenPicture, match="names no width"):
        read_header(lying)
