"""Names for the kinds of arrays that the packages exchange, such as `Pixels` and `Probabilities`.

Type checkers only see "array of uint8". The docstrings below say the shape, the order and the range.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Picture: TypeAlias = NDArray[np.uint8]
"""uint8, (H, W, 3), RGB, upright, alpha composited over white; H and W >= 1."""

Grey: TypeAlias = NDArray[np.uint8]
"""uint8, (H, W), BT.601 luma."""

Mask: TypeAlias = NDArray[np.uint8]
"""uint8, (H, W): 255 for the garment, 0 for the background."""

Pixels: TypeAlias = NDArray[np.uint8]
"""uint8, C-contiguous, (H, W), or (H, W, 3) RGB, as the input contract of a release says. For the bundled
release (28, 28), garment light on black: 0 is background."""

PixelsBatch: TypeAlias = NDArray[np.uint8]
"""uint8, (N, H, W) or (N, H, W, 3), C-contiguous, N >= 1: N `Pixels` in a row."""

Probabilities: TypeAlias = NDArray[np.float32]
"""float32, (C,), (N, C) or (N, P, C), each row >= 0 with sum 1, in the order of the labels."""

Distances: TypeAlias = NDArray[np.float32]
"""float32, (N,), the graph's OOD scores: higher is less familiar; may be negative (contract.Familiarity)."""
