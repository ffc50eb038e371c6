"""`wardrobe label --into FOLDER`: which folder a picture goes to, and that none is lost or replaced."""

import errno
import os
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from inference.contract import LABEL
from inference.reasons import Reason
from labelling.decide.decisions import RunDecisions
from labelling.errors import TableUnusable
from labelling.job import LabellingJob
from labelling.journal.human_answer import AnswerSubject, HumanAnswer
from labelling.journal.journal_file import Journal
from labelling.lists.folder_names import make_folder_names
from labelling.rows import HeadAnswer, PhotoRecord, TableRow
from labelling.sources.source_opening import open_source
from labelling.write.sorted_folders import PictureLabels, check_sorted_folder
from labelling.write.sorted_folders import copy_pictures_into_folders as sort
from model_store.local_releases import open_bundled_release
from tests.journals import fill


def a_job(folder: Path, source: Path, *rows: tuple[str, str, str, str]) -> LabellingJob:
    """A finished run with rows of path, label, decision, and who decided."""
    job = LabellingJob(
        source=open_source(str(source)), table=folder / "labels.csv", release=open_bundled_release()
    )
    with Journal(job.table, job.settings) as journal:
        photos, answers = [], dict[AnswerSubject, HumanAnswer]()
        for number, (path, label, decision, by) in enumerate(rows):
            reason = None if decision == "accept" else Reason.AMBIGUOUS
            heads = (
                {LABEL: HeadAnswer(label=label or "Bag", reason=reason, probabilities=(0.1,) * 10)}
                if decision
                else {}
            )
            photos += [PhotoRecord(path=path, sha256=f"{number:064x}", answers=heads)]
            if by == "person":
                answers[AnswerSubject(photos[-1].sha256)] = HumanAnswer(label, "2026")
        fill(journal, job.settings, photos, answers)
    return job


def sort_into(folder: Path, job: LabellingJob) -> tuple[int, int]:
    with Journal(job.table, job.settings) as journal:
        return sort(folder, job.source, collect_labels(RunDecisions(journal).read_photo_rows()))


def collect_labels(rows: Iterable[TableRow]) -> dict[str, str]:
    pictures = PictureLabels()
    for row in rows:
        pictures.add_row(row)
    return pictures.labels


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg", "more/a.jpg", "e.jpg"):
        (tmp_path / "catalogue" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "catalogue" / name).write_bytes(name.encode())
    return tmp_path / "catalogue"


