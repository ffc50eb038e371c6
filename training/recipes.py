"""A recipe: network, augmentation, schedule and seed of one training, as a frozen value and as a TOML file.

The starting points and the recipe of the bundled release are here; how their values were chosen:
docs/explanation/experiments.md. A file has the fields of `Recipe` by name. TOML has no null: a field that may
be unset is unset where the file leaves it out; any other field that is left out has the bundled recipe's
value. Reads the named file alone. The fit: fitting/fit.py.
"""

import hashlib
import json
import tomllib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import (
    Field,
    JsonValue,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.dataclasses import dataclass

from inference.contract import EDGE
from model_store.manifest import DataSet
from training.data.datasets import LabelledData
from training.errors import BadRecipe

OwnName = Literal[
    "dense", "conv2_same", "conv3", "conv2_5x5", "arch1", "arch2", "vgg",
    "compact16", "compact32", "compact48_separable", "compact48_separable_deep", "compact_any", "wide4",
]  # fmt: skip
BackboneName = Literal["mobilenet_v3_small", "mobilenet_v3_large", "efficientnet_v2_b0"]
NetworkName = Literal[OwnName, BackboneName]
OptimizerName = Literal["adamw", "adam", "sgd", "muon"]
Initializer = Literal["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_normal"]
Precision = Literal["float32", "bfloat16"]


Positive = Annotated[int, Field(ge=1)]
NotNegative = Annotated[int, Field(ge=0)]
Factor = Annotated[float, Field(ge=0, allow_inf_nan=False)]
BelowOne = Annotated[float, Field(ge=0, lt=1)]

DEFAULT_NETWORK: Final = "compact32"

ANY_SIZE: Final = "compact_any"
"""The default for inputs other than Fashion-MNIST's."""

CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "network": get_args(OwnName),
    "optimizer": get_args(OptimizerName),
    "initializer": get_args(Initializer),
    "precision": get_args(Precision),
}
"""What the fields that name something may name; a network of --weights, one of BACKBONES too."""

BACKBONES: Final[tuple[str, ...]] = get_args(BackboneName)
"""Networks that begin with pretrained weights (networks/pretrained.py)."""

BACKBONE_EDGE: Final = 32
"""Least height and width of their input."""

IMAGENET: Final = "imagenet"
"""The weights that Keras fetches, whose hash it checks."""

MIXUP_MIN: Final = 0.05
"""Least alpha of mixup: below it, hardly any picture is mixed."""

