"""What the report says and draws of photos: matrices, reliability, accepted against right, and photos."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.decision import ACCEPT
from inference.pictures.decode import MAX_PIXELS, decode_image
from model_store.local_releases import open_bundled_release
from model_store.release_files import FIGURES_FOLDER
from reports.answer_counts import AnswerCounts, PhotoExamples
from reports.answers import NO_CLASS, Answers
from reports.page.html_page import make_report_page_file, read_report_figures
from reports.page.photo_drawings import lay_out_photo_drawings
from reports.page.sentences import describe_weaknesses
from reports.page.wording import ENGLISH_WORDING
from reports.promises import AcceptPoint
from reports.values import Report, read_report
from training.evaluation.counted_answers import count_answers
from training.release.photo_examples import MAX_BYTES, write_photo_examples

LABELS = ("Bag", "Coat", "Dress")


def sure(truth: int, predicted: int, confidence: float, picture: str = "", decision: str = ACCEPT) -> Answers:
    """One answer about a photo of tier C, with this confidence."""
    shares = np.full((1, 3), (1 - confidence) / 2)
    shares[0, predicted] = confidence
    columns = {"pictures": [picture], "decisions": [decision], "networks": "photos"}
    return Answers.make_answers("C", [truth], [predicted], probabilities=shares, **columns)


def test_answers_are_counted_by_class_and_by_confidence_and_unknown_ones_not_at_all() -> None:
    counts = count_answers(
        sure(0, 0, 0.97) + sure(0, 1, 0.95) + sure(1, 1, 0.5) + Answers.make_answers("C", [2], [NO_CLASS]), 3
    )

    assert counts.confusion_matrix == ((1, 1, 0), (0, 1, 0), (0, 0, 0))
    assert [(of.n, of.right) for of in counts.confidence_bins] == [(1, 1), (2, 1)]
    assert [of.mean_confidence for of in counts.confidence_bins] == pytest.approx([0.5, 0.96])


def counting(matrix: tuple[tuple[int, ...], ...], *, is_of_unknown: bool) -> Report:
    """The bundled report, with these answers to photos of tier A."""
    report = read_report(open_bundled_release())
    size = len(report.labels)
    rows = [tuple(row) + (0,) * (size - len(row)) for row in matrix]
    counts = AnswerCounts(
        confusion_matrix=(*rows, *[(0,) * size] * (size - len(rows))),
        confidence_bins=count_answers(sure(0, 0, 0.9), 3).confidence_bins,
    )
    group = "unknown_sources" if is_of_unknown else "photos"
    tiers = getattr(report, group)
    none = {"answer_counts": None}
    changed: dict[str, dict[str, object]] = {
        "photos": {tier: of.replace_fields(**none) for tier, of in report.photos.items()},
        "unknown_sources": {tier: of.replace_fields(**none) for tier, of in report.unknown_sources.items()},
    }
    changed[group]["A"] = tiers["A"].replace_fields(answer_counts=counts)
    return report.replace_fields(**changed)


@pytest.mark.parametrize(
    ("is_of_unknown", "name"),
    [
        (True, "Product shots from shops and people that it does not know"),
        (False, "Product shots from shops and people that it knows"),
    ],
)
def test_each_weakness_says_which_photos_or_pictures_it_is_about(is_of_unknown: bool, name: str) -> None:
    report = counting(((60, 40), (0, 100), (0, 0, 1)), is_of_unknown=is_of_unknown)

    sentences = list(describe_weaknesses(report, ENGLISH_WORDING))

    assert sentences[:2] == [
        f"{name}: T-shirt/top is recognised least often: 60.0% of 100 photos.",
        f"{name}: T-shirt/top is taken for Trouser in 40 of 100 (40.0%).",
    ]
    starts = ("Worn garments from", "Users' own photos from", "28 x 28 pictures: ")
    assert all(sentence.startswith(starts) for sentence in sentences[2:])
    assert sentences[-1].startswith("28 x 28 pictures: ")


def test_a_class_of_few_photos_is_no_weakness() -> None:
    report = counting(((90, 10), (1, 0)), is_of_unknown=True)

    assert "T-shirt/top is recognised least often" in next(describe_weaknesses(report, ENGLISH_WORDING))


def test_a_matrix_shades_shares_of_the_class_and_a_curve_begins_below_its_lowest_share() -> None:
    report = counting(((99, 1), (0, 4)), is_of_unknown=True).replace_fields(
        acceptance={
            "photos of tier A": [
                AcceptPoint(threshold=0.5, accepted_share=1.0, right_share=0.84, lower_bound=0.5),
                AcceptPoint(threshold=0.9, accepted_share=0.5, right_share=0.98, lower_bound=0.5),
            ]
        }
    )

    drawings = lay_out_photo_drawings(report)

    [drawing] = [drawing for drawing in drawings if drawing.is_of_unknown]
    assert [(label, n, cells[:2]) for label, n, cells in drawing.rows] == [
        ("T-shirt/top", 100, ((99, 10), (1, 1))),
        ("Trouser", 4, ((0, 0), (4, 10))),
    ]
    assert drawing.acceptance is not None
    assert (drawing.acceptance.first, drawing.acceptance.last) == ((0.5, 0.98), (1.0, 0.84))
    assert [round(share, 2) for _, share in drawing.acceptance.marks_y] == [0.8, 0.84, 0.88, 0.92, 0.96, 1]


def photo(colour: int) -> bytes:
    noise = np.random.default_rng(colour).integers(0, 255, (600, 400, 3), dtype=np.uint8)
    return cv2.imencode(".png", noise)[1].tobytes()


def examples_in(folder: Path) -> PhotoExamples:
    """Examples of six right, two wrong and one reviewed photo, of which all but one may be shown."""
    answers = sure(0, 0, 0.99, "secret")
    for number in range(6):
        answers += sure(number % 3, number % 3, 0.9, f"right{number}")
    answers += sure(0, 1, 0.8, "wrong0") + sure(0, 1, 0.95, "wrong1") + sure(2, 2, 0.4, "doubt", "ambiguous")
    shown = {str(name): photo(row) for row, name in enumerate(answers.pictures) if name != "secret"}
    examples = write_photo_examples(folder, answers, shown, LABELS, "a collection, CC0")
    assert examples is not None
    return examples


def test_photos_that_may_be_shown_are_small_and_of_each_sort(tmp_path: Path) -> None:
    examples = examples_in(tmp_path)

    files = {path.name: path.read_bytes() for path in (tmp_path / FIGURES_FOLDER).iterdir()}
    assert sorted(files) == sorted(examples.list_figures())
    assert not any("secret" in name for name in files)
    assert {example.truth for example in examples.right[:3]} == {*LABELS}
    assert [(example.predicted, example.confidence) for example in examples.wrong] == [
        ("Coat", 0.95),
        ("Coat", 0.8),
    ]
    assert [example.decision for example in examples.reviewed] == ["ambiguous"]
    assert sum(map(len, files.values())) <= MAX_BYTES
    for content in files.values():
        assert decode_image(content, MAX_PIXELS).picture.shape == (192, 128, 3)


def test_no_photo_is_shown_if_none_was_answered(tmp_path: Path) -> None:
    assert write_photo_examples(tmp_path, sure(0, 0, 0.9, "a"), {"b": photo(0)}, LABELS, "") is None
    assert not (tmp_path / FIGURES_FOLDER).exists()


def test_the_page_draws_photos_and_shows_those_with_their_collection(tmp_path: Path) -> None:
    examples = examples_in(tmp_path)
    report = counting(((60, 40),), is_of_unknown=True).replace_fields(photo_examples=examples)

    contracts = open_bundled_release().manifest.contracts
    page = make_report_page_file(contracts, report, read_report_figures(tmp_path)).decode()

    assert len(re.findall("data:image/jpeg;base64,", page)) == len(examples.list_figures())
    assert "“Users&#39; own photos” and come from a collection, CC0" in page
    assert re.search(r'shade-6">60</td>', page)
    assert 'aria-label="Accepted and right, Product shots from shops and people that it does not know' in page


def test_what_another_target_gives_names_a_confidence_of_the_curve_or_has_no_such_column() -> None:
    release = open_bundled_release()
    report = read_report(release)
    old = [possible.replace_fields(confidence=None) for possible in report.possible_promises]
    known = report.replace_fields(possible_promises=old)
    unknown = known.replace_fields(acceptance={})

    pages = [
        make_report_page_file(release.manifest.contracts, one, {})
        .decode()
        .partition("What another target")[2]
        for one in (known, unknown)
    ]
    tables = [page.partition("</table>")[0] for page in pages]

    [threshold] = [
        point.threshold
        for point in report.acceptance["held-out pictures"]
        if point.accepted_share == old[0].accepted_share
    ]
    assert ENGLISH_WORDING.percent(threshold) in tables[0]
    assert ["from confidence" in table for table in tables] == [True, False]
