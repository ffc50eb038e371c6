"""The report of a release, its stored evaluation: the types of all values in report.json.

A training writes the file. `/metrics` serves its bytes as they are; pages, listings and the gate, which
compares releases, read it through `Report`. docs/reference/report.md explains each figure. The descriptions
of types and fields are texts of /openapi.json, so clients read them.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AliasChoices, Field, JsonValue, ValidationError, WithJsonSchema, field_validator

from inference.contract import ACCEPT_NOTHING
from inference.words.kinds import KIND
from model_store.errors import ReleaseCorrupt, ReportInvalid
from model_store.local_releases import LocalRelease
from model_store.manifest import DataSet, FrozenModel, Share, describe_first_problem, describe_schema
from model_store.release_files import REPORT_FILE
from reports.intervals import compute_share_interval, compute_source_mean
from reports.word_figures import WordFigures

Count = Annotated[int, Field(ge=0)]

UnlimitedShare = Annotated[Share, WithJsonSchema({"type": "number"})]
"""A share, 0 to 1, whose schema in the HTTP contract is any number."""

ShareInterval = Annotated[
    tuple[Share, Share],
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "number", "minimum": 0, "maximum": 1},
            "minItems": 2,
            "maxItems": 2,
        }
    ),
]
"""The lower and the upper end of an interval of a share, such as 0.93 and 0.96."""

ShareDifference = Annotated[float, Field(ge=-1, le=1)]
"""A difference of two shares, -1 to 1."""

MIN_SOURCES: Final = 10
"""Fewest sources of photos (shops, collections) from which a figure for a further source is computed."""

TEST_SPLIT: Final = "test"
"""Value of `test.split` if the figures are about a test set, which no network learnt."""

CROSS_FITTED_SPLIT: Final = "cross-fitted"
"""Value of `test.split` if the figures are about learnt pictures, each answered by a network that had not
learnt it."""


def _is_none(value: object) -> bool:
    return value is None


def _is_never_left_out(_: object) -> bool:
    """Return False, for a field that is always written, although older reports may lack it."""
    return False


def _is_test(split: str) -> bool:
    return split == TEST_SPLIT


PROMISED_KEYS: Final = AliasChoices("promised", "accuracy")
"""Keys of the promised share of right answers: today's, and that of reports of 2.0.0 and before."""


class ClassFigures(FrozenModel):
    """Precision, recall and F1 of one class, and the number of its pictures (`support`)."""

    model_config = describe_schema(
        "One class: precision TP/(TP+FP), recall TP/(TP+FN), F1 their harmonic mean."
    )

    precision: Share
    recall: Share
    f1: Share
    support: Count


class Averages(FrozenModel):
    """Means of the classes' figures: `macro` is unweighted, `weighted` by the number of their pictures."""

    model_config = describe_schema("Means over the classes: `macro` unweighted, `weighted` by support.")

    macro: ClassFigures
    weighted: ClassFigures


class Coverage(FrozenModel):
    """The effect of the decision thresholds: the share of accepted pictures, and of these, of right ones."""

    model_config = describe_schema("What the decision thresholds do on the test set.")

    confidence_threshold: Annotated[float, Field(ge=0, le=ACCEPT_NOTHING)] = Field(
        description="Above 1 if nothing is accepted."
    )
    familiarity_threshold: Share
    coverage: Share = Field(description="Share of pictures that are accepted.")
    accuracy: Share | None = Field(
        description="Share of the accepted that are right; null when none is accepted."
    )


