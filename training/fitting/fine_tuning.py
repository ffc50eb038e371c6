"""Build the network that a training starts from: with fresh weights, or with a release's.

A release's network is built again from its own model.keras, layer by layer, so that it can be trained further
even if the network of that name has changed since. Reads that file. The recipe: starting.py; the fit: fit.py.
"""

from functools import partial

import keras
from keras import layers

from inference.contract import GREY_28
from inference.keras_session import load_model
from training.fitting.starting import ParentRelease
from training.networks.layers import policy_of, training_normalization
from training.networks.registry import LOGITS, build
from training.recipes import Recipe
from training.untyped import Network


def begin(
    start: ParentRelease | None,
    recipe: Recipe,
    classes: int,
    shape: tuple[int, ...] = GREY_28.array_shape,
    *,
    training: bool = False,
) -> Network:
    """Build the network that a training starts from.

    Args:
        start: a release of ours; None builds the recipe's network with fresh weights.
        recipe: what all layers have in common; dropout and L2 of a release give way to its own.
        classes: how many logits.
        shape: of one picture; a release has its own.
        training: build the form that trains faster (layers.py).

    Returns:
        keras.Model from `pixels` uint8 (N, *shape) to `logits` float32 (N, classes).

    Raises:
        ModelUnreadable: Keras cannot load the file.
    """
    if start is None:
        return build(recipe, classes, shape, training=training)
    known = load_model(start.model)
    model = _built_again(known, recipe, classes, training=training)
    for layer in model.layers:
        if layer.name != LOGITS or start.same_classes:
            layer.set_weights(known.get_layer(layer.name).get_weights())
    return model


def _built_again(known: Network, recipe: Recipe, classes: int, *, training: bool) -> Network:
    """The same layers as a known network's, with fresh weights and another last one."""
    below = keras.Model(known.input, known.get_layer(LOGITS).input)
    remade = keras.models.clone_model(
        below, clone_function=partial(_made_again, recipe=recipe, training=training)
    )
    logits = layers.Dense(classes, name=LOGITS, dtype="float32")(remade.output)
    return keras.Model(remade.input, logits, name=known.name)


def _made_again(layer: keras.Layer, recipe: Recipe, *, training: bool) -> keras.Layer:
    """A layer like this one, without its weights, as the recipe wants it."""
    config = layer.get_config() | {"dtype": policy_of(recipe)}
    if "kernel_regularizer" in config:
        config["kernel_regularizer"] = keras.regularizers.L2(recipe.l2) if recipe.l2 else None
    if isinstance(layer, layers.Dropout) and recipe.dropout is not None:
        config["rate"] = recipe.dropout
    of_pictures = isinstance(layer, layers.BatchNormalization) and len(layer.output.shape) == 4
    kind = training_normalization() if of_pictures and training else type(layer)
    return kind.from_config(config)
