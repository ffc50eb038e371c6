"""The weights of EfficientNet-Lite0: where they are from, and how they are read."""

import json
from pathlib import Path

import numpy as np

from lab import imagenet
from training.features import lite0
from training.features.backbone import ABOUT
from training.features.npz import read_npz


def test_the_card_names_what_the_weights_were_made_from() -> None:
    about = json.loads(str(read_npz(lite0.BUNDLED)[ABOUT]))
    while "start" in about:
        about = about["start"]

    card = Path("training/features/BACKBONE.md").read_text("utf-8")

    assert about["checkpoint"] in card
    assert about["sha256"] in card


def test_a_checkpoint_of_pytorch_becomes_weights_in_the_shapes_and_the_order_of_keras() -> None:
    checkpoint = {
        "_conv_stem.weight": np.arange(54).reshape(2, 3, 3, 3),
        "_bn0.weight": np.array([5, 6]),
        "_bn0.num_batches_tracked": np.array(9),
        "_blocks.0._depthwise_conv.weight": np.arange(18).reshape(2, 1, 3, 3),
        "_conv_head.weight": np.zeros((4, 2, 1, 1)),
        "_bn1.bias": np.zeros(4),
        "_fc.bias": np.zeros(1000),
    }

    stem, scale, depthwise = imagenet.weights_of(checkpoint)

    assert stem.shape == (3, 3, 3, 2)
    assert stem[0, 1, 2, 1] == checkpoint["_conv_stem.weight"][1, 2, 0, 1]
    assert scale.tolist() == [5, 6]
    assert depthwise.shape == (3, 3, 2, 1)
    assert depthwise[2, 0, 1, 0] == checkpoint["_blocks.0._depthwise_conv.weight"][1, 0, 2, 0]
