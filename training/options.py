"""The options of one training, as a user types them and a release records them.

A release records the options that differ from the defaults, and `wardrobe improve` trains with them again.
Some options set fields of a recipe, which has all settings of a training by gradient, such as the learning
rate. Fields that the user did not set come from the named recipe, or from the default recipe for the data.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, ClassVar, Final, Literal, Self, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, JsonValue

from labelling.lists.list_reading import ListOptions
from reports.accept_threshold import DEFAULT_ACCEPT_CONFIDENCE, AcceptConditions
from training.errors import UnusedOption
from training.gradient.recipes import PLAIN_RECIPE, Recipe

_FIELDS_WITHOUT_OPTION: Final = ("network", "warm_up", "averaging", "schedule")
"""Fields of a recipe without an option of their own. The option --network chooses `network` together with its
recipe. Named recipes set the others."""

RECIPE_FIELDS: Final = tuple(
    field.name for field in fields(Recipe) if field.name not in _FIELDS_WITHOUT_OPTION
)
"""Names of the recipe's fields that options of `wardrobe train` set, each under the name of its field."""

TrainingMethod: TypeAlias = Literal["own classes", "pixels", "photos"]
"""Way to train a release: a head (last layer) for a user's own classes, a whole network that reads pixels, or
a new head for photos of the ten classes of Fashion-MNIST."""

TRAINING_METHODS: Final[tuple[TrainingMethod, ...]] = get_args(TrainingMethod)

# Names of options, as attributes: those of each way to train, of both ways without --photos, and of a
# training by gradient.
_SHARED_OPTIONS: Final = (
    *("corrections", "path_column", "root", "encoding", "skip_bad_rows", "product_column"),
    *("run", "out", "publish", "sign", "force", "by", "unconditional", "mode"),
)

_PICTURE_OPTIONS: Final = (
    *("data", "skip_unreadable", "data_licence", "limit", "seed", "accept_right", "accept_confidence"),
)

_GRADIENT_OPTIONS: Final = ("train", "test", "recipe", "network", *RECIPE_FIELDS, "fresh", "tensorboard")

OPTIONS_BY_METHOD: Final[Mapping[TrainingMethod, frozenset[str]]] = {
    "own classes": frozenset((*_SHARED_OPTIONS, *_PICTURE_OPTIONS, "attribute", "fast")),
    "pixels": frozenset((*_SHARED_OPTIONS, *_PICTURE_OPTIONS, *_GRADIENT_OPTIONS)),
    "photos": frozenset((*_SHARED_OPTIONS, "release", "photos")),
}
"""Options of `wardrobe train` that each way to train uses, such as `data_licence` for --data-licence. An
option that would have no effect is refused."""

_REFUSALS: Final[Mapping[TrainingMethod, str]] = {
    "own classes": "is for Fashion-MNIST and pictures of 28 x 28: photos of own classes are learnt by a head",
    "pixels": "is for photos of own classes",
    "photos": "is not for --photos, which fits a head alone",
}
"""End of the message that refuses an option in each way to train. The name of the option comes before it."""

_PHOTO_REFUSALS: Final = {
    "skip_unreadable": "is not needed with --photos, which always leaves out files that cannot be read",
    **dict.fromkeys(
        ("accept_right", "accept_confidence"),
        "is not for --photos. A service accepts more or less of its photos by WARDROBE_ACCEPT_TARGET",
    ),
}
"""End of the message that refuses single options together with --photos."""


def check_options_used(names: Iterable[str], *methods: TrainingMethod) -> None:
    """Refuse an option that a person typed and that has no effect.

    Args:
        names: the names of the typed options as attributes, such as `data_licence`.
        methods: the ways to train that may follow. An option that one of them uses is not refused. The
            message is about the first of them.

    Raises:
        UnusedOption: an option is used by none of these ways.
    """
    used_options = frozenset[str]().union(*(OPTIONS_BY_METHOD[method] for method in methods))
    for name in sorted(set(names) - used_options):
        reasons = _PHOTO_REFUSALS if "photos" in methods else {}
        raise UnusedOption(f"--{name.replace('_', '-')} {reasons.get(name, _REFUSALS[methods[0]])}")


