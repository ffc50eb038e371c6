"""Figures of a report about a network: accuracy and calibration on the test set, size, and training."""

from typing import Annotated, Final, Literal

from pydantic import Field, JsonValue, WithJsonSchema

from inference.contract import ACCEPT_NOTHING
from model_store.manifest import FrozenModel, Share, make_schema_config
from reports.field_types import Count, ShareDifference, ShareInterval, is_none

TEST_SPLIT: Final = "test"
"""Value of `test.split` if the figures are about a test set, which no network learnt."""

CROSS_FITTED_SPLIT: Final = "cross-fitted"
"""Value of `test.split` if the figures are about learnt pictures, each answered by a network that had not
learnt it."""


def _is_test(split: str) -> bool:
    return split == TEST_SPLIT


class ClassFigures(FrozenModel):
    """Precision, recall and F1 of one class, and the number of its pictures (`support`)."""

    model_config = make_schema_config(
        "Figures of one class: precision TP/(TP+FP), recall TP/(TP+FN), and F1, their harmonic mean."
    )

    precision: Share
    recall: Share
    f1: Share
    support: Count


class Averages(FrozenModel):
    """Means of the classes' figures: `macro` is unweighted, `weighted` by the number of their pictures."""

    model_config = make_schema_config(
        "Means of the figures of the classes: `macro` is unweighted, `weighted` is weighted by support."
    )

    macro: ClassFigures
    weighted: ClassFigures


class Coverage(FrozenModel):
    """The effect of the decision thresholds: the share of accepted pictures, and of these, of right ones."""

    model_config = make_schema_config("The effect of the decision thresholds on the test set.")

    confidence_threshold: Annotated[float, Field(ge=0, le=ACCEPT_NOTHING)] = Field(
        description="Smallest confidence of an accepted answer; above 1 if nothing is accepted."
    )
    familiarity_threshold: Share
    coverage: Share = Field(description="Share of pictures whose answers are accepted.")
    accuracy: Share | None = Field(
        description="Share of the accepted answers that is right; null if none is accepted."
    )


class SplitFigures(FrozenModel):
    """Accuracy and loss on the pictures for training or validation."""

    model_config = make_schema_config("Accuracy and loss on the pictures for training or for validation.")

    n: Count
    accuracy: Share
    loss: float


class TestFigures(SplitFigures):
    """The full evaluation on the test set, or on cross-fitted answers."""

    model_config = make_schema_config("The full evaluation on the test set.", is_open=True)

    loss: float = Field(
        description=(
            "Mean negative log likelihood, in nats, of the probabilities that are served (after "
            "temperature scaling)."
        )
    )
    accuracy_interval: tuple[Share, Share] = Field(
        description="95% interval of `accuracy` (Wilson's score interval)."
    )
    confusion_matrix: tuple[tuple[Count, ...], ...] = Field(
        description="Counts of answers, with a row for each true class and a column for each predicted class."
    )
    per_class: dict[str, ClassFigures]
    averages: Averages
    ece: Share = Field(
        description=(
            "Expected calibration error in 15 bins of equal width, after temperature scaling (arXiv "
            "1706.04599)."
        )
    )
    ece_before: Share = Field(description="Expected calibration error before temperature scaling.")
    ece_null: ShareInterval | None = Field(
        default=None,
        exclude_if=is_none,
        description=(
            "95% band of `ece` by chance, if each answer was right as often as its confidence says; "
            "absent in older reports."
        ),
    )
    # A calibrated model's is 0 on average, while its `ece` is above 0 by chance.
    overconfidence: ShareDifference | None = Field(
        default=None,
        exclude_if=is_none,
        description="Mean confidence minus accuracy, after temperature scaling; absent in older reports.",
    )
    nll_before: float = Field(description="Mean negative log likelihood before temperature scaling, in nats.")
    decisions: Coverage
    split: Annotated[Literal["test", "cross-fitted"], WithJsonSchema({"enum": ["cross-fitted"]})] = Field(
        default=TEST_SPLIT,
        exclude_if=_is_test,
        description=(
            "`cross-fitted` if the release has learnt these pictures, and each was answered by a "
            "network that had not learnt it; absent for a test set."
        ),
    )


