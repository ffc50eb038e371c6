"""Group photos into products, and combine the answers of a product's photos into one answer.

With `wardrobe label --by sku`, all photos with one value in the list's column `sku` are one product. With
`--by-folder`, all photos in one folder are one. A product becomes one row of `TABLE-products.csv`.
"""

import os
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from inference.classifier import MIN_FURTHER_PROBABILITY
from inference.reasons import DecidedBy, Reason
from labelling.errors import SourceUnusable
from labelling.rows import HeadAnswer, PhotoRecord, ProductRecord
from labelling.run_settings import FOLDER_COLUMN, ProductGrouping, RunSettings
from labelling.sources.items import Source
from labelling.sources.picture_files import FolderSource
from reports.product_rule import (
    COLOUR_ATTRIBUTES,
    ScoredAnswer,
    average_probabilities,
    combine_photo_answers,
    find_product_accept_point,
    is_accuracy_promise_proven,
)
from reports.values import Report

MIN_FEED_ACCURACY: Final = 0.85
"""Share of right answers that a release must have shown for products of several photos, so that their likely
colours go into a feed, the file that a sales platform imports. Tables promise more, but in a feed a missing
colour is worse: it costs the product its place on the platform."""


def resolve_grouping_column(source: Source, column: str) -> str:
    """Check that the photos of a source can be grouped into products by a column or by folder.

    Args:
        source: the source that is labelled.
        column: the column of its list that names products; empty to make each folder of photos a product.

    Returns:
        The name of the column, or FOLDER_COLUMN if each folder is a product.

    Raises:
        SourceUnusable: the source has no such column or folders. The message names the existing ones.
    """
    if not column and not isinstance(source, FolderSource):
        raise SourceUnusable(f"{source.address}: is no folder, as --by-folder needs. A list has --by COLUMN.")
    return (
        check_list_column(source, column, "--by", "--by-folder takes the folders of a folder.")
        or FOLDER_COLUMN
    )


def check_has_folders(source: Source) -> None:
    """Check that a folder has pictures in subfolders, which --by-folder makes products.

    A folder that has no pictures or cannot be listed passes, because labelling it gives a better error.

    Raises:
        SourceUnusable: all pictures lie in the folder itself.
    """
    try:
        folders = {os.path.dirname(item.place) or "." for item in source.iterate_pictures()}  # noqa: PTH120 - a million
    except (SourceUnusable, OSError):
        return
    if len(folders) == 1 and os.path.samefile(folders.pop(), source.address):  # noqa: PTH121 - as above
        raise SourceUnusable(
            f"{source.address}: has no folders of pictures, which --by-folder would make products. "
            "--write-list list.csv, in place of --by-folder and --out, writes a list of pictures and "
            "articles."
        )


def check_list_column(source: Source, column: str, option: str, advice: str = "") -> str:
    """Check that a list has the column that an option names, and return the column unchanged.

    Args:
        source: the source that is labelled.
        column: the name of the column; empty if the option was not given, which is always valid.
        option: the option of the command line, such as `--by`, for the message.
        advice: a sentence for the message if no column has a similar name.

    Raises:
        SourceUnusable: the list lacks the column. The message names the existing ones, and a similar one.
    """
    if column and column not in source.columns:
        names = ", ".join(f"`{name}`" for name in source.columns) or "none but those of pictures"
        nearest_names = get_close_matches(column, source.columns, 1)
        hint = f"Did you mean `{nearest_names[0]}`?" if nearest_names else advice
        why = f"has no column `{column}` for {option}; it has {names}. {hint}"
        raise SourceUnusable(f"{source.address}: {why.rstrip()}")
    return column


def find_proven_heads(report: Report) -> tuple[str, ...]:
    """Return the class (LABEL) and attributes whose accepted answers a report proves right often enough.

    The answers are those about products of several photos, and the promised share of right ones is .95, for
    example.
    """
    return tuple(head for head, promise in report.products.items() if is_accuracy_promise_proven(promise))


def find_feed_thresholds(report: Report) -> dict[str, tuple[float, float]]:
    """Return the confidences from which a feed may use answers about products of several photos.

    Returns:
        By head (LABEL for the class, or an attribute), the confidence from which the report shows
        MIN_FEED_ACCURACY, and the share of answers that is right there at least: {"colour": (.6, .87)}. Heads
        that never reach it are left out.
    """
    points = {
        head: find_product_accept_point(promise, MIN_FEED_ACCURACY)
        for head, promise in report.products.items()
    }
    return {head: (point.threshold, point.lower_bound) for head, point in points.items() if point}


