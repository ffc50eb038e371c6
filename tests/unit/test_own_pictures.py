"""Pictures of one's own: which are read, as which classes, and what is said of those that cannot be."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.arrays import PixelsBatch
from inference.contract import GREY_28, InputContract, whole_pictures
from inference.convert import decoded_to_pixels
from inference.decode import MAX_PIXELS, decode
from tests.own_pictures import KINDS, a_photo, write_class_folders, write_picture_csv
from tests.pictures import jpeg
from tests.uploads import a_garment, png
from training.errors import BadClasses, BadCsv, BadPictures, BadRecipe
from training.pictures import picture_files
from training.pictures.fashion import LabelledData
from training.pictures.labels import UNKNOWN
from training.pictures.listing import list_pictures
from training.pictures.own_pictures import from_pictures
from training.pictures.picture_files import FileImages, See
from training.pictures.table import Pictures
from training.pictures.vectors import Features

READS = whole_pictures(48, 3)

COUNT = 12
"""Pictures per class: for the test about two, by content."""


class Said(list[str]):
    """Collects what is said while pictures are read."""

    def read(
        self,
        place: Path,
        reads: InputContract = GREY_28,
        *,
        skip_unreadable: bool = False,
        attributes: Sequence[str] = (),
        see: See | None = None,
        limit: int | None = None,
    ) -> LabelledData:
        return from_pictures(
            *(list_pictures(place, attributes), self.append, lambda *_: None, reads),
            skip_unreadable=skip_unreadable,
            attributes=attributes,
            division="cross-fitted" if attributes or see else "divided",
            see=see,
            limit=limit,
        )

    def measured(self, place: Path) -> LabelledData:
        return from_pictures(list_pictures(place), self.append, lambda *_: None, division="to measure")


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three classes of twelve pictures."""
    return write_class_folders(tmp_path / "things", COUNT)


def pixels_of(part: Pictures, label: int) -> set[bytes]:
    return {image.tobytes() for image in part.images[part.classes == label]}


def hashes(data: LabelledData) -> tuple[str, str]:
    return data.train.digest(), data.test.digest()


def test_pictures_in_folders_of_a_class_are_of_that_class_and_their_folders_are_named(tmp_path: Path) -> None:
    write_class_folders(tmp_path / "things", 2, KINDS)
    write_class_folders(tmp_path / "things" / "Ball", 2, KINDS[1:2], first_seed=10)

    listing = list_pictures(tmp_path / "things")

    inner = tmp_path / "things" / "Ball" / KINDS[1]
    assert [one.label for one in listing.pictures].count("Ball") == 4
    assert listing.nested == [inner]
    assert str(inner) in listing.of_nested()


def test_each_sub_folder_is_a_class_in_order_of_the_names(folder: Path, said: Said) -> None:
    data = said.read(folder)

    assert data.labels == KINDS
    assert data.described().name == "things"
    assert (np.bincount(data.train.classes) + np.bincount(data.test.classes)).tolist() == [COUNT] * 3
    assert np.bincount(data.test.classes).min() >= 1
    assert said == []


def test_a_folder_called_none_of_these_is_no_class_of_its_own(folder: Path) -> None:
    before = list_pictures(folder)
    shutil.copytree(folder / before.pictures[0].label, folder / "none of these")

    after = list_pictures(folder)

    assert (after.pictures, after.classes()) == (before.pictures, before.classes())
    assert len(after.left_out) == len(before.left_out) + COUNT


def test_what_each_file_is_to_the_model_is_known(tmp_path: Path) -> None:
    of = {"pixels": png(a_garment()), "photos": png(a_photo("Ball", 1))}
    for name, upload in of.items():
        (tmp_path / name).write_bytes(upload)

    read = picture_files.read_files(
        [tmp_path / name for name in of], GREY_28, print, lambda *_: None, skip_unreadable=False
    )

    assert [one and one.network for one in read] == list(of)