class ModelFigures(FrozenModel):
    """The size of a network, and what an answer of it costs."""

    model_config = make_schema_config("The size of a network, and the cost of an answer.")

    network: str
    # All weights, with the statistics of normalization, which are not trained.
    parameters: Annotated[int, Field(gt=0)]
    mflops: Annotated[float, Field(gt=0)] | None = Field(
        description=(
            "Millions of operations for one picture, in which a multiply-add counts as two; null if "
            "they cannot be counted."
        )
    )
    trainable_parameters: Count | None = Field(
        default=None,
        exclude_if=is_none,
        description="Number of parameters that training changes; absent in older reports.",
    )
    bytes: dict[str, Count] = Field(description="Size of each file in bytes, by its name.")
    temperature: Annotated[float, Field(gt=0)]

    @property
    def in_words(self) -> str:
        """A text on the size and cost of the network, such as "1,234 parameters, 5.6 MFLOP a picture"."""
        trained = self.trainable_parameters
        return describe_size(self.parameters, self.mflops, trained)


def describe_size(parameters: int, mflops: float | None, trainable: int | None = None) -> str:
    """Return a text on the size of a network and the cost of an answer, such as "... 5.6 MFLOP a picture".

    Args:
        parameters: the number of all weights.
        mflops: the operations for one picture in millions; None if they are not known.
        trainable: the number of weights that are trained; None if it is not known.
    """
    trained = f" ({trainable:,} trainable)" if trainable not in (None, parameters) else ""
    cost = f", {mflops:.1f} MFLOP a picture" if mflops is not None else ""
    return f"{parameters:,} parameters{trained}{cost}"


class TrainingFigures(FrozenModel):
    """Facts about the training of the model; null if they are unknown, as for a model of another program."""

    model_config = make_schema_config("How the model was trained; a fact that is not known is null.")

    seed: int | None
    epochs: Count | None
    best_epoch: Count | None
    seconds: Annotated[float, Field(ge=0)] | None = Field(
        description="Wall time of fitting, in all parts if the training was resumed."
    )
    hardware: str | None = Field(
        description="Processor or accelerator, and the number of cores that were used."
    )
    libraries: dict[str, str] = Field(description="Versions of the libraries, by the name of the package.")
    configuration: dict[str, JsonValue]


class Epoch(FrozenModel):
    """Loss and accuracy after one epoch (pass over all pictures) of the training."""

    model_config = make_schema_config("Loss and accuracy after one epoch of the training.")

    epoch: Count
    loss: float
    accuracy: Share
    val_loss: float
    val_accuracy: Share
    seconds: Annotated[float, Field(ge=0)]


class Example(FrozenModel):
    """One picture of the test set with its answer, which the figures of the report show."""

    model_config = make_schema_config("One picture of the test set with its answer.")

    index: Count = Field(description="Position in the test set, from 0.")
    truth: str
    predicted: str
    confidence: Share
    probabilities: tuple[Share, ...] = Field(description="The probability of each class, in index order.")


class Examples(FrozenModel):
    """The most confident mistakes, worst first, and the first few right answers."""

    model_config = make_schema_config(
        "The most confident mistakes, worst first, and the first few right answers."
    )

    wrong: tuple[Example, ...]
    right: tuple[Example, ...]


class OutOfScope(FrozenModel):
    """How well the model tells pictures that show no garment, such as noise, from those of the test set."""

    model_config = make_schema_config(
        "How well pictures that show no garment, such as noise, are told from those of the test set.",
        is_open=True,
    )

    n: Count
    familiarity_auroc: Share | None = Field(
        description=(
            "Area under the ROC curve of the familiarity; 0.5 is chance. Null if the model does not "
            "measure it."
        )
    )
    unfamiliar: Share = Field(
        description="Share of the pictures that are in review because they are `unfamiliar`."
    )