HELD_OUT_PICTURES: Final = "held-out pictures"
"""Name, in `promises` and `acceptance`, of pictures that no network had learnt when it answered. All other
names there are of photos."""

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

    model_config = describe_schema(
        "What is promised of accepted answers, and the answers that show it.", is_open=True
    )

    # HELD_OUT_PICTURES, photos of a tier or from a source, or `products`.
    pictures: str = Field(description="`held-out pictures`, or a tier of photos.")
    promised: UnlimitedShare = Field(
        validation_alias=PROMISED_KEYS,
        exclude_if=_is_never_left_out,
        description="Share of the accepted that has to be right; called `accuracy` in older reports.",
    )
    needed: Count = Field(description="The fewest answers that can show so much.")
    n: Count = Field(description="Answers that there were, without unfamiliar ones.")
    # 0 if no threshold keeps the promises about all sets of pictures that it decides about.
    accepted: Count
    # The right ones among the accepted answers.
    right: Count
    # By Clopper and Pearson 1934, for the number of independent answers that the accepted ones are worth.
    lower_bound: Share = Field(
        description="One-sided 95% bound of the share that is right, of the effective number of accepted "
        "answers."
    )


class AcceptPoint(FrozenModel):
    """The effect of one threshold of confidence on one set of pictures."""

    model_config = describe_schema("What one threshold of confidence does to one set of pictures.")

    # Of confidence.
    threshold: Share
    # The number of independent answers: photos of one sender count for fewer.
    answers: Count | None = Field(
        default=None, exclude_if=_is_none, description="How many answers it accepts; absent in older reports."
    )
    accepted: Share = Field(description="Share of the pictures that it accepts.")
    right: UnlimitedShare | None = Field(
        description="Share of these that are right; null where none is accepted."
    )
    lower_bound: Share = Field(description="One-sided 95% bound of that.")


class ProductPromise(Promise):
    """A promise about accepted products, and the figures at each threshold of confidence."""

    model_config = describe_schema(
        "What accepted products keep, and what those that are accepted from each confidence show.",
        is_open=True,
    )

    pictures: Annotated[str, WithJsonSchema({"const": "products", "type": "string"})]
    needed: Count = Field(description="The fewest products that can show so much.")
    n: Count = Field(description="Products of several photos.")
    lower_bound: Share = Field(
        description="One-sided 95% bound of the share of accepted products that is right."
    )
    by_confidence: tuple[AcceptPoint, ...] = Field(
        default=(),
        exclude_if=lambda points: not points,
        description="By rising threshold; absent where none is accepted, and in older reports.",
    )


class PossiblePromise(FrozenModel):
    """A promise that could be given instead: another share of right answers, and how many it would accept."""

    model_config = describe_schema(
        "What could be promised of the accepted answers, were this share of right ones asked for.",
        is_open=True,
    )

    promised: UnlimitedShare = Field(
        validation_alias=PROMISED_KEYS,
        exclude_if=_is_never_left_out,
        description="Share of accepted answers that must be right; called `accuracy` in older reports.",
    )
    accepted: Share = Field(
        description="Share of the answers that would be accepted; 0 where nothing can be promised."
    )
    right: UnlimitedShare | None = Field(
        default=None,
        exclude_if=_is_never_left_out,
        description="Share of these that are right; null where none is accepted.",
    )
    lower_bound: UnlimitedShare | None = Field(
        default=None, exclude_if=_is_never_left_out, description="One-sided 95% bound of that."
    )
    confidence: Share | None = Field(
        default=None,
        exclude_if=_is_none,
        description="From which they would be accepted; absent where none is.",
    )


class SplitFigures(FrozenModel):
    """Accuracy and loss on the pictures for training or validation."""

    model_config = describe_schema("Accuracy and loss on one split.")

    n: Count
    accuracy: Share
    loss: float


