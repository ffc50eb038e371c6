"""Measure which titles may decide together with a photo, and write the figures into the report of a release.

python -m lab.title_figures RELEASE --run FOLDER [--records FOLDER] [--parts FILE]

A title such as "Pleated skirt" may confirm an uncertain answer to a photo. The figures say from which
probability on. They are measured on the release's own answers by networks that did not learn the photo's
source.

FOLDER gets the release with a new report, model card, page and manifest. Nothing is trained, and services of
RELEASE can serve it. With --records, the manifest also gets the records of the steps that made the release.
With --photos, the report shows twelve photos of the collection in PHOTOS that anybody may show.
With --parts, the report gets the threshold of the second look, by the answers of lab.part_words. Without it,
there is no second look.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from inference.release_labels import translate_release_labels
from inference.words.kinds import KIND
from lab.part_words import read_part_answers
from lab.sealing import read_stored_answers
from model_store.assemble import seal_release
from model_store.local_releases import LocalRelease, open_release
from model_store.manifest import Manifest
from model_store.release_files import REPORT_FILE
from reports.answer_counts import AnswerCounts
from reports.answers import CLASS_HEAD, PICTURE_NAME_DIGITS, TEST_SET, Answers
from reports.answers_file import ANSWERS_FILE, parse_answers, serialize_answers
from reports.model_card import MODEL_CARD_FILE, make_model_card
from reports.page.html_page import REPORT_PAGE_FILE, make_report_page_file, read_report_figures
from reports.values import Report, read_report
from training.data.photos import OOD_TIER
from training.evaluation.counted_answers import count_answers
from training.evaluation.part_words import PartAnswers, measure_part_words
from training.evaluation.photos import mark_known_source_answers
from training.evaluation.title_shares import measure_outside_kinds, measure_title_words
from training.evaluation.title_word_data import make_kind_word_data
from training.release.make import start_release
from training.release.photo_examples import list_photo_example_files, write_photo_examples

SHOWN_PREFIX: Final = "clo-"
"""Beginning of the names of the photos that anybody may show."""

SHOWN_COLLECTION: Final = "clothing-dataset (github.com/alexeygrigorev/clothing-dataset, CC0)"
"""The collection of these photos, with its licence."""

STEPS: Final = "steps"
"""Key of the records in the training of a manifest."""


def main(argv: list[str] | None = None) -> int:
    """Measure, and seal."""
    parser = argparse.ArgumentParser(prog="python -m lab.title_figures", description=main.__doc__)
    parser.add_argument("release", type=Path, metavar="RELEASE", help="folder of the release")
    parser.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="of the new release")
    parser.add_argument("--records", type=Path, metavar="FOLDER", help="of the steps")
    parser.add_argument("--photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("--parts", type=Path, metavar="FILE", help="of lab.part_words")
    given = parser.parse_args(argv)
    release = open_release(given.release)
    report = measure_words(release, None if given.parts is None else read_part_answers(given.parts))
    steps = {} if given.records is None else {STEPS: read_records(given.records)}
    seal_again(given.run, release, report, steps, read_shown_photos(given.photos) if given.photos else {})
    return 0


def read_shown_photos(folder: Path) -> dict[str, bytes]:
    """Return the files of the photos in a folder that anybody may show, by their names in answers."""
    files = [path.read_bytes() for path in sorted((folder / "dev").rglob(f"{SHOWN_PREFIX}*.jpg"))]
    return {hashlib.sha256(content).hexdigest()[:PICTURE_NAME_DIGITS]: content for content in files}


def read_records(folder: Path) -> dict[str, JsonValue]:
    """Return the record of each step by name: command, commit, seconds, and hashes of what it wrote."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def measure_words(release: LocalRelease, parts: PartAnswers | None = None) -> Report:
    """Return the report of a release with the figures of titles beside its photos.

    Args:
        parts: answers to photos and their parts; None if there is no second look.
    """
    answers = read_stored_answers(release)
    answers = answers.select_rows((answers.by == "") & answers.is_from_unknown_source)
    kinds = release.manifest.attributes[KIND].labels
    trial = make_kind_word_data(answers.select_head(KIND), kinds)
    outside = measure_outside_kinds(answers, translate_release_labels(release.manifest.labels, kinds, "en"))
    words = measure_title_words(trial, "photos").replace_fields(outside=outside)
    if parts is not None and words.named.threshold is not None:
        words = words.replace_fields(parts=measure_part_words(parts, words.named.threshold))
    return read_report(release).replace_fields(words=words)


def count_photo_answers(report: Report, answers: Answers) -> Report:
    """Return a report with the counts of answers that the page draws, which older reports lack.

    Args:
        answers: the stored answers about the class of photos, by heads that had not learnt them.
    """
    is_known = mark_known_source_answers(answers)

    def count_tier(tier: str, is_counted: NDArray[np.bool_]) -> AnswerCounts:
        chosen = is_counted & answers.has_class & (answers.sets == tier)
        return count_answers(answers.select_rows(chosen), len(report.labels))

    return report.replace_fields(
        photos={
            tier: figures
            if tier == OOD_TIER
            else figures.replace_fields(answer_counts=count_tier(tier, is_known))
            for tier, figures in report.photos.items()
        },
        unknown_sources={
            tier: figures.replace_fields(answer_counts=count_tier(tier, answers.is_from_unknown_source))
            for tier, figures in report.unknown_sources.items()
        },
    )


def seal_again(
    folder: Path,
    parent: LocalRelease,
    report: Report,
    training: Mapping[str, JsonValue] = MappingProxyType({}),
    photos: Mapping[str, bytes] = MappingProxyType({}),
) -> Manifest:
    """Write the files of a release with another report.

    Args:
        folder: the folder of the new release; nothing may have this name.
        parent: the release whose files are used.
        report: the report in place of the parent's.
        training: entries for the manifest's training, beside the parent's.
        photos: the files of photos of which the report shows some, by their names in answers; empty to show
            those that the parent shows.
    """
    left_out = list_photo_example_files(parent) if photos else frozenset[str]()
    with start_release(folder, parent, left_out) as unfinished:
        manifest = parent.manifest
        asked = read_stored_answers(parent)
        asked = asked.select_rows((asked.by == "") & (asked.sets != TEST_SET)).select_head(CLASS_HEAD)
        report = count_photo_answers(report, asked)
        if photos:
            examples = write_photo_examples(unfinished, asked, photos, manifest.labels, SHOWN_COLLECTION)
            report = report.replace_fields(photo_examples=examples)
        contracts = {name: network.contract for name, network in manifest.networks.items()}
        (unfinished / REPORT_FILE).write_bytes(report.serialize())
        # The parent may have been written when columns had other names: the same rows, named as now.
        answers = parse_answers((unfinished / ANSWERS_FILE).read_bytes())
        (unfinished / ANSWERS_FILE).write_bytes(serialize_answers(answers))
        (unfinished / MODEL_CARD_FILE).write_text(make_model_card(contracts, report), "utf-8")
        (unfinished / REPORT_PAGE_FILE).write_bytes(
            make_report_page_file(contracts, report, read_report_figures(unfinished))
        )
        return seal_release(
            unfinished,
            created_at=datetime.now(UTC),
            networks=manifest.networks,
            sources=manifest.sources,
            training={**manifest.training, **training},
            libraries=manifest.libraries,
            git_commit=manifest.git_commit,
            data=manifest.data,
            headline=manifest.headline,
        )


if __name__ == "__main__":
    sys.exit(main())
