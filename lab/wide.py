"""The network of the teachers, and its recipe. Importing this lets `registry.build` build it."""

from typing import Final, Literal

from keras import layers
from pydantic.dataclasses import dataclass

from training.gradient.networks.layers import LayerFactory
from training.gradient.networks.registry import BUILDERS
from training.gradient.recipes import Recipe
from training.untyped import Tensor

WIDENING: Final = 4
"""Factor of the widths 16, 32 and 64 of a residual network; the paper has 8 and 10, at 32 x 32 pixels."""

WIDE_BLOCKS: Final = 2
"""Residual blocks in each of the three stages; with two convolutions each, the stem, the shortcuts and the
last layer that is what is called 16 layers."""


def wide(x: Tensor, factory: LayerFactory) -> Tensor:
    """Wide ResNet of 16 layers (Zagoruyko and Komodakis 2016, arXiv 1605.07146, table 1).

    Normalization and ReLU come before each convolution, as there. In place of a mean over all positions each
    channel has a filter of its own, as in our compact networks.
    """
    x = factory.filters(x, 16, 3, "stem")
    for stage in range(3):
        for number in range(WIDE_BLOCKS):
            strides = 2 if stage > 0 and number == 0 else 1
            x = _wide_block(x, factory, (16 << stage) * WIDENING, f"stage{stage + 1}_{number + 1}", strides)
    return factory.placed(_active(x, factory, "last"))


def _wide_block(x: Tensor, factory: LayerFactory, channels: int, name: str, strides: int) -> Tensor:
    active = _active(x, factory, f"{name}_a")
    branch = factory.filters(active, channels, 3, f"{name}_a", strides)
    branch = factory.filters(_active(branch, factory, f"{name}_b"), channels, 3, f"{name}_b")
    if x.shape[-1] != channels:
        x = factory.filters(active, channels, 1, f"{name}_shortcut", strides)
    return layers.Add(name=f"{name}_add")([branch, x])


def _active(x: Tensor, factory: LayerFactory, name: str) -> Tensor:
    return layers.ReLU(name=f"{name}_relu")(factory.normalized(x, f"{name}_norm"))


NAME: Final = "wide4"

BUILDERS[NAME] = wide


@dataclass(frozen=True, kw_only=True)
class WideRecipe(Recipe):
    """A recipe of this network, which the product's commands do not train."""

    network: Literal["wide4"] = NAME  # type: ignore[assignment]  # none of those of `Recipe`
