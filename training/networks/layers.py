"""The layers of the networks, with the settings that a recipe gives all of them.

Precision, initialiser, L2 and dropout come from the recipe, so that a network's own code (published.py,
compact.py) is its shape alone. Touches nothing.
"""

from typing import Any, Final

import keras
from keras import layers

from training.recipes import Recipe
from training.untyped import Tensor

FEATURES: Final = "features"
"""The name of the layer below the last one: what distances are measured in."""


class LayerFactory:
    """Makes layers, and applies them.

    Args:
        recipe: its `precision`, `initializer`, `l2` and `dropout`.
        training: take the faster batch normalization, which only training can use.
    """

    def __init__(self, recipe: Recipe, *, training: bool) -> None:
        self.policy = keras.DTypePolicy("mixed_bfloat16" if recipe.precision == "bfloat16" else "float32")
        self._normalization = training_normalization() if training else layers.BatchNormalization
        self._initializer = recipe.initializer
        self._l2 = recipe.l2
        self._dropout = recipe.dropout

    def convolution(self, x: Tensor, channels: int, size: int, name: str, padding: str = "same") -> Tensor:
        """A convolution of `size` x `size` with bias and ReLU."""
        return layers.Conv2D(channels, size, padding=padding, activation="relu", name=name, **self._kernel())(
            x
        )

    def filters(self, x: Tensor, channels: int, size: int, name: str, strides: int = 1) -> Tensor:
        """A convolution of `size` x `size` without bias or activation: normalization follows."""
        return layers.Conv2D(
            channels, size, strides=strides, padding="same", use_bias=False, name=name, **self._kernel()
        )(x)

    def depthwise(
        self, x: Tensor, size: int, name: str, *, strides: int = 1, padding: str = "same"
    ) -> Tensor:
        """A convolution of each channel by itself, without bias or activation."""
        return layers.DepthwiseConv2D(
            size,
            strides=strides,
            padding=padding,
            use_bias=False,
            depthwise_initializer=self._initializer,
            name=name,
            dtype=self.policy,
        )(x)

    def dense(self, x: Tensor, units: int, name: str) -> Tensor:
        """A fully connected layer with ReLU."""
        return layers.Dense(units, activation="relu", name=name, **self._kernel())(x)

    def normalized(self, x: Tensor, name: str) -> Tensor:
        """Batch normalization of float (N, H, W, C) (Ioffe and Szegedy 2015, arXiv 1502.03167)."""
        return self._normalization(name=name, dtype=self.policy)(x)

    def normalized_row(self, x: Tensor, name: str) -> Tensor:
        """The same for float (N, D), which the faster kernel does not take."""
        return layers.BatchNormalization(name=name, dtype=self.policy)(x)

    def dropped(self, x: Tensor, share: float, name: str) -> Tensor:
        """Dropout of `share`, or of the recipe's share if it names one (Srivastava et al. 2014)."""
        share = share if self._dropout is None else self._dropout
        return layers.Dropout(share, name=name, dtype=self.policy)(x) if share else x

    def pooled(self, x: Tensor, name: str) -> Tensor:
        """The largest of each 2 x 2."""
        return layers.MaxPooling2D(name=name, dtype=self.policy)(x)

    def averaged(self, x: Tensor, name: str) -> Tensor:
        """The mean of each 2 x 2; at an odd edge, of what there is."""
        return layers.AveragePooling2D(2, padding="same", name=name, dtype=self.policy)(x)

    def placed(self, x: Tensor, name: str) -> Tensor:
        """One row a picture: each channel by a filter of its own over all positions, normalized."""
        x = self.depthwise(x, x.shape[1], "place", padding="valid")
        return self.flattened(self.normalized(x, "place_norm"), name)

    def meant(self, x: Tensor, name: str) -> Tensor:
        """The mean of each channel over all positions."""
        return layers.GlobalAveragePooling2D(name=name, dtype=self.policy)(x)

    def rectified(self, x: Tensor, name: str) -> Tensor:
        """ReLU."""
        return layers.ReLU(name=name, dtype=self.policy)(x)

    def added(self, x: Tensor, y: Tensor, name: str) -> Tensor:
        """The sum of a branch and its shortcut."""
        return layers.Add(name=name, dtype=self.policy)([x, y])

    def squeezed(self, x: Tensor, name: str) -> Tensor:
        """Each channel times a factor in 0..1, which depends on the means of all channels.

        Squeeze and excitation (Hu et al. 2017, arXiv 1709.01507, section 3), narrowed to an eighth.
        """
        means = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_mean", dtype=self.policy)(x)
        narrow = self.convolution(means, x.shape[-1] // 8, 1, f"{name}_narrow")
        gate = layers.Conv2D(x.shape[-1], 1, activation="sigmoid", name=f"{name}_gate", **self._kernel())(
            narrow
        )
        return layers.Multiply(name=f"{name}_times", dtype=self.policy)([x, gate])

    def flattened(self, x: Tensor, name: str = "flat") -> Tensor:
        """One row a picture."""
        return layers.Flatten(name=name, dtype=self.policy)(x)

    def _kernel(self) -> dict[str, Any]:
        """What all layers with a full kernel share."""
        return {
            "kernel_initializer": self._initializer,
            "kernel_regularizer": keras.regularizers.L2(self._l2) if self._l2 else None,
            "dtype": self.policy,
        }


def training_normalization() -> type[layers.Layer]:
    """The batch normalization of pictures that trains fastest on the backend; its weights fit Keras' own."""
    if keras.backend.backend() != "tensorflow":
        return layers.BatchNormalization  # type: ignore[no-any-return]  # keras ships no types
    from training.networks.fused_normalization import BatchNormalization  # noqa: PLC0415 - needs TensorFlow

    return BatchNormalization
