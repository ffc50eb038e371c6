"""The weights of EfficientNet-Lite2: where they are from, and how they are read."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab import imagenet
from training.features.frozen import EFFICIENTNET
from training.features.weights import DATA_DESCRIPTION_ARRAY, read_npz


def test_the_card_names_what_the_weights_were_made_from() -> None:
    about = json.loads(str(read_npz(EFFICIENTNET.weights_file)[DATA_DESCRIPTION_ARRAY]))
    while "start" in about:
        about = about["start"]

    card = Path("training/features/BACKBONE.md").read_text("utf-8")

    assert about["checkpoint"] in card
    assert about["sha256"] in card


def test_a_checkpoint_of_pytorch_becomes_weights_in_the_names_the_shapes_and_the_order_of_keras() -> None:
    checkpoint = {
        **layer("_conv_stem", "_bn0", np.arange(54).reshape(2, 3, 3, 3)),
        **layer("_blocks.0._depthwise_conv", "_blocks.0._bn1", np.arange(18).reshape(2, 1, 3, 3)),
        **layer("_blocks.0._project_conv", "_blocks.0._bn2", np.zeros((2, 2, 1, 1))),
        **layer("_blocks.1._project_conv", "_blocks.1._bn2", np.zeros((3, 2, 1, 1))),
        **layer("_blocks.2._project_conv", "_blocks.2._bn2", np.zeros((3, 3, 1, 1))),
        **layer("_conv_head", "_bn1", np.zeros((4, 3, 1, 1))),
        "_fc.bias": np.zeros(1000),
    }

    weights = imagenet.convert_weights(checkpoint)

    names = ("stem", "stage1_1_depthwise", "stage1_1", "stage2_1", "stage2_2")
    assert [path for path in weights if path.endswith("/kernel")] == [f"{name}/kernel" for name in names]
    assert weights["stem/kernel"].shape == (3, 3, 3, 2)
    assert weights["stem/kernel"][0, 1, 2, 1] == checkpoint["_conv_stem.weight"][1, 2, 0, 1]
    assert weights["stem_norm/gamma"].tolist() == [1, 1]
    assert weights["stem_norm/moving_variance"].tolist() == [4, 4]
    depthwise = weights["stage1_1_depthwise/kernel"]
    assert depthwise.shape == (3, 3, 2, 1)
    assert depthwise[2, 0, 1, 0] == checkpoint["_blocks.0._depthwise_conv.weight"][1, 0, 2, 0]


def layer(convolution: str, norm: str, kernel: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """A kernel and its normalization, whose four parameters are 1 to 4."""
    parts = ("weight", "bias", "running_mean", "running_var")
    of_norm = {f"{norm}.{part}": np.full(len(kernel), 1 + place) for place, part in enumerate(parts)}
    return {f"{convolution}.weight": kernel, **of_norm, f"{norm}.num_batches_tracked": np.array(9)}
