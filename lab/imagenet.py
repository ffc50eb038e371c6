"""EfficientNet-Lite0's weights as ImageNet left them, from where the tuning starts.

python -m lab.imagenet CHECKPOINT [--out FILE]

CHECKPOINT is the PyTorch file of the package that the card names (training/features/BACKBONE.md), which
PyTorch reads; that is installed for the lab alone. Writes FILE.
"""

import argparse
import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from lab.tuning import IMAGENET
from training.features import lite0
from training.features.backbone import save_weights

SOURCE: Final = "efficientnet-lite0-57934424.pth"
"""The file of that package."""


NOT_TAKEN: Final = ("_conv_head.", "_bn1.", "_fc.")
"""What the names in the checkpoint begin with of what follows the last stage."""


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
    parser = argparse.ArgumentParser(prog="python -m lab.imagenet", description=main.__doc__)
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help=SOURCE)
    parser.add_argument("--out", type=Path, default=IMAGENET, metavar="FILE", help="the weights, .npz")
    options = parser.parse_args(argv)
    try:
        import torch  # noqa: PLC0415 - installed for the lab alone
    except ImportError:
        parser.error("PyTorch, which reads the checkpoint, is not installed: .venv/bin/pip install torch")
    stored = torch.load(options.checkpoint, map_location="cpu", weights_only=True)
    model = lite0.fresh()
    model.set_weights(weights_of({name: values.numpy() for name, values in stored.items()}))
    digest = hashlib.sha256(options.checkpoint.read_bytes()).hexdigest()
    save_weights(model, {"checkpoint": options.checkpoint.name, "sha256": digest}, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
