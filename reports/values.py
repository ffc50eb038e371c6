"""report.json: the stored evaluation of a model, parsed once into a frozen value.

training/measure/evaluate.py writes it, `/metrics` serves its bytes as they are, the release listing and the
pages read it through `Report`. Does no I/O. What each figure means: docs/reference/report.md.
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, JsonValue, ValidationError, field_validator

from inference.contract import ACCEPT_NOTHING
from model_store.errors import ReleaseCorrupt, ReportInvalid
from model_store.files import REPORT
from model_store.local import LocalRelease
from model_store.manifest import DataSet, Frozen, Share, first_problem
from reports.intervals import mean_over_sources, share_interval
from reports.word_figures import WordFigures

Count = Annotated[int, Field(ge=0)]

Signed = Annotated[float, Field(ge=-1, le=1)]
"""A difference of two shares."""

FEW_SOURCES: Final = 10
"""Sources that a bound or an interval of a further source needs."""

TEST: Final = "test"
CROSS_FITTED: Final = "cross-fitted"
"""Splits of pictures that were not learnt, and of those that were, by networks that had not learnt them."""


def _is_none(value: object) -> bool:
    return value is None


def _is_test(split: str) -> bool:
    return split == TEST


class ClassFigures(Frozen):
    """One class on one split: precision TP/(TP+FP), recall TP/(TP+FN), F1 their harmonic mean."""

    precision: Share
    recall: Share
    f1: Share
    support: Count


class Averages(Frozen):
    """Means over the classes: `macro` unweighted, `weighted` by support."""

    macro: ClassFigures
    weighted: ClassFigures


class Coverage(Frozen):
    """What the decision thresholds do to a split.

    Attributes:
        confidence_threshold: above 1 if nothing is accepted.
        coverage: share of pictures that are accepted.
        accuracy: share of the accepted that are right; None when none is accepted.
    """

    confidence_threshold: Annotated[float, Field(ge=0, le=ACCEPT_NOTHING)]
    familiarity_threshold: Share
    coverage: Share
    accuracy: Share | None


HELD_OUT: Final = "held-out pictures"
"""Names these in `promises` and `acceptance`; all others there are photos, of a tier or from a source."""

PHOTOS_OF_TIER: Final = "photos of tier "
"""What the name of a tier begins with there."""

PHOTOS_FROM: Final = "photos from "
"""What the name of a source begins with there."""


def tier_of(pictures: str) -> str:
    """The tier in such a name."""
    return pictures.removeprefix(PHOTOS_OF_TIER)


class Promise(Frozen):
    """What the thresholds promise of accepted answers, and the answers that show it.

    Attributes:
        pictures: `held-out pictures`, a tier of photos, a source of them, or `products`.
        accuracy: share of accepted answers that is promised to be right.
        needed: the fewest answers that can show so much, if all are right.
        n: answers that there were, without unfamiliar ones.
        accepted: of these; 0 if no threshold keeps every promise to pictures that are decided about alike.
        right: of the accepted.
        lower_bound: one-sided 95% bound of the share of right answers (Clopper and Pearson 1934), of the
            accepted ones divided by their design effect.
    """

    pictures: str
    accuracy: Share
    needed: Count
    n: Count
    accepted: Count
    right: Count
    lower_bound: Share


class AcceptPoint(Frozen):
    """What one threshold of confidence does to one set of pictures.

    Attributes:
        threshold: of confidence.
        answers: how many answers it accepts, fewer where several are of one group: as many as independent
            ones they can count at most; None in older reports.
        accepted: share of the pictures that it accepts.
        right: share of these that are right; None where none is accepted.
        lower_bound: one-sided 95% bound of `right`, as a promise has it; 0 where none is accepted.
    """

    threshold: Share
    answers: Count | None = Field(default=None, exclude_if=_is_none)
    accepted: Share
    right: Share | None
    lower_bound: Share


class ProductPromise(Promise):
    """What accepted products keep, and what those that are accepted from each confidence show.

    Attributes:
        by_confidence: by rising threshold, of the products that are accepted; empty where none is, and in
            older reports.
    """

    by_confidence: tuple[AcceptPoint, ...] = Field(default=(), exclude_if=lambda points: not points)


class PossiblePromise(Frozen):
    """What could be promised of the accepted answers, were this share of right ones asked for.

    Attributes:
        accuracy: share of accepted answers that must be right.
        accepted: share of the answers that would be accepted; 0 where nothing can be promised.
        right: share of these that are right; None where none is accepted.
        lower_bound: one-sided 95% bound of `right`.
        confidence: from which they would be accepted; None where none is, and in older reports.
    """

    accuracy: Share
    accepted: Share
    right: Share | None = None
    lower_bound: Share | None = None
    confidence: Share | None = Field(default=None, exclude_if=_is_none)


class SplitFigures(Frozen):
    """Accuracy and loss on a split that is only counted."""

    n: Count
    accuracy: Share
    loss: float


class TestFigures(SplitFigures):
    """The full evaluation of a split.

    Attributes:
        loss: mean negative log likelihood of the probabilities as served (after temperature), in nats.
        accuracy_interval: 95% Wilson score interval, of the effective number of answers.
        confusion_matrix: counts, one row per true class, one column per predicted class.
        ece: expected calibration error over 15 equal-width bins, after temperature (arXiv 1706.04599).
        ece_before: the same before temperature.
        ece_null: 95% band of `ece` on as many pictures, were each as often right as its confidence says; None
            in older reports.
        overconfidence: mean confidence minus accuracy, -1..1, after temperature. A calibrated model's is 0 on
            average, while its `ece` is above 0 by chance; None in older reports.
        nll_before: mean negative log likelihood before temperature, in nats.
        split: absent for a test set, which was not learnt; `cross-fitted` where the release learnt these, and
            each was answered by a network that had not learnt it.
    """

    accuracy_interval: tuple[Share, Share]
    confusion_matrix: tuple[tuple[Count, ...], ...]
    per_class: dict[str, ClassFigures]
    averages: Averages
    ece: Share
    ece_before: Share
    ece_null: tuple[Share, Share] | None = Field(default=None, exclude_if=_is_none)
    overconfidence: Signed | None = Field(default=None, exclude_if=_is_none)
    nll_before: float
    decisions: Coverage
    split: Literal["test", "cross-fitted"] = Field(default=TEST, exclude_if=_is_test)


class ModelFigures(Frozen):
    """What the network costs.

    Attributes:
        parameters: all weights, with the statistics of normalization, which are not trained.
        mflops: multiplications and additions of one picture, counted as two per multiply-add, in millions;
            None where they cannot be counted, as of a recurrent network.
        trainable_parameters: those that training changes; None in older reports.
        bytes: file sizes by name.
    """

    network: str
    parameters: Annotated[int, Field(gt=0)]
    mflops: Annotated[float, Field(gt=0)] | None
    trainable_parameters: Count | None = Field(default=None, exclude_if=_is_none)
    bytes: dict[str, Count]
    temperature: Annotated[float, Field(gt=0)]

    @property
    def in_words(self) -> str:
        """How large it is, and what a picture costs."""
        trained = self.trainable_parameters
        return size_in_words(self.parameters, self.mflops, trained)


def size_in_words(parameters: int, mflops: float | None, trainable: int | None = None) -> str:
    """How large a network is, and what a picture costs.

    Args:
        parameters: all weights.
        mflops: of one picture; None where it is not known.
        trainable: those that are trained; None where that is not known.
    """
    trained = f" ({trainable:,} trainable)" if trainable not in (None, parameters) else ""
    cost = f", {mflops:.1f} MFLOP a picture" if mflops is not None else ""
    return f"{parameters:,} parameters{trained}{cost}"


class TrainingFigures(Frozen):
    """How the model was made; what is unknown of an adopted model is null.

    Attributes:
        seconds: wall time of fitting, over all resumed parts.
        hardware: processor or accelerator, and how many cores were used.
        libraries: versions of what made the release, by package name.
    """

    seed: int | None
    epochs: Count | None
    best_epoch: Count | None
    seconds: Annotated[float, Field(ge=0)] | None
    hardware: str | None
    libraries: dict[str, str]
    configuration: dict[str, JsonValue]


class Epoch(Frozen):
    """One line of the training history."""

    epoch: Count
    loss: float
    accuracy: Share
    val_loss: float
    val_accuracy: Share
    seconds: Annotated[float, Field(ge=0)]


class Example(Frozen):
    """One picture of the test set with its answer; the figures draw it.

    Attributes:
        index: position in the test set.
        probabilities: one per class, in label order.
    """

    index: Count
    truth: str
    predicted: str
    confidence: Share
    probabilities: tuple[Share, ...]


class Examples(Frozen):
    """The most confident mistakes, worst first, and the first few right answers."""

    wrong: tuple[Example, ...]
    right: tuple[Example, ...]


class OutOfScope(Frozen):
    """How well the model separates one kind of out-of-distribution picture from the test set.

    Attributes:
        familiarity_auroc: area under the ROC curve of the distance; 0.5 is chance. None where the model
            measures no distance.
        unfamiliar: share of which the reason is `unfamiliar`.
    """

    n: Count
    familiarity_auroc: Share | None
    unfamiliar: Share


class ClassRecall(Frozen):
    """How many photos of one class there were, and the share of them that was recognised."""

    n: Count
    recall: Share


class PhotoDecisions(Coverage):
    """What became of a tier's photos; coverage, `ambiguous` and `unfamiliar` add up to 1.

    Attributes:
        ambiguous: share below the threshold; where nothing is accepted, their reason is `unproven`.
        coverage_interval: 95% interval of the share that is accepted; None in older reports.
        accuracy_interval: the same of the share of these that is right; None where none is accepted, too.
    """

    ambiguous: Share
    unfamiliar: Share
    coverage_interval: tuple[Share, Share] | None = Field(default=None, exclude_if=_is_none)
    accuracy_interval: tuple[Share, Share] | None = Field(default=None, exclude_if=_is_none)


class OodAuroc(Frozen):
    """How well a tier's photos are separated from out-of-distribution ones: areas under ROC curves.

    Attributes:
        n: out-of-distribution photos.
        familiarity: area of the familiarity as served; None where the model measures none.
        confidence: the same of the largest probability, for comparison.
    """

    n: Count
    familiarity: Share | None
    confidence: Share


class SourceFigures(Frozen):
    """The decisions on the out-of-distribution photos of one folder."""

    n: Count
    accepted: Share
    unfamiliar: Share


class PhotoFigures(Frozen):
    """Answers to photos of real garments of one tier; or, in tier X, of what is none of the classes.

    What only garments have is null or empty in tier X, and the other way round.

    Attributes:
        split: what the photos were good for: `development` if choices were made on them, `cross-fitted` if
            each was answered by a network that had not learnt it.
        macro_accuracy: mean of the recalls of those classes that the tier has.
        macro_accuracy_interval: 95% interval of that.
        accuracy: share of right answers.
        per_class: by label.
        ece: expected calibration error, as the test set's.
        ece_null: 95% band of `ece`, as the test set's; None in older reports, too.
        overconfidence: mean confidence minus accuracy, as the test set's; None likewise.
        auroc: None where there are no out-of-distribution photos.
        sources: in tier X, by the folder's name.
    """

    split: str = "development"
    n: Count
    macro_accuracy: Share | None
    macro_accuracy_interval: tuple[Share, Share] | None
    accuracy: Share | None
    per_class: dict[str, ClassRecall]
    ece: Share | None
    ece_null: tuple[Share, Share] | None = Field(default=None, exclude_if=_is_none)
    overconfidence: Signed | None = Field(default=None, exclude_if=_is_none)
    decisions: PhotoDecisions
    auroc: OodAuroc | None
    sources: dict[str, SourceFigures]


class UnknownSource(Frozen):
    """How many photos of a source there were, how many of the answers are right, accepted, and both."""

    n: Count
    right: Count
    accepted: Count
    accepted_right: Count


class UnknownSources(Frozen):
    """Answers to a tier's photos of shops and people that nothing which answered them had learnt.

    Attributes:
        of_all: photos of all these sources.
        sources: each by its name.
        lower_bound: one-sided 95% bound of the share of accepted answers to a further source that are right;
            None where too few sources have accepted answers.
        auroc: of the familiarity, against photos of unknown sources that show none of the classes; None
            where there are none.
        interval: 95% interval of the share of answers to a further source that are right; None where there
            are too few sources, and in older reports.
        classes: how many photos show each class; empty in older reports.
    """

    of_all: UnknownSource
    sources: dict[str, UnknownSource]
    lower_bound: Share | None
    auroc: Share | None
    interval: tuple[Share, Share] | None = Field(default=None, exclude_if=_is_none)
    classes: dict[str, Count] = Field(default_factory=dict, exclude_if=lambda of: not of)

    @property
    def right(self) -> tuple[float, tuple[float, float] | None]:
        """The share of right answers, the lower of two, and its interval by source."""
        return self._lower(np.array([source.right for source in self.sources.values()]))

    @property
    def accepted(self) -> tuple[float, tuple[float, float] | None]:
        """The same of accepted answers."""
        return self._lower(np.array([source.accepted for source in self.sources.values()]))

    def _lower(self, counts: NDArray[np.int64]) -> tuple[float, tuple[float, float] | None]:
        """The lower of the mean over sources and the share of all photos; no interval below FEW_SOURCES.

        Photos of all sources together answer for the largest ones; a shop that uses the release is one more.
        """
        n = np.array([source.n for source in self.sources.values()])
        share = float(counts.sum() / n.sum())
        if len(n) < FEW_SOURCES:
            return share, None
        mean, interval = mean_over_sources(counts.astype(np.float64), n.astype(np.float64))
        if mean <= share:
            return mean, interval
        which = np.repeat(np.tile([True, False], len(n)), np.column_stack([counts, n - counts]).ravel())
        return share, share_interval(which, np.repeat(np.arange(len(n)), n))


class LabelFigures(Frozen):
    """One label of an attribute.

    Attributes:
        n: pictures whose main label it is.
        recall: of these, the share of right answers.
    """

    n: Count
    recall: Share


class AttributeFigures(Frozen):
    """What a network answers to one attribute of pictures that it has not learnt.

    Attributes:
        n: pictures whose label is known; the shares are of these.
        unknown: pictures without one.
        inapplicable: pictures that do not have the attribute.
        accuracy: share of right answers; of several labels any one is right.
        most_frequent: share of the most frequent label.
        accepted: share of accepted answers.
        right_of_accepted: None where none is.
        promise: what is promised of accepted answers.
        unfamiliar: the same of those to pictures whose class is unfamiliar; None where the class's
            familiarity holds for the attribute, and in older reports.
        labels: by label, in index order.
    """

    n: Count
    unknown: Count
    inapplicable: Count
    accuracy: Share
    most_frequent: Share
    accepted: Share
    right_of_accepted: Share | None
    promise: Promise
    unfamiliar: Promise | None = Field(default=None, exclude_if=_is_none)
    labels: dict[str, LabelFigures]


class AllAccepted(Frozen):
    """How often every accepted answer to a picture is right: measured, not multiplied.

    Attributes:
        pictures: with an accepted answer, of the class or an attribute, all of which are known.
        right: of these, where every one is.
    """

    pictures: Count
    right: Count


class Report(Frozen):
    """The stored evaluation of the model, report.json. Older reports have further fields.

    Attributes:
        promises: what the thresholds promise of accepted answers; empty in older reports.
        possible_promises: what could be promised of held-out pictures; empty in older reports.
        acceptance: by set of pictures, by rising threshold, at the same thresholds for all sets of photos;
            empty in reports from before it was kept.
        photos: by tier; empty where no photos were measured.
        unknown_sources: by tier; empty where no whole source was left out, and in older reports.
        out_of_scope: by what the pictures show; empty where the score has seen all.
        history: empty for an adopted model.
        photo_model: what the second network costs; None where there is none. `photos` are then its answers.
        attributes: by name; empty where the networks answer the class alone.
        products: what accepted products of several photos keep, by attribute, the class under `label`; empty
            where no photos of products were measured, and in older reports.
        words: from which share of a photo a list's words may decide; None where that was not measured.
        all_accepted: of class and attributes together; None where there are no attributes, and where
            photos were decided again afterwards.
    """

    labels: tuple[str, ...]
    data: DataSet
    model: ModelFigures
    photo_model: ModelFigures | None = Field(default=None, exclude_if=_is_none)
    training: TrainingFigures
    train: SplitFigures
    validation: SplitFigures
    test: TestFigures
    promises: tuple[Promise, ...] = Field(default=(), exclude_if=lambda kept: not kept)
    possible_promises: tuple[PossiblePromise, ...] = Field(default=(), exclude_if=lambda kept: not kept)
    acceptance: dict[str, tuple[AcceptPoint, ...]] = Field(
        default_factory=dict, exclude_if=lambda curves: not curves
    )
    out_of_scope: dict[str, OutOfScope] = Field(
        default_factory=dict, exclude_if=lambda of_things: not of_things
    )
    photos: dict[str, PhotoFigures] = Field(default_factory=dict, exclude_if=lambda tiers: not tiers)
    unknown_sources: dict[str, UnknownSources] = Field(
        default_factory=dict, exclude_if=lambda tiers: not tiers
    )
    examples: Examples
    history: tuple[Epoch, ...]
    attributes: dict[str, AttributeFigures] = Field(default_factory=dict, exclude_if=lambda of: not of)
    all_accepted: AllAccepted | None = Field(default=None, exclude_if=_is_none)
    products: dict[str, ProductPromise] = Field(default_factory=dict, exclude_if=lambda of: not of)
    words: WordFigures | None = Field(default=None, exclude_if=_is_none)

    @field_validator("acceptance")
    @classmethod
    def _check_thresholds(
        cls, curves: dict[str, tuple[AcceptPoint, ...]]
    ) -> dict[str, tuple[AcceptPoint, ...]]:
        if not all(curves.values()):
            raise ValueError("each set of pictures needs at least one threshold")
        return curves


def report_of(release: LocalRelease) -> Report:
    """The evaluation of a release.

    Raises:
        ReportInvalid: report.json cannot be read as one.
    """
    path = release.folder / REPORT
    return parse_report(path.read_bytes(), str(path))


def parse_report(text: bytes, where: str) -> Report:
    """Read report.json; fields that no report has now are ignored, as older ones have them.

    Raises:
        ReportInvalid: the message names the key that is wrong.
    """
    try:
        return Report.model_validate_json(text, extra="ignore")
    except ValidationError as error:
        raise ReportInvalid(f"{where}: {first_problem(error)}") from error


def check_report(report: Report, labels: Sequence[str], where: str) -> None:
    """Check that a report can be of a model with these labels: the metrics compare with its distribution.

    Raises:
        ReleaseCorrupt: it names other labels, or its confusion matrix has another size or counts no picture.
    """
    matrix = report.test.confusion_matrix
    if report.labels != tuple(labels):
        raise ReleaseCorrupt(f"{where}: labels: they are not those of the manifest ({', '.join(labels)}).")
    if {len(matrix), *map(len, matrix)} != {len(labels)} or not sum(map(sum, matrix)):
        raise ReleaseCorrupt(
            f"{where}: test.confusion_matrix needs {len(labels)} rows and columns, one per label of the "
            "manifest, and at least one picture. Evaluate the model again and publish it."
        )
