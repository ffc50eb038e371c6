"""Counts of the answers to photos that the report page draws, and single photos that it shows.

The confusion matrix says which classes are taken for which. The bins of confidence say whether answers are as
often right as their confidence promises.
"""

from pydantic import Field

from model_store.manifest import FrozenModel, Share, make_schema_config
from reports.field_types import Count


class ConfidenceBin(FrozenModel):
    """The answers whose confidences lie in one of 15 ranges of equal width."""

    model_config = make_schema_config("The answers whose confidences lie in one of 15 ranges of equal width.")

    n: Count = Field(description="Number of answers in the range; never 0.")
    right: Count = Field(description="Number of these answers that are right.")
    mean_confidence: Share = Field(description="Mean of their confidences.")


class AnswerCounts(FrozenModel):
    """Counts of the answers to photos that show a class, for the drawings of the report page."""

    model_config = make_schema_config("Counts of the answers to photos that show a class.", is_open=True)

    confusion_matrix: tuple[tuple[Count, ...], ...] = Field(
        description="Counts of answers, with a row for each true class and a column for each predicted class."
    )
    confidence_bins: tuple[ConfidenceBin, ...] = Field(
        description="The answers by their confidence, the lowest first. A range without answers is left out."
    )


class PhotoExample(FrozenModel):
    """A photo with its answer, which the report page shows."""

    model_config = make_schema_config("A photo with its answer, which the report page shows.")

    figure: str = Field(description="Name of the picture, for /metrics/figures/.")
    truth: str = Field(description="The right class.")
    predicted: str = Field(description="The answered class.")
    confidence: Share
    decision: str = Field(description="`accept`, or the reason of a review.")

    @property
    def is_right(self) -> bool:
        """Whether the answer is right."""
        return self.predicted == self.truth


class PhotoExamples(FrozenModel):
    """Photos with their answers: accepted right ones, accepted wrong ones, and reviewed ones."""

    model_config = make_schema_config(
        "Photos with their answers: accepted right ones, accepted wrong ones, and reviewed ones."
    )

    tier: str = Field(description="The tier of all these photos.")
    collection: str = Field(description="The collection that they come from, with its licence.")
    right: tuple[PhotoExample, ...]
    wrong: tuple[PhotoExample, ...]
    reviewed: tuple[PhotoExample, ...]

    def list_figures(self) -> list[str]:
        """Return the names of all pictures."""
        return [example.figure for example in (*self.right, *self.wrong, *self.reviewed)]