NEWER: Final = (
    "start",
    "shear",
    "teacher",
    "teaching",
    "split_seed",
    "photos",
    "variants",
    "blend",
    "weights",
)
"""Fields that recipes did not always have: a run that was begun without one keeps its fingerprint."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides what a training does, but the data.

    Attributes:
        network: one of networks.BUILDERS.
        epochs: at most this many; the learning rate follows a cosine down to zero over them.
        batch_size: pictures per step.
        optimizer: one of optimizers.OPTIMIZERS.
        learning_rate: its peak.
        weight_decay: decoupled, times the learning rate (Loshchilov and Hutter 2017, arXiv 1711.05101).
        label_smoothing: 0..1 (Szegedy et al. 2015, arXiv 1512.00567).
        initializer: of the kernels of all layers but the last (Keras' names).
        l2: factor of the squared kernels in the loss (not `weight_decay`, which leaves the loss alone).
        dropout: the share that each dropout of the network drops; None leaves it to the network.
        teacher: the soft targets that are learnt from (their `sha256`); None without a teacher.
        teaching: share of the target that is the teacher's; the rest is the label's (arXiv 1503.02531).
        warm_up: epochs over which the learning rate rises from zero.
        averaging: decay per step of the running average of the weights; what is validated and exported.
        flip: mirror half of the pictures left to right.
        shift: largest shift in pixels of a picture of 28 x 28, each way (pad and crop); larger pictures in
            proportion.
        erase: edge in such pixels of the square that is blanked in half of the pictures; 0 for none (DeVries
            and Taylor 2017, arXiv 1708.04552).
        rotate: largest rotation in degrees, each way.
        zoom: largest change of scale, relative, each way.
        shear: largest angle in degrees that upright lines lean by, each way.
        mixup: alpha of the Beta distribution that two pictures are mixed by; 0 for none (Zhang et al. 2017,
            arXiv 1710.09412).
        validation: how many training pictures are held out.
        patience: stop after this many epochs without a better one; None never stops early.
        seed: of the initial weights, the split, the order of the data and the augmentation.
        split_seed: of the split alone, so that several seeds can be judged on the same held-out pictures;
            None takes `seed`.
        precision: bfloat16 computes in half the bits, where the processor can; weights stay float32.
        limit: use the first so many training pictures, for quick tries; None uses all.
        blend: share of what was learnt in the weights that are kept; the rest is of the release that was
            trained further, so that little of that is lost (Wortsman et al. 2021, arXiv 2109.01903).
        start: version of the release whose weights are trained further; None begins with fresh ones.
        photos: the hash of the photos that are learnt (`making.photos_sha256`); None without any.
        variants: how many variants are made of them, of those that balance.py allows.
        weights: `imagenet`, or the SHA-256 of the file whose weights a backbone begins with. Its logits are
            learnt alone first, then all of it at a tenth of the learning rate (fitting/phases.py).
    """

    network: NetworkName = DEFAULT_NETWORK
    epochs: Positive = 30
    batch_size: Positive = 128
    optimizer: OptimizerName = "adamw"
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.004
    weight_decay: Factor = 0.05
    label_smoothing: BelowOne = 0.0
    initializer: Initializer = "glorot_uniform"
    l2: Factor = 0.0
    dropout: BelowOne | None = None
    teacher: str | None = None
    teaching: Annotated[float, Field(ge=0, le=1)] = 0.0
    warm_up: Factor = 1.0
    averaging: BelowOne = 0.999
    flip: bool = True
    shift: Annotated[int, Field(ge=0, lt=EDGE)] = 2
    erase: Annotated[int, Field(ge=0, le=EDGE)] = 8
    rotate: Annotated[float, Field(ge=0, le=180)] = 0.0
    zoom: BelowOne = 0.0
    shear: Annotated[float, Field(ge=0, lt=90)] = 0.0
    mixup: Factor = 0.0
    validation: int = 5000
    patience: Positive | None = 10
    seed: NotNegative = 0
    split_seed: NotNegative | None = None
    precision: Precision = "float32"
    limit: int | None = None
    start: str | None = None
    photos: str | None = None
    variants: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    blend: Annotated[float, Field(gt=0, le=1)] = 1.0
    weights: str | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _explain(cls, values: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Refuse values that cannot be trained with, by the name of the setting."""
        try:
            recipe = handler(values)
        except ValidationError as error:
            first = error.errors()[0]
            raise BadRecipe(f"{first['loc'][0]} {first['input']}: {first['msg']}.") from error
        if 0 < recipe.mixup < MIXUP_MIN:
            raise BadRecipe(f"mixup {recipe.mixup}: expected 0, or {MIXUP_MIN} or more.")
        if recipe.blend < 1 and recipe.start is None:
            raise BadRecipe(f"blend {recipe.blend}: expected 1 where no release is trained further.")
        return recipe

    @property
    def splitting(self) -> int:
        """The seed of the split."""
        return self.seed if self.split_seed is None else self.split_seed

    def as_json(self) -> dict[str, JsonValue]:
        """The settings by name, as manifest and report keep them; none of NEWER at its default."""
        off = asdict(Recipe())
        return {
            name: value for name, value in asdict(self).items() if name not in NEWER or value != off[name]
        }


PLAIN: Final = Recipe(
    network="conv3", epochs=15, learning_rate=0.002, weight_decay=0.01, averaging=0.998, erase=0, patience=5
)
"""What the published networks start from: minutes on two cores."""

COMPACT: Final = Recipe(
    network=DEFAULT_NETWORK, optimizer="muon", averaging=0.998, precision="bfloat16", patience=None
)
"""What our own networks start from."""

FIRST: Final = replace(
    COMPACT,
    network="compact48_separable_deep",
    epochs=84,
    batch_size=256,
    learning_rate=0.005,
    teacher="a2f77155987520e8",
    teaching=0.5,
    seed=1,
    split_seed=0,
)
"""The recipe of the bundled release's first step, on the data set alone. Its teacher's answers:
(distillation.KEPT)."""

BUNDLED: Final = replace(
    FIRST,
    epochs=6,
    learning_rate=0.001,
    warm_up=0.3,
    photos="ef01b6d1edfec108",
    blend=0.8,
    start="20261120T151114Z-10648784",
)
"""The recipe of model_store/bundled/: a release of FIRST, trained further with --folds 5 --average-folds
(docs/how-to/retrain.md)."""

PRETRAINED: Final = Recipe(network="mobilenet_v3_small", learning_rate=0.002, averaging=0.998, patience=None)
"""What backbones start from."""

QUICK: Final = replace(COMPACT, network="compact16", epochs=6, warm_up=0.5, averaging=0.99, shift=1, erase=0)
"""A good network in a minute or two: the smallest one, with augmentation that few epochs can take in."""

RECIPES: Final = {"first": FIRST, "bundled": BUNDLED, "quick": QUICK}
"""What --recipe names; the other options of `wardrobe train` change single fields."""

FROM_NOTHING: Final = tuple(sorted(name for name, recipe in RECIPES.items() if recipe.start is None))
"""Those that begin with fresh weights."""


def starting_point(network: NetworkName) -> Recipe:
    """The recipe that a network starts from when it is named alone."""
    if network in BACKBONES:
        return replace(PRETRAINED, network=network)
    return replace(COMPACT if network.startswith(("compact", "wide")) else PLAIN, network=network)


def fingerprint(recipe: Recipe, data: DataSet) -> str:
    """Sixteen hex digits that differ when the settings or the data do."""
    text = json.dumps({"recipe": recipe.as_json(), "data": data.model_dump()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def groups_suffix(data: LabelledData) -> str:
    """What a fingerprint ends in where pictures are grouped, since groups decide what is held out."""
    keys = data.train.keys
    return "" if keys is None else "-" + hashlib.sha256("\n".join(keys).encode()).hexdigest()[:8]


def run_fingerprint(recipe: Recipe, data: LabelledData) -> str:
    """What the checkpoint of a run carries: `fingerprint`, and the groups."""
    return fingerprint(recipe, data.described()) + groups_suffix(data)


def default_run_folder(recipe: Recipe, data: LabelledData) -> Path:
    """The default folder of a run's checkpoint: the same command finds it again."""
    return Path("runs") / f"{recipe.network}-{run_fingerprint(recipe, data)}"


DEFAULTS: Final = replace(
    BUNDLED, epochs=8, start=None, photos=None, teacher=None, teaching=0.0, split_seed=None, blend=1.0
)
"""What a recipe file starts from: the bundled recipe without its release, photos and teacher."""

HEADER: Final = """\
# A recipe: wardrobe train --recipe FILE.toml. Every field: docs/how-to/retrain.md#recipe-files
# start is the release that --from trains further, photos the content of --photos, teacher the stored answers,
# weights a file of --weights.
"""


def as_toml(recipe: Recipe) -> str:
    """A recipe as a file that `read_recipe` reads; unset fields are comments."""
    lines = [
        # JSON's strings, numbers and booleans are TOML's, too.
        f"# {name}: not set" if value is None else f"{name} = {json.dumps(value)}"
        for name, value in asdict(recipe).items()
    ]
    return HEADER + "\n".join(lines) + "\n"


def read_recipe(path: Path) -> tuple[Recipe, frozenset[str]]:
    """Read a recipe, and the names of the fields that the file sets.

    Raises:
        BadRecipe: the file is no TOML, has an unknown field, or a value that cannot be trained with.
        OSError: it cannot be read.
    """
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadRecipe(f"{path}: {error}. `wardrobe train --show-recipe` prints such a file.") from error
    known = asdict(DEFAULTS)
    if unknown := sorted(given.keys() - known.keys()):
        raise BadRecipe(f"{path}: unknown fields: {', '.join(unknown)}. There are {', '.join(known)}.")
    try:
        recipe = TypeAdapter(Recipe).validate_json(json.dumps(known | given, default=str), strict=True)
    except BadRecipe as error:
        raise BadRecipe(f"{path}: {error}") from error
    return recipe, frozenset(given)
