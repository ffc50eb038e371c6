"""Turn a picture into one feature vector, with frozen networks and a palette of colours.

Pictures are 224 x 224 RGB, without cropping. The vector has three blocks, one after the other:

1. `lite2`: means of the last stages of EfficientNet-Lite2, which has learnt a thousand kinds of things and
   then clothes.
2. `backbone`: means of the stages of a small network, which has learnt only clothes.
3. `palette`: how much of each of 96 colours is in the middle of the picture.

All blocks are layers of one network, so that the serving graph needs nothing else. Nothing in it is learnt
from the pictures of a training. Distances from the learnt pictures are measured in the first block.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from inference.arrays import PixelsBatch
from inference.contract import InputContract
from training.answering import make_batched_model
from training.data.vectors import Features, FeatureVectors, join_features
from training.errors import WeightsUnusable
from training.features.frozen import BACKBONE, EFFICIENTNET
from training.features.weights import NPZ_ERRORS, read_npz
from training.gradient.networks.efficientnet_lite import LAST_STAGE_LAYER
from training.gradient.networks.layers import FEATURES_LAYER
from training.untyped import Network, Tensor

BLOCKS_INPUT_CONTRACT: Final[InputContract] = replace(EFFICIENTNET.input_contract, framing="trimmed")
"""Input contract of the blocks: 224 x 224 RGB. In a test at 160 x 160, EfficientNet-Lite0 was right less
often."""

BlockName: TypeAlias = Literal["lite2", "backbone", "palette"]
"""Name of a part of the feature vector: EfficientNet-Lite2, the backbone, or the palette of colours."""

ALL_BLOCKS: Final[tuple[BlockName, ...]] = get_args(BlockName)

FAST_BLOCKS: Final[tuple[BlockName, ...]] = ("backbone", "palette")
"""Blocks that take a ninth of the time of all three."""

BLOCK_WIDTHS: Final[dict[BlockName, int]] = {"lite2": 768, "backbone": 392, "palette": 96}
"""Number of values in each block of the vector."""

BLOCK_SPREADS: Final[dict[BlockName, float]] = {"lite2": 1.0, "backbone": 1.0, "palette": 0.5}
"""Standard deviation to which the values of a block are scaled before a head is fitted, all values together.
A smaller one gives the block less weight. With 1 for the palette too, fewer answers about kinds of things are
right."""

MEASURED_WIDTHS: Final[dict[BlockName, int]] = {"lite2": 352, "backbone": 392}
"""Number of values, the last of a block, in which distances are measured. For Lite2 they are its last
stage."""

VECTOR_LAYER: Final = "vector"
"""Name of the network's layer whose output is the whole vector."""

LITE2_STAGE_LAYERS: Final = ("stage4_4_add", "stage5_4_add", "stage6_5_add", LAST_STAGE_LAYER)
"""The last layers of Lite2's last four stages: 88, 120, 208 and 352 channels."""

PALETTE_FILE: Final = Path(__file__).with_name("palette.npz")
"""File with the array `colours`, float32 (96, 3): CIELAB colours, by k-means of the middles of photos. No
command makes it again."""

PALETTE_SOFTNESS: Final = 100.0
"""Softness of the palette: a pixel at distance d has a colour by exp(-d^2 / PALETTE_SOFTNESS), scaled to sum
1."""

VECTOR_BATCH_SIZE: Final = 16
"""Number of pictures in one run of the network. 32 need 100 MB more, and are not faster."""

MIN_RELATIVE_SCALE: Final = 1e-3
"""Smallest standard deviation of a value that is used, as a share of the largest one. A value that hardly
differs would otherwise get a weight too large for float32."""


