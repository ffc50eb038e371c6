"""Tables of the answers that the bundled release stores: confusions, kinds, and photos of other things.

All are about photos of sources that the network which answered does not know. `make docs` puts the tables
into the pages. Nothing is measured here.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.release_labels import translate_release_labels
from inference.words.kinds import KIND
from model_store.local_releases import LocalRelease
from reports.answers import CLASS_HEAD, Answers
from reports.answers_file import read_all_answers

OUT_OF_CLASSES_TIER: Final = "X"
"""Tier of photos that show none of the classes. The spelt label of such a photo begins with it: `X_hat`."""

OUTFIT: Final = "outfit"
"""The spelt label of a picture of several garments. No answer about it is right, so it is counted apart."""

MIN_THING_PHOTOS: Final = 10
"""Fewest photos of a sort of things that has a row of its own."""

SHOWN_CONFUSIONS: Final = 5

Rows: TypeAlias = list[Sequence[str]]


def make_answer_tables(release: LocalRelease) -> dict[str, Rows]:
    """Return the rows of each table about stored answers, by the name of its block on a page."""
    answers = read_all_answers(
        release.manifest, lambda name: (release.folder / name).read_bytes(), str(release.folder)
    )
    of_class = answers.select_head(CLASS_HEAD)
    unknown = of_class.select_rows(of_class.is_from_unknown_source)
    labels, kinds = release.manifest.labels, release.manifest.attributes[KIND].labels
    classes_of_kinds = translate_release_labels(labels, kinds, "en").classes_of_kinds
    return {
        "classes": _list_classes(unknown.select_rows(unknown.has_class), labels),
        "confusions": _list_confusions(unknown.select_rows(unknown.has_class), labels),
        "other things": _list_other_things(unknown.select_set(OUT_OF_CLASSES_TIER)),
        "kinds": _list_kinds(
            answers.select_head(KIND), kinds, [not classes_of_kinds[kind] for kind in kinds]
        ),
    }


def _list_classes(answers: Answers, labels: tuple[str, ...]) -> Rows:
    """Return a row for each class, and one for all."""
    rows: Rows = [_measure_labels(label, answers, np.array([index])) for index, label in enumerate(labels)]
    return [*rows, _measure_labels("all", answers, np.arange(len(labels)))]


def _list_confusions(answers: Answers, labels: tuple[str, ...]) -> Rows:
    """Return a row for each of the most frequent confusions of two classes, the most frequent one first."""
    wrong = answers.select_rows(~answers.is_right)
    pairs = list(zip(wrong.truth.tolist(), wrong.predicted.tolist(), strict=True))
    accepted = Counter(
        pair for pair, is_accepted in zip(pairs, wrong.is_accepted, strict=True) if is_accepted
    )
    photos = Counter(answers.truth.tolist())
    return [
        (labels[truth], labels[answered], f"{count} of {photos[truth]}", f"{accepted[truth, answered]}")
        for (truth, answered), count in Counter(pairs).most_common(SHOWN_CONFUSIONS)
    ]


def _list_other_things(answers: Answers) -> Rows:
    """Return a row for each sort of things outside the classes, the one that is accepted most often first."""
    names = np.array(
        [spelt.removeprefix(f"{OUT_OF_CLASSES_TIER}_").replace("-", " ") for spelt in answers.spelt]
    )
    is_outfit = names == OUTFIT
    photos = Counter(names[~is_outfit].tolist())
    accepted = Counter(names[answers.is_accepted].tolist())
    frequent = [name for name, count in photos.items() if count >= MIN_THING_PHOTOS]
    rows = [
        (name, f"{photos[name]}", f"{accepted[name]}")
        for name in sorted(frequent, key=lambda name: (-accepted[name] / photos[name], name))
    ]
    return [
        *rows,
        _count_accepted("rarer things", answers, ~is_outfit & ~np.isin(names, frequent)),
        _count_accepted("all of these", answers, ~is_outfit),
        _count_accepted("outfits", answers, is_outfit),
    ]


def _count_accepted(name: str, answers: Answers, is_counted: NDArray[np.bool_]) -> tuple[str, ...]:
    return name, f"{is_counted.sum()}", f"{(is_counted & answers.is_accepted).sum()}"


def _list_kinds(answers: Answers, kinds: tuple[str, ...], is_outside: list[bool]) -> Rows:
    """Return a row for each kind, one for all kinds outside the classes, and one for all.

    Args:
        is_outside: for each kind, whether it belongs to no class.
    """
    outside = np.flatnonzero(is_outside)
    groups = {kind: np.array([index]) for index, kind in enumerate(kinds)}
    groups |= {"all kinds outside the classes": outside, "all": np.arange(len(kinds))}
    return [_measure_labels(name, answers, indices) for name, indices in groups.items()]


def _measure_labels(name: str, answers: Answers, indices: NDArray[np.int64]) -> tuple[str, ...]:
    """Return the row of some labels: photos, recall, precision, accepted answers, and the right ones."""
    is_shown = np.isin(answers.truth, indices)
    is_answered = np.isin(answers.predicted, indices)
    accepted = answers.is_accepted & is_answered
    return (
        name,
        f"{is_shown.sum():,}",
        f"{answers.is_right[is_shown].mean():.2f}",
        f"{answers.is_right[is_answered].mean():.2f}",
        f"{accepted.sum():,}",
        f"{(accepted & answers.is_right).sum():,}",
    )