def test_the_model_learns_from_just_what_the_service_would_see(tmp_path: Path, said: Said) -> None:
    write_class_folders(tmp_path, COUNT, KINDS[1:])
    (tmp_path / "Ball").mkdir()
    photos = [a_photo("Ball", seed) for seed in range(8)]
    uploads = [
        *(cv2.imencode(".jpg", photo)[1].tobytes() for photo in photos[:4]),
        png(np.dstack([photos[4], np.full(photos[4].shape[:2], 128, np.uint8)])),
        png(a_garment()),
        cv2.imencode(".png", cv2.resize(photos[5], (900, 1000)))[1].tobytes(),
    ]
    for number, upload in enumerate(uploads):
        (tmp_path / "Ball" / f"{number} without an ending").write_bytes(upload)

    data = said.read(tmp_path)

    served = {decoded_to_pixels(decode(upload, 50_000_000), GREY_28).tobytes() for upload in uploads}
    assert pixels_of(data.train, 0) | pixels_of(data.test, 0) == served


def test_a_csv_of_paths_and_labels_gives_the_same_data_as_folders(tmp_path: Path, said: Said) -> None:
    from_csv = said.read(write_picture_csv(tmp_path / "csv", COUNT))
    from_folders = said.read(write_class_folders(tmp_path / "folders", COUNT))

    assert (from_csv.labels, hashes(from_csv)) == (from_folders.labels, hashes(from_folders))
    assert from_csv.described().name == "things"


def test_a_csv_of_another_system_names_the_same_pictures(tmp_path: Path, said: Said) -> None:
    listing = write_picture_csv(tmp_path, COUNT)
    expected = hashes(said.read(listing))
    (tmp_path / "pictures").rename(tmp_path / "Bälle".replace("ä", "a\u0308"))

    listing.write_text(listing.read_text("utf-8").replace("pictures/", "Bälle\\"), "utf-8")

    assert hashes(said.read(listing)) == expected


def test_the_test_set_is_the_same_under_other_names(folder: Path, tmp_path: Path, said: Said) -> None:
    before = said.read(folder)

    for number, path in enumerate(sorted((folder / "Ball").iterdir(), reverse=True)):
        path.rename(folder / "Ball" / f"renamed {number}.jpeg")
    after = said.read(folder.rename(tmp_path / "elsewhere"))

    assert hashes(after) == hashes(before)


def test_further_pictures_leave_every_old_one_to_learning_or_to_the_test(folder: Path, said: Said) -> None:
    before = said.read(folder)

    for kind in KINDS:
        for seed in range(200, 240):
            (folder / kind / f"{seed}.png").write_bytes(png(a_photo(kind, seed)))
    after = said.read(folder)

    assert set(before.train.groups).isdisjoint(after.test.groups)
    assert len(after.train) + len(after.test) == 3 * (COUNT + 40)


def joined(data: LabelledData) -> Pictures:
    """All pictures, in order of their hashes."""
    images, labels, digests, keys = (
        np.concatenate(both)
        for both in zip(
            *((part.images, part.classes, part.sha256, part.groups) for part in (data.train, data.test)),
            strict=True,
        )
    )
    both = replace(Pictures.of_pixels(images, labels), groups=keys, sha256=digests)
    return both.take(np.argsort(digests))


def test_pictures_of_one_group_are_learnt_or_measured_on_together(tmp_path: Path, said: Said) -> None:
    listing = write_picture_csv(tmp_path, 40)
    header, *rows = listing.read_text("utf-8").splitlines()
    senders = [f"{row},sender {number % 12}" for number, row in enumerate(rows)]
    listing.write_text("\n".join([f"{header},group", *senders]), "utf-8")

    data = said.read(listing)

    assert set(data.train.groups).isdisjoint(data.test.groups)
    assert (
        2 < len({*data.train.groups, *data.test.groups}) <= 12
    )  # groups with pictures nearly the same are joined


def test_a_class_of_few_groups_is_left_out_and_named_with_what_it_needs(tmp_path: Path, said: Said) -> None:
    listing = write_picture_csv(tmp_path, COUNT)
    header, *rows = listing.read_text("utf-8").splitlines()
    senders = [
        f"{row},sender {number % 2 if 'Stick' in row else number + 2}" for number, row in enumerate(rows)
    ]
    listing.write_text("\n".join([f"{header},group", *senders]), "utf-8")

    data = said.read(listing)

    assert data.labels == ("Ball", "Box")
    assert len(data.train) + len(data.test) == 2 * COUNT
    assert f"'Stick' ({COUNT} pictures of 2 groups, and needs 3 groups)" in said[0]


