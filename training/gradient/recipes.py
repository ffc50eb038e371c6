"""Recipes: all settings of a training by gradient, such as the network, the learning rate and the seed.

RECIPES has recipes by name, from which a user starts.
"""

from dataclasses import replace
from math import ceil
from typing import Annotated, Any, Final, Literal, Self, get_args

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
from training.data.split import VALIDATION_SHARE
from training.errors import BadRecipe

TrainableNetworkName = Literal[
    "dense", "conv2_same", "conv3", "labelling1", "labelling2", "arch1", "arch2", "vgg",
    "compact16", "compact32", "compact48_separable", "compact48_separable_deep",
    "compact_stages", "efficientnet_lite2",
]  # fmt: skip
OptimizerName = Literal["adamw", "adam", "sgd", "muon", "rmsprop"]
Initializer = Literal["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_normal"]
Precision = Literal["float32", "bfloat16"]
Schedule = Literal["cosine", "constant"]
KeptEpochRule = Literal["last", "least_loss"]


PositiveInt = Annotated[int, Field(ge=1)]
NonNegativeInt = Annotated[int, Field(ge=0)]
NonNegativeFloat = Annotated[float, Field(ge=0, allow_inf_nan=False)]
FractionBelowOne = Annotated[float, Field(ge=0, lt=1)]

DEFAULT_NETWORK: Final = "compact32"
"""Network that is trained if the user names none."""

NETWORK_NAMES: Final[tuple[TrainableNetworkName, ...]] = get_args(TrainableNetworkName)
"""Names of the networks that commands can train from fresh weights."""

