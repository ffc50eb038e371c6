"""Uploads of every kind that people send, built here byte by byte where no encoder writes them.

What OpenCV and Pillow can write they write; palettes, grey with alpha and old bitmap headers are put together
from the formats' specifications.
"""

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.arrays import Picture

WHITE = (255, 255, 255)
RED = (255, 0, 0)
BLUE = (0, 0, 255)


def garment_picture(height: int = 40, width: int = 60) -> Picture:
    """White, a red block at the upper left, a blue one at the lower right: no turn looks like another."""
    picture = np.full((height, width, 3), 255, np.uint8)
    picture[height // 8 : height // 2, width // 8 : width // 2] = RED
    picture[height // 2 : -height // 8, width // 2 : -width // 4] = BLUE
    return picture


def plain(height: int, width: int, colour: tuple[int, int, int] = WHITE) -> Picture:
    return np.full((height, width, 3), colour, np.uint8)


def encoded(extension: str, samples: NDArray[np.generic], *options: int) -> bytes:
    """An upload by OpenCV's encoder: grey, RGB or RGBA samples of 8 or 16 bits."""
    stored = _in_opencv_order(samples)
    written, upload = cv2.imencode(extension, stored, list(options))
    assert written
    return upload.tobytes()


def png(samples: NDArray[np.generic]) -> bytes:
    return encoded(".png", samples)


def jpeg(samples: NDArray[np.generic], quality: int = 95) -> bytes:
    return encoded(".jpg", samples, cv2.IMWRITE_JPEG_QUALITY, quality)


def webp(samples: NDArray[np.generic]) -> bytes:
    """Lossless (VP8L)."""
    return encoded(".webp", samples, cv2.IMWRITE_WEBP_QUALITY, 101)


def webp_lossy(samples: NDArray[np.generic]) -> bytes:
    """VP8."""
    return encoded(".webp", samples, cv2.IMWRITE_WEBP_QUALITY, 95)


def bmp(samples: NDArray[np.generic]) -> bytes:
    return encoded(".bmp", samples)


def gif(*frames: Picture) -> bytes:
    animation = cv2.Animation()
    animation.frames = [_in_opencv_order(frame) for frame in frames]
    animation.durations = [100] * len(frames)
    written, upload = cv2.imencodeanimation(".gif", animation)
    assert written
    return upload.tobytes()


def tiff(samples: NDArray[np.generic], orientation: int = 1, order: Literal["<", ">"] = "<") -> bytes:
    """Uncompressed, one strip: grey or RGB, uint8, uint16 or float32, either byte order (TIFF 6.0)."""
    height, width = samples.shape[:2]
    depth = samples.dtype.itemsize * 8
    channels = samples.shape[2] if samples.ndim == 3 else 1
    strip = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    fields = {
        256: width,
        257: height,
        258: depth,
        259: 1,  # uncompressed
        262: 2 if channels == 3 else 1,  # RGB, or black is zero
        273: 8,  # the strip follows the header
        274: orientation,
        277: channels,
        278: height,
        279: len(strip),
        339: 3 if samples.dtype.kind == "f" else 1,
    }
    magic = b"II" if order == "<" else b"MM"
    return magic + struct.pack(f"{order}HI", 42, 8 + len(strip)) + strip + _ifd(fields, order)


def exif(orientation: int, order: str = ">") -> bytes:
    """The TIFF part of an EXIF block that holds nothing but the orientation."""
    magic = b"II" if order == "<" else b"MM"
    entry = struct.pack(f"{order}HHIHxx", 274, 3, 1, orientation)
    return magic + struct.pack(f"{order}HIH", 42, 8, 1) + entry + bytes(4)


def turned(kind: str, stored: NDArray[np.uint8], orientation: int) -> bytes:
    """An upload by Pillow whose EXIF block holds the orientation.

    Args:
        kind: "JPEG", "PNG", "WEBP" (lossless) or "TIFF".
        stored: as the camera stores it.
        orientation: 1 to 8.
    """
    exif_block, file = Image.Exif(), io.BytesIO()
    exif_block[274] = orientation
    Image.fromarray(stored).save(file, kind, exif=exif_block, lossless=True, quality=95)
    return file.getvalue()


def stored_for(upright: Picture, orientation: int) -> Picture:
    """How a camera that is held this way stores what its owner sees upright (EXIF 2.32, section 4.6.4 A)."""
    turned = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }
    return np.ascontiguousarray(turned[orientation])


def handmade_png(
    size: tuple[int, int], depth: int, kind: int, rows: Sequence[bytes], *chunks: bytes
) -> bytes:
    """A PNG from its samples.

    Args:
        size: width and height.
        depth: bits a sample.
        kind: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA.
        rows: the bytes of each row, unfiltered.
        chunks: what stands between IHDR and IDAT, made by `png_chunk`.
    """
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, kind, 0, 0, 0))
    data = png_chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + data + png_chunk(b"IEND", b"")


def png_of_stream(width: int, height: int, stream: bytes) -> bytes:
    """A grey PNG of 8 bits whose samples are what `stream` inflates to."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", stream) + png_chunk(b"IEND", b"")


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(width: int, height: int) -> bytes:
    """A PNG that promises a size and holds one row of it."""
    return handmade_png((width, height), 8, 0, [bytes(16)])


def cmyk_jpeg(picture: Picture) -> bytes:
    """Four channels, inverted, as print shops send them; OpenCV does not write it."""
    file = io.BytesIO()
    Image.fromarray(picture).convert("CMYK").save(file, "JPEG", quality=95)
    return file.getvalue()


def os2_bmp(picture: Picture) -> bytes:
    """A bitmap with OS/2's header of 12 bytes; rows from bottom to top, padded to 4 bytes."""
    height, width = picture.shape[:2]
    padding = bytes(-3 * width % 4)
    rows = b"".join(row[:, ::-1].tobytes() + padding for row in picture[::-1])
    header = struct.pack("<IHHHH", 12, width, height, 1, 24)
    return b"BM" + struct.pack("<IHHI", 26 + len(rows), 0, 0, 26) + header + rows


def top_down_bmp(picture: Picture) -> bytes:
    """A bitmap with a negative height: rows from top to bottom."""
    height, width = picture.shape[:2]
    padding = bytes(-3 * width % 4)
    rows = b"".join(row[:, ::-1].tobytes() + padding for row in picture)
    header = struct.pack("<IiiHHIIiiII", 40, width, -height, 1, 24, 0, len(rows), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(rows), 0, 0, 54) + header + rows


def _in_opencv_order(samples: NDArray[np.generic]) -> NDArray[np.uint8]:
    order = {2: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    code = order[samples.shape[2] if samples.ndim == 3 else 2]
    plain_samples: NDArray[np.uint8] = samples  # type: ignore[assignment] # uint16 goes the same way
    return plain_samples if code is None else cv2.cvtColor(plain_samples, code).astype(samples.dtype)


def _ifd(fields: dict[int, int], order: str) -> bytes:
    """A TIFF directory of LONGs, but for BitsPerSample and its kind, which libtiff wants as SHORTs."""
    entries = b"".join(
        struct.pack(f"{order}HHIHxx", tag, 3, 1, value)
        if tag in {258, 259, 262, 274, 277, 339}
        else struct.pack(f"{order}HHII", tag, 4, 1, value)
        for tag, value in sorted(fields.items())
    )
    return struct.pack(f"{order}H", len(fields)) + entries + bytes(4)