def test_a_copy_brings_its_group_along(tmp_path: Path, said: Said) -> None:
    listing = write_picture_csv(tmp_path, 40)
    header, *rows = listing.read_text("utf-8").splitlines()
    copies = []
    for number, row in enumerate(rows):
        path, label = row.split(",")
        (tmp_path / f"copy {number}.png").write_bytes((tmp_path / path).read_bytes())
        copies.append(f"copy {number}.png,{label},sender {number % 12}")
    listing.write_text("\n".join([f"{header},group", *(f"{row}," for row in rows), *copies]), "utf-8")

    data = said.read(listing)

    assert len({*data.train.groups, *data.test.groups}) <= 12


@pytest.mark.parametrize("copy", ["pictures/ball-000.png", "copy.png"], ids=["two rows", "two files"])
def test_rows_of_one_content_fill_each_others_attributes_and_may_not_disagree(
    copy: str, tmp_path: Path, said: Said
) -> None:
    table = write_picture_csv(tmp_path, COUNT)
    header, *rows = table.read_text("utf-8").splitlines()
    shutil.copy(tmp_path / "pictures" / "ball-000.png", tmp_path / "copy.png")
    colours = ["", *(f"{'red' if number % 2 else 'blue'}" for number in range(len(rows) - 1))]
    lines = [f"{row},{colour}" for row, colour in zip(rows, colours, strict=True)]

    table.write_text("\n".join([f"{header},colour", *lines, f"{copy},Ball,red"]), "utf-8")
    train = said.read(table, attributes=["colour"]).train

    colour = train.attributes["colour"]
    [place] = [at for at, file in enumerate(train.files) if file.name == "ball-000.png"]
    assert (len(train), colour.names[colour.main[place]]) == (3 * COUNT, "red")
    lines[0] += "blue"
    table.write_text("\n".join([f"{header},colour", *lines, f"{copy},Ball,red"]), "utf-8")
    with pytest.raises(BadCsv, match="is 'blue' in one row and 'red' in another one in column `colour`"):
        said.read(table, attributes=["colour"])


def test_a_picture_that_was_saved_again_is_learnt_or_measured_on_with_the_first(
    folder: Path, said: Said
) -> None:
    for path in sorted((folder / "Ball").iterdir()):
        photo = decode(path.read_bytes(), MAX_PIXELS).picture
        path.with_suffix(".jpg").write_bytes(jpeg(photo, 60))

    data = said.read(folder)

    assert set(data.train.groups).isdisjoint(data.test.groups)
    assert len({*data.train.groups, *data.test.groups}) == 3 * COUNT
    assert said == [
        "24 of 48 pictures are nearly the same as others; such are learnt together or measured on "
        "together. `wardrobe data` lists them."
    ]


def test_a_copied_picture_is_never_both_learnt_and_measured_on(folder: Path, said: Said) -> None:
    before = said.read(folder)

    for path in list((folder / "Box").iterdir()):
        shutil.copy(path, folder / "Box" / f"copy of {path.name}")
    after = said.read(folder)

    assert hashes(after) == hashes(before)
    assert said == ["12 of 48 pictures are copies of others and count once."]


def test_folders_named_train_and_test_divide_the_data(tmp_path: Path, said: Said) -> None:
    write_class_folders(tmp_path / "train", 6)
    write_class_folders(tmp_path / "test", 3, first_seed=100)

    data = said.read(tmp_path)

    assert (data.labels, len(data.train), len(data.test)) == (KINDS, 18, 9)


