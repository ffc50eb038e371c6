"""Wide residual networks: teachers of the compact ones, too slow to serve.

Touches nothing. Their answers: folds.py. The student: compact.py.
"""

from typing import Final

from training.networks.layers import FEATURES, LayerFactory
from training.untyped import Tensor

BLOCKS: Final = 2
"""Residual blocks in each of the three stages; with two convolutions each, the stem, the shortcuts and the
last layer that is what is called 16 layers."""


def wide(x: Tensor, factory: LayerFactory, factor: int) -> Tensor:
    """Wide ResNet of 16 layers (Zagoruyko and Komodakis 2016, arXiv 1605.07146, table 1).

    Normalization and ReLU come before each convolution, as there. In place of a mean over all positions each
    channel has a filter of its own, as in our compact networks.

    Args:
        x: float (N, 28, 28, 1).
        factory: what it is made of.
        factor: of the widths 16, 32 and 64; theirs are 8 and 10 at 32 x 32.
    """
    x = factory.filters(x, 16, 3, "stem")
    for stage in range(3):
        for number in range(BLOCKS):
            strides = 2 if stage > 0 and number == 0 else 1
            x = _block(x, factory, (16 << stage) * factor, f"stage{stage + 1}_{number + 1}", strides)
    x = factory.rectified(factory.normalized(x, "last_norm"), "last_relu")
    return factory.placed(x, FEATURES)


def _block(x: Tensor, factory: LayerFactory, channels: int, name: str, strides: int) -> Tensor:
    active = factory.rectified(factory.normalized(x, f"{name}_a_norm"), f"{name}_a_relu")
    branch = factory.filters(active, channels, 3, f"{name}_a", strides)
    branch = factory.rectified(factory.normalized(branch, f"{name}_b_norm"), f"{name}_b_relu")
    branch = factory.filters(branch, channels, 3, f"{name}_b")
    if x.shape[-1] != channels:
        x = factory.filters(active, channels, 1, f"{name}_shortcut", strides)
    return factory.added(branch, x, f"{name}_add")
