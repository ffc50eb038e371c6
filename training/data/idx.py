"""Read and write IDX, the format of MNIST and Fashion-MNIST, gzipped or not.

An IDX file is two zero bytes, a type (8 is uint8), the number of dimensions, each dimension as a
big-endian 32-bit number, then the values in C order (LeCun, Cortes, Burges: yann.lecun.com/exdb/mnist).
Touches the named files. A whole data set of four such files: datasets.py.
"""

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.errors import BadIdx

UINT8 = 0x08
"""The only type code that image data sets use."""

GZIP_MAGIC = b"\x1f\x8b"


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read one IDX file of uint8 values; whether it is gzipped is seen from its bytes, not its name.

    Args:
        path: the file.
        dimensions: how many it must have: 3 for pictures, 1 for labels.

    Returns:
        uint8, of the shape that the file's header says.

    Raises:
        BadIdx: it cannot be read, the magic number or a dimension is wrong, values are missing or left over.
    """
    content = _content(path)
    header_size = 4 + 4 * dimensions
    if len(content) < header_size:
        raise BadIdx(
            f"{path}: {len(content)} bytes, but the header alone takes {header_size}. It is truncated."
        )
    _check_magic(path, content[:4], dimensions)
    shape = struct.unpack(f">{dimensions}I", content[4:header_size])
    expected = int(np.prod(shape, dtype=np.int64))
    found = len(content) - header_size
    if found < expected:
        raise BadIdx(
            f"{path}: truncated. The header promises {expected} values {shape}, the file holds {found}."
        )
    if found > expected:
        raise BadIdx(f"{path}: {found - expected} bytes are left over after the {expected} values {shape}.")
    return np.frombuffer(content, np.uint8, offset=header_size).reshape(shape)


def _content(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if raw.startswith(GZIP_MAGIC) else raw
    except EOFError as error:
        raise BadIdx(f"{path}: truncated. Its gzip stream ends early: fetch the file again.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BadIdx(f"{path}: damaged gzip ({error}). Fetch the file again.") from error
    except OSError as error:
        raise BadIdx(f"{path}: cannot be read ({error.strerror}).") from error


def _check_magic(path: Path, magic: bytes, dimensions: int) -> None:
    expected = bytes([0, 0, UINT8, dimensions])
    if magic == expected:
        return
    kinds = {1: "labels", 3: "pictures"}
    hint = ""
    if magic[:3] == expected[:3] and magic[3] in kinds:
        hint = f" It holds {kinds[magic[3]]}: perhaps two files were swapped."
    raise BadIdx(f"{path}: begins with {magic.hex()}, expected {expected.hex()}.{hint}")