class TestFigures(SplitFigures):
    """The full evaluation on the test set, or on cross-fitted answers."""

    model_config = describe_schema("The full evaluation on the test set.", is_open=True)

    loss: float = Field(
        description="Mean negative log likelihood of the probabilities as served (after temperature), in "
        "nats."
    )
    accuracy_interval: tuple[Share, Share] = Field(description="95% Wilson score interval.")
    confusion_matrix: tuple[tuple[Count, ...], ...] = Field(
        description="Counts, one row per true class, one column per predicted class."
    )
    per_class: dict[str, ClassFigures]
    averages: Averages
    ece: Share = Field(
        description="Expected calibration error over 15 equal-width bins, after temperature (arXiv "
        "1706.04599)."
    )
    ece_before: Share = Field(description="The same before temperature.")
    ece_null: ShareInterval | None = Field(
        default=None,
        exclude_if=_is_none,
        description="95% band of `ece` on as many pictures, were each as often right as its confidence says; "
        "absent in older reports.",
    )
    # A calibrated model's is 0 on average, while its `ece` is above 0 by chance.
    overconfidence: ShareDifference | None = Field(
        default=None,
        exclude_if=_is_none,
        description="Mean confidence minus accuracy, after temperature; absent in older reports.",
    )
    nll_before: float = Field(description="Mean negative log likelihood before temperature, in nats.")
    decisions: Coverage
    split: Annotated[Literal["test", "cross-fitted"], WithJsonSchema({"enum": ["cross-fitted"]})] = Field(
        default=TEST_SPLIT,
        exclude_if=_is_test,
        description="`cross-fitted` where the release learnt these pictures, and each was answered by a "
        "network that had not learnt it; absent for a test set.",
    )


class ModelFigures(FrozenModel):
    """The size of a network, and what an answer of it costs."""

    model_config = describe_schema("The size of the network.")

    network: str
    # All weights, with the statistics of normalization, which are not trained.
    parameters: Annotated[int, Field(gt=0)]
    mflops: Annotated[float, Field(gt=0)] | None = Field(
        description="Multiplications and additions of one picture, counted as two per multiply-add, in "
        "millions; null where they cannot be counted."
    )
    trainable_parameters: Count | None = Field(
        default=None, exclude_if=_is_none, description="Those that training changes; absent in older reports."
    )
    bytes: dict[str, Count] = Field(description="File sizes by name.")
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

    model_config = describe_schema("How the model was trained; null where that is not known.")

    seed: int | None
    epochs: Count | None
    best_epoch: Count | None
    seconds: Annotated[float, Field(ge=0)] | None = Field(
        description="Wall time of fitting, over all resumed parts."
    )
    hardware: str | None = Field(description="Processor or accelerator, and how many cores were used.")
    libraries: dict[str, str] = Field(description="Versions of the libraries used, by package name.")
    configuration: dict[str, JsonValue]


class Epoch(FrozenModel):
    """Loss and accuracy after one epoch (pass over all pictures) of the training."""

    model_config = describe_schema("One epoch of the training history.")

    epoch: Count
    loss: float
    accuracy: Share
    val_loss: float
    val_accuracy: Share
    seconds: Annotated[float, Field(ge=0)]


class Example(FrozenModel):
    """One picture of the test set with its answer, which the figures of the report show."""

    model_config = describe_schema("One picture of the test set with its answer.")

    index: Count = Field(description="Position in the test set.")
    truth: str
    predicted: str
    confidence: Share
    probabilities: tuple[Share, ...] = Field(description="One per class, in label order.")


class Examples(FrozenModel):
    """The most confident mistakes, worst first, and the first few right answers."""

    model_config = describe_schema(
        "The most confident mistakes, worst first, and the first few right answers."
    )

    wrong: tuple[Example, ...]
    right: tuple[Example, ...]


class OutOfScope(FrozenModel):
    """How well the model tells pictures that show no garment, such as noise, from those of the test set."""

    model_config = describe_schema(
        "How well pictures of one thing that is no garment are separated from the test set.", is_open=True
    )

    n: Count
    familiarity_auroc: Share | None = Field(
        description="Area under the ROC curve of the familiarity; 0.5 is chance. Null where the model does "
        "not measure it."
    )
    unfamiliar: Share = Field(description="Share of which the reason is `unfamiliar`.")


class ClassRecall(FrozenModel):
    """The number of photos of one class, and the share of them that was recognised."""

    model_config = describe_schema("The number of photos of one class, and the share recognised.")

    n: Count
    recall: Share