def found_in(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_pictures_lie_under_their_labels_and_what_needs_a_person_in_review(
    catalogue: Path, tmp_path: Path
) -> None:
    job = a_job(
        tmp_path,
        catalogue,
        (f"{catalogue}/a.jpg", "T-shirt/top", "accept", "model"),
        (f"{catalogue}/b.jpg", "Bag", "review", "model"),
        (f"{catalogue}/c.jpg", "Bag", "review", "person"),
        (f"{catalogue}/d.jpg", "", "accept", "person"),
        (f"{catalogue}/e.jpg", "", "", ""),
        (f"{catalogue}/more/a.jpg", "T-shirt/top", "accept", "model"),
    )

    assert sort_into(tmp_path / "sorted", job) == (5, 0)

    assert found_in(tmp_path / "sorted") == {
        "T-shirt_top/a.jpg": "a.jpg",
        "T-shirt_top/a (2).jpg": "more/a.jpg",
        "review/b.jpg": "b.jpg",
        "Bag/c.jpg": "c.jpg",
        "review/d.jpg": "d.jpg",
    }
    assert not (tmp_path / "sorted" / "Bag" / "c.jpg").samefile(catalogue / "c.jpg")


def test_a_picture_of_several_rows_lies_in_one_place_in_review_where_they_differ(
    catalogue: Path, tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text("path\n" + "catalogue/a.jpg\ncatalogue/b.jpg\n" * 2, "utf-8")
    job = a_job(
        tmp_path,
        tmp_path / "list.csv",
        ("catalogue/a.jpg", "Bag", "accept", "model"),
        ("catalogue/b.jpg", "Bag", "review", "model"),
    )
    with Journal(job.table, job.settings) as journal:
        decisions = RunDecisions(journal)
        first, second = decisions.read_photo_rows()
        sure = replace(second, decisions={LABEL: first.class_decision})
        labels = collect_labels([first, second, first, sure])

        assert sort(tmp_path / "sorted", job.source, labels) == (2, 0)

    assert found_in(tmp_path / "sorted") == {"Bag/a.jpg": "a.jpg", "review/b.jpg": "b.jpg"}


def test_folders_of_labels_differ_on_every_system() -> None:
    labels = [
        "T-shirt/top",
        "T-shirt_top",
        "t-shirt:top",
        "review",
        "Review ",
        "CON",
        "com1.x",
        "\u8863" * 100,
    ]

    found = make_folder_names([*labels, "", "Bag"])

    assert found["T-shirt/top"] == "T-shirt_top"
    assert found[""] == "review"
    assert len({name.casefold() for name in found.values()}) == len(labels) + 2
    assert not {"con", "com1.x"} & {name.casefold() for name in found.values()}
    assert all(len(os.fsencode(name)) < 250 for name in found.values())


def test_pictures_whose_names_are_alike_and_as_long_as_a_name_can_be_are_all_there_and_are_counted_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, asked, looks = tmp_path / "shop", list[str](), os.path.lexists

    def counted(path: str) -> bool:
        asked.append(path)
        return looks(path)

    monkeypatch.setattr(os.path, "lexists", counted)
    for number in range(12):
        (shop / f"{number:02}").mkdir(parents=True)
        (shop / f"{number:02}" / ("\u8863" * 80 + ".jpg")).write_bytes(str(number).encode())
    rows = [(str(picture), "Bag", "accept", "model") for picture in sorted(shop.rglob("*.jpg"))]

    assert sort_into(tmp_path / "sorted", a_job(tmp_path, shop, *rows)) == (12, 0)

    assert sorted(found_in(tmp_path / "sorted").values(), key=int) == [str(number) for number in range(12)]
    assert len(asked) <= 2 * 12, "or a shop whose pictures are all called 1.jpg takes hours"


def test_a_picture_that_the_disk_has_no_room_for_leaves_no_part_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(target: Path, _: bytes) -> None:
        target.write_text("a part", "utf-8")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    (picture := tmp_path / "shop" / "a.jpg").parent.mkdir()
    picture.touch()
    job = a_job(tmp_path, tmp_path / "shop", (str(picture), "Bag", "accept", "model"))

    with pytest.raises(
        TableUnusable, match=r"Bag/a\.jpg: cannot be written \(No space left.*name a new folder"
    ):
        sort_into(tmp_path / "sorted", job)

    assert found_in(tmp_path / "sorted") == {}


@pytest.mark.parametrize(
    ("mask", "mode", "copied"), [(0o022, 0o644, 0o644), (0o077, 0o644, 0o600), (0o022, 0o600, 0o600)]
)
def test_a_copy_follows_the_umask_and_that_of_a_private_picture_is_private(
    mask: int, mode: int, copied: int, tmp_path: Path
) -> None:
    (picture := tmp_path / "shop" / "a.jpg").parent.mkdir()
    picture.touch()
    picture.chmod(mode)
    os.utime(picture, (1_700_000_000, 1_700_000_000))
    job = a_job(tmp_path, tmp_path / "shop", (str(picture), "Bag", "accept", "model"))

    earlier_mask = os.umask(mask)
    try:
        sort_into(tmp_path / "sorted", job)
    finally:
        os.umask(earlier_mask)

    status = (tmp_path / "sorted" / "Bag" / "a.jpg").stat()
    assert (status.st_mode & 0o777, int(status.st_mtime)) == (copied, 1_700_000_000)


def test_members_of_an_archive_are_written(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "shop.zip", "w") as archive:
        archive.writestr("in/a.jpg", "a")
    job = a_job(tmp_path, tmp_path / "shop.zip", ("in/a.jpg", "..", "accept", "model"))

    assert sort_into(tmp_path / "sorted", job) == (1, 0)

    assert found_in(tmp_path / "sorted") == {"_/a.jpg": "a"}


def test_a_folder_with_something_in_it_or_within_the_catalogue_is_refused(
    catalogue: Path, tmp_path: Path
) -> None:
    with pytest.raises(TableUnusable, match="is there already"):
        check_sorted_folder(catalogue, "other")
    with pytest.raises(TableUnusable, match="would be labelled, too"):
        check_sorted_folder(catalogue / "sorted", str(catalogue))

    check_sorted_folder(tmp_path / "sorted", str(catalogue))
