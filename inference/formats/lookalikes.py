"""Name the format of an upload that is not accepted.

A message that says "SVG" helps its sender; "unknown format" does not. The guess uses the first
bytes and serves the message alone: header.py decides what is accepted.
"""

_BRANDS = {
    b"crx ": "a Canon raw photo (CR3)",
    b"qt  ": "a QuickTime video",
}
"""ISO base media files say what they are in bytes 8 to 11 (ISO/IEC 14496-12, section 4.3)."""

_BEGINNINGS = (
    (b"%PDF-", "PDF"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "gzip"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"#?RGBE", "Radiance HDR"),
    (b"8BPS", "a Photoshop document"),
    (b"\0\0\x01\0", "a Windows icon"),
    (b"II+\0", "BigTIFF"),
    (b"MM\0+", "BigTIFF"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF\r\n", "HDF5"),
    (b"RIFF", "a RIFF file, but not WebP (sound or video)"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (b"{", "JSON"),
    (b"data:", "a data: URL as text"),
    (b"--", "a multipart body"),
)

_PNM = tuple(b"P%d" % kind for kind in range(1, 8))
"""Netpbm's six kinds and PAM."""

_TEXT_SAMPLE = 512
"""Bytes that are examined to recognise text."""


def seems_to_be(upload: bytes) -> str:
    """Return what the bytes look like, as it fits after "This looks like"; empty when unknown.

    Args:
        upload: at least one byte; not a picture of an accepted format.
    """
    if upload[4:8] == b"ftyp":
        return _BRANDS.get(upload[8:12], "a video (MP4)")
    for beginning, name in _BEGINNINGS:
        if upload.startswith(beginning):
            return name
    if upload[:2] in _PNM and upload[2:3].isspace():
        return "Netpbm (PBM, PGM, PPM, PAM)"
    return _kind_of_text(upload[:_TEXT_SAMPLE])


def _kind_of_text(sample: bytes) -> str:
    # A byte order mark and blank lines may precede the first word of a document.
    lowered = sample.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"<svg" in lowered:
        return "SVG"
    if lowered.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "HTML"
    if lowered.startswith(b"<"):
        return "XML"
    printable = all(byte >= 0x20 or byte in b"\t\n\r\f" for byte in sample)
    return "text" if printable and 0x7F not in sample and _is_utf8(sample) else ""


def _is_utf8(sample: bytes) -> bool:
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"  # the sample may end within a character
    return True
