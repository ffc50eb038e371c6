"""What an upload is, if it is no picture, before anything is decoded."""

import base64

import pytest

from inference.errors import BrokenPicture, UnknownPictureFormat
from inference.pictures.decode import decode_image
from inference.pictures.picture_opening import open_picture
from inference.pictures.signatures import find_picture_format
from tests.pictures import bmp, garment_picture, gif, jpeg, png, png_bomb, tiff, webp, webp_lossy

PICTURE = garment_picture(height=40, width=60)
MAX_PIXELS = 1_000_000


@pytest.mark.parametrize(
    ("upload", "message"),
    [
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\4CgBI\x50\0\x20\2",
            "This looks like a PNG in the form that Xcode makes for iPhones",
        ),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "This looks like a video"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "This looks like SVG"),
        (b"<rss/>", "This looks like text"),
        (b"%PDF-1.7", "This looks like PDF"),
        (b"--edge\r\n\r\n\x80", "This looks like a multipart body"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>", "This looks like HTML"),
        (("é" * 300).encode()[:511], "This looks like text"),
        (b"", "The picture is empty"),
        (b"\x80\x81\x82\x83" * 10, "This is no known picture"),
        (
            b"a.png".ljust(257, b"\0") + b"ustar\x0000",
            "This looks like a TAR archive, which is not read here",
        ),
    ],
)
def test_what_is_no_picture_is_named_and_what_is_read_is_said(upload: bytes, message: str) -> None:
    with pytest.raises(
        UnknownPictureFormat, match=rf"^{message}.*Send PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or AVIF\."
    ):
        open_picture(upload, MAX_PIXELS)


@pytest.mark.parametrize(
    "upload",
    [
        png(PICTURE)[:20],
        webp(PICTURE)[:22],
        webp_lossy(PICTURE)[:28],
        gif(PICTURE)[:8],
        bmp(PICTURE)[:20],
        tiff(PICTURE)[:100],
        png_bomb(0, 40),
        png(PICTURE).replace(b"IHDR", b"gAMA"),
        webp(PICTURE).replace(b"VP8L", b"ALPH"),
        b"\xff\xd8\xff\xda\0\x08\0\0\0\0\0\0",
        jpeg(PICTURE)[:25],
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40),
        b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(40),
    ],
)
def test_a_header_without_a_size_is_broken(upload: bytes) -> None:
    name, length = find_picture_format(upload), f"{len(upload):,}"

    with pytest.raises(BrokenPicture, match=f"This {name} of {length} bytes has a header that is truncated"):
        decode_image(upload, MAX_PIXELS)


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (base64.b64encode(webp(PICTURE)), "a WebP in base64, as text"),
        (base64.encodebytes(jpeg(PICTURE)), "a JPEG in base64, as text"),
        (base64.urlsafe_b64encode(gif(PICTURE)), "a GIF in base64, as text"),
        (b'"' + base64.b64encode(png(PICTURE)) + b'"', "a PNG in base64, as text"),
        (b"data:image/jpeg;base64,/9j/4AAQ", "a data: URL as text"),
        (b"PK\x03\x04" + b"\0" * 60, "/predict/batch and `wardrobe label` read archives"),
    ],
)
def test_what_holds_a_picture_is_refused_with_what_would_do(upload: bytes, words: str) -> None:
    with pytest.raises(UnknownPictureFormat, match=words):
        open_picture(upload, MAX_PIXELS)


@pytest.mark.parametrize(
    "upload", [b"Was it?PNG", b"iVBORw0K", b"image", b"\x01\x02" + png(PICTURE), b"??", b"a JFIF file"]
)
def test_other_bytes_are_not_taken_for_a_picture(upload: bytes) -> None:
    with pytest.raises(UnknownPictureFormat, match="Send PNG, JPEG"):
        open_picture(upload, MAX_PIXELS)
