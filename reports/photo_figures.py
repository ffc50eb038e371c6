"""The evaluation on real photos in a report, by tier and by source.

A tier says how photos were taken: A for product shots, B for worn garments, C for users' own photos, X for
none of the classes. A source is the shop or person that they come from.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from model_store.manifest import FrozenModel, Share, make_schema_config
from reports.answer_counts import AnswerCounts
from reports.field_types import (
    Count,
    ShareDifference,
    ShareInterval,
    UnlimitedShare,
    is_never_left_out,
    is_none,
)
from reports.grouped_answers import compute_share_interval, compute_source_mean_interval
from reports.network_figures import Coverage
from reports.promises import ACCEPTED_SHARE_KEYS

MIN_SOURCES: Final = 10
"""Fewest sources of photos (shops, collections) from which a figure for a further source is computed."""


class ClassRecall(FrozenModel):
    """The number of photos of one class, and the share of them that was recognised."""

    model_config = make_schema_config(
        "The number of photos of one class, and the share of them that was recognised."
    )

    n: Count
    recall: Share


class PhotoDecisions(Coverage):
    """Shares of the decisions about a tier's photos: `coverage` (accepted), `ambiguous` and `unfamiliar`."""

    model_config = make_schema_config(
        "Shares of the decisions about photos of a tier: `coverage` (accepted), `ambiguous` (or "
        "`unproven`, if nothing is accepted) and `unfamiliar`, which sum to 1."
    )

    coverage: Share
    accuracy: Share | None
    # If nothing is accepted, the reason of these is `unproven`.
    ambiguous: Share
    unfamiliar: Share
    coverage_interval: tuple[Share, Share] | None = Field(
        default=None,
        exclude_if=is_none,
        description="95% interval of `coverage`; absent in older reports.",
    )
    accuracy_interval: tuple[Share, Share] | None = Field(
        default=None,
        exclude_if=is_none,
        description="95% interval of `accuracy`; absent if none is accepted, and in older reports.",
    )


class OodAuroc(FrozenModel):
    """How well photos of a tier are told from photos of none of the classes: areas under ROC curves."""

    model_config = make_schema_config(
        "How well photos of the tier are told from out-of-distribution photos, as areas under ROC "
        "curves; 0.5 is chance."
    )

    n: Count = Field(description="Number of out-of-distribution photos.")
    familiarity: Share | None = Field(
        description="Area for the familiarity; null if the model does not measure it."
    )
    confidence: Share = Field(description="Area for the largest probability, for comparison.")


class SourceFigures(FrozenModel):
    """Shares of the decisions about photos of none of the classes, in one folder."""

    model_config = make_schema_config(
        "Shares of the decisions about out-of-distribution photos of one folder."
    )

    n: Count
    accepted_share: Share = Field(
        validation_alias=ACCEPTED_SHARE_KEYS,
        description="Share of accepted photos; called `accepted` in older reports.",
    )
    unfamiliar: Share


class PhotoFigures(FrozenModel):
    """The evaluation on photos of one tier (A, B or C), or on photos of none of the classes (tier X).

    A figure that only garments have is null or empty in tier X, and the other way round.
    """

    model_config = make_schema_config(
        "The evaluation on photos of one tier. Tier X has photos of none of the classes.", is_open=True
    )

    split: str = Field(
        default="development",
        exclude_if=is_never_left_out,
        description=(
            "`development` if these photos were used to make choices; `cross-fitted` if each was "
            "answered by a network that had not learnt it."
        ),
    )
    n: Count
    macro_accuracy: Share | None = Field(description="Mean of the recalls of the classes that the tier has.")
    macro_accuracy_interval: tuple[Share, Share] | None = Field(
        description="95% interval of `macro_accuracy`."
    )
    accuracy: Share | None = Field(description="Share of right answers.")
    per_class: dict[str, ClassRecall] = Field(description="The recall of each class, by its label.")
    ece: Share | None = Field(description="Expected calibration error.")
    ece_null: ShareInterval | None = Field(
        default=None,
        exclude_if=is_none,
        description=(
            "95% band of `ece` by chance, if each answer was right as often as its confidence says; "
            "absent in older reports."
        ),
    )
    overconfidence: ShareDifference | None = Field(
        default=None,
        exclude_if=is_none,
        description="Mean confidence minus accuracy; absent in tier X and in older reports.",
    )
    decisions: PhotoDecisions
    auroc: OodAuroc | None = Field(
        description=(
            "How well these photos are told from out-of-distribution photos; null if there are none."
        )
    )
    sources: dict[str, SourceFigures] = Field(
        description="The decisions about the photos of each folder, by its name, in tier X."
    )
    answer_counts: AnswerCounts | None = Field(
        default=None,
        exclude_if=is_none,
        description="Counts of the answers; absent in tier X and in older reports.",
    )


