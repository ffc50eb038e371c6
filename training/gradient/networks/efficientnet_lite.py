"""EfficientNet-Lite2 without its classifier, for photos in colour of any size.

It is EfficientNet-B0 (Tan and Le 2019, arXiv 1905.11946, table 1), 1.1 times as wide and 1.2 times as deep,
with ReLU6 in place of swish, and without squeeze and excitation.
"""

from typing import Final

from keras import layers

from training.gradient.networks.layers import FEATURES_LAYER, LayerFactory
from training.untyped import Tensor

STEM_FILTERS: Final = 32

STAGE_SETTINGS: Final = (
    (3, 1, 16, 1, 1),
    (3, 2, 24, 3, 6),
    (5, 2, 48, 3, 6),
    (3, 2, 88, 4, 6),
    (5, 1, 120, 4, 6),
    (5, 2, 208, 5, 6),
    (3, 1, 352, 1, 6),
)
"""Five numbers for each stage: the edge of its depthwise filters; the strides of its first block (2 halves
the edge of the picture); the output channels of each block; the number of blocks; and the factor by which a
block widens its channels inside."""

LAST_STAGE_LAYER: Final = f"stage{len(STAGE_SETTINGS)}_1_norm"
"""Name of the last layer of the last stage, float32 (N, H / 32, W / 32, 352), which has no activation."""


def build_efficientnet_lite2(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build EfficientNet-Lite2 without its classifier, and return its features, float32 (N, 352).

    Args:
        x: the pictures, float (N, H, W, 3) in 0..1, RGB.
    """
    # Its weights were learnt on (pixel - 127) / 128.
    x = layers.Rescaling(255 / 128, offset=-127 / 128, name="to_signed")(x)
    x = _add_relu6(factory.add_linear_convolution(x, STEM_FILTERS, 3, "stem", strides=2), factory, "stem")
    for number, (size, strides, channels, blocks, widening) in enumerate(STAGE_SETTINGS, start=1):
        for block in range(1, blocks + 1):
            name = f"stage{number}_{block}"
            own_strides = strides if block == 1 else 1
            x = _add_inverted_residual(
                x, factory, name, size=size, strides=own_strides, channels=channels, widening=widening
            )
    return layers.GlobalAveragePooling2D(name=FEATURES_LAYER, dtype="float32")(x)


def _add_inverted_residual(  # noqa: PLR0913 - what a block consists of
    x: Tensor, factory: LayerFactory, name: str, *, size: int, strides: int, channels: int, widening: int
) -> Tensor:
    """Add an inverted residual block (Sandler et al. 2018, arXiv 1801.04381).

    A 1 x 1 convolution widens the channels, a depthwise one of `size` x `size` follows, and another 1 x 1
    convolution narrows them again.
    """
    wide = x
    widened = f"{name}_widened"
    depthwise = f"{name}_depthwise"
    if widening > 1:
        wide = _add_relu6(
            factory.add_linear_convolution(x, x.shape[-1] * widening, 1, widened), factory, widened
        )
    wide = _add_relu6(factory.add_depthwise_convolution(wide, size, depthwise, strides), factory, depthwise)
    narrow = factory.add_normalization(
        factory.add_linear_convolution(wide, channels, 1, name), f"{name}_norm"
    )
    return layers.Add(name=f"{name}_add")([x, narrow]) if narrow.shape == x.shape else narrow


def _add_relu6(x: Tensor, factory: LayerFactory, name: str) -> Tensor:
    """Add batch normalization and ReLU6, which is ReLU with values up to 6."""
    return layers.ReLU(6.0, name=f"{name}_relu")(factory.add_normalization(x, f"{name}_norm"))
