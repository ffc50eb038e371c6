"""What an upload is and how large it says it is, before anything is decoded."""

import pytest

from inference.errors import BrokenPicture, UnknownFormat
from inference.header import Format, Header, read_header
from tests.pictures import (
    bmp,
    garment_picture,
    gif,
    jpeg,
    os2_bmp,
    png,
    png_bomb,
    tiff,
    tiff_with,
    top_down_bmp,
    turned,
    webp,
    webp_lossy,
)

PICTURE = garment_picture(height=40, width=60)


@pytest.mark.parametrize(
    ("upload", "name"),
    [
        (png(PICTURE), "PNG"),
        (jpeg(PICTURE), "JPEG"),
        (turned("JPEG", PICTURE, 6), "JPEG"),
        (jpeg(PICTURE).replace(b"\xff\xc0", b"\xff\xff\xff\xc2"), "JPEG"),  # progressive, with fill bytes
        (webp(PICTURE), "WebP"),
        (webp_lossy(PICTURE), "WebP"),
        (turned("WEBP", PICTURE, 6), "WebP"),
        (gif(PICTURE), "GIF"),
        (bmp(PICTURE), "BMP"),
        (os2_bmp(PICTURE), "BMP"),
        (top_down_bmp(PICTURE), "BMP"),
        (tiff(PICTURE), "TIFF"),
        (tiff(PICTURE, order=">"), "TIFF"),
    ],
)
def test_every_format_names_its_stored_size(upload: bytes, name: Format) -> None:
    assert read_header(upload) == Header(name, 60, 40)


@pytest.mark.parametrize(
    ("upload", "message"),
    [
        (b"\0\0\0\x18ftypcrx \0\0\0\0", "This looks like a Canon raw photo"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "This looks like a video"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "This looks like SVG"),
        (b"<rss/>", "This looks like XML"),
        (b"%PDF-1.7", "This looks like PDF"),
        (b"P6\n1 1\n255\n\0\0\0", "This looks like Netpbm"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>", "This looks like HTML"),
        (("é" * 300).encode()[:511], "This looks like text"),
        (b"RIFF\x04\0\0\0WAVE", "This looks like a RIFF file, but not WebP"),
        (b"", "The upload is empty"),
        (b"\x80\x81\x82\x83" * 10, "This is no known picture"),
    ],
)
def test_what_is_no_picture_is_named_and_what_is_read_is_said(upload: bytes, message: str) -> None:
    with pytest.raises(
        UnknownFormat, match=rf"^{message}.*Send PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or AVIF\."
    ):
        read_header(upload)


@pytest.mark.parametrize(
    ("upload", "message"),
    [
        (png(PICTURE)[:20], "ends within its header, after 20 bytes"),
        (webp(PICTURE)[:22], "ends within its header, after 22 bytes"),
        (webp_lossy(PICTURE)[:28], "ends within its header, after 28 bytes"),
        (gif(PICTURE)[:8], "ends within its header, after 8 bytes"),
        (bmp(PICTURE)[:20], "ends within its header, after 20 bytes"),
        (tiff(PICTURE)[:100], "ends within its header, after 100 bytes"),
        (png_bomb(0, 40), "says that it is 0 x 40 pixels"),
        (png(PICTURE).replace(b"IHDR", b"gAMA"), "does not begin with an IHDR chunk"),
        (webp(PICTURE).replace(b"VP8L", b"ALPH"), "does not begin with a VP8, VP8L or VP8X chunk"),
        (b"\xff\xd8\xff\xda\0\x08\0\0\0\0\0\0", "names no size"),
        (jpeg(PICTURE)[:25], "names no size"),
        (b"\xff\xd8" + b"\xff\xe0\0\x02" * 1_000_000 + jpeg(PICTURE)[2:], "names no size"),
        *(
            # Decoders read a size of these types, and another one than the entry of the right type says.
            (tiff_with(tiff(PICTURE), (256, kind, 1, 30_000)), "names no width")
            for kind in (1, 8, 9, 16)
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_header_without_a_size_that_can_be_trusted_is_broken(upload: bytes, message: str) -> None:
    with pytest.raises(BrokenPicture, match=message):
        read_header(upload)