class UnknownSource(FrozenModel):
    """The number of photos of a shop or person, and of answers that are right, accepted, and both."""

    model_config = make_schema_config(
        "The number of photos from a shop or person, and of answers that are right, accepted, and both."
    )

    n: Count
    right: Count
    accepted: Count
    accepted_right: Count


class UnknownSources(FrozenModel):
    """The evaluation on photos of one tier whose shops and people no network had learnt when it answered."""

    model_config = make_schema_config(
        "The evaluation on photos of a tier from shops and people that the network had not learnt."
    )

    of_all: UnknownSource
    sources: dict[str, UnknownSource]
    lower_bound: UnlimitedShare | None = Field(
        description=(
            "One-sided 95% lower bound of the share of right ones among accepted answers about a "
            "further source; null if too few sources have any."
        )
    )
    auroc: UnlimitedShare | None = Field(
        description=(
            "How well the familiarity tells these photos from photos of none of the classes, as an "
            "area under the ROC curve; null if there are no such photos."
        )
    )
    interval: ShareInterval | None = Field(
        default=None,
        exclude_if=is_none,
        description="95% interval of the share of right answers about a further source.",
    )
    classes: dict[str, Count] = Field(
        default_factory=dict,
        exclude_if=lambda of: not of,
        description="Number of photos that show each class.",
    )
    answer_counts: AnswerCounts | None = Field(
        default=None,
        exclude_if=is_none,
        description="Counts of the answers; absent in older reports.",
    )

    @property
    def right_share(self) -> tuple[float, tuple[float, float] | None]:
        """Share of right answers, with its 95% interval (None for few sources).

        It is the lower of two: the mean over the sources, and the share of all photos.
        """
        return self._choose_lower_share(np.array([source.right for source in self.sources.values()]))

    @property
    def accepted_share(self) -> tuple[float, tuple[float, float] | None]:
        """Share of accepted answers, with its 95% interval (None for few sources).

        It is the lower of two: the mean over the sources, and the share of all photos.
        """
        return self._choose_lower_share(np.array([source.accepted for source in self.sources.values()]))

    def _choose_lower_share(self, counts: NDArray[np.int64]) -> tuple[float, tuple[float, float] | None]:
        """Return the lower of the mean over the sources and the share of all photos, and its 95% interval.

        The interval is None for fewer than MIN_SOURCES sources.
        """
        # The share of all photos is that of the largest sources. For a shop that uses the release, which is
        # one more source, the mean over the sources says more. The lower one promises nothing that is not
        # there.
        n = np.array([source.n for source in self.sources.values()])
        share = float(counts.sum() / n.sum())
        if len(n) < MIN_SOURCES:
            return share, None
        mean, interval = compute_source_mean_interval(counts.astype(np.float64), n.astype(np.float64))
        if mean <= share:
            return mean, interval
        is_right = np.repeat(np.tile([True, False], len(n)), np.column_stack([counts, n - counts]).ravel())
        return share, compute_share_interval(is_right, np.repeat(np.arange(len(n)), n))
