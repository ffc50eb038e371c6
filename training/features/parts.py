"""Turn the parts of a picture into feature vectors: its upper, middle and lower rows.

A photo of a person shows several garments, and the vector of the whole photo describes them all. The maps of
the network's last stages still have rows. The mean of the upper rows describes what is worn above. It costs
hardly anything, because the maps are computed for the whole photo anyway.
"""

from typing import Final

import keras
import numpy as np
from keras import layers, ops

from inference.contract import PART_ROWS, PARTS
from training.features.blocks import LITE2_STAGE_LAYERS, VECTOR_LAYER
from training.gradient.networks.layers import FEATURES_LAYER
from training.untyped import Network, Tensor

PART_VECTORS: Final = "part_vectors"
"""Name of the vectors of all parts, float32 (N, P, D): means of the same maps as in the whole vector."""

IS_SPEAKING: Final = "is_speaking"
"""Name of the output that is 1 for each part that shows something, and 0 for a blank one, float32 (N, P)."""

MIN_SPREAD: Final = 4 / 255
"""Smallest standard deviation of a colour channel, 0..1, in a part that shows something. A blank wall that
was saved as JPEG has about 1/255; a dark shoe on white that fills a fiftieth of a part gives it 28/255."""

LINE: Final = 4
"""Number of rows of pixels in a line, by which the rows of a part are counted. A line of each map is
a whole number of these."""

BOUNDS: Final = np.array([*PART_ROWS.values()], np.float32)


def add_part_vectors(network: Network) -> Network:
    """Return the network of a picture's vector with further outputs for its parts, in one run.

    Args:
        network: the network from `build_vector_network` with the block `lite2` alone.

    Returns:
        keras.Model from `pixels` uint8 (N, H, W, 3) to a dictionary of VECTOR_LAYER, PART_VECTORS and
        IS_SPEAKING. The vector is that of the given network.
    """
    pixels = network.input
    lite2 = network.get_layer("lite2")
    maps = [lite2.get_layer(name).output for name in LITE2_STAGE_LAYERS]
    outputs = keras.Model(lite2.input, [*lite2.outputs, *maps], name="lite2")(pixels)
    means, stage_maps = outputs[: len(maps)], outputs[len(maps) :]
    measured = layers.Identity(name=FEATURES_LAYER)(means[-1])
    lines = _weigh_lines(pixels)
    part_means = [_average_parts(stage_map, lines) for stage_map in stage_maps]
    answers = {
        VECTOR_LAYER: layers.Concatenate(name=VECTOR_LAYER, dtype="float32")([*means[:-1], measured]),
        PART_VECTORS: ops.concatenate(part_means, axis=-1),
        IS_SPEAKING: _mark_speaking(pixels, lines),
    }
    return keras.Model(pixels, answers, name=network.name)


def _weigh_lines(pixels: Tensor) -> Tensor:
    """Return how much of each part lies in each line of the square, float32 (N, P, H / LINE), with sum 1.

    The rows of the picture are counted from the first to the last one that is not black, since it lies
    between black padding in the square. A picture that is all black has all rows.

    Args:
        pixels: the pixels, uint8 (N, H, W, 3).
    """
    height = pixels.shape[1]
    is_lit = ops.cast(ops.max(pixels, axis=(2, 3)) > 0, "int32")
    # The first of equal numbers is found, which is row 0 from either side if no row is lit.
    from_both_sides = ops.stack([is_lit, is_lit[:, ::-1]], axis=1)
    margins = ops.expand_dims(ops.cast(ops.argmax(from_both_sides, axis=2), "float32"), 2)
    above, below = margins[:, :1], margins[:, 1:]
    edges = above + (height - above - below) * BOUNDS[None]
    starts = np.arange(0, height, LINE, dtype=np.float32)
    overlaps = ops.minimum(edges[:, :, 1:], starts + LINE) - ops.maximum(edges[:, :, :1], starts)
    return ops.relu(overlaps) / (edges[:, :, 1:] - edges[:, :, :1])


def _average_parts(stage_map: Tensor, lines: Tensor) -> Tensor:
    """Return the mean of each part of a map, float32 (N, P, channels).

    Args:
        stage_map: the map of a stage, float32 (N, H, W, channels).
        lines: the weight of each line of the square in each part, float32 (N, P, L).
    """
    rows = ops.sum(
        ops.reshape(lines, (-1, len(PARTS), stage_map.shape[1], lines.shape[2] // stage_map.shape[1])), axis=3
    )
    return ops.matmul(rows, ops.mean(stage_map, axis=2))


def _mark_speaking(pixels: Tensor, lines: Tensor) -> Tensor:
    """Return 1 for each part that is not blank, and 0 for others, float32 (N, P).

    One pixel of each LINE x LINE is read. Black ones are left out, since the padding is black. A part so
    small that no other one is read counts as blank.

    Args:
        pixels: the pixels, uint8 (N, H, W, 3).
        lines: the weight of each line in each part, float32 (N, P, L).
    """
    colours = ops.cast(pixels[:, ::LINE, ::LINE], "float32") / 255
    is_lit = ops.cast(ops.max(colours, axis=3, keepdims=True) > 0, "float32")
    sums = ops.sum(ops.concatenate([colours, ops.square(colours), is_lit], axis=3), axis=2)
    of_parts = ops.matmul(lines, sums)
    means = of_parts[:, :, :6] / ops.maximum(of_parts[:, :, 6:], 1e-6)
    variances = means[:, :, 3:] - ops.square(means[:, :, :3])
    return ops.cast(ops.max(variances, axis=2) >= MIN_SPREAD**2, "float32")