def make_product_record(photos: Sequence[PhotoRecord], settings: RunSettings) -> ProductRecord:
    """Return a product with the combined answers of its photos, in which copies of a photo count once.

    Args:
        photos: all photos of one product, at least one, in the order of the source.
        settings: the settings of the run, with the labels and the columns of its tables.
    """
    first = dict[str, PhotoRecord]()
    product = photos[0].product
    for photo in photos:
        # A photo that could not be read has no hash; its path tells it apart from the others.
        first.setdefault(photo.sha256 or photo.path, photo)
    distinct = tuple(first.values())
    answers: dict[str, HeadAnswer] = {}
    mean_probabilities: dict[str, Sequence[float]] = {}
    deciding_photos: dict[str, tuple[str, ...]] = {}
    for head in settings.heads:
        combined = combine_head_answers(distinct, head, settings)
        if combined is None:
            continue
        answers[head], deciding_photos[head] = combined
        mean_probabilities[head] = answers[head].probabilities
        answered_photos = [photo for photo in distinct if head in photo.answers]
        if len(answered_photos) > len(deciding_photos[head]):
            mean_probabilities[head] = average_probabilities(
                [photo.answers[head].probabilities for photo in answered_photos]
            )
    cells = {column: _find_first_cell(photo.cells[column] for photo in photos) for column in settings.further}
    if settings.by and settings.by.folder is None:
        cells[settings.by.column] = product
    return ProductRecord(
        product=product,
        photos=tuple(photos),
        distinct_photos=distinct,
        answers=answers,
        mean_probabilities=mean_probabilities,
        deciding_photos=deciding_photos,
        cells=cells,
    )


def _find_first_cell(cells: Iterable[str]) -> str:
    """Return the first cell that is not empty."""
    return next(filter(None, cells), "")


def combine_head_answers(
    photos: Sequence[PhotoRecord], head: str, settings: RunSettings
) -> tuple[HeadAnswer, tuple[str, ...]] | None:
    """Combine the answers of a product's photos about its class or one attribute.

    Args:
        photos: the photos of the product, without copies.
        head: the class (LABEL), or the name of an attribute.
        settings: the settings of the run, which say whether the release has proven such answers.

    Returns:
        The answer, and the paths of the photos that it is based on; None if no photo has an answer.
    """
    answered_photos = [photo for photo in photos if head in photo.answers]
    if not answered_photos:
        return None
    labels = settings.heads[head]
    is_proven = settings.by is not None and head in settings.by.proven
    photo_answers = [_make_probable_answer(photo.answers[head], labels) for photo in answered_photos]
    product = combine_photo_answers(photo_answers, is_proven=is_proven, is_colour=head in COLOUR_ATTRIBUTES)
    shares = product.probabilities
    ordered_indices = sorted(range(len(labels)), key=lambda index: -shares[index])
    also = [
        index
        for index in ordered_indices
        if shares[index] >= MIN_FURTHER_PROBABILITY and index != product.label
    ]
    answer = HeadAnswer(
        label=labels[product.label],
        confidence=shares[product.label],
        reason=product.reason,
        also=tuple(labels[index] for index in also),
        probabilities=tuple(shares),
        decided_by=DecidedBy.MODEL,
    )
    return answer, tuple(answered_photos[place].path for place in product.photo_positions)


def _make_probable_answer(answer: HeadAnswer, labels: Sequence[str]) -> ScoredAnswer:
    return ScoredAnswer(
        answer.probabilities,
        labels.index(answer.label),
        answer.reason,
        is_unfamiliar=answer.is_unfamiliar,
    )


def is_certain_enough_for_feed(product: ProductRecord, head: str, grouping: ProductGrouping | None) -> bool:
    """Return whether a product's answer is certain enough for a feed, although not for the table.

    Three things are needed. The only reason against it is `unproven`: too few answers were measured. At least
    one photo alone has an accepted answer. And the confidence reaches the measured threshold for feeds.

    Args:
        product: the product with its combined answers.
        head: the class (LABEL), or the name of an attribute.
        grouping: the grouping of photos into products, with the thresholds of the release; None without one.
    """
    answer = product.answers.get(head)
    if answer is None or answer.reason != Reason.UNPROVEN or grouping is None or head not in grouping.likely:
        return False
    min_confidence, _ = grouping.likely[head]
    has_accepted = any(photo.answers[head].is_accepted for photo in product.photos if head in photo.answers)
    return has_accepted and (answer.confidence or 0.0) >= min_confidence


def make_products_path(table: Path) -> Path:
    """Return the path of the table of products: `labels-products.csv` beside `labels.csv`."""
    return table.with_stem(f"{table.stem}-products")