@pytest.mark.parametrize(
    ("folders", "learnt", "measured"),
    [
        pytest.param({"Train": 6, "Test": 3}, 18, 9, id="capitals"),
        pytest.param({"train": 6, "val": 2, "test": 3}, 24, 9, id="three parts"),
        pytest.param({"train": 6, "valid": 3}, 18, 9, id="without a test part"),
    ],
)
def test_usual_names_of_parts_divide_the_data(
    folders: dict[str, int], learnt: int, measured: int, tmp_path: Path, said: Said
) -> None:
    for number, (name, count) in enumerate(folders.items()):
        write_class_folders(tmp_path / name, count, first_seed=100 * number)

    data = said.read(tmp_path)

    assert (data.labels, len(data.train), len(data.test)) == (KINDS, learnt, measured)


def test_a_layout_that_is_not_known_is_answered_with_those_that_are(tmp_path: Path, said: Said) -> None:
    write_class_folders(tmp_path / "train", 6)
    write_class_folders(tmp_path / "mine", 3, first_seed=100)

    with pytest.raises(BadClasses, match="divide them first into `train` and `test`, perhaps with `val`"):
        said.read(tmp_path)


def test_what_file_managers_leave_behind_is_no_picture_and_said(folder: Path, said: Said) -> None:
    for name in (".DS_Store", "Ball/.hidden.png", "Ball/Thumbs.db", "Box/desktop.ini", "notes.txt"):
        (folder / name).write_bytes(b"something else")
    (folder / "@eaDir").mkdir()

    data = said.read(folder)

    assert len(data.train) + len(data.test) == 3 * COUNT
    assert said == [
        f"left out 6 that are not taken for pictures of a class: {folder}/.DS_Store, "
        f"{folder}/@eaDir, {folder}/Ball/.hidden.png, ...."
    ]