MIN_MIXUP_ALPHA: Final = 0.05
"""Smallest alpha of mixup that a recipe may have: below it, hardly any picture is mixed."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All settings of a training by gradient. The description of a field is also the help of its option."""

    network: Annotated[
        TrainableNetworkName, Field(description="a name of training/gradient/networks/registry.py")
    ] = "compact48_separable_deep"
    epochs: Annotated[
        PositiveInt, Field(description="most epochs; the rate falls over them (--num_epochs)")
    ] = 8
    batch_size: Annotated[PositiveInt, Field(description="pictures per step")] = 256
    optimizer: Annotated[OptimizerName, Field(description="optimizer")] = "muon"
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False, description="peak learning rate")] = (
        0.001
    )
    weight_decay: Annotated[
        NonNegativeFloat, Field(description="weight decay, decoupled from the gradient (arXiv 1711.05101)")
    ] = 0.05
    label_smoothing: Annotated[
        FractionBelowOne, Field(description="label smoothing of the targets (arXiv 1512.00567)")
    ] = 0.0
    initializer: Annotated[
        Initializer, Field(description="initializer of the kernels of all layers but the last")
    ] = "glorot_uniform"
    l2: Annotated[
        NonNegativeFloat, Field(description="L2 penalty: factor of the squared kernels in the loss")
    ] = 0.0
    dropout: Annotated[
        FractionBelowOne | None, Field(description="dropout rate, in place of the network's own")
    ] = None
    warm_up: Annotated[
        NonNegativeFloat, Field(description="epochs over which the learning rate rises from zero")
    ] = 0.3
    schedule: Annotated[
        Schedule,
        Field(description="learning rate after the rise: down to zero as a half cosine, or the same"),
    ] = "cosine"
    averaging: Annotated[
        FractionBelowOne,
        Field(description="decay per step of the average of the weights, which is what is kept"),
    ] = 0.998
    flip: Annotated[bool, Field(description="flip half of the pictures left to right")] = True
    shift: Annotated[
        int,
        Field(
            ge=0,
            lt=EDGE,
            description="shift by up to so many pixels of 28, each way; larger pictures in proportion",
        ),
    ] = 2
    erase: Annotated[
        int,
        Field(
            ge=0,
            le=EDGE,
            description="erase a square of this edge, of 28, in half of the pictures (arXiv 1708.04552)",
        ),
    ] = 8
    rotate: Annotated[float, Field(ge=0, le=180, description="rotate by up to so many degrees, each way")] = (
        0.0
    )
    zoom: Annotated[FractionBelowOne, Field(description="scale by up to 1 + X or 1 - X")] = 0.0
    shear: Annotated[float, Field(ge=0, lt=90, description="shear by up to so many degrees, each way")] = 0.0
    mixup: Annotated[
        NonNegativeFloat,
        Field(description="mix two pictures with weights from Beta(X, X) (arXiv 1710.09412)"),
    ] = 0.0
    augmented_copies: Annotated[
        NonNegativeInt,
        Field(
            description="learn each picture unchanged, and N copies of it that are augmented once, before "
            "the first epoch"
        ),
    ] = 0
    patience: Annotated[
        PositiveInt | None, Field(description="stop after so many epochs without a better one")
    ] = None
    kept: Annotated[
        KeptEpochRule,
        Field(description="keep the weights of the last epoch, or of the least validation loss"),
    ] = "last"
    held_out: Annotated[
        float, Field(gt=0, lt=1, description="share of the training pictures that is held out")
    ] = VALIDATION_SHARE
    seed: Annotated[NonNegativeInt, Field(description="random seed of weights, order and augmentation")] = 1
    precision: Annotated[
        Precision, Field(description="floating-point type of the computation; weights stay float32")
    ] = "bfloat16"
    limit: Annotated[int | None, Field(description="use the first N training pictures, for quick tries")] = (
        None
    )

    @model_validator(mode="wrap")
    @classmethod
    def _check_values(cls, values: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Check the values. The message of BadRecipe names the setting that cannot be trained with."""
        try:
            recipe = handler(values)
        except ValidationError as error:
            first = error.errors()[0]
            raise BadRecipe(f"{first['loc'][0]} {first['input']}: {first['msg']}.") from error
        if 0 < recipe.mixup < MIN_MIXUP_ALPHA:
            raise BadRecipe(f"mixup {recipe.mixup}: expected 0, or {MIN_MIXUP_ALPHA} or more.")
        return recipe

    def convert_to_json(self) -> dict[str, JsonValue]:
        """Return all settings by name, as manifest and report keep them."""
        return _RECIPE_ADAPTER.dump_python(self, mode="json")  # type: ignore[no-any-return]

    def list_changed_settings(self) -> dict[str, JsonValue]:
        """Return the settings that differ from the defaults.

        A run is identified by a hash of these. So a new field with a default value does not change the hash
        of a run that was begun before.
        """
        return _RECIPE_ADAPTER.dump_python(self, mode="json", exclude_defaults=True)  # type: ignore[no-any-return]


_RECIPE_ADAPTER: Final = TypeAdapter(Recipe)

PLAIN_RECIPE: Final = Recipe(
    network="conv3",
    epochs=15,
    batch_size=128,
    optimizer="adamw",
    learning_rate=0.002,
    weight_decay=0.01,
    warm_up=1.0,
    erase=0,
    patience=5,
    precision="float32",
    seed=0,
)
"""Recipe that the published networks start from. It takes minutes on two cores."""

COMPACT_RECIPE: Final = Recipe(
    network=DEFAULT_NETWORK, epochs=30, batch_size=128, learning_rate=0.004, warm_up=1.0, seed=0
)
"""Recipe that our own networks start from."""

FIRST_RECIPE: Final = replace(
    COMPACT_RECIPE,
    network="compact48_separable_deep",
    epochs=84,
    batch_size=256,
    learning_rate=0.005,
    seed=1,
)
"""Recipe of the best network for Fashion-MNIST. The network of the bundled release has this recipe, too, and
also learnt the answers of other networks (lab/pixels.py)."""

PUBLISHED_RECIPE: Final = Recipe(
    network="conv2_same",
    epochs=10,
    batch_size=64,
    optimizer="adam",
    learning_rate=0.001,
    weight_decay=0.0,
    warm_up=0.0,
    schedule="constant",
    averaging=0.0,
    flip=False,
    shift=0,
    erase=0,
    precision="float32",
    seed=0,
)
"""Recipe by which most published networks were trained: Adam with the defaults of Keras, no augmentation, and
no average of the weights. PUBLISHED_RECIPE_FIELDS has what some of them change."""

NETWORK_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "labelling1": {"l2": 0.0001},
    "labelling2": {"initializer": "he_uniform"},
}
"""Fields of a recipe that belong to a published network and stay in any recipe, by the name of the
network."""

# Fields that the notebooks of arch1, arch2 and vgg have in common; the last two also augment.
_NOTEBOOK_FIELDS: Final = {"batch_size": 250, "held_out": 0.2, "kept": "least_loss"}

_COPIES_FIELDS: Final = {**_NOTEBOOK_FIELDS, "augmented_copies": 2, "rotate": 10.0, "flip": True}

PUBLISHED_RECIPE_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "arch1": _NOTEBOOK_FIELDS,
    "arch2": _COPIES_FIELDS,
    "vgg": _COPIES_FIELDS,
    "conv3": {"batch_size": 128, "epochs": 50, "patience": 5},
    "labelling2": {"optimizer": "sgd", "learning_rate": 0.01, "batch_size": 32, "epochs": 15},
}
"""Fields of PUBLISHED_RECIPE that the published code of a network changes, by the name of the network.

`arch1`, `arch2` and `vgg` are from AkhilSinghRana/Fashion-MNIST-CNN: notebooks/classification_v1.ipynb,
classification_v3_dataAug.ipynb and classification_v2_dataAug.ipynb, with num_aug = 2 in code/options.py.

Three things differ from the published code. Its copies of one picture may be both learnt and held out; here
only learnt pictures are copied. SGD has Nesterov's momentum here. Patience looks at the validation accuracy
here, and at the loss in the code of `conv3`."""

QUICK_RECIPE: Final = replace(
    COMPACT_RECIPE, network="compact16", epochs=6, warm_up=0.5, averaging=0.99, shift=1, erase=0
)
"""Recipe for a good network in a few minutes: the smallest one, with weak augmentation for few epochs."""

RECIPES: Final = {"first": FIRST_RECIPE, "quick": QUICK_RECIPE, "published": PUBLISHED_RECIPE}
"""Recipes by the names of --recipe. Other options of `wardrobe train` change single fields of them."""


def choose_default_recipe(network: TrainableNetworkName) -> Recipe:
    """Return the usual recipe of a network, for a training that names a network but no recipe."""
    return adapt_recipe_to_network(COMPACT_RECIPE if network.startswith("compact") else PLAIN_RECIPE, network)


def adapt_recipe_to_network(recipe: Recipe, network: TrainableNetworkName) -> Recipe:
    """Return a copy of the recipe for another network, with the settings that belong to that network."""
    published_fields = PUBLISHED_RECIPE_FIELDS.get(network, {}) if recipe == PUBLISHED_RECIPE else {}
    return replace(recipe, network=network, **NETWORK_FIELDS.get(network, {}), **published_fields)


MIN_STEPS: Final = 1000
"""Number of steps that a training should have. With fewer, it learns too little."""

STEPS_PER_EPOCH: Final = 32
"""Number of steps that an epoch should have. With fewer pictures, batches get smaller to reach it."""

MIN_BATCH_SIZE: Final = 16
"""Smallest batch that is chosen for few pictures. Half of it was worse, because batch normalization needs
several pictures."""

EPOCHS_BEFORE_PATIENCE: Final = 100
"""Number of epochs above which a training may end early (PATIENCE_EPOCHS). Fewer than 160 pictures lead to so
many epochs."""

PATIENCE_EPOCHS: Final = 20
"""Number of epochs without a better one after which a training of many epochs ends."""


def adapt_recipe_to_small_data(recipe: Recipe, pictures: int) -> Recipe:
    """Return a copy of the recipe with smaller batches and more epochs if there are few pictures to learn."""
    batch = min(recipe.batch_size, max(MIN_BATCH_SIZE, pictures // STEPS_PER_EPOCH))
    # Enough epochs for MIN_STEPS steps, of which an epoch has pictures / batch.
    epochs = max(recipe.epochs, ceil(MIN_STEPS * batch / pictures))
    patience = (
        PATIENCE_EPOCHS if epochs > EPOCHS_BEFORE_PATIENCE and recipe.patience is None else recipe.patience
    )
    return replace(recipe, batch_size=batch, epochs=epochs, patience=patience)
