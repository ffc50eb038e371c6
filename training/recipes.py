"""What is run: network, augmentation, schedule and seed of one training, as a frozen value.

Pure. The two starting points and the recipe of the bundled release are here; how and why their figures
were chosen: docs/report.md. What carries a recipe out: fitting.py.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from pydantic import JsonValue

from model_store.manifest import DataSet
from training.errors import BadRecipe

NetworkName = Literal["conv3", "resnet"]
Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides what a training does, but the data.

    Attributes:
        network: one of networks.BUILDERS.
        epochs: at most this many; the learning rate follows a cosine down to zero over them.
        batch_size: pictures per step.
        learning_rate: its peak.
        weight_decay: decoupled, times the learning rate (Loshchilov and Hutter 2017, arXiv 1711.05101).
        label_smoothing: 0..1 (Szegedy et al. 2015, arXiv 1512.00567).
        warm_up: epochs over which the learning rate rises from zero.
        averaging: decay per step of the running average of the weights; what is validated and exported.
        flip: mirror half of the pictures left to right.
        shift: largest shift in pixels, each way (pad and crop).
        erase: edge in pixels of the square that is blanked in half of the pictures; 0 for none
            (DeVries and Taylor 2017, arXiv 1708.04552).
        validation: how many training pictures are held out.
        patience: stop after this many epochs without a better one; None never stops early.
        seed: of the initial weights, the split, the order of the data and the augmentation.
        precision: bfloat16 computes in half the bits, where the processor can; weights stay float32.
        limit: use the first so many training pictures, for quick tries; None uses all.
    """

    network: NetworkName = "resnet"
    epochs: int = 30
    batch_size: int = 128
    learning_rate: float = 0.004
    weight_decay: float = 0.05
    label_smoothing: float = 0.0
    warm_up: float = 1.0
    averaging: float = 0.999
    flip: bool = True
    shift: int = 2
    erase: int = 8
    validation: int = 5000
    patience: int | None = 10
    seed: int = 0
    precision: Precision = "float32"
    limit: int | None = None

    def __post_init__(self) -> None:
        """Refuse values that cannot be trained with.

        Raises:
            BadRecipe: the message names the setting, what came and what would do.
        """
        rules: tuple[tuple[str, bool, str], ...] = (
            ("network", self.network in get_args(NetworkName), "one of " + ", ".join(get_args(NetworkName))),
            ("epochs", self.epochs >= 1, "1 or more"),
            ("batch_size", self.batch_size >= 1, "1 or more"),
            ("learning_rate", self.learning_rate > 0, "above 0"),
            ("patience", self.patience is None or self.patience >= 1, "1 or more"),
            ("seed", self.seed >= 0, "0 or more"),
        )
        for name, holds, expected in rules:
            if not holds:
                raise BadRecipe(f"{name} {getattr(self, name)}: expected {expected}.")

    def as_json(self) -> dict[str, JsonValue]:
        """The settings by name, as the manifest and the report keep them."""
        return dict(asdict(self))


CONV3: Final = Recipe(
    network="conv3", epochs=15, learning_rate=0.002, weight_decay=0.01, averaging=0.998, erase=0, patience=5
)
"""The plain convolutional network: minutes on two cores."""

RESNET: Final = Recipe()
"""The compact residual network at half the bundled recipe's length."""

BUNDLED: Final = Recipe(network="resnet", epochs=60, patience=None, precision="bfloat16")
"""What model_store/bundled/ was made with."""

STARTING_POINTS: Final = {"conv3": CONV3, "resnet": RESNET, "bundled": BUNDLED}
"""What --network and --recipe name; the other options of scripts.train change single fields."""


def fingerprint(recipe: Recipe, data: DataSet) -> str:
    """Sixteen hex digits that differ when the settings or the data do; a checkpoint carries them."""
    text = json.dumps({"recipe": recipe.as_json(), "data": data.model_dump()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def default_run_folder(recipe: Recipe, data: DataSet) -> Path:
    """Where a run keeps its checkpoint when it is not told: the same command finds it again."""
    return Path("runs") / f"{recipe.network}-{fingerprint(recipe, data)}"