def test_files_that_cannot_be_read_are_named_with_the_reason_or_skipped(folder: Path, said: Said) -> None:
    (folder / "Ball" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    (folder / "Box" / "b.pdf").write_bytes(b"%PDF-1.7\n")
    (folder / "Box" / "c.jpg").symlink_to(folder / "nowhere")
    (folder / "Box" / "d.png").write_bytes(b"")

    with pytest.raises(BadPictures) as first:
        said.read(folder)
    (folder / "Box" / "c.jpg").unlink()
    (folder / "Box" / "d.png").unlink()
    with pytest.raises(BadPictures) as then:
        said.read(folder)
    data = said.read(folder, skip_unreadable=True)

    assert str(first.value).startswith("2 of 40 files cannot be read. ")  # without decoding one
    assert f"{folder}/Box/c.jpg: It is a link to a file that is not there." in str(first.value)
    assert str(then.value).startswith("2 of 38 files cannot be read. ")
    assert f"{folder}/Ball/a.png: This PNG" in str(then.value)
    assert f"{folder}/Box/b.pdf: This looks like PDF, which is not read here" in str(then.value)
    assert str(then.value).endswith(" Mend or remove them, or leave them out with --skip-unreadable.")
    assert len(data.train) + len(data.test) == 3 * COUNT
    assert [line.split(".")[0] for line in said] == ["skipped 2 of 38 files that cannot be read"]


def test_a_path_with_a_zero_byte_is_a_file_that_cannot_be_read(tmp_path: Path, said: Said) -> None:
    listing = write_picture_csv(tmp_path, 4)
    with listing.open("a", encoding="utf-8") as file:
        file.write("\nballs/\0.png,Ball\n")

    with pytest.raises(BadPictures, match=r"1 of .* no path has a zero byte"):
        said.read(listing)


def test_pictures_in_which_the_model_sees_nothing_are_said(folder: Path, said: Said) -> None:
    (folder / "Box" / "empty.png").write_bytes(png(np.full((40, 40, 3), 200, np.uint8)))

    said.read(folder)

    assert said[0].startswith("1 of 37 pictures come out black")
    assert str(folder / "Box" / "empty.png") in said[0]


def copied_into_another_class(folder: Path) -> None:
    write_class_folders(folder, COUNT)
    shutil.copy(folder / "Ball" / "003.png", folder / "Box" / "mine.png")


def copied_into_the_test(folder: Path) -> None:
    write_class_folders(folder / "train", 6)
    write_class_folders(folder / "test", 1, first_seed=5)


def with_one_class_in_the_test(folder: Path) -> None:
    write_class_folders(folder / "train", 6)
    write_class_folders(folder / "test", 1, KINDS[:1], first_seed=100)


def with_few_of_all_classes_but_one(folder: Path) -> None:
    write_class_folders(folder, COUNT, KINDS[:1])
    write_class_folders(folder, 3, KINDS[1:])


def with_folders_in_a_class(folder: Path) -> None:
    write_class_folders(folder, COUNT)
    (folder / "Empty" / "inner").mkdir(parents=True)


def with_folders_in_each_class(folder: Path) -> None:
    for kind in KINDS:
        write_class_folders(folder / kind, 1, KINDS[:1])


@pytest.mark.parametrize(
    ("arrange", "error", "message"),
    [
        (copied_into_another_class, BadPictures, r"003\.png \(Ball\) and .*mine\.png \(Box\) are the same"),
        (copied_into_the_test, BadPictures, r"\(Ball, train\) and .*\(Ball, test\) are the same picture"),
        (
            with_one_class_in_the_test,
            BadClasses,
            "1 labels have enough .*'Box' .6 pictures to learn from, and needs 1 in the test set.; 'Stick'",
        ),
        (
            with_few_of_all_classes_but_one,
            BadClasses,
            "1 labels have enough .* Too few of 'Box' .2 pictures, and needs 3",
        ),
        (with_folders_in_a_class, BadClasses, "Empty: no picture in it"),
        (with_folders_in_each_class, BadClasses, "no picture lies in a sub-folder, but in folders of these"),
    ],
)
def test_a_folder_that_cannot_be_learnt_from_is_refused_with_the_reason(
    arrange: Callable[[Path], None], error: type[Exception], message: str, tmp_path: Path, said: Said
) -> None:
    arrange(tmp_path)

    with pytest.raises(error, match=message):
        said.read(tmp_path)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("label,pixel1\n", BadCsv, r"begins with 'label,pixel1'. It needs the columns `path` and `label`"),
        ("Path;LABEL \na.png;A\n", BadCsv, r"Rename 'Path' to `path`. Rename 'LABEL ' to `label`"),
        ("path,label\na.png,A\n,B\n", BadCsv, r"row 3, line 3: names no picture"),
        ("path,label\na.png,A\nb.png\n", BadCsv, r"row 3, line 3: it has 1 cells, and the header has 2"),
        ("path,label\na.png,A\nb.png,\n", BadClasses, r"row 3, line 3: '' is no label"),
        ("path,label\na.png,A\nb.png,a\n", BadClasses, r"'A' and 'a' differ in nothing but capital letters"),
        (
            "path,label\n" + "".join(f"{number}.png,class {number}\n" for number in range(257)),
            BadClasses,
            r"257 classes \(class 0, class 1, .*\.\.\.\)\. 2 to 256",
        ),
        ("\udcff\udcd8\udcff a JPEG", BadCsv, r"things\.csv: begins with"),
    ],
)
def test_a_wrong_csv_is_named_with_its_row(
    tmp_path: Path, said: Said, text: str, error: type[Exception], message: str
) -> None:
    (tmp_path / "things.csv").write_bytes(text.encode(errors="surrogateescape"))

    with pytest.raises(error, match=message):
        said.read(tmp_path / "things.csv")


def test_data_with_names_is_renumbered_for_a_model_with_another_order(folder: Path, said: Said) -> None:
    data = said.read(folder)

    turned = data.under(("Stick", "Ball", "Box"))

    assert turned.labels == ("Stick", "Ball", "Box")
    assert pixels_of(turned.test, 1) == pixels_of(data.test, 0)
    assert pixels_of(turned.train, 0) == pixels_of(data.train, 2)
    with pytest.raises(BadClasses, match="the classes Ball, Box, Stick, but the model Ball, Cup"):
        data.under(("Ball", "Cup"))


def test_a_model_is_measured_without_the_classes_that_it_lacks(folder: Path, said: Said) -> None:
    write_class_folders(folder / "Other", 4, KINDS[:1], first_seed=100)
    (folder / "Other" / KINDS[0]).rename(folder / "Rare")
    (folder / "Other").rmdir()

    data = said.measured(folder)

    assert (data.labels, len(data.test)) == ((*KINDS[:2], "Rare", KINDS[2]), 3 * COUNT + 4)
    assert len(data.under(KINDS, said.append).test) == 3 * COUNT
    assert said[-1] == "Pictures of classes that the model lacks are left out: Rare."
    for labels, say in ((KINDS, None), (("Ball", "Cup"), said.append)):
        with pytest.raises(BadClasses, match=f"but the model {', '.join(labels)}"):
            data.under(labels, say)


