"""Recognise the format of an upload by its first bytes, before any decoder opens it.

File names and Content-Types are not used, since clients often set them wrong. Formats that are not accepted
are recognised, too, so that an error can say "This looks like SVG" in place of "unknown format".
"""

import binascii
import re
import struct
from importlib.util import find_spec
from typing import Literal, TypeAlias

from inference.errors import UnknownPictureFormat

Format: TypeAlias = Literal["PNG", "JPEG", "WebP", "GIF", "BMP", "TIFF", "HEIC", "AVIF"]

ACCEPTED_FORMATS: tuple[Format, ...] = ("PNG", "JPEG", "WebP", "GIF", "BMP", "TIFF", "HEIC", "AVIF")
"""The formats that are read. HEIC is among them only if its decoder is installed; the container has none."""
if not find_spec("pillow_heif"):
    ACCEPTED_FORMATS = tuple(name for name in ACCEPTED_FORMATS if name != "HEIC")

ACCEPTED_FORMATS_ADVICE = f"Send {', '.join(ACCEPTED_FORMATS[:-1])} or {ACCEPTED_FORMATS[-1]}."

_ACCEPTED: tuple[tuple[bytes, Format], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
)

_BRANDS: dict[bytes, Format] = {
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), "HEIC"),
}
"""Brands of ISO base media files that name a codec (ISO/IEC 23008-12, annex B; AVIF, section 6)."""

_ANY_CODEC = (b"mif1", b"mif2", b"miaf", b"msf1")
"""Brands (codes of a file type) of pictures in any codec. Another brand in the list names the codec."""

_BRAND_BYTES = 256
"""Number of bytes from the beginning of a file in which its list of brands is read."""

_ITEMS_BYTES = 4096
"""Number of bytes from the beginning of a file that are searched for the type of its pictures."""

_ZIP = b"PK\x03\x04"

_FOR_IPHONES = b"\x89PNG\r\n\x1a\n\0\0\0\4CgBI"
"""Signature of Xcode's form of PNG, whose samples lack the header of zlib and have blue first."""

_OTHERS = (
    (_FOR_IPHONES, "a PNG in the form that Xcode makes for iPhones (CgBI)"),
    (b"%PDF-", "PDF"),
    (_ZIP, "a ZIP archive"),
    (b"data:", "a data: URL as text"),
    (b"--", "a multipart body"),
)

_TEXT_SAMPLE = 512
"""Number of bytes that are examined to recognise text."""

_IN_JSON = 'Send it in JSON as {"image": "..."}, or the bytes that it encodes.'

_BASE64_SAMPLE = 64
"""Number of letters of base64 that are decoded to recognise a format."""

_PREFIX_SAMPLE = 128
"""Largest number of bytes of a prefix such as `data:image/png;base64,` that is skipped."""

_BEFORE_BASE64 = re.compile(rb"""\s*(?:b?["'])?(?:data:[^,]*,)*""", re.IGNORECASE)


def find_picture_format(upload: bytes) -> Format | None:
    """Return the picture format of an upload by its first bytes; None if no accepted format has these."""
    for signature, name in _ACCEPTED:
        if upload.startswith(signature):
            return None if upload.startswith(_FOR_IPHONES) else name
    if upload.startswith(b"RIFF") and upload[8:12] == b"WEBP":
        return "WebP"
    # Text may begin with "BM" as well, but a bitmap's reserved bytes are 0.
    if upload.startswith(b"BM") and not any(upload[6:10]):
        return "BMP"
    return _find_codec(upload) if upload[4:8] == b"ftyp" else None


def _find_codec(upload: bytes) -> Format | None:
    """Return the codec of a file in the format of HEIC and AVIF; None for a video or another such file.

    The first brand (format code) in the header that names a codec decides. If no brand does, the type of the
    file's pictures decides.
    """
    major = upload[8:12]
    end = min(int.from_bytes(upload[:4], "big"), _BRAND_BYTES)
    for brand in (major, *(upload[at : at + 4] for at in range(16, end, 4))):
        if brand in _BRANDS:
            return _BRANDS[brand]
    found_format: Format = "AVIF" if b"av01" in upload[:_ITEMS_BYTES] else "HEIC"
    return found_format if major in _ANY_CODEC else None