def build_vector_network(blocks: Sequence[BlockName] = ALL_BLOCKS) -> Network:
    """Build the network that computes the feature vector of a picture, from the given blocks side by side.

    Args:
        blocks: the names of the blocks, in their order in the vector.

    Returns:
        keras.Model from `pixels` uint8 (N, 224, 224, 3) to `vector` float32 (N, D). Its layer FEATURES_LAYER
        is the part of the first block in which distances are measured.

    Raises:
        WeightsUnusable: weights that come with this package are missing or damaged.
    """
    pixels = keras.Input(BLOCKS_INPUT_CONTRACT.array_shape, dtype="uint8", name="pixels")
    first_block, *other_blocks = blocks
    *layers_below, measured_layer = BLOCK_BUILDERS[first_block](pixels)
    outputs = [*layers_below, layers.Identity(name=FEATURES_LAYER)(measured_layer)]
    for block in other_blocks:
        outputs += BLOCK_BUILDERS[block](pixels)
    vector = (
        layers.Concatenate(name=VECTOR_LAYER, dtype="float32")(outputs) if len(outputs) > 1 else outputs[0]
    )
    return keras.Model(pixels, vector, name="_".join(blocks))


def make_block_deviations(blocks: Sequence[BlockName]) -> FeatureVectors:
    """Return the standard deviation to which a head's fit scales each value of a vector, float32 (D,).

    Args:
        blocks: the names of the vector's blocks, in their order.
    """
    return make_target_deviations(
        [BLOCK_WIDTHS[block] for block in blocks], [BLOCK_SPREADS[block] for block in blocks]
    )


def make_target_deviations(widths: Sequence[int], sizes: Sequence[float]) -> FeatureVectors:
    """Return the standard deviation to which each value of a vector is scaled, float32 (D,).

    A block with more values gets a smaller deviation for each, so that the whole block does not count more.

    Args:
        widths: the number of values in each block.
        sizes: the standard deviation that each block should have, all values together.
    """
    value_spreads = np.array(sizes) * np.sqrt(sum(widths) / (len(widths) * np.array(widths)))
    return np.repeat(value_spreads, widths).astype(np.float32)


def get_distance_slice(blocks: Sequence[BlockName]) -> slice:
    """Return the slice of a vector in which distances are measured, at the layer FEATURES_LAYER.

    Args:
        blocks: the names of the vector's blocks, in their order.
    """
    width = BLOCK_WIDTHS[blocks[0]]
    return slice(width - MEASURED_WIDTHS[blocks[0]], width)


def make_feature_function(model: Network) -> Callable[[PixelsBatch], Features]:
    """Return a function that computes the features of a batch of pictures, upright and mirrored.

    Args:
        model: a network from pixels to vectors.
    """
    run_model = make_batched_model(model, VECTOR_BATCH_SIZE)
    return lambda images: Features(run_model(images), run_model(np.ascontiguousarray(images[:, :, ::-1])))


def compute_features(model: Network, batches: Iterable[PixelsBatch]) -> Features:
    """Compute the features of pictures that come in batches of any size.

    Args:
        model: a network from pixels to vectors.
        batches: uint8 arrays (M, 224, 224, 3).
    """
    return join_features(list(map(make_feature_function(model), batches)))


def _build_lite2(pixels: Tensor) -> list[Tensor]:
    """Add EfficientNet-Lite2, and return the means of its last four stages, each float32 (N, channels)."""
    network = EFFICIENTNET.load_network()
    means = [
        layers.GlobalAveragePooling2D(name=f"{name}_mean")(network.get_layer(name).output)
        for name in LITE2_STAGE_LAYERS
    ]
    return list(keras.Model(network.input, means, name="lite2")(pixels))


def _build_backbone(pixels: Tensor) -> list[Tensor]:
    """Add the backbone, which reads the pictures at 64 x 64, and return its features, float32 (N, 392)."""
    small_pictures = shrink_pictures(ops.cast(pixels, "float32"), BACKBONE.input_contract.shape[0])
    return [BACKBONE.load_network()(small_pictures)]