class TrainingOptions(BaseModel):
    """The options of a training. A value that was not set has its default.

    Attributes:
        data: the place of the pictures; None for Fashion-MNIST.
        attribute: the columns of a table that are learnt besides the class, such as `colour`.
        corrections: the tables of people's corrections, which replace labels of the data.
        skip_unreadable: whether files that are no pictures are left out.
        path_column: the columns of a table that name pictures; empty for `path`.
        root: the folder to which paths in a table are relative; None for the folder of the table.
        encoding: the encoding of a table that is neither UTF-8 nor UTF-16; None to refuse such a table.
        skip_bad_rows: whether rows that do not fit the header of a table are left out.
        product_column: the column of the table that says which pictures show one product; None without
            products.
        data_licence: the licence of the data, for the model card.
        fast: whether EfficientNet-Lite2, the largest frozen network, is left out; for own classes alone.
        network: the name of the network that is trained by gradient.
        recipe: the name of the recipe from which a training by gradient starts.
        accept_right: the share of accepted answers that must be right, such as 0.95; None for the default.
        accept_confidence: the confidence that each accepted answer needs, 0 to 1.
        release: the release of the ten classes whose head for photos is fitted again.
        photos: the place of the photos that this head learns.
        recipe_fields: the fields of a recipe that were set, such as {"epochs": 20}.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    data: str | None = None
    attribute: tuple[str, ...] = ()
    corrections: tuple[str, ...] = ()
    skip_unreadable: bool = False
    path_column: tuple[str, ...] = ()
    root: str | None = None
    encoding: str | None = None
    skip_bad_rows: bool = False
    product_column: str | None = None
    data_licence: str | None = None
    fast: bool = False
    network: str | None = None
    recipe: str | None = None
    accept_right: float | None = None
    accept_confidence: float = DEFAULT_ACCEPT_CONFIDENCE
    release: str | None = None
    photos: str | None = None
    recipe_fields: Mapping[str, JsonValue] = {}

    @classmethod
    def read_manifest_options(cls, training: Mapping[str, Any]) -> Self:
        """Return the options that the section `training` of a manifest records, or the defaults.

        Recorded names that are no option of this version are ignored: another version may have written them.
        """
        settings = training.get("settings")
        names = {*cls.model_fields, *RECIPE_FIELDS} - {"recipe_fields"}
        recorded = settings if isinstance(settings, dict) else {}
        return cls.parse_settings({name: value for name, value in recorded.items() if name in names})

    @classmethod
    def parse_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Return the options in a dictionary, which may also have fields of a recipe, such as `epochs`.

        A value of None stands for the default.

        Raises:
            ValidationError: an option does not exist, or a value is of the wrong type.
        """
        set_options = {name: value for name, value in settings.items() if value is not None}
        recipe_fields = {name: set_options.pop(name) for name in RECIPE_FIELDS if name in set_options}
        return cls.model_validate(set_options | {"recipe_fields": recipe_fields})

    @property
    def option_names(self) -> frozenset[str]:
        """The names of all options that were set, including fields of a recipe."""
        return frozenset(self.model_fields_set - {"recipe_fields"} | self.recipe_fields.keys())

    def convert_to_json(self) -> dict[str, JsonValue]:
        """Return the options that differ from the defaults, and the recipe's fields that were set."""
        set_options = self.model_dump(mode="json", exclude_defaults=True, exclude={"recipe_fields"})
        return set_options | dict(self.recipe_fields)

    def override_with(self, other_options: Self) -> Self:
        """Return a copy of these options, in which all options that `other_options` sets are replaced."""
        other_values = {name: getattr(other_options, name) for name in other_options.model_fields_set}
        other_values["recipe_fields"] = {**self.recipe_fields, **other_options.recipe_fields}
        return self.replace_options(**other_values)

    def replace_options(self, **options: object) -> Self:
        """Return a validated copy of these options with some values replaced.

        Raises:
            ValidationError: an option does not exist, or a value is of the wrong type.
        """
        # Only values that were set, so that the others stay unset in the copy.
        earlier_values = {name: getattr(self, name) for name in self.model_fields_set}
        return self.model_validate(earlier_values | options)

    def keep_options_of_method(self, method: TrainingMethod) -> Self:
        """Return a copy of these options without those that one way to train does not use."""
        return self.parse_settings(
            {
                name: value
                for name, value in self.convert_to_json().items()
                if name in OPTIONS_BY_METHOD[method]
            }
        )

    @property
    def list_options(self) -> ListOptions:
        """The settings by which a table (CSV) of pictures is read: columns, root folder, encoding."""
        return ListOptions.read_arguments(self)

    @property
    def accept_conditions(self) -> AcceptConditions:
        """The conditions for accepted answers: the share that must be right, and the least confidence."""
        return AcceptConditions(self.accept_right, self.accept_confidence)

    @property
    def seed(self) -> int:
        """The seed of the random numbers; if only a head is fitted, it is recorded but has no effect."""
        return self._recipe.seed

    @property
    def limit(self) -> int | None:
        """The number of pictures that are learnt; None for all."""
        return self._recipe.limit

    @property
    def _recipe(self) -> Recipe:
        """A recipe with the fields that were set, for the default values of seed and limit.

        Raises:
            BadRecipe: a field cannot be trained with.
        """
        fields_set: Any = dict(self.recipe_fields)
        return replace(PLAIN_RECIPE, **fields_set)
