"""Find what is missing of an upload before a decoder does: some fill the rest with grey and say nothing.

OpenCV takes the lengths in a PNG at their word as well: one of 4 GB in a file of 1 kB has it clear 4 GB of
memory before it finds out. Bytes in, a verdict out; GIF, BMP and TIFF are left to their decoders.
"""

from inference.header import Header

_PNG_SIGNATURE = 8
_PNG_CHUNKS_MAX = 1 << 16
"""More than any PNG of our sizes has: encoders write 8 kB or more a chunk."""


def is_whole(upload: bytes, header: Header) -> bool:
    """Whether everything is there that the upload itself promises.

    Args:
        upload: all of it; bytes after the picture's end do not count.
        header: what it begins with.
    """
    match header.format:
        case "PNG":
            return _png_is_whole(upload)
        case "JPEG":
            return upload.rfind(b"\xff\xd9") > upload.find(b"\xff\xda")  # EOI after the first SOS
        case "WebP":
            return len(upload) >= 8 + int.from_bytes(upload[4:8], "little")
    return True


def _png_is_whole(upload: bytes) -> bool:
    """Walk from chunk to chunk up to IEND: length, kind, data, checksum.

    OpenCV looks for IDAT beyond an IEND too, where no walk of ours goes: such a PNG of 100 bytes took 4.1 GB.
    """
    position, has_samples = _PNG_SIGNATURE, False
    for _ in range(_PNG_CHUNKS_MAX):
        if position + 12 > len(upload):
            return False
        length = int.from_bytes(upload[position : position + 4], "big")
        kind = upload[position + 4 : position + 8]
        position += 12 + length
        has_samples |= kind == b"IDAT"
        if kind == b"IEND":
            return has_samples and length == 0 and position <= len(upload)
    return False
