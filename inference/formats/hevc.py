"""HEVC (ITU-T H.265) within HEIC: the size that is decoded, and the slices of one still picture.

A decoder allocates what the sequence parameter set says, whatever the file around it says. So there may be
one, which is read here, and slices alone get to the decoder.
"""

import struct
from dataclasses import dataclass
from functools import lru_cache

from inference.errors import BrokenPicture
from inference.formats.bits import Bits

_HEADER = 23
"""Bytes of hvcC before its lists of NAL units (ISO/IEC 14496-15, section 8.3.3.1)."""

_VPS, _SPS, _PPS = 32, 33, 34
_INTRA = range(16, 22)
"""Types of NAL units that hold slices of a picture which refers to no other (table 7-1)."""

_PARAMETER_SETS_MAX = 16
_SPS_BYTES = 512
"""Bytes of the sequence parameter set that are read here; the size stands in the first 100."""

_UNITS_MAX = 600
"""Slice segments of a picture at the highest level (table A.8). Decoders keep the header of each."""


_ANY_UNITS_MAX = 4096
"""Units of any kind in one picture: each takes time to pass over, and may be one byte."""


@dataclass(frozen=True)
class Parameters:
    """What hvcC says.

    Attributes:
        width: of the picture that the decoder returns, in pixels.
        height: likewise.
        pixels: what is decoded, before it is cropped to width x height.
        box: hvcC without anything but parameter sets.
        length_bytes: bytes of the length before each NAL unit.
    """

    width: int
    height: int
    pixels: int
    box: bytes
    length_bytes: int


@lru_cache(maxsize=8)  # the tiles of a photo, 200 and more, share one configuration
def parameters(hvcc: bytes) -> Parameters:
    """Read the decoder configuration.

    Args:
        hvcc: what the box hvcC contains.

    Raises:
        BrokenPicture: not exactly one sequence parameter set, or one that contradicts hvcC.
        struct.error: the box ends within a field.
    """
    units = _parameter_sets(hvcc)
    (sps,) = [unit for unit in units if _kind(unit) == _SPS] or [b""]
    width, height, pixels, samples = _size(sps)
    # pillow-heif takes the kind of samples from hvcC, and libde265 from the parameter set.
    if samples != (hvcc[16] & 3, hvcc[17] & 7, hvcc[18] & 7):
        raise BrokenPicture("This HEIC describes its samples in two ways. Save it again.")
    arrays = b"".join(struct.pack(">BHH", _kind(unit), 1, len(unit)) + unit for unit in units)
    box = hvcc[: _HEADER - 1] + bytes([len(units)]) + arrays
    return Parameters(width, height, pixels, box, (hvcc[21] & 3) + 1)


def _parameter_sets(hvcc: bytes) -> list[bytes]:
    """The NAL units of hvcC that are parameter sets, in order: one SPS, at most sixteen in all."""
    units, at = [], _HEADER
    for _ in range(hvcc[_HEADER - 1] if len(hvcc) >= _HEADER else 0):
        _, count = struct.unpack_from(">BH", hvcc, at)
        at += 3
        for _ in range(count):
            (length,) = struct.unpack_from(">H", hvcc, at)
            unit = hvcc[at + 2 : at + 2 + length]
            at += 2 + length
            if len(unit) > 2 and _kind(unit) in (_VPS, _SPS, _PPS):
                units.append(unit)
    kinds = [_kind(unit) for unit in units]
    if len(units) > _PARAMETER_SETS_MAX or kinds.count(_SPS) != 1:
        raise BrokenPicture(
            f"This HEIC has {kinds.count(_SPS)} sequence parameter sets, of {len(kinds)} parameter sets; "
            "1 is read, of 16. Save it again."
        )
    return units


def _kind(unit: bytes) -> int:
    return unit[0] >> 1 & 0x3F


def _size(sps: bytes) -> tuple[int, int, int, tuple[int, int, int]]:
    """Width, height, pixels as decoded, and the samples: chroma format, bits of luma and chroma beyond 8."""
    # A 3 after two zeros only keeps them from looking like a start code (section 7.4.2.1).
    bits = Bits(sps[2:_SPS_BYTES].replace(b"\0\0\3", b"\0\0"))
    bits.take(4)
    layers = bits.take(3)
    bits.take(1)
    _skip_profile(bits, layers)
    bits.exp_golomb()  # the number of this set
    chroma = bits.exp_golomb()
    if chroma > 3 or (chroma == 3 and bits.take(1)):
        raise BrokenPicture("This HEIC names no chroma format that is read here. Save it again.")
    width, height = bits.exp_golomb(), bits.exp_golomb()
    left, right, top, bottom = [bits.exp_golomb() for _ in range(4)] if bits.take(1) else [0] * 4
    across, down = (2 if chroma in (1, 2) else 1), (2 if chroma == 1 else 1)
    samples = (chroma, bits.exp_golomb(), bits.exp_golomb())
    return width - across * (left + right), height - down * (top + bottom), width * height, samples


def _skip_profile(bits: Bits, layers: int) -> None:
    """profile_tier_level (section 7.3.3)."""
    bits.take(96)
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    bits.take(2 * (8 - layers) if layers else 0)
    for profile, level in present:
        bits.take(88 * profile + 8 * level)


def slices(stream: bytes, length_bytes: int) -> bytes:
    """The slices of the picture, without anything that may stand beside them.

    Args:
        stream: the data of the item: NAL units, each after its length.
        length_bytes: of these lengths.

    Raises:
        BrokenPicture: not one picture, or one in more slices than any level allows.
    """
    kept, first, at, units = [], 0, 0, 0
    while at + length_bytes < len(stream):
        units += 1
        end = at + length_bytes + int.from_bytes(stream[at : at + length_bytes], "big")
        unit = stream[at + length_bytes : end]
        if len(unit) > 2 and _kind(unit) in _INTRA and not _layer(unit):
            kept.append(stream[at:end])
            first += unit[2] >> 7  # first_slice_segment_in_pic_flag
        at = end
        if len(kept) > _UNITS_MAX or units > _ANY_UNITS_MAX:
            break
    if at > len(stream) or first != 1 or len(kept) > _UNITS_MAX or units > _ANY_UNITS_MAX:
        raise BrokenPicture(
            f"This HEIC does not hold one picture in up to {_UNITS_MAX} slices. "
            "Send the whole file, or save it again."
        )
    return b"".join(kept)


def _layer(unit: bytes) -> int:
    return (unit[0] & 1) << 5 | unit[1] >> 3