def test_a_file_that_is_larger_than_any_picture_is_not_read(tmp_path: Path) -> None:
    film = tmp_path / "film.jpg"
    with film.open("wb") as file:
        file.truncate(picture_files.MAX_BYTES + 1)

    assert picture_files.decode_file(film) == f"{film}: 200,000,001 bytes; at most 200,000,000 are read."


def test_a_picture_of_too_rare_a_class_is_of_no_known_class_and_learnt_for_its_attributes(
    tmp_path: Path, said: Said
) -> None:
    table = write_picture_csv(tmp_path, COUNT)
    header, *rows = table.read_text("utf-8").splitlines()
    rows = [f"{row},{'red' if place % 2 else 'blue'}" for place, row in enumerate(rows)]
    for seed, colour in ((100, "red"), (101, "")):
        (tmp_path / f"{seed}.png").write_bytes(png(a_photo("Ball", seed)))
        rows.append(f"{seed}.png,Marble,{colour}")
    table.write_text("\n".join([f"{header},colour", *rows]), "utf-8")

    data = said.read(table, attributes=["colour"])

    train = data.train
    [marble] = np.flatnonzero(train.classes == UNKNOWN)
    known = train.labels["colour"]
    assert (train.files[marble].name, known.names[known.main[marble]]) == ("100.png", "red")
    assert (len(train), len(train.of_known_class)) == (3 * COUNT + 1, 3 * COUNT)
    assert len(data.under(KINDS).train) == 3 * COUNT
    assert len(said.read(table).train) + len(said.read(table).test) == 3 * COUNT


def test_pixels_of_large_pictures_are_read_when_they_are_asked_for(folder: Path, said: Said) -> None:
    photos = said.read(folder, READS).train

    pixels = photos.take(np.array([2, 0])).pixels

    assert isinstance(pixels, FileImages) and pixels.shape == (2, *READS.array_shape)
    assert (pixels[:] == photos.images[[2, 0]]).all()
    photos.files[0].write_bytes(b"another")
    with pytest.raises(BadPictures, match="do not change pictures meanwhile"):
        pixels[1:]


def test_a_network_sees_each_content_once_and_in_the_same_order_whatever_it_is_called(
    folder: Path, said: Said
) -> None:
    sums = list[list[int]]()

    def see(images: PixelsBatch) -> Features:
        sums.append([int(image.sum()) for image in images])
        return Features(images[:, :1, 0, 0].astype(np.float32), images[:, :1, -1, 0].astype(np.float32))

    learnt = said.read(folder, READS, see=see).train
    corners = learnt.images[:, 0, 0, 0].tolist()
    for number, file in enumerate(sorted((folder / KINDS[0]).iterdir(), reverse=True)):
        file.rename(file.with_name(f"new {number}"))
    said.read(folder, READS, see=see)

    assert sums[0] == sums[1] and len(sums[0]) == len(KINDS) * COUNT
    assert learnt.features.upright[:, 0].tolist() == corners


def test_a_network_sees_no_more_pictures_than_a_quick_try_learns(folder: Path, said: Said) -> None:
    seen = list[int]()

    def see(images: PixelsBatch) -> Features:
        seen.append(len(images))
        return Features(images[:, :1, 0, 0].astype(np.float32), images[:, :1, -1, 0].astype(np.float32))

    every = said.read(folder, READS, see=see).train
    learnt = said.read(folder, READS, see=see, limit=2 * COUNT).train

    assert seen == [len(every), 2 * COUNT]
    assert learnt.sha256.tolist() == every.sha256.tolist()[: 2 * COUNT]
    with pytest.raises(BadRecipe, match=f"--limit 99: the training set allows 1 to {len(every)}"):
        said.read(folder, READS, see=see, limit=99)
