"""The limits of one request: the bytes of its body, the number of its pictures, and their pixels."""

from dataclasses import dataclass, replace

from app.settings import Settings

BODY_OVERHEAD = 64 * 1024
"""Bytes that a body may have besides a picture: the headers of a form, or the braces of JSON."""

SMALL_BODY_BYTES = 4_100_000
"""Largest size in bytes of a small body, with the memory for values that are parsed from it. A photo of 4 MB
in a form is small."""


@dataclass(frozen=True, kw_only=True)
class RequestLimits:
    """The limits of one request, for its body and its pictures.

    Attributes:
        bytes: largest number of bytes of the body, both as sent and decompressed, and of the unpacked content
            of all its ZIPs.
        bytes_setting: the name of the setting that `bytes` comes from, for error messages.
        pictures: largest number of pictures.
        picture_bytes: largest number of bytes of each picture, as sent or unpacked.
        picture_pixels: largest width x height of each picture.
        pixels: largest sum of width x height over all pictures.
        numbers: largest number of values in a JSON body.
    """

    bytes: int
    bytes_setting: str
    pictures: int
    picture_bytes: int
    picture_pixels: int
    pixels: int
    numbers: int


def make_single_limits(settings: Settings) -> RequestLimits:
    """Return the limits of a request for one picture.

    The body may have a third more bytes than the picture, because base64 needs four bytes for three.
    """
    return RequestLimits(
        bytes=settings.max_upload_bytes * 4 // 3 + BODY_OVERHEAD,
        bytes_setting=f"WARDROBE_MAX_UPLOAD_BYTES ({settings.max_upload_bytes:,} for the picture itself)",
        pictures=1,
        picture_bytes=settings.max_upload_bytes,
        picture_pixels=settings.max_pixels,
        pixels=settings.max_pixels,
        numbers=settings.max_json_numbers,
    )


def make_batch_limits(settings: Settings) -> RequestLimits:
    """Return the limits of a request for many pictures, such as `/predict/batch`."""
    return replace(
        make_single_limits(settings),
        bytes=settings.max_batch_bytes,
        bytes_setting="WARDROBE_MAX_BATCH_BYTES",
        pictures=settings.max_batch,
        pixels=settings.max_batch_pixels,
    )


def compute_max_large_body_bytes(settings: Settings) -> int:
    """Return how many bytes all large bodies of a worker may have together: as many as one of the largest.

    A body is large if it has more than SMALL_BODY_BYTES.
    """
    return max(make_single_limits(settings).bytes, make_batch_limits(settings).bytes)


def compute_max_small_body_bytes(settings: Settings) -> int:
    """Return how many bytes all small bodies of a worker may have together.

    It is enough for a small body for each request that may run or wait.
    """
    return (settings.slots + settings.queue_length) * min(
        SMALL_BODY_BYTES, compute_max_large_body_bytes(settings)
    )