def shrink_pictures(pictures: Tensor, edge: int) -> Tensor:
    """Return square pictures of a smaller size: each pixel is the mean of the area that it covers.

    Args:
        pictures: float32 (N, H, H, channels).
        edge: the height and width of the result.
    """
    whole = pictures.shape[1]
    if whole % edge == 0:
        return layers.AveragePooling2D(whole // edge, name="to_backbone")(pictures)
    starts = np.arange(edge)[:, None] * whole / edge
    rows = np.arange(whole)
    covered = np.minimum(starts + whole / edge, rows + 1) - np.maximum(starts, rows)
    shares = (np.maximum(covered, 0) * edge / whole).astype(np.float32)
    # The first product has the shapes (N, columns, channels, rows), the second (N, channels, rows, columns).
    shrunk_rows = ops.tensordot(pictures, shares, axes=[[1], [1]])
    shrunk_pictures = ops.tensordot(shrunk_rows, shares, axes=[[1], [1]])
    return ops.transpose(shrunk_pictures, (0, 2, 3, 1))


def _build_palette(pixels: Tensor) -> list[Tensor]:
    """Add the palette: how much of each colour is in the middle of a picture, float32 (N, 96).

    The middle is 60% of the height and 50% of the width. The square root of each share is taken, so that
    colours of small areas count more.
    """
    small_pictures = layers.AveragePooling2D(4, name="to_palette")(ops.cast(pixels, "float32"))
    edge = small_pictures.shape[1]
    rows = round(edge * 0.2)
    columns = edge // 4
    lab_pixels = _convert_to_lab(small_pictures[:, rows : edge - rows, columns : edge - columns])
    colours = _read_palette()
    # The negative squared distance to each colour, -|a - b|^2, without |a|^2. The softmax below ignores this
    # term, because it is the same for all colours.
    closeness = 2 * ops.matmul(lab_pixels, colours.T) - np.square(colours).sum(axis=1)
    shares = ops.mean(ops.softmax(closeness / PALETTE_SOFTNESS, axis=-1), axis=(1, 2))
    return [ops.sqrt(shares)]


BLOCK_BUILDERS: Final[dict[BlockName, Callable[[Tensor], list[Tensor]]]] = {
    "lite2": _build_lite2,
    "backbone": _build_backbone,
    "palette": _build_palette,
}
"""Functions that build the layers of a block, in order. The last layer of the first block is measured."""


def _read_palette() -> FeatureVectors:
    """Read the colours of the palette, float32 (96, 3) in CIELAB."""
    try:
        return np.asarray(read_npz(PALETTE_FILE)["colours"], np.float32)
    except NPZ_ERRORS as error:
        raise WeightsUnusable(f"{PALETTE_FILE}: no palette of this version ({error}).") from error


RGB_TO_XYZ: Final = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32
)
"""Conversion of linear RGB to XYZ (IEC 61966-2-1)."""

WHITE_XYZ: Final = np.array([0.9505, 1.0, 1.089], np.float32)
"""The white of daylight (D65) in XYZ."""


def _convert_to_lab(rgb: Tensor) -> Tensor:
    """Convert sRGB, float (..., 3) in 0..255, to CIELAB (CIE 15:2004)."""
    shares = rgb / 255
    linear_rgb = ops.where(shares > 0.04045, ops.power((shares + 0.055) / 1.055, 2.4), shares / 12.92)
    xyz = ops.matmul(linear_rgb, (RGB_TO_XYZ / WHITE_XYZ[:, None]).T)
    rooted_xyz = ops.where(xyz > 0.008856, ops.power(ops.maximum(xyz, 1e-6), 1 / 3), 7.787 * xyz + 16 / 116)
    x, y, z = rooted_xyz[..., 0], rooted_xyz[..., 1], rooted_xyz[..., 2]
    return ops.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def fit_scaling(vectors: FeatureVectors) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and the standard deviation of each value of vectors, float64 (D,) each.

    Args:
        vectors: float32 (N, D), the vectors, upright and mirrored. A tiny deviation is replaced by
            MIN_RELATIVE_SCALE of the largest, so that none is 0.
    """
    scaler = StandardScaler().fit(vectors)
    return scaler.mean_, np.maximum(scaler.scale_, MIN_RELATIVE_SCALE * scaler.scale_.max())