class PhotoDecisions(Coverage):
    """Shares of the decisions about a tier's photos: `coverage` (accepted), `ambiguous` and `unfamiliar`."""

    model_config = describe_schema(
        "Decisions on a tier's photos; coverage, `ambiguous` (or `unproven`, where nothing is "
        "accepted) and `unfamiliar` sum to 1."
    )

    coverage: Share
    accuracy: Share | None
    # If nothing is accepted, the reason of these is `unproven`.
    ambiguous: Share
    unfamiliar: Share
    coverage_interval: tuple[Share, Share] | None = Field(
        default=None,
        exclude_if=_is_none,
        description="95% interval of the share that is accepted; absent in older reports.",
    )
    accuracy_interval: tuple[Share, Share] | None = Field(
        default=None,
        exclude_if=_is_none,
        description="95% interval of the share of the accepted that is right; absent where none is accepted, "
        "and in older reports.",
    )


class OodAuroc(FrozenModel):
    """How well photos of a tier are told from photos of none of the classes: areas under ROC curves."""

    model_config = describe_schema(
        "Separation from out-of-distribution photos: areas under ROC curves; 0.5 is chance."
    )

    n: Count = Field(description="Number of out-of-distribution photos.")
    familiarity: Share | None = Field(
        description="Area of the familiarity; null where the model does not measure it."
    )
    confidence: Share = Field(description="The same of the largest probability, for comparison.")


class SourceFigures(FrozenModel):
    """Shares of the decisions about photos of none of the classes, in one folder."""

    model_config = describe_schema("Decisions on the out-of-distribution photos of one folder.")

    n: Count
    accepted: Share
    unfamiliar: Share


class PhotoFigures(FrozenModel):
    """The evaluation on photos of one tier (A, B or C), or on photos of none of the classes (tier X).

    A figure that only garments have is null or empty in tier X, and the other way round.
    """

    model_config = describe_schema(
        "Results on photos of one tier; tier X holds pictures of none of the classes.", is_open=True
    )

    split: str = Field(
        default="development",
        exclude_if=_is_never_left_out,
        description="`development` if choices were made on these photos; `cross-fitted` if each was answered "
        "by a network that had not learnt it.",
    )
    n: Count
    macro_accuracy: Share | None = Field(
        description="Mean of the recalls of those classes that the tier has."
    )
    macro_accuracy_interval: tuple[Share, Share] | None = Field(description="95% interval of that.")
    accuracy: Share | None = Field(description="Share of right answers.")
    per_class: dict[str, ClassRecall] = Field(description="By label.")
    ece: Share | None = Field(description="Expected calibration error.")
    ece_null: ShareInterval | None = Field(
        default=None,
        exclude_if=_is_none,
        description="95% band of `ece` on as many pictures, were each as often right as its confidence says; "
        "absent in older reports.",
    )
    overconfidence: ShareDifference | None = Field(
        default=None,
        exclude_if=_is_none,
        description="Mean confidence minus accuracy; absent in tier X and in older reports.",
    )
    decisions: PhotoDecisions
    auroc: OodAuroc | None = Field(description="Null where there are no out-of-distribution photos.")
    sources: dict[str, SourceFigures] = Field(description="In tier X, by the folder's name.")


class UnknownSource(FrozenModel):
    """The number of photos of a shop or person, and of answers that are right, accepted, and both."""

    model_config = describe_schema("Photos of a source, and how many answers are right, accepted, and both.")

    n: Count
    right: Count
    accepted: Count
    accepted_right: Count


