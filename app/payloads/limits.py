"""What one request may hold: from its body to its pictures and their pixels. Values alone."""

from dataclasses import dataclass, replace

from app.settings import Settings

BODY_OVERHEAD = 64 * 1024
"""Bytes allowed around one picture for multipart headers or JSON braces."""

SMALL_BODY_BYTES = 4_100_000
"""Of a body, with what it becomes, that counts in the total of small ones: a photo of 4 MB in a form."""


@dataclass(frozen=True, kw_only=True)
class RequestLimits:
    """The limits of one request.

    Attributes:
        bytes: of its body, as sent and inflated, and of all that its ZIPs unpack to.
        bytes_setting: the name of the setting that says so.
        pictures: how many.
        picture_bytes: of each, as sent or unpacked.
        picture_pixels: width x height of each.
        pixels: width x height of all.
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
    """The limits of a request for one picture: base64 needs four bytes for three."""
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
    """The limits of a request for any number of pictures."""
    return replace(
        single_limits(settings),
        bytes=settings.max_batch_bytes,
        bytes_setting="MAX_BATCH_BYTES",
        pictures=settings.max_batch,
        pixels=settings.max_batch_pixels,
    )


def max_large_body_bytes(settings: Settings) -> int:
    """What all bodies of more than SMALL_BODY_BYTES may have together: the largest fits once."""
    return max(single_limits(settings).bytes, batch_limits(settings).bytes)


def max_small_body_bytes(settings: Settings) -> int:
    """What all others may have together: each request that works or waits has a small one."""
    return (settings.slots + settings.queue_length) * min(SMALL_BODY_BYTES, max_large_body_bytes(settings))
