"""Our own networks: small residual networks that are fast on a CPU and keep the positions of features."""

from functools import partial
from typing import Final

from keras import layers

from training.gradient.networks.layers import FEATURES_LAYER, LayerFactory
from training.untyped import Tensor


def build_compact_network(
    x: Tensor,
    factory: LayerFactory,
    *,
    width: int,
    blocks: tuple[int, int] = (1, 1),
    is_separable: bool = False,
) -> Tensor:
    """Build a small residual network for pictures of 28 x 28: a stem, and stages of 14 x 14 and 7 x 7.

    The stem halves the edge, because a residual network needs most of its time in the first stage. At the
    end, a mean over all positions would lose where a sleeve or a strap was. So each channel has a 7 x 7
    filter of its own instead (global depthwise convolution: Chen et al. 2018, arXiv 1804.07573, section 3).
    It was made for centred faces, and garments are centred here, too.

    Args:
        x: the pictures, float (N, 28, 28, channels) in 0..1.
        width: the number of channels of the stem. Each stage has twice as many as the one before.
        blocks: the numbers of residual blocks at 14 x 14 and at 7 x 7 pixels.
        is_separable: whether the blocks have depthwise 3 x 3 and 1 x 1 convolutions (MobileNet, arXiv
            1704.04861).
    """
    x = _add_stem(x, factory, width)
    for stage, count in enumerate(blocks, start=1):
        for number in range(1, count + 1):
            is_halved = stage == 2 and number == 1
            name = f"stage{stage}_{number}"
            channels = width << stage
            x = _add_residual_block(
                x, factory, name, channels, is_halved=is_halved, is_separable=is_separable
            )
    return factory.add_global_depthwise_convolution(x)


COMPACT_BUILDERS: Final = {
    "compact16": partial(build_compact_network, width=16),
    "compact32": partial(build_compact_network, width=32),
    "compact48_separable": partial(build_compact_network, width=48, blocks=(2, 2), is_separable=True),
    "compact48_separable_deep": partial(build_compact_network, width=48, blocks=(3, 3), is_separable=True),
}
"""Builders of our own networks by name, from the fastest to the slowest."""

STEM_CHANNELS: Final = 28
STAGE_COUNT: Final = 3
"""Channels of the stem and number of stages of the network for colour pictures of 64 x 64. The stages have
56, 112 and 224 channels at 16 x 16, 8 x 8 and 4 x 4 pixels; a picture costs 73 MFLOP."""


def build_compact_stages(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build a residual network for colour pictures, and return the means of the channels of all stages."""
    x = _add_stem(x, factory, STEM_CHANNELS)
    means = []
    for stage in range(1, STAGE_COUNT + 1):
        x = _add_residual_block(x, factory, f"stage{stage}", STEM_CHANNELS << stage, is_halved=True)
        means.append(layers.GlobalAveragePooling2D(name=f"stage{stage}_mean")(x))
    return layers.Concatenate(name=FEATURES_LAYER, dtype="float32")(means)


def _add_stem(x: Tensor, factory: LayerFactory, width: int) -> Tensor:
    """Add the first layers: a convolution with normalization and ReLU, and 2 x 2 max pooling."""
    x = factory.add_normalization(factory.add_linear_convolution(x, width, 3, "stem"), "stem_norm")
    return layers.MaxPooling2D(name="stem_pool")(layers.ReLU(name="stem_relu")(x))


def _add_residual_block(  # noqa: PLR0913 - what a block consists of
    x: Tensor, factory: LayerFactory, name: str, channels: int, *, is_halved: bool, is_separable: bool = False
) -> Tensor:
    """Add a residual block: two convolutions beside a shortcut (He et al. 2015, arXiv 1512.03385).

    A shortcut that halves the edge takes means of 2 x 2 pixels (arXiv 1812.01187, section 4.2).
    """
    branch = x
    for half, strides in (("a", 2 if is_halved else 1), ("b", 1)):
        if is_separable:
            branch = factory.add_depthwise_convolution(branch, 3, f"{name}_{half}_depthwise", strides)
            branch = factory.add_linear_convolution(branch, channels, 1, f"{name}_{half}")
        else:
            branch = factory.add_linear_convolution(branch, channels, 3, f"{name}_{half}", strides)
        branch = factory.add_normalization(branch, f"{name}_{half}_norm")
        if half == "a":
            branch = layers.ReLU(name=f"{name}_a_relu")(branch)
    if is_halved:
        x = layers.AveragePooling2D(2, padding="same", name=f"{name}_average")(x)
    if x.shape[-1] != channels:
        x = factory.add_normalization(
            factory.add_linear_convolution(x, channels, 1, f"{name}_shortcut"), f"{name}_shortcut_norm"
        )
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([branch, x]))