class UnknownSources(FrozenModel):
    """The evaluation on photos of one tier whose shops and people no network had learnt when it answered."""

    model_config = describe_schema(
        "Answers to a tier's photos of shops and people that nothing which answered them had learnt."
    )

    of_all: UnknownSource
    sources: dict[str, UnknownSource]
    lower_bound: UnlimitedShare | None = Field(
        description="One-sided 95% bound of the share of right ones among accepted answers to a further "
        "source; null where too few sources have any."
    )
    auroc: UnlimitedShare | None = Field(
        description="Of the familiarity, against photos of unknown sources that show none of the classes; "
        "null where there are none."
    )
    interval: ShareInterval | None = Field(
        default=None,
        exclude_if=_is_none,
        description="95% interval of the share of answers to a further source that are right.",
    )
    classes: dict[str, Count] = Field(
        default_factory=dict, exclude_if=lambda of: not of, description="How many photos show each class."
    )

    @property
    def right(self) -> tuple[float, tuple[float, float] | None]:
        """Share of right answers, with its 95% interval (None for few sources).

        It is the lower of two: the mean over the sources, and the share of all photos.
        """
        return self._choose_lower_share(np.array([source.right for source in self.sources.values()]))

    @property
    def accepted(self) -> tuple[float, tuple[float, float] | None]:
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
        mean, interval = compute_source_mean(counts.astype(np.float64), n.astype(np.float64))
        if mean <= share:
            return mean, interval
        is_right = np.repeat(np.tile([True, False], len(n)), np.column_stack([counts, n - counts]).ravel())
        return share, compute_share_interval(is_right, np.repeat(np.arange(len(n)), n))


class LabelFigures(FrozenModel):
    """The number of pictures with one label of an attribute, and the share of them that was recognised."""

    model_config = describe_schema("One label of an attribute.")

    n: Count = Field(description="Pictures whose main label it is.")
    recall: Share = Field(description="Of these, the share of right answers.")


class AttributeFigures(FrozenModel):
    """The evaluation of one attribute, such as the colour, on pictures that the network has not learnt."""

    model_config = describe_schema("What the network answers to one attribute.", is_open=True)

    n: Count = Field(description="Pictures whose label is known; the shares are of these.")
    unknown: Count = Field(description="Pictures without one.")
    inapplicable: Count = Field(description="Pictures that do not have the attribute.")
    accuracy: Share = Field(description="Share of right answers; of several labels any one is right.")
    most_frequent: Share = Field(description="Share of the most frequent label.")
    accepted: Share = Field(description="Share of accepted answers.")
    right_of_accepted: Share | None = Field(description="Null where none is.")
    promise: Promise
    # The same promise for answers to pictures whose class is unfamiliar.
    unfamiliar: Promise | None = Field(
        default=None,
        exclude_if=_is_none,
        description="Of answers to pictures whose class is unfamiliar; missing where the class's familiarity "
        "holds for the attribute, and in reports from before it was kept.",
    )
    labels: dict[str, LabelFigures] = Field(description="By label, in index order.")


class AllAccepted(FrozenModel):
    """How often all accepted answers to a picture (class and attributes) are right."""

    model_config = describe_schema("How often every accepted answer to a picture is right.")

    pictures: Count = Field(
        description="With an accepted answer, of class or attributes, all of which are known."
    )
    right: Count = Field(description="Of these, where every one is.")


