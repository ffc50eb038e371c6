"""Numbers of any count of bits, as the headers of HEVC and AV1 hold them: most significant bit first."""

import struct

_ZEROS_MAX = 32
"""No number of these headers has more bits."""


class Bits:
    """A place in some bytes, from which numbers are read one after the other.

    Every method raises struct.error where the bytes end too early.
    """

    def __init__(self, header: bytes) -> None:
        self._left = len(header) * 8
        self._number = int.from_bytes(header, "big")

    def take(self, bits: int) -> int:
        """The next number, of this many bits."""
        self._left -= bits
        if self._left < 0:
            raise struct.error("The header ends too early.")
        return self._number >> self._left & ((1 << bits) - 1)

    def exp_golomb(self) -> int:
        """The next number, which says its own length (ue(v): ITU-T H.265, section 9.2)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > _ZEROS_MAX:
                raise struct.error("A number is too long.")
        return (1 << zeros) - 1 + self.take(zeros)
