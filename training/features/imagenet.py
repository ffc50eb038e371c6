"""EfficientNet-Lite0 with the weights that it learnt of ImageNet: a block of blocks.py.

python -m training.features.imagenet CHECKPOINT --out FILE

192 x 192 RGB, whole pictures. Nothing was learnt here: CHECKPOINT is the PyTorch file of the package that the
card names (BACKBONE.md), which PyTorch reads; that is installed for this command alone. Writes FILE.
"""

import argparse
import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import keras
from numpy.typing import NDArray

from inference.contract import InputContract, whole_pictures
from training.features.backbone import load_weights, save_weights
from training.gradient.networks.layers import FEATURES
from training.gradient.networks.registry import build
from training.gradient.recipes import Recipe
from training.untyped import Network

INPUT: Final[InputContract] = whole_pictures(192, 3)
"""What it reads. At 160 x 160 it is right less often (docs/explanation/experiments.md)."""

NETWORK: Final = Recipe(network="efficientnet_lite0", precision="float32")

BUNDLED: Final = Path(__file__).with_name("imagenet.npz")

SOURCE: Final = "efficientnet-lite0-57934424.pth"
"""The file of that package."""

NOT_TAKEN: Final = ("_conv_head.", "_bn1.", "_fc.")
"""What the names in the checkpoint begin with of what follows the last stage."""


def load(path: Path = BUNDLED) -> Network:
    """The network with its weights, as `fresh` has it.

    Raises:
        WeightsUnfit: the file of weights is missing or damaged.
    """
    model = fresh()
    load_weights(model, path)
    return model


def fresh() -> Network:
    """The network with fresh weights: keras.Model from `pixels` to `features` float32 (N, 320)."""
    whole = build(NETWORK, 1, INPUT.array_shape)
    return keras.Model(whole.input, whole.get_layer(FEATURES).output, name=NETWORK.network)


def weights_of(checkpoint: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    """The weights in the order of Keras' layers and in their shapes.

    Args:
        checkpoint: PyTorch's by name, in the order of its layers: kernels (out, in, H, W), depthwise ones
            (channels, 1, H, W).
    """
    taken = {
        name: values
        for name, values in checkpoint.items()
        if not name.startswith(NOT_TAKEN) and not name.endswith("num_batches_tracked")
    }
    return [_in_order(values, name) for name, values in taken.items()]


def _in_order(values: NDArray[Any], name: str) -> NDArray[Any]:
    if values.ndim < 4:
        return values
    return values.transpose(2, 3, 0, 1) if "depthwise" in name else values.transpose(2, 3, 1, 0)


def main(argv: list[str] | None = None) -> int:
    """Write a PyTorch checkpoint's weights as a file of weights."""
    parser = argparse.ArgumentParser(prog="python -m training.features.imagenet", description=main.__doc__)
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help=SOURCE)
    parser.add_argument("--out", type=Path, default=BUNDLED, metavar="FILE", help="the weights, .npz")
    options = parser.parse_args(argv)
    try:
        import torch  # noqa: PLC0415 - installed for this command alone
    except ImportError:
        parser.error("PyTorch, which reads the checkpoint, is not installed: .venv/bin/pip install torch")
    stored = torch.load(options.checkpoint, map_location="cpu", weights_only=True)
    model = fresh()
    model.set_weights(weights_of({name: values.numpy() for name, values in stored.items()}))
    digest = hashlib.sha256(options.checkpoint.read_bytes()).hexdigest()
    save_weights(model, {"checkpoint": options.checkpoint.name, "sha256": digest}, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
