"""The report of a release, its stored evaluation: the types of all values in report.json.

A training writes the file. `/metrics` serves it without the places of the training; pages, listings and the
gate, which compares releases, read it through `Report`. docs/reference/report.md explains each figure. The
descriptions of types and fields are texts of /openapi.json, so clients read them.
"""

from collections.abc import Sequence

from pydantic import Field, ValidationError, field_validator

from model_store.errors import ReleaseCorrupt, ReportInvalid
from model_store.local_releases import LocalRelease
from model_store.manifest import DataSet, FrozenModel, Share, describe_first_problem, make_schema_config
from model_store.release_files import REPORT_FILE
from reports.answer_counts import PhotoExamples
from reports.field_types import Count, is_none
from reports.network_figures import (
    Epoch,
    Examples,
    ModelFigures,
    OutOfScope,
    SplitFigures,
    TestFigures,
    TrainingFigures,
)
from reports.photo_figures import PhotoFigures, UnknownSources
from reports.promises import ACCEPTED_SHARE_KEYS, AcceptPoint, PossiblePromise, ProductPromise, Promise
from reports.word_comparison import check_word_numbers
from reports.word_figures import WordFigures


class LabelFigures(FrozenModel):
    """The number of pictures with one label of an attribute, and the share of them that was recognised."""

    model_config = make_schema_config("Figures of one label of an attribute.")

    n: Count = Field(description="Number of pictures whose main label it is.")
    recall: Share = Field(description="Share of these pictures with a right answer.")


class AttributeFigures(FrozenModel):
    """The evaluation of one attribute, such as the colour, on pictures that the network has not learnt."""

    model_config = make_schema_config("The evaluation of one attribute, such as the colour.", is_open=True)

    n: Count = Field(description="Number of pictures whose label is known. The shares are about these.")
    unknown: Count = Field(description="Number of pictures whose label is not known.")
    inapplicable: Count = Field(description="Number of pictures that do not have the attribute.")
    accuracy: Share = Field(
        description="Share of right answers. If a picture has several labels, each of them is right."
    )
    most_frequent: Share = Field(
        description="Share of pictures with the most frequent label: the accuracy of always answering it."
    )
    accepted_share: Share = Field(
        validation_alias=ACCEPTED_SHARE_KEYS,
        description="Share of accepted answers; called `accepted` in older reports.",
    )
    right_of_accepted: Share | None = Field(
        description="Share of the accepted answers that is right; null if none is accepted."
    )
    promise: Promise
    # The same promise for answers to pictures whose class is unfamiliar.
    unfamiliar: Promise | None = Field(
        default=None,
        exclude_if=is_none,
        description=(
            "The promise about pictures whose class is unfamiliar. Absent if an unfamiliar class "
            "makes the attribute unfamiliar, too, and in older reports."
        ),
    )
    labels: dict[str, LabelFigures] = Field(
        description="The figures of each label, by its name, in index order."
    )


class AllAccepted(FrozenModel):
    """How often all accepted answers to a picture (class and attributes) are right."""

    model_config = make_schema_config(
        "How often all accepted answers about a picture, its class and its attributes, are right."
    )

    pictures: Count = Field(
        description=(
            "Number of pictures with an accepted answer about class or attributes, if all right answers are "
            "known."
        )
    )
    right: Count = Field(description="Number of these pictures about which every accepted answer is right.")


class Report(FrozenModel):
    """The stored evaluation of the model, report.json. Fields that only older reports have are ignored."""

    model_config = make_schema_config(
        "The stored evaluation of the model, report.json. Older reports have further fields.", is_open=True
    )

    labels: tuple[str, ...]
    data: DataSet
    model: ModelFigures
    photo_model: ModelFigures | None = Field(
        default=None,
        exclude_if=is_none,
        description="Size and cost of the second network, which answers photos; absent without one.",
    )
    training: TrainingFigures
    train: SplitFigures
    validation: SplitFigures
    test: TestFigures
    promises: tuple[Promise, ...] = Field(
        default=(),
        exclude_if=lambda kept: not kept,
        description="The promises about accepted answers; absent in older reports.",
    )
    possible_promises: tuple[PossiblePromise, ...] = Field(
        default=(),
        exclude_if=lambda kept: not kept,
        description=(
            "Promises that could be given about accepted answers, with several shares of right ones; "
            "absent in older reports."
        ),
    )
    acceptance: dict[str, tuple[AcceptPoint, ...]] = Field(
        default_factory=dict,
        exclude_if=lambda curves: not curves,
        description="What each of some thresholds accepts, by set of pictures; absent in older reports.",
    )
    out_of_scope: dict[str, OutOfScope] = Field(
        default_factory=dict,
        exclude_if=lambda of_things: not of_things,
        description=(
            "How well pictures of other things are told from those of the test set, by what they "
            "show; empty if it was not measured."
        ),
    )
    photos: dict[str, PhotoFigures] = Field(
        default_factory=dict,
        exclude_if=lambda tiers: not tiers,
        description="The evaluation on photos of each tier; empty if no photos were measured.",
    )
    unknown_sources: dict[str, UnknownSources] = Field(
        default_factory=dict,
        exclude_if=lambda tiers: not tiers,
        description=(
            "The evaluation on photos of shops and people that the network had not learnt, by tier; "
            "absent if no whole source was left out."
        ),
    )
    examples: Examples
    photo_examples: PhotoExamples | None = Field(
        default=None,
        exclude_if=is_none,
        description="Photos with their answers, whose pictures the release has; absent in most releases.",
    )
    history: tuple[Epoch, ...] = Field(description="The epochs of the training; empty for an adopted model.")
    attributes: dict[str, AttributeFigures] = Field(
        default_factory=dict,
        exclude_if=lambda of: not of,
        description=(
            "The evaluation of each attribute, by its name, on pictures that the network had not "
            "learnt; absent without attributes."
        ),
    )
    all_accepted: AllAccepted | None = Field(
        default=None,
        exclude_if=is_none,
        description=(
            "How often class and attributes are right together; absent without attributes, and if "
            "photos were decided about again."
        ),
    )
    products: dict[str, ProductPromise] = Field(
        default_factory=dict,
        exclude_if=lambda of: not of,
        description=(
            "The promise about products with several photos, by attribute; that about the class is "
            "under `label`. Absent if none were measured."
        ),
    )
    words: WordFigures | None = Field(
        default=None,
        exclude_if=is_none,
        description=(
            "Figures on when a title or a category decides together with a photo; absent if it was "
            "not measured."
        ),
    )

    @field_validator("words", mode="before")
    @classmethod
    def _leave_out_minimum_shares(cls, words: object) -> object:
        """Leave out the figures of an older rule for titles, whose `named` has no threshold."""
        named = words.get("named") if isinstance(words, dict) else None
        return None if isinstance(named, dict) and "threshold" not in named else words

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
        ReleaseCorrupt: the report has other labels, or its confusion matrix has another size or no picture,
            or a threshold or a factor of words is outside of its range.
    """
    matrix = report.test.confusion_matrix
    if report.labels != tuple(labels):
        raise ReleaseCorrupt(f"{address}: labels: they are not those of the manifest ({', '.join(labels)}).")
    if {len(matrix), *map(len, matrix)} != {len(labels)} or not sum(map(sum, matrix)):
        raise ReleaseCorrupt(
            f"{address}: test.confusion_matrix needs {len(labels)} rows and columns, one per label of the "
            "manifest, and at least one picture. Evaluate the model again and publish it."
        )
    check_word_numbers(report.words, address)
