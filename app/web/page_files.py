"""Send static files of the pages from memory, with an ETag, and compressed with gzip if that saves packets.

Browsers ask each time whether a file has changed, so that no page mixes files of two versions.
"""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from flask import Response, request

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",  # RFC 9239
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
"""Content-Type of a file, by the ending of its name."""

COMPRESSED_SUFFIXES = (".jpg", ".png")
"""Endings of files that are compressed already, so that gzip would not make them smaller."""

CACHE_CONTROL = "no-cache"
"""Value of Cache-Control for every file: browsers store it, but ask each time whether it has changed (RFC
9111, section 5.2.2.4)."""

MIN_PACKED_BYTES = 1000
"""Size in bytes from which files are compressed with gzip. A smaller file fits into one packet anyway."""


@dataclass(frozen=True)
class PageFile:
    """A static file of a web page, with the headers and the compressed form that are sent.

    Attributes:
        content: the bytes of the file.
        packed: the bytes compressed with gzip; None if that saves nothing.
        media_type: the Content-Type.
        etag: a hash of the content (RFC 9110, section 8.8.3).
    """

    content: bytes
    packed: bytes | None
    media_type: str
    etag: str


def create_page_file(content: bytes, suffix: str) -> PageFile:
    """Create the `PageFile` of some content, compressed with gzip if that saves packets.

    Args:
        suffix: the ending of the file's name with the dot, such as `.css`.
    """
    is_worth_packing = len(content) >= MIN_PACKED_BYTES and suffix not in COMPRESSED_SUFFIXES
    packed = gzip.compress(content, compresslevel=6, mtime=0) if is_worth_packing else None
    return PageFile(content, packed, MEDIA_TYPES[suffix], hashlib.sha256(content).hexdigest()[:32])


def read_page_files(folder: Path) -> dict[str, PageFile]:
    """Read the files of a folder whose endings are in `MEDIA_TYPES`, and return them by file name."""
    return {
        path.name: create_page_file(path.read_bytes(), path.suffix)
        for path in sorted(folder.iterdir())
        if path.suffix in MEDIA_TYPES
    }


def send_file(file: PageFile) -> Response:
    """Create a response with a static file.

    The body is compressed with gzip if the client accepts it. If the client has this content already, the
    status is 304 without a body.
    """
    is_packed = file.packed is not None and bool(request.accept_encodings["gzip"])
    response = Response(file.packed if is_packed else file.content, content_type=file.media_type)
    response.headers["Cache-Control"] = CACHE_CONTROL
    # A weak tag, since it stands for both forms, whose bytes differ.
    response.set_etag(file.etag, weak=file.packed is not None)
    if file.packed is not None:
        response.headers["Vary"] = "Accept-Encoding"
    if is_packed:
        response.headers["Content-Encoding"] = "gzip"
    response.make_conditional(request)
    return response
