"""Pictures of one's own, as folders of classes or as a table of labels: which are learnt and measured.

Copies and groups first. What is taken for a picture of which class: test_listed_pictures.py.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from signal import SIGKILL

import cv2
import numpy as np
import pytest

from inference.arrays import PixelsBatch
from inference.contract import GREY_28, Imaging, InputContract, make_whole_picture_input
from inference.pictures.convert import convert_to_pixels
from inference.pictures.decode import MAX_BYTES, MAX_PIXELS, decode_image
from tests.own_pictures import KINDS, Said, Things, a_photo, see_nothing
from tests.pictures import jpeg
from tests.uploads import a_garment, png
from training.data.data_source import DataSource
from training.data.decoded_pictures import ComputeFeatures
from training.data.fashion import LabelledData
from training.data.labels import UNKNOWN_LABEL
from training.data.picture_files import FileImages
from training.data.pictures import Pictures
from training.data.read import load_data_set, make_checked_pictures
from training.data.vectors import Features
from training.errors import BadRecipe, DataError
from training.progress import ProgressLines, ReportDone

READS = make_whole_picture_input(48, 3)

COUNT = 12
"""Pictures per class: for the test about two, by content."""


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def things(tmp_path: Path) -> Things:
    """Three classes of twelve pictures, in folders."""
    return Things(tmp_path / "things", is_table=False).of_kinds()


@pytest.fixture
def table(tmp_path: Path) -> Things:
    return Things(tmp_path / "table" / "things", is_table=True).of_kinds()


def pixels_of(part: Pictures, label: int) -> set[bytes]:
    return {image.tobytes() for image in part.images[part.classes == label]}


def saved_again(kind: str, seed: int) -> bytes:
    return jpeg(decode_image(png(a_photo(kind, seed)), MAX_PIXELS).picture, 60)


def contents(data: LabelledData) -> tuple[set[str], set[str]]:
    """Of the pictures that are learnt, and of those for the test."""
    return set(data.train.sha256.tolist()), set(data.test.sha256.tolist())


class Killed(ProgressLines):
    """Ends its process, as a system without memory does, while pictures are read."""

    @contextmanager
    def show_progress(self, what: str) -> Iterator[ReportDone]:
        yield lambda done, _: os.kill(os.getpid(), SIGKILL) if done == COUNT else None


def read_until_killed(place: str) -> None:
    load_data_set(DataSource(place=place), Killed(), READS, compute_features=see_nothing)


def test_a_training_that_was_killed_as_it_read_pictures_leaves_no_file_and_begins_again(
    things: Things, said: Said
) -> None:
    def read() -> tuple[str, list[str], list[Path]]:
        data = said.read(things.place)
        return data.train.compute_digest(), data.train.groups.tolist(), sorted(things.place.parent.rglob("*"))

    before = read()
    training = get_context("spawn").Process(target=read_until_killed, args=(str(things.place),))
    training.start()
    training.join()

    assert training.exitcode == -SIGKILL
    assert read() == before


def test_each_label_is_a_class_in_order_of_the_names_of_folders_and_tables_alike(
    things: Things, table: Things, said: Said
) -> None:
    data, of_table = said.read(things.place), said.read(table.place)

    assert (data.labels, data.describe_data_set().name) == (KINDS, "things")
    assert (np.bincount(data.train.classes) + np.bincount(data.test.classes)).tolist() == [COUNT] * 3
    assert np.bincount(data.test.classes).min() >= 1
    assert of_table.labels == data.labels
    assert of_table.train.compute_digest() == data.train.compute_digest()
    assert of_table.test.compute_digest() == data.test.compute_digest()
    assert said == []


def test_other_names_and_further_pictures_leave_every_old_one_to_learning_or_to_the_test(
    things: Things, said: Said
) -> None:
    learnt, tested = contents(said.read(things.place))

    things.rename()
    assert contents(said.read(things.place)) == (learnt, tested)
    things.of_kinds(40, first_seed=200)
    now, tested_now = contents(said.read(things.place))

    assert learnt.isdisjoint(tested_now)
    assert len(now | tested_now) == 3 * (COUNT + 40)


@pytest.mark.parametrize("reads", [GREY_28, InputContract(imaging=Imaging(sharpen_sigma=0.4))])
def test_the_model_learns_from_just_what_the_service_would_see(
    reads: InputContract, things: Things, said: Said
) -> None:
    photos = [a_photo("Ball", seed) for seed in range(100, 108)]
    uploads = [
        *(cv2.imencode(".jpg", photo)[1].tobytes() for photo in photos[:4]),
        png(np.dstack([photos[4], np.full(photos[4].shape[:2], 128, np.uint8)])),
        png(a_garment()),
        cv2.imencode(".png", cv2.resize(photos[5], (900, 1000)))[1].tobytes(),
    ]
    for number, upload in enumerate(uploads):
        things.add("A", f"{number} without an ending", upload)

    data = said.read(things.place, reads)

    served = {convert_to_pixels(decode_image(upload, 50_000_000), reads).tobytes() for upload in uploads}
    assert pixels_of(data.train, 0) | pixels_of(data.test, 0) == served
    assert {*data.train.networks, *data.test.networks} == {"pixels", "photos"}


def test_a_copied_picture_is_never_both_learnt_and_measured_on(things: Things, said: Said) -> None:
    before = contents(said.read(things.place))

    for file in [one for one in things.rows if one.parent.name == "Box"]:
        things.add("Box", f"copy of {file.name}", file.read_bytes())

    assert contents(said.read(things.place)) == before
    assert said == ["12 of 48 pictures are copies of others and count once."]


def test_a_picture_that_was_saved_again_is_learnt_or_measured_on_with_the_first(
    things: Things, said: Said
) -> None:
    for seed in range(COUNT):
        things.add("Ball", f"again {seed}.jpg", saved_again("Ball", seed))

    data = said.read(things.place)

    assert set(data.train.groups).isdisjoint(data.test.groups)
    assert len({*data.train.groups, *data.test.groups}) == 3 * COUNT
    assert said == [
        "24 of 48 pictures are nearly the same as others. Such pictures are learnt together or measured on "
        "together. `wardrobe data` lists them."
    ]


@pytest.mark.parametrize("see", [None, see_nothing], ids=["by pixels", "by a head"])
def test_a_picture_that_was_saved_again_under_another_class_is_learnt_as_neither_and_both_are_named(
    see: ComputeFeatures | None, things: Things, said: Said
) -> None:
    before = set.union(*contents(said.read(things.place, see=see)))
    file = things.folder / "Ball" / "003.png"
    things.add("Box", "again.jpg", saved_again("Ball", 3))

    after = set.union(*contents(said.read(things.place, see=see)))

    assert before - after == {hashlib.sha256(file.read_bytes()).hexdigest()}
    assert after < before
    (sentence,) = said
    assert sentence.startswith("2 pictures are nearly the same as others of another class, and left out")
    assert str(file) in sentence
    assert "again.jpg" in sentence


def test_pictures_in_two_classes_are_refused_and_all_of_them_named(things: Things, said: Said) -> None:
    for label, name in (("Ball", "copy.png"), ("Box", "mine.png")):
        things.add(label, name, png(a_photo("Ball", 3)))
    things.add("Stick", "other.png", png(a_photo("Box", 1)))

    with pytest.raises(
        DataError, match=r"003\.png \(Ball\) and .*mine\.png \(Box\) are the .*; .*other\.png \(Stick\)"
    ):
        said.read(things.place)


def test_what_a_correction_does_not_do_is_said_before_a_picture_in_two_classes_is_refused(
    things: Things, said: Said, tmp_path: Path
) -> None:
    things.add("Box", "mine.png", png(a_photo("Ball", 3)))
    outdated = tmp_path / "corrections.csv"
    outdated.write_text(f"path,label,sha256\n{things.folder}/Box/mine.png,Ball,{'ab' * 32}\n", "utf-8")

    with pytest.raises(DataError, match="are the same picture"):
        make_checked_pictures(DataSource(place=str(things.place), corrections=(outdated,)), said.warn)

    assert "a picture that has another content now" in said[0]


def test_what_is_no_picture_in_two_classes_is_left_out_as_unreadable(things: Things, said: Said) -> None:
    for kind in ("Ball", "Box"):
        things.add(kind, "not-available.jpg", b"<html>")

    data = said.read(things.place, skip_unreadable=True)

    assert len(data.train) + len(data.test) == 3 * COUNT
    assert said[0].startswith("skipped 2 of 38 files that cannot be read")


def test_a_file_that_changes_after_it_was_hashed_is_refused(things: Things, said: Said) -> None:
    named = DataSource(place=str(things.folder))
    contents, _ = make_checked_pictures(named, said.warn)
    (things.folder / "Ball" / "003.png").write_bytes(png(a_photo("Ball", 700)))

    with pytest.raises(DataError, match=r"003\.png has changed since it was read"):
        load_data_set(named, said, unique_pictures=contents)


def test_files_that_cannot_be_read_are_named_with_the_reason_or_skipped(things: Things, said: Said) -> None:
    for name, content in (("a.png", b"\x89PNG\r\n\x1a\n and no more"), ("b.pdf", b"%PDF-1.7\n")):
        things.add("Ball", name, content)
    with pytest.raises(DataError) as decoded:
        said.read(things.place)
    data = said.read(things.place, skip_unreadable=True)

    things.add("Box", "d.png", b"")
    things.add("Box", "film.jpg", b"")
    with (things.folder / "Box" / "film.jpg").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    things.add("Box", "c.jpg", b"")
    (things.folder / "Box" / "c.jpg").unlink()
    (things.folder / "Box" / "c.jpg").symlink_to(things.folder / "nowhere")
    with pytest.raises(DataError) as hashed:
        said.read(things.place)

    assert str(decoded.value).startswith("2 of 38 files cannot be read. ")
    assert f"{things.folder}/Ball/a.png: This PNG" in str(decoded.value)
    assert f"{things.folder}/Ball/b.pdf: This looks like PDF, which is not read here" in str(decoded.value)
    assert str(decoded.value).endswith(" Mend or remove them, or leave them out with --skip-unreadable.")
    assert len(data.train) + len(data.test) == 3 * COUNT
    assert [line.split(".")[0] for line in said] == ["skipped 2 of 38 files that cannot be read"]
    assert str(hashed.value).startswith("3 of 41 files cannot be read. ")  # without decoding one
    assert f"{things.folder}/Box/c.jpg: It is a link to a file that is not there." in str(hashed.value)
    assert f"{things.folder}/Box/film.jpg: 20,000,001 bytes; at most 20,000,000 are read." in str(
        hashed.value
    )


def test_pictures_in_which_the_model_sees_nothing_are_said(things: Things, said: Said) -> None:
    things.add("Box", "empty.png", png(np.full((40, 40, 3), 200, np.uint8)))

    said.read(things.place)

    assert said[0].startswith("1 of 37 pictures come out black")
    assert str(things.folder / "Box" / "empty.png") in said[0]


def test_a_network_sees_each_content_once_in_the_same_order_and_no_more_than_a_quick_try_learns(
    things: Things, said: Said
) -> None:
    seen = list[list[int]]()

    def see(images: PixelsBatch) -> Features:
        seen.append([int(image.sum()) for image in images])
        return Features(images[:, :1, 0, 0].astype(np.float32), images[:, :1, -1, 0].astype(np.float32))

    every = said.read(things.place, READS, see=see).train
    corners = every.images[:, 0, 0, 0].tolist()
    things.rename()
    said.read(things.place, READS, see=see)
    first = said.read(things.place, READS, see=see, limit=2 * COUNT).train

    assert seen == [seen[0], seen[0], seen[0][: 2 * COUNT]]
    assert len(seen[0]) == len(every) == 3 * COUNT
    assert every.features.upright[:, 0].tolist() == corners
    assert first.sha256.tolist() == every.sha256.tolist()[: 2 * COUNT]
    with pytest.raises(BadRecipe, match=f"--limit 99: the training set allows 1 to {len(every)}"):
        said.read(things.place, READS, see=see, limit=99)


# Tables.


def test_pictures_of_one_group_are_learnt_or_measured_on_together_and_a_copy_brings_its_group_along(
    table: Things, said: Said
) -> None:
    table.of_kinds(28, first_seed=COUNT)
    for number, file in enumerate(list(table.rows)):
        table.add(file.parent.name, f"copy {number}.png", file.read_bytes(), f"sender {number % 12}")

    data = said.read(table.place)

    assert set(data.train.groups).isdisjoint(data.test.groups)
    # Groups with pictures that are nearly the same are joined.
    assert 2 < len({*data.train.groups, *data.test.groups}) <= 12


def test_copies_fill_each_others_attributes_and_may_not_disagree(table: Things, said: Said) -> None:
    table.column, (first, *others) = "colour", table.rows
    table.rows |= {file: "red" if number % 2 else "blue" for number, file in enumerate(others)}
    table.add("Ball", "copy.png", first.read_bytes(), "red")

    train = said.read(table.place, attributes=["colour"], see=see_nothing).train

    colour = train.attributes["colour"]
    assert len(train) == 3 * COUNT
    assert colour.names[colour.main_codes[train.files.index(first)]] == "red"
    table.rows[first] = "blue"
    with pytest.raises(DataError, match="is 'blue' in one row and 'red' in another one in column `colour`"):
        said.read(table.place, attributes=["colour"], see=see_nothing)


def test_a_picture_of_too_rare_a_class_is_of_no_known_class_and_learnt_for_its_attributes(
    table: Things, said: Said
) -> None:
    table.column = "colour"
    table.rows = {file: "red" if place % 2 else "blue" for place, file in enumerate(table.rows)}
    for seed, colour in ((100, "red"), (101, "")):
        table.add("Marble", f"{seed}.png", png(a_photo("Ball", seed)), colour)

    data = said.read(table.place, attributes=["colour"], see=see_nothing)

    train = data.train
    [marble] = np.flatnonzero(train.classes == UNKNOWN_LABEL)
    known = train.labels["colour"]
    assert (train.files[marble].name, known.names[known.main_codes[marble]]) == ("100.png", "red")
    assert (len(train), len(train.pictures_of_known_class)) == (3 * COUNT + 1, 3 * COUNT)
    assert len(data.match_labels(KINDS).train) == 3 * COUNT
    assert any("too few pictures or groups of 'Marble' (2 pictures, and needs 3)" in one for one in said)


# What becomes of them.


def test_data_with_names_is_renumbered_for_a_model_with_another_order(things: Things, said: Said) -> None:
    data = said.read(things.place)

    turned = data.match_labels(("Stick", "Ball", "Box"))

    assert turned.labels == ("Stick", "Ball", "Box")
    assert pixels_of(turned.test, 1) == pixels_of(data.test, 0)
    assert pixels_of(turned.train, 0) == pixels_of(data.train, 2)
    with pytest.raises(DataError, match="the classes Ball, Box, Stick, but the model Ball, Cup"):
        data.match_labels(("Ball", "Cup"))


def test_a_model_is_measured_without_the_classes_that_it_lacks(things: Things, said: Said) -> None:
    for seed in range(100, 104):
        things.add("Rare", f"{seed}.png", png(a_photo("Ball", seed)))

    data = said.read(things.place, use="measure")

    assert (data.labels, len(data.test)) == ((*KINDS[:2], "Rare", KINDS[2]), 3 * COUNT + 4)
    assert len(data.match_labels(KINDS, said.append).test) == 3 * COUNT
    assert said[-1] == "Pictures of classes that the model lacks are left out: Rare."
    for labels, say in ((KINDS, None), (("Ball", "Cup"), said.append)):
        with pytest.raises(DataError, match=f"but the model {', '.join(labels)}"):
            data.match_labels(labels, say)


def test_pixels_of_large_pictures_are_read_when_they_are_asked_for(things: Things, said: Said) -> None:
    photos = said.read(things.place, READS).train

    pixels = photos.take(np.array([2, 0])).pixels
    assert isinstance(pixels, FileImages)
    pixels = replace(pixels, pixels_in_memory={})

    assert pixels.shape == (2, *READS.array_shape)
    assert (pixels[:] == photos.images[[2, 0]]).all()
    photos.files[0].write_bytes(b"another")
    with pytest.raises(DataError, match="do not change pictures meanwhile"):
        pixels[1:]


def test_samples_are_kept_from_the_first_reading_and_say_whether_a_border_is_plain(things: Things) -> None:
    cluttered = np.random.default_rng(0).integers(0, 256, (72, 64, 3), np.uint8)
    things.add("Ball", "cluttered.png", png(cluttered))
    data = Said().read(things.place, make_whole_picture_input(64, 3), see=see_nothing)
    before = data.train.images[:4]
    for file in data.train.files:
        file.unlink()

    assert np.array_equal(data.train.pixels[:4], before)
    assert int((~data.train.is_plain).sum()) == 1
