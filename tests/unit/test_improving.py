"""Whether a new release is better on the user's own pictures, and what of their answers is learnt."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from inference.contract import GREY_28
from model_store.local import LocalRelease, bundled, open_release
from reports.comparison import decisive
from reports.values import report_of
from tests.photos import write_photos
from tests.releases import a_release
from training.errors import BadPictures
from training.gradient.recipes import COMPACT, for_few
from training.measure.improvement import (
    BETTER,
    NO_AUDIT,
    OPEN,
    WORSE,
    announce,
    audited_in,
    compared_of,
    judged,
    tiers_not_measured,
)
from training.pictures.fashion import LABELS
from training.pictures.learnt import Learnt
from training.pictures.listing import list_pictures
from training.pictures.photos import CORRECTED_TIER, OOD, OWN_TIER, list_photos, photos_in
from training.progress import Lines
from training.ten_classes import _by_audit


@pytest.mark.parametrize(
    ("right", "wrong", "verdict"),
    [(6, 0, BETTER), (5, 0, OPEN), (0, 6, WORSE), (9, 3, OPEN), (0, 0, OPEN)],
)
def test_the_verdict_is_that_of_mcnemars_exact_test(right: int, wrong: int, verdict: str) -> None:
    before = np.array([False] * right + [True] * (wrong + 10))
    after = np.array([True] * right + [False] * wrong + [True] * 10)

    found = judged(
        before,
        after,
        [str(number) for number in range(len(before))],
        (0.5, 0.6),
        np.ones(len(before), np.bool_),
    )

    assert (found.newly_right, found.newly_wrong, found.verdict) == (right, wrong, verdict)


def test_pictures_of_one_sender_count_as_one() -> None:
    before, after = np.zeros(12, np.bool_), np.ones(12, np.bool_)

    assert judged(before, after, ["ann"] * 12, (0.5, 0.6), after).verdict == OPEN


def test_the_pictures_of_the_audit_count_by_their_own_senders() -> None:
    before, after = np.zeros(24, np.bool_), np.ones(24, np.bool_)
    senders = [*map(str, range(12)), *["ann"] * 12]

    of_many, of_ann = (
        judged(before, after, senders, (0.5, 0.6), audited)
        for audited in (np.arange(24) < 12, np.arange(24) >= 12)
    )

    assert (of_many.verdict, of_ann.verdict) == (BETTER, OPEN)


def test_a_tier_that_an_ancestor_alone_was_measured_on_is_named_with_that_version() -> None:
    known = report_of(bundled())
    parent = known.model_copy(update={"not_measured": {"B": "older", "Z": "oldest"}})
    release = known.model_copy(update={"photos": {"B": known.photos["B"]}})

    found = tiers_not_measured(release, parent, "parent")

    assert found == {"Z": "oldest"} | {tier: "parent" for tier in known.photos if tier != "B"}


def test_what_the_parent_doubted_decides_nothing_and_without_an_audit_there_is_no_verdict() -> None:
    before, after = np.zeros(40, np.bool_), np.ones(40, np.bool_)
    drawn, keys = np.arange(40) < 4, list(map(str, range(40)))

    few = judged(before, after, keys, (0.5, 0.6), drawn)
    none = judged(before, after, keys, (0.5, 0.6), np.zeros(40, np.bool_))

    assert (few.newly_right, few.audited, few.verdict) == (40, 4, OPEN)
    assert (none.newly_right, none.p, none.verdict) == (40, None, NO_AUDIT)
    assert "No verdict: none of these pictures was drawn at random" in none.sentence()


def test_the_difference_that_an_audit_could_have_shown_is_said() -> None:
    before = np.array([False] * 12 + [True] * 188 + [False] * 60)
    after = np.array([True] * 6 + [False] * 6 + [True] * 176 + [False] * 12 + [True] * 60)

    found = judged(before, after, list(map(str, range(260))), (0.5, 0.6), np.arange(260) < 200)

    # Of 18 changed answers, 14 to 4 is the least uneven division with p < .05 (two-sided).
    assert found.detectable == pytest.approx(10 / 200)
    assert "A difference of 5.0% could have been seen." in found.sentence()


def test_with_nothing_newly_wrong_six_newly_right_pictures_decide() -> None:
    assert decisive() == 6


def test_answers_of_people_are_photos_of_their_own_tier(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(name.encode())
    table = tmp_path / "corrections.csv"
    table.write_text(
        "path,label,at\na.png,Shirt,2026-11-02\nb.png,none of these,\nc.png, ,\na.png,Coat,2026-11-01\n",
        "utf-8",
    )

    listing = list_photos(table, LABELS)

    found = [(one.path.name, one.tier, one.class_id) for one in listing.pictures]
    assert found == [("a.png", "own", LABELS.index("Shirt")), ("b.png", "own", OOD)]
    assert [one.name for one in listing.left_out] == ["c.png"]


def test_answers_without_a_label_do_not_stop_a_training_on_their_classes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(name.encode())
    table = tmp_path / "corrections.csv"
    table.write_text("path,label,at\na.png,Coat,\nb.png,none of these,\nc.png, ,\n", "utf-8")

    listing = list_pictures(table)

    assert [one.label for one in listing.pictures] == ["Coat"]
    assert {one.name for one in listing.left_out} == {"b.png", "c.png"}


def test_pictures_of_a_class_that_are_new_to_the_parent_are_compared_and_no_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = write_photos(tmp_path / "photos", 2, {"X": ["Hats"], "own": ["Bag", "Dress"]})
    (read,) = photos_in([photos], LABELS, GREY_28, Lines())
    parent = LocalRelease(tmp_path, bundled().manifest)
    Learnt.of(read.sha256[read.kinds == "Bag"][:1]).save(tmp_path)

    found = compared_of(read, parent)
    announce(found, Lines())

    assert found.kinds.tolist() == ["Bag", "Dress", "Dress"]
    assert "3 pictures cannot show that a release is better" in capsys.readouterr().err
    Learnt.of(read.sha256).save(tmp_path)
    with pytest.raises(BadPictures, match="none of these 6 pictures shows a class and is new to"):
        compared_of(read, parent)


def test_corrections_that_no_audit_drew_are_of_a_tier_of_their_own(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", 2, {"own": ["Bag"], "X": ["Hats"]})
    (read,) = photos_in([photos], LABELS, GREY_28, Lines())
    drawn = str(read.sha256[read.kinds == "Bag"][0])

    found = _by_audit(read, frozenset({drawn}))

    assert sorted(zip(found.kinds, found.tiers, strict=True)) == [
        ("Bag", CORRECTED_TIER),
        ("Bag", OWN_TIER),
        ("Hats", "X"),
        ("Hats", "X"),
    ]
    assert found.tiers[found.sha256 == drawn].tolist() == [OWN_TIER]


def test_what_an_audit_drew_alone_counts_as_drawn_at_random(tmp_path: Path) -> None:
    for name in ("drawn", "doubted"):
        (tmp_path / name).write_bytes(name.encode())
    corrections = tmp_path / "corrections.csv"
    corrections.write_text("path,label,audit\ndrawn,Bag,200\ndoubted,Bag,\n", "utf-8")

    assert audited_in(corrections) == {hashlib.sha256(b"drawn").hexdigest()}


def test_tiers_that_an_ancestor_alone_was_measured_on_are_still_named(tmp_path: Path) -> None:
    report = report_of(open_release(a_release(tmp_path)))
    of_parent = report.model_copy(update={"not_measured": {"studio": "its grandparent"}})

    found = tiers_not_measured(report, of_parent, "its parent")

    assert found == {"studio": "its grandparent"}


@pytest.mark.parametrize(("pictures", "said"), [(5, True), (6, False)])
def test_fewer_pictures_than_can_show_a_better_release_are_named_before_the_training(
    pictures: int, said: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (read,) = photos_in(
        [write_photos(tmp_path / "photos", pictures, {"own": ["Bag"]})], LABELS, GREY_28, Lines()
    )

    announce(read, Lines())

    assert (f"{pictures} pictures cannot show that a release is better" in capsys.readouterr().err) == said


@pytest.mark.parametrize(("pictures", "patience"), [(45, 20), (2000, None)])
def test_few_pictures_end_a_training_early(pictures: int, patience: int | None) -> None:
    assert for_few(COMPACT, pictures).patience == patience
