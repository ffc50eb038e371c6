"""The limits of one request: its body, its pictures and their pixels. These are values without logic."""

from dataclasses import dataclass, replace

from app.settings import Settings

BODY_OVERHEAD = 64 * 1024
"""Bytes that are allowed around one picture, for multipart headers or the braces of JSON."""

SMALL_BODY_BYTES = 4_100_000
"""Largest size in bytes of a small body, with the values that it is parsed into: a photo of 4 MB in a
form."""


@dataclass(frozen=True, kw_only=True)
class RequestLimits:
    """The limits of one request.

    Attributes:
        bytes: bytes of its body, as sent and inflated, and of the unpacked content of all its ZIPs.
        bytes_setting: the name of the setting that this limit comes from.
        pictures: number of pictures.
        picture_bytes: bytes of each picture, as sent or unpacked.
        picture_pixels: width x height of each picture.
        pixels: the sum of width x height over all pictures.
        numbers: numbers and other values of its JSON.
    """

    bytes: int
    bytes_setting: str
    pictures: int
    picture_bytes: int
    picture_pixels: int
    pixels: int
    numbers: int


def single_limits(settings: Settings) -> RequestLimits:
    """Return the limits of a request for one picture. Base64 needs four bytes for three."""
    return RequestLimits(
        bytes=settings.max_upload_bytes * 4 // 3 + BODY_OVERHEAD,
        bytes_setting=f"MAX_UPLOAD_BYTES ({settings.max_upload_bytes:,} for the picture itself)",
        pictures=1,
        picture_bytes=settings.max_upload_bytes,
        picture_pixels=settings.max_pixels,
        pixels=settings.max_pixels,
        numbers=settings.max_json_numbers,
    )


def batch_limits(settings: Settings) -> RequestLimits:
    """Return the limits of a request for many pictures."""
    return replace(
        single_limits(settings),
        bytes=settings.max_batch_bytes,
        bytes_setting="MAX_BATCH_BYTES",
        pictures=settings.max_batch,
        pixels=settings.max_batch_pixels,
    )


def max_large_body_bytes(settings: Settings) -> int:
    """Return how many bytes all bodies above SMALL_BODY_BYTES may have together: the largest fits once."""
    return max(single_limits(settings).bytes, batch_limits(settings).bytes)


def max_small_body_bytes(settings: Settings) -> int:
    """Return how many bytes all small bodies may have: one for each request that works or waits."""
    return (settings.slots + settings.queue_length) * min(SMALL_BODY_BYTES, max_large_body_bytes(settings))
