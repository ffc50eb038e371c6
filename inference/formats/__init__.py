"""What the bytes of each format say before a decoder runs: size, and what makes decoding unsafe.

Each module reads one format; header.py picks the module. Bytes in, numbers and texts out.
"""


def ends_too_early(upload: bytes) -> str:
    """The fault of a truncated upload, as it fits after "This PNG"."""
    return f"ends too early, after {len(upload)} bytes"
