"""Our own networks: small residual ones, fast on a CPU, that keep the position of features, and teachers.

The choice and its alternatives: docs/explanation/experiments.md. Published networks: published.py.
"""

from dataclasses import dataclass
from typing import Final

from training.networks.layers import FEATURES, LayerFactory
from training.untyped import Tensor


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One of the compact networks.

    Attributes:
        width: channels of the stem; each stage has twice those before it.
        blocks: residual blocks at 14 x 14 and at 7 x 7 pixels.
        separable: depthwise 3 x 3 and 1 x 1 convolutions in the blocks (MobileNet, arXiv 1704.04861).
        squeezed: weigh the channels of each block by what the whole picture shows (LayerFactory.squeezed).
    """

    width: int
    blocks: tuple[int, int] = (1, 1)
    separable: bool = False
    squeezed: bool = False


SHAPES: Final = {
    "compact16": Shape(width=16),
    "compact24": Shape(width=24),
    "compact32": Shape(width=32),
    "compact40": Shape(width=40),
    "compact24_squeezed": Shape(width=24, blocks=(2, 2), squeezed=True),
    "compact32_deep": Shape(width=32, blocks=(1, 2)),
    "compact32_squeezed": Shape(width=32, squeezed=True),
    "compact48_separable": Shape(width=48, blocks=(2, 2), separable=True),
    "compact48_separable_deep": Shape(width=48, blocks=(3, 3), separable=True),
}
"""From the cheapest to the dearest; what bundled releases are made of is recipes.BUNDLED's to say."""


def compact(x: Tensor, factory: LayerFactory, shape: Shape) -> Tensor:
    """A stem that leaves 28 x 28 at once, residual stages at 14 and 7, one filter per channel over the rest.

    The stem's pooling halves the edge, since most of a residual network's time goes into its first stage.
    In place of a mean over all positions, which forgets where a sleeve or a strap was, each channel has a
    7 x 7 filter of its own (global depthwise convolution: Chen et al. 2018, arXiv 1804.07573, section 3).
    Garments are centred here like their faces.
    """
    blocks = _Blocks(factory, separable=shape.separable, squeezed=shape.squeezed)
    x = factory.pooled(_stem(x, factory, shape.width), "stem_pool")
    for stage, count in enumerate(shape.blocks, start=1):
        for number in range(1, count + 1):
            halved = stage == 2 and number == 1
            x = blocks.block(x, shape.width << stage, f"stage{stage}_{number}", halved=halved)
    return factory.placed(x, FEATURES)


def resnet(x: Tensor, factory: LayerFactory) -> Tensor:
    """Three stages of one residual block each at 28, 14 and 7 pixels: 77,754 trainable parameters.

    The usual small ResNet (He et al. 2015, arXiv 1512.03385, section 4.2) with 16 to 64 channels, by which
    the others are measured.
    """
    blocks = _Blocks(factory, averaged=False)
    x = _stem(x, factory, 16)
    for stage in range(3):
        x = blocks.block(x, 16 << stage, f"stage{stage + 1}", halved=stage > 0)
    return factory.meant(x, FEATURES)


def _stem(x: Tensor, factory: LayerFactory, channels: int) -> Tensor:
    return factory.rectified(
        factory.normalized(factory.filters(x, channels, 3, "stem"), "stem_norm"), "stem_relu"
    )


class _Blocks:
    """Makes residual blocks.

    Args:
        factory: what they are made of.
        separable: of separable convolutions in place of full ones.
        squeezed: with their channels weighed.
        averaged: a shortcut that halves the edge takes means of 2 x 2 (arXiv 1812.01187, section 4.2) in
            place of every other pixel.
    """

    def __init__(
        self, factory: LayerFactory, *, separable: bool = False, squeezed: bool = False, averaged: bool = True
    ) -> None:
        self._factory = factory
        self._separable = separable
        self._squeezed = squeezed
        self._averaged = averaged

    def block(self, x: Tensor, channels: int, name: str, *, halved: bool) -> Tensor:
        """Two convolutions beside a shortcut (He et al. 2015)."""
        factory = self._factory
        branch = self._convolved(x, channels, f"{name}_a", 2 if halved else 1)
        branch = self._convolved(factory.rectified(branch, f"{name}_a_relu"), channels, f"{name}_b", 1)
        if self._squeezed:
            branch = factory.squeezed(branch, f"{name}_squeeze")
        shortcut = self._shortcut(x, channels, name, halved=halved)
        return factory.rectified(factory.added(branch, shortcut, f"{name}_add"), f"{name}_relu")

    def _shortcut(self, x: Tensor, channels: int, name: str, *, halved: bool) -> Tensor:
        """What comes in, in the shape that goes out."""
        factory, strides = self._factory, 1
        if halved and self._averaged:
            x = factory.averaged(x, f"{name}_average")
        elif halved:
            strides = 2
        if x.shape[-1] == channels:
            return x
        x = factory.filters(x, channels, 1, f"{name}_shortcut", strides)
        return factory.normalized(x, f"{name}_shortcut_norm")

    def _convolved(self, x: Tensor, channels: int, name: str, strides: int) -> Tensor:
        factory = self._factory
        if self._separable:
            x = factory.depthwise(x, 3, f"{name}_depthwise", strides=strides)
            x = factory.filters(x, channels, 1, name)
        else:
            x = factory.filters(x, channels, 3, name, strides)
        return factory.normalized(x, f"{name}_norm")


WIDE_BLOCKS: Final = 2
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
        for number in range(WIDE_BLOCKS):
            strides = 2 if stage > 0 and number == 0 else 1
            x = _wide_block(x, factory, (16 << stage) * factor, f"stage{stage + 1}_{number + 1}", strides)
    x = factory.rectified(factory.normalized(x, "last_norm"), "last_relu")
    return factory.placed(x, FEATURES)


def _wide_block(x: Tensor, factory: LayerFactory, channels: int, name: str, strides: int) -> Tensor:
    active = factory.rectified(factory.normalized(x, f"{name}_a_norm"), f"{name}_a_relu")
    branch = factory.filters(active, channels, 3, f"{name}_a", strides)
    branch = factory.rectified(factory.normalized(branch, f"{name}_b_norm"), f"{name}_b_relu")
    branch = factory.filters(branch, channels, 3, f"{name}_b")
    if x.shape[-1] != channels:
        x = factory.filters(active, channels, 1, f"{name}_shortcut", strides)
    return factory.added(branch, x, f"{name}_add")
