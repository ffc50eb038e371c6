"""A release's answers to its test set: compared as releases are published, and refused where damaged."""

import gzip
import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from model_store.errors import GateRefused, ReleaseCorrupt
from model_store.local_releases import open_bundled_release, open_release
from model_store.manifest import FileEntry, Manifest
from model_store.publish import promote_release, publish_release
from model_store.store import FolderStore
from model_store.store_keys import make_folder_release_files, make_store_release_files
from reports.answers import CLASS_HEAD, NO_CLASS, TEST_SET, Answers
from reports.answers_file import (
    ANSWERS_FILE,
    parse_answers,
    read_all_answers,
    read_release_answers,
    serialize_answers,
)
from reports.comparison import RightAnswers
from reports.evidence import read_evidence
from reports.judge import judge_release
from tests.releases import CREATED_AT, a_release

N = 10_000
"""Pictures in the test set of `a_release`."""


def right_but(wrong: range) -> RightAnswers:
    right = np.ones(N, bool)
    right[list(wrong)] = False
    return right


def listing(path: str, content: bytes) -> Manifest:
    """The manifest of the bundled release, with one file more."""
    manifest = open_bundled_release().manifest
    entry = FileEntry(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    return manifest.model_copy(update={"files": {**manifest.files, path: entry}})


def released(folder: Path, seed: int, right: RightAnswers) -> Path:
    return a_release(
        folder / str(seed),
        seed=seed,
        accuracy=float(right.mean()),
        created_at=CREATED_AT + timedelta(seconds=seed),
        right=right,
    )


def test_a_release_that_is_worse_by_two_tenths_of_a_point_is_not_promoted(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    publish_release(released(tmp_path, 1, right_but(range(700))), store, judge_release, author="ann")
    sent = publish_release(
        released(tmp_path, 2, right_but(range(20, 740))), store, judge_release, author="ann", promote=False
    )

    with pytest.raises(GateRefused, match=r"92\.80% right, before 93\.00%"):
        promote_release(sent.manifest.version, store, judge_release, author="ann")


def test_labels_as_they_were_spelt_are_read_from_files_of_2_0_0() -> None:
    answers = Answers.make_answers(["A"], [0], [0], spelt=["Bluse"])
    old_file = gzip.compress(gzip.decompress(serialize_answers(answers)).replace(b"spelt_label", b"source"))

    assert parse_answers(old_file).spelt.tolist() == ["Bluse"]


def test_what_is_not_known_stays_so_in_the_file() -> None:
    both = some_answers() + Answers.make_answers([TEST_SET], [1])

    unpacked = parse_answers(serialize_answers(both)).select_rows(np.array([3]))

    assert np.isnan(unpacked.probabilities).all()
    assert np.isnan([unpacked.familiarity[0], unpacked.distances[0], unpacked.confidences[0]]).all()
    assert not unpacked.has_decision.any()
    assert not unpacked.is_right.any()
    assert (
        gzip.decompress(serialize_answers(both)).splitlines()[-1] == b"the test set,,,0,pixels,1,-1,,,,,,,,,"
    )


def test_predictions_are_read_back_from_folder_and_store_unless_they_were_changed(tmp_path: Path) -> None:
    right = right_but(range(3, 9))
    release, store = open_release(released(tmp_path, 1, right)), FolderStore(tmp_path / "store")
    publish_release(release.folder, store, judge_release, author="ann")

    found = [
        read_evidence(make_folder_release_files(release)),
        read_evidence(make_store_release_files(store, release.manifest)),
    ]

    assert all(np.array_equal(one.answers.is_right, right) for one in found)
    (tmp_path / "store/releases" / release.version / ANSWERS_FILE).write_bytes(
        serialize_answers(some_answers())
    )
    with pytest.raises(ReleaseCorrupt, match="its sha256 is not that of the manifest"):
        publish_release(released(tmp_path, 2, right_but(range(8))), store, judge_release, author="ann")


def some_answers() -> Answers:
    return Answers.make_answers(
        [TEST_SET, "B, worn", "X"],
        [3, 0, NO_CLASS],
        [3, 6, 2],
        pictures=["00ff", "ab12", "cd34"],
        groups=["", "sender 7", "sender 9"],
        folds=[0, 1, 2],
        networks="photos",
        familiarity=np.array([np.nan, 0.25, 0.001]),
        decisions=["accept", "ambiguous", "unfamiliar"],
        probabilities=np.array([[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]]),
    )


def with_test_set(manifest: Manifest, n: int) -> Manifest:
    return manifest.model_copy(update={"headline": manifest.headline.model_copy(update={"test_n": n})})


def test_answers_are_read_back_as_they_were() -> None:
    kept = some_answers()
    manifest = with_test_set(listing(ANSWERS_FILE, serialize_answers(kept)), 1)

    found = read_release_answers(manifest, lambda _: serialize_answers(kept), "here")

    for name, column in vars(kept).items():
        assert np.array_equal(getattr(found, name), column, equal_nan=column.dtype.kind == "f"), name


def test_the_file_is_a_csv_that_other_tools_unpack_and_always_the_same_bytes() -> None:
    content = serialize_answers(some_answers())
    first, second, *_ = gzip.decompress(content).decode().splitlines()

    assert first == (
        "set,picture,group,fold,network,truth,predicted,familiarity,decision,by,spelt_label,origin,distance,attribute,p0,p1"
    )
    assert second == "the test set,00ff,,0,photos,3,3,,accept,,,,,,0.25000,0.75000"
    assert content == serialize_answers(some_answers())
    assert content[4:8] == bytes(4)  # gzip's time of writing (RFC 1952, section 2.3.1)


def test_what_a_picture_is_to_the_model_is_read_from_the_column_of_older_files() -> None:
    made = Answers.make_answers("A", [0] * 4, networks=["pixels", "pixels", "photos", "pixels"])
    rows = gzip.decompress(serialize_answers(made)).decode().splitlines()
    shown = ["shown", "photo", "pixels", "", "cluttered"]
    older = "\n".join(f"{row},{what}" for row, what in zip(rows, shown, strict=True))

    found = parse_answers(gzip.compress(older.encode()))

    assert found.networks.tolist() == ["photos", "pixels", "photos", "photos"]


def twice(place: int, attribute: str = "") -> Answers:
    """A picture with two rows of one head."""
    rows = some_answers().select_rows(np.array([place, place]))
    return replace(rows, attributes=np.array([attribute] * 2))


@pytest.mark.parametrize(
    ("content", "known", "message"),
    [
        (b"", 1, "answers.csv.gz"),
        (gzip.compress(b"set,truth\nthe test set,0\n"), 1, "answers.csv.gz: 'picture'"),
        (gzip.compress(b"set,truth\nthe test set\n"), 1, "a row of 1 values, expected 2"),
        (serialize_answers(some_answers())[:40], 1, "answers.csv.gz: Compressed file ended"),
        (serialize_answers(some_answers()), 2, "1 pictures of the test set, which has 2"),
        (serialize_answers(twice(0)), 2, "the picture 00ff has two rows"),
        (serialize_answers(twice(1, "colour")), 0, "the picture ab12 has two rows"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_answers_of_another_form_are_refused_with_their_address(
    content: bytes, known: int, message: str
) -> None:
    manifest = with_test_set(listing(ANSWERS_FILE, content), known)

    with pytest.raises(ReleaseCorrupt, match=f"here.*{re.escape(message)}"):
        read_release_answers(manifest, lambda _: content, "here")


def test_a_release_without_the_file_keeps_no_answers() -> None:
    manifest = open_bundled_release().manifest.model_copy(update={"files": {}})

    assert len(read_release_answers(manifest, lambda _: b"", "here")) == 0


@pytest.mark.parametrize("filling", [b"the test set,,,0,pixels,0,0,,accept,,,,,,1.00000\n", b"0"])
def test_answers_that_unpack_to_more_than_such_files_do_are_refused(filling: bytes) -> None:
    header = gzip.decompress(serialize_answers(some_answers())).splitlines(keepends=True)[0]
    content = gzip.compress(header + filling * (30_000_000 // len(filling)))

    with pytest.raises(ReleaseCorrupt, match=f"{len(content)} bytes unpack to more than"):
        read_release_answers(listing(ANSWERS_FILE, content), lambda _: content, "here")


def test_a_picture_has_a_row_for_each_head_whatever_its_labels_and_classes_are_read_alone() -> None:
    wide = replace(some_answers(), attributes=np.array(["colour"] * 3), probabilities=np.full((3, 5), 0.2))
    content = serialize_answers(some_answers() + wide)
    manifest = with_test_set(listing(ANSWERS_FILE, content), 1)

    own, every = (
        read(manifest, lambda _: content, "here") for read in (read_release_answers, read_all_answers)
    )

    assert own.pictures.tolist() == ["00ff", "ab12", "cd34"]
    assert every.select_head("colour").pictures.tolist() == ["00ff", "ab12", "cd34"]
    assert every.select_head("colour").probabilities.shape == (3, 5)
    assert every.select_head(CLASS_HEAD).probabilities.shape == some_answers().probabilities.shape


def test_answers_of_before_attributes_are_of_the_class() -> None:
    columns = b"set,picture,group,fold,network,truth,predicted,familiarity,decision\n"

    old = gzip.compress(columns + b"A,00ff,,0,photos,1,1,,accept\n")

    assert parse_answers(old).select_head(CLASS_HEAD).pictures.tolist() == ["00ff"]


def test_what_a_release_keeps_of_its_parents_answers_is_not_its_own() -> None:
    of_parent = replace(some_answers().select_set("X"), by=np.array(["20261120T101501Z-3f9a1c2e"]))
    content = serialize_answers(some_answers() + of_parent)
    manifest = with_test_set(listing(ANSWERS_FILE, content), 1)

    own, every = (
        read(manifest, lambda _: content, "here") for read in (read_release_answers, read_all_answers)
    )

    assert own.pictures.tolist() == ["00ff", "ab12", "cd34"]
    assert every.pictures.tolist() == ["00ff", "ab12", "cd34", "cd34"]


def test_pictures_without_a_group_are_each_on_their_own() -> None:
    of_ann = Answers.make_answers("own", [0, 0, 0, 0], 0, groups=["ann", "", "ann", ""])

    together = of_ann.group_numbers

    assert together is not None
    assert together[0] == together[2]
    assert len(set(together.tolist())) == 3
    assert of_ann.select_rows(np.array([1, 3])).group_numbers is None