def set_codec_brand(upload: bytes) -> bytes:
    """Return a HEIC or AVIF file whose first brand (format code in the header) names its codec.

    Decoders refuse most other brands, although the file has what they read.
    """
    if upload[8:12] in _BRANDS:
        return upload
    return upload[:8] + (b"avif" if _find_codec(upload) == "AVIF" else b"heic") + upload[12:]


def make_format_error(upload: bytes) -> UnknownPictureFormat:
    """Return the error for an upload of no accepted format; it says what the upload seems to be."""
    if not upload:
        return UnknownPictureFormat(f"The picture is empty: it has 0 bytes. {ACCEPTED_FORMATS_ADVICE}")
    if not upload.startswith(b"data:") and (found_format := find_base64_format(upload)):
        return UnknownPictureFormat(f"This is a {found_format} in base64, as text. {_IN_JSON}")
    seeming = _describe_upload(upload)
    sentence = (
        f"This looks like {seeming}, which is not read here." if seeming else "This is no known picture."
    )
    elsewhere = " /predict/batch and `wardrobe label` read archives." if upload.startswith(_ZIP) else ""
    if _is_tar(upload):
        elsewhere = " Unpack the archive, or make a ZIP of it."
    return UnknownPictureFormat(f"{sentence} {ACCEPTED_FORMATS_ADVICE}{elsewhere}")


def find_base64_format(text: bytes) -> Format | None:
    """Return the format of the picture that a text in base64 encodes; None if it encodes no picture.

    Args:
        text: bytes of any length; the first few decide. Quotation marks around the text, a `data:` prefix and
            Python's `b'...'` are passed over.
    """
    beginning = _BEFORE_BASE64.sub(b"", text[: _BASE64_SAMPLE + _PREFIX_SAMPLE])[:_BASE64_SAMPLE]
    letters = beginning.strip(b"\"' \t\r\n").translate(bytes.maketrans(b"-_", b"+/"), b"\r\n")
    try:
        return find_picture_format(binascii.a2b_base64(letters[: len(letters) // 4 * 4], strict_mode=True))
    except binascii.Error:
        return None


def _is_tar(upload: bytes) -> bool:
    """Return whether bytes begin as a TAR archive does, whose first header has its mark at byte 257."""
    return upload[257:262] == b"ustar"


def _describe_upload(upload: bytes) -> str:
    """Return a noun for the bytes that fits after "This looks like"; empty if they are unknown."""
    if upload[4:8] == b"ftyp":
        return "a video"
    if _is_tar(upload):
        return "a TAR archive"
    for beginning, name in _OTHERS:
        if upload.startswith(beginning):
            return name
    return _recognise_text(upload[:_TEXT_SAMPLE])


def _recognise_text(sample: bytes) -> str:
    """Return "SVG", "HTML" or "text" for the beginning of a text; empty if it is no text."""
    # A byte order mark and blank lines may precede the first word of a document.
    lowered = sample.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"<svg" in lowered:
        return "SVG"
    if lowered.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "HTML"
    return "text" if _is_text(sample) else ""


def _is_text(sample: bytes) -> bool:
    printable = all(byte >= 0x20 or byte in b"\t\n\r\f" for byte in sample)
    return printable and 0x7F not in sample and _is_utf8(sample)


def _is_utf8(sample: bytes) -> bool:
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"  # the sample may end within a character
    return True


def is_cut_short(upload: bytes) -> bool:
    """Return whether a HEIC or AVIF file is truncated. Its decoder would leave the missing parts blank."""
    at = 0
    for _ in range(_BOXES):
        if at + 8 > len(upload):
            return at > len(upload)
        size, kind = struct.unpack_from(">I4s", upload, at)
        if kind == b"mdat" or size < 8:
            return bool(kind == b"mdat" and at + size > len(upload))
        at += size
    return False


_BOXES = 1_000
"""Limit for the boxes that are examined; a file has about ten."""