class Report(FrozenModel):
    """The stored evaluation of the model, report.json. Fields that only older reports have are ignored."""

    model_config = describe_schema(
        "The stored evaluation of the model, report.json. Older reports have further fields.", is_open=True
    )

    labels: tuple[str, ...]
    data: DataSet
    model: ModelFigures
    photo_model: ModelFigures | None = Field(
        default=None,
        exclude_if=_is_none,
        description="What the second network costs, which answers photos; absent where there is none.",
    )
    training: TrainingFigures
    train: SplitFigures
    validation: SplitFigures
    test: TestFigures
    promises: tuple[Promise, ...] = Field(
        default=(),
        exclude_if=lambda kept: not kept,
        description="What the thresholds promise of accepted answers; absent in older reports.",
    )
    possible_promises: tuple[PossiblePromise, ...] = Field(
        default=(),
        exclude_if=lambda kept: not kept,
        description="What could be promised of accepted answers at several shares of right ones; absent in "
        "older reports.",
    )
    acceptance: dict[str, tuple[AcceptPoint, ...]] = Field(
        default_factory=dict,
        exclude_if=lambda curves: not curves,
        description="By set of pictures, what each of some thresholds accepts; absent in older reports.",
    )
    out_of_scope: dict[str, OutOfScope] = Field(
        default_factory=dict,
        exclude_if=lambda of_things: not of_things,
        description="By what the pictures show; empty where it was not measured.",
    )
    photos: dict[str, PhotoFigures] = Field(
        default_factory=dict,
        exclude_if=lambda tiers: not tiers,
        description="By tier; empty where no photos were measured.",
    )
    unknown_sources: dict[str, UnknownSources] = Field(
        default_factory=dict,
        exclude_if=lambda tiers: not tiers,
        description="By tier, answers to photos of shops and people that nothing had learnt; absent where no "
        "whole source was left out.",
    )
    examples: Examples
    history: tuple[Epoch, ...] = Field(description="Empty for an adopted model.")
    attributes: dict[str, AttributeFigures] = Field(
        default_factory=dict,
        exclude_if=lambda of: not of,
        description="By attribute, answers to pictures that the network had not learnt; absent without "
        "attributes.",
    )
    all_accepted: AllAccepted | None = Field(
        default=None,
        exclude_if=_is_none,
        description="Of class and attributes together; absent without attributes, and where photos were "
        "decided again.",
    )
    products: dict[str, ProductPromise] = Field(
        default_factory=dict,
        exclude_if=lambda of: not of,
        description="What accepted products of several photos keep, by attribute, the class under `label`; "
        "absent where none were measured.",
    )
    words: WordFigures | None = Field(
        default=None,
        exclude_if=_is_none,
        description="From which probability the words of a list and a photo decide together; absent if it "
        "was not measured.",
    )

    @field_validator("words", mode="before")
    @classmethod
    def _leave_out_minimum_shares(cls, words: object) -> object:
        """Leave out the figures of an older rule for titles, whose `named` has no threshold."""
        named = words.get("named") if isinstance(words, dict) else None
        return None if isinstance(named, dict) and "threshold" not in named else words

    @property
    def kind_counts(self) -> dict[str, int]:
        """The number of photos of each kind of garment (`skirt`); empty if the release answers no kinds."""
        kinds = self.attributes.get(KIND)
        return {} if kinds is None else {label: figures.n for label, figures in kinds.labels.items()}

    @field_validator("acceptance")
    @classmethod
    def _check_thresholds(
        cls, curves: dict[str, tuple[AcceptPoint, ...]]
    ) -> dict[str, tuple[AcceptPoint, ...]]:
        if not all(curves.values()):
            raise ValueError("each set of pictures needs at least one threshold")
        return curves


def read_report(release: LocalRelease) -> Report:
    """Read the report (the stored evaluation) from the folder of a release.

    Raises:
        ReportInvalid: report.json cannot be parsed as a report.
    """
    path = release.folder / REPORT_FILE
    return parse_report(path.read_bytes(), str(path))


def parse_report(text: bytes, address: str) -> Report:
    """Parse the text of report.json. Fields that only older reports have are ignored.

    Args:
        text: the content of the file.
        address: the path or URL of the file, for messages.

    Raises:
        ReportInvalid: the text is no report; the message names the key that is wrong.
    """
    try:
        return Report.model_validate_json(text, extra="ignore")
    except ValidationError as error:
        raise ReportInvalid(f"{address}: {describe_first_problem(error)}") from error


def check_report(report: Report, labels: Sequence[str], address: str) -> None:
    """Check that a report is about a model with these labels, since the service uses its figures.

    Args:
        labels: the labels in the manifest of the release.
        address: the path or URL of the report, for messages.

    Raises:
        ReleaseCorrupt: the report has other labels, or its confusion matrix has another size or no picture.
    """
    matrix = report.test.confusion_matrix
    if report.labels != tuple(labels):
        raise ReleaseCorrupt(f"{address}: labels: they are not those of the manifest ({', '.join(labels)}).")
    if {len(matrix), *map(len, matrix)} != {len(labels)} or not sum(map(sum, matrix)):
        raise ReleaseCorrupt(
            f"{address}: test.confusion_matrix needs {len(labels)} rows and columns, one per label of the "
            "manifest, and at least one picture. Evaluate the model again and publish it."
        )
