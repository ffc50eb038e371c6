"""What of a training its user chooses, as data: from a command line, recorded by the release, and read again.

A release records what differs from the defaults; `wardrobe improve` trains with that again. Of a recipe these
are the fields that were set; the others are those of the recipe that is named, or that fits the data. Pure.
Parsing: scripts/options.py.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, ClassVar, Final, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, JsonValue

from labelling.lists import Reading
from reports.acceptance import ACCEPT_CONFIDENCE, Conditions
from training.gradient.recipes import PLAIN, Recipe

_CHOSEN_OTHERWISE: Final = ("network", "warm_up", "averaging", "schedule")
"""Fields of a recipe that another option sets, or named recipes alone."""

RECIPE_FIELDS: Final = tuple(field.name for field in fields(Recipe) if field.name not in _CHOSEN_OTHERWISE)
"""The fields of a recipe that options of the same names change."""

Story: TypeAlias = Literal["own classes", "pixels", "photos"]
"""What is fitted: heads of own classes, a network that reads pixels, or a release's head for photos."""

_OF_GRADIENT: Final = (
    *("recipe", "network", "tensorboard"),
    *(name for name in RECIPE_FIELDS if name not in {"limit", "seed"}),
)

NOT_FOR: Final[Mapping[Story, tuple[str, ...]]] = {
    "own classes": _OF_GRADIENT,
    "pixels": ("fast", "attribute"),
    "photos": ("data", "train", "test", "attribute", "fast", "limit", "seed", *_OF_GRADIENT),
}
"""The options that such a training has no use for."""


class Options(BaseModel):
    """The options of a training.

    Attributes:
        data: the place of the pictures; None for Fashion-MNIST.
        attribute: columns that are learnt beside the class.
        corrections: files of other labels.
        skip_unreadable: leave out files that are no pictures.
        path_column, root, encoding, skip_bad_rows: how a table is read; see `Reading` of labelling/lists.py.
        product_column: of the table, that says which pictures show one product; None without products.
        data_licence: for the model card.
        fast: own classes: leave EfficientNet-Lite2 out.
        network: that is trained by gradient.
        recipe: the name of the recipe that is changed.
        accept_right: share of accepted answers that must be right; None for the usual one.
        accept_confidence: that each of them needs.
        release: of the ten classes, whose head for photos is fitted again.
        photos: that this head learns.
        recipe_fields: of RECIPE_FIELDS, that were set.
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
    accept_confidence: float = ACCEPT_CONFIDENCE
    release: str | None = None
    photos: str | None = None
    recipe_fields: Mapping[str, JsonValue] = {}

    @classmethod
    def recorded(cls, training: Mapping[str, Any]) -> Self:
        """Those that a manifest's `training` records; the defaults where it does not.

        What no option is called now is ignored: another version may have recorded it.
        """
        settings = training.get("settings")
        names = {*cls.model_fields, *RECIPE_FIELDS} - {"recipe_fields"}
        recorded = settings if isinstance(settings, dict) else {}
        return cls.from_json({name: value for name, value in recorded.items() if name in names})

    @classmethod
    def from_json(cls, settings: Mapping[str, Any]) -> Self:
        """Those of `as_json`; None sets nothing.

        Raises:
            ValidationError: an option does not exist, or has no such value.
        """
        given = {name: value for name, value in settings.items() if value is not None}
        changed = {name: given.pop(name) for name in RECIPE_FIELDS if name in given}
        return cls.model_validate(given | {"recipe_fields": changed})

    def as_json(self) -> dict[str, JsonValue]:
        """What differs from the defaults, fields of the recipe beside the others."""
        given = self.model_dump(mode="json", exclude_defaults=True, exclude={"recipe_fields"})
        return given | dict(self.recipe_fields)

    def changed_by(self, others: Self) -> Self:
        """These, but for what the others set."""
        set_by_others = {name: getattr(others, name) for name in others.model_fields_set}
        return self.changed(
            **set_by_others | {"recipe_fields": {**self.recipe_fields, **others.recipe_fields}}
        )

    def changed(self, **options: object) -> Self:
        """These with other options, which are checked as those of new ones are.

        Raises:
            ValidationError: an option does not exist, or has no such value.
        """
        kept = {name: getattr(self, name) for name in self.model_fields_set}
        return self.model_validate(kept | options)

    def for_story(self, story: Story) -> Self:
        """Without what such a training has no use for."""
        return self.from_json(
            {name: value for name, value in self.as_json().items() if name not in NOT_FOR[story]}
        )

    @property
    def reading(self) -> Reading:
        """How a table of pictures is read."""
        return Reading.of(self)

    @property
    def accept(self) -> Conditions:
        """When an answer is accepted."""
        return Conditions(self.accept_right, self.accept_confidence)

    @property
    def seed(self) -> int:
        """Recorded with the release of a head, where nothing depends on it."""
        return self._recipe.seed

    @property
    def limit(self) -> int | None:
        """How many pictures are learnt; None for all."""
        return self._recipe.limit

    @property
    def _recipe(self) -> Recipe:
        """The fields of a recipe that were set, on one whose seed and limit are the usual ones.

        Raises:
            BadRecipe: a field cannot be trained with.
        """
        fields_set: Any = dict(self.recipe_fields)
        return replace(PLAIN, **fields_set)
