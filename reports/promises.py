"""The promises of a report: which share of accepted answers is right, and the measured answers that show it.

An answer is accepted from a threshold of confidence on. A training chooses the threshold so that a promised
share of accepted answers, such as 95%, is right, for each set of pictures.
"""

from typing import Annotated, Final

from pydantic import AliasChoices, Field, WithJsonSchema

from model_store.manifest import FrozenModel, Share, make_schema_config
from reports.field_types import Count, UnlimitedShare, is_never_left_out, is_none

PROMISED_KEYS: Final = AliasChoices("promised", "accuracy")
"""Keys of the promised share of right answers: today's, and that of reports of 2.0.0 and before."""

ACCEPTED_SHARE_KEYS: Final = AliasChoices("accepted_share", "accepted")
RIGHT_SHARE_KEYS: Final = AliasChoices("right_share", "right")
"""Keys of the share of accepted answers, and of the share of these that is right: today's, and those of
schema 11 and before. There, the same keys also named counts."""

HELD_OUT_PICTURES: Final = "held-out pictures"
"""Name, in `promises` and `acceptance`, of pictures that no network had learnt when it answered. All other
names there are of photos, or `products`."""

TIER_PHOTOS_PREFIX: Final = "photos of tier "
"""Beginning of the name of the photos of a tier, in `promises` and `acceptance`. A tier says how photos were
taken: A for product shots, B for worn garments, C for users' own photos."""

SOURCE_PHOTOS_PREFIX: Final = "photos from "
"""Beginning of the name of the photos of one shop or collection, in `promises` and `acceptance`."""


def extract_tier(pictures: str) -> str:
    """Return the tier in a name such as "photos of tier A"; another name is returned as it is."""
    return pictures.removeprefix(TIER_PHOTOS_PREFIX)


class Promise(FrozenModel):
    """A promise such as "95% of accepted answers are right", and the measured answers that show it."""

    model_config = make_schema_config(
        "A promise about accepted answers, such as 95% right ones, and the answers that show it.",
        is_open=True,
    )

    # HELD_OUT_PICTURES, photos of a tier or from a source, or `products`.
    pictures: str = Field(
        description="Name of the set of pictures: `held-out pictures`, or a tier of photos."
    )
    promised: UnlimitedShare = Field(
        validation_alias=PROMISED_KEYS,
        exclude_if=is_never_left_out,  # always written, although older reports lack it
        description="Share of the accepted answers that must be right; called `accuracy` in older reports.",
    )
    needed: Count = Field(description="Fewest accepted answers that can show the promise.")
    n: Count = Field(description="Number of answers, without unfamiliar ones.")
    # 0 if no threshold keeps the promises about all sets of pictures that it decides about.
    accepted: Count
    accepted_right: Count = Field(
        validation_alias=AliasChoices("accepted_right", "right"),
        description="Number of right ones among the accepted answers; called `right` in older reports.",
    )
    # By Clopper and Pearson 1934, for the number of independent answers that the accepted ones are worth.
    lower_bound: Share = Field(
        description=(
            "One-sided 95% lower bound of the share of accepted answers that is right, in which "
            "several answers about one group count as fewer."
        )
    )


class AcceptPoint(FrozenModel):
    """The effect of one threshold of confidence on one set of pictures."""

    model_config = make_schema_config("The effect of one threshold of confidence on one set of pictures.")

    # Of confidence.
    threshold: Share
    # The number of independent answers: photos of one sender count for fewer.
    answers: Count | None = Field(
        default=None,
        exclude_if=is_none,
        description=(
            "Number of accepted answers; several answers about one group, such as one sender's "
            "photos, count as fewer. Absent in older reports."
        ),
    )
    accepted_share: Share = Field(
        validation_alias=ACCEPTED_SHARE_KEYS,
        description="Share of the pictures whose answers are accepted; called `accepted` in older reports.",
    )
    right_share: UnlimitedShare | None = Field(
        validation_alias=RIGHT_SHARE_KEYS,
        description=(
            "Share of the accepted answers that is right; null if none is accepted. Called `right` in older "
            "reports."
        ),
    )
    lower_bound: Share = Field(description="One-sided 95% lower bound of `right_share`.")


class ProductPromise(Promise):
    """A promise about accepted products, and the figures at each threshold of confidence."""

    model_config = make_schema_config(
        "A promise about accepted products, and the figures at each threshold of confidence.",
        is_open=True,
    )

    pictures: Annotated[str, WithJsonSchema({"const": "products", "type": "string"})]
    needed: Count = Field(description="Fewest accepted products that can show the promise.")
    n: Count = Field(description="Number of products with several photos.")
    lower_bound: Share = Field(
        description="One-sided 95% lower bound of the share of accepted products that is right."
    )
    by_confidence: tuple[AcceptPoint, ...] = Field(
        default=(),
        exclude_if=lambda points: not points,
        description=(
            "The figures at each threshold, by rising threshold; absent if no product is accepted, "
            "and in older reports."
        ),
    )


class PossiblePromise(FrozenModel):
    """A promise that could be given with another threshold: the share that is right, and what it accepts."""

    model_config = make_schema_config(
        "A promise that could be given about accepted answers, with another share of right ones.",
        is_open=True,
    )

    promised: UnlimitedShare = Field(
        validation_alias=PROMISED_KEYS,
        exclude_if=is_never_left_out,
        description="Share of accepted answers that must be right; called `accuracy` in older reports.",
    )
    accepted_share: Share = Field(
        validation_alias=ACCEPTED_SHARE_KEYS,
        description=(
            "Share of the answers that would be accepted; 0 if nothing can be promised. Called `accepted` in "
            "older reports."
        ),
    )
    right_share: UnlimitedShare | None = Field(
        default=None,
        validation_alias=RIGHT_SHARE_KEYS,
        exclude_if=is_never_left_out,
        description=(
            "Share of these answers that is right; null if none would be accepted. Called `right` in older "
            "reports."
        ),
    )
    lower_bound: UnlimitedShare | None = Field(
        default=None, exclude_if=is_never_left_out, description="One-sided 95% lower bound of `right_share`."
    )
    confidence: Share | None = Field(
        default=None,
        exclude_if=is_none,
        description="Smallest confidence of an answer that would be accepted; absent if none would be.",
    )
