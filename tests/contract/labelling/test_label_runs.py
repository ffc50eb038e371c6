"""What another run of `wardrobe label` makes of a table, and what the end of one costs."""

import errno
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from labelling.errors import RunMismatch, SourceUnusable, WorkersFailed
from labelling.job import LabellingJob
from labelling.run import run_labelling
from labelling.sources.source_opening import open_source
from labelling.workers.labeller import PICTURES_PER_CHUNK, Engine
from labelling.workers.process_engine import label_on_processes
from model_store.local_releases import open_release
from model_store.store import open_store
from tests.catalogues import PICTURES, Deadly, write_folder, write_list, write_zip
from tests.contract.labelling.conftest import HEADS
from tests.labelled_here import here
from tests.releases import CREATED_AT, a_release
from tests.s3_servers import S3Server
from tests.tables import Rows, correct, label, rows_of, summary_in, write_csv


def a_job(shop: Path, table: Path, release: Path, engine: Engine = here) -> LabellingJob:
    source = open_source(str(shop))
    return LabellingJob(
        source=source, table=table, release=open_release(release), worker_count=1, engine=engine
    )


def ignore(*_: object) -> None:
    """No one watches."""


def run_job(job: LabellingJob, watch: Callable[[int, int], None], say: Callable[[str], None]) -> None:
    run_labelling(job, watch, say, ignore)


def test_the_same_command_again_leaves_a_finished_table_alone_and_writes_one_that_is_gone(
    little_release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, table = write_zip(tmp_path / "shop.zip"), tmp_path / "table.csv"
    first = label(shop, table, little_release)
    made = table.stat().st_mtime_ns
    capsys.readouterr()

    again = label(shop, table, little_release, "--json")
    assert (again, table.stat().st_mtime_ns) == (first, made)
    assert json.loads(capsys.readouterr().out)["rows_before"] == len(PICTURES)

    table.unlink()
    assert label(shop, table, little_release) == first
    assert summary_in(table)["rows_before"] == len(PICTURES)


def change(place: str, before: dict[str, bytes], after: dict[str, bytes]) -> None:
    """Make another catalogue of one, and touch nothing of a folder or bucket that stays as it is."""
    match place.rpartition(".")[2]:
        case "zip":
            write_zip(Path(place), after)
        case _:
            store = open_store(place)
            for name in [name for name, content in before.items() if after.get(name) != content]:
                store.delete(name)
            for name in [name for name, content in after.items() if before.get(name) != content]:
                store.create(name, after[name])


AS_LARGE = [PICTURES["a/0.png"] + end for end in (b"1", b"2")]
BEFORE = {"a/0.png": AS_LARGE[0], **{name: PICTURES[name] for name in ("a/1.png", "b/0.png", "b/1.png")}}
AFTER = {"a/0.png": AS_LARGE[1], "a/00.png": PICTURES["a/0.png"], "a/1.png": PICTURES["a/1.png"]}
AFTER["b/1.png"] = PICTURES["b/1.png"]
"""One is overwritten by as many bytes, one is added among the others, one is removed, two stay."""


@pytest.mark.parametrize("kind", ["folder", ".zip", "bucket"])
def test_a_finished_table_follows_its_source_and_labels_what_changed(
    kind: str, little_release: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    shop = request.getfixturevalue("bucket") if kind == "bucket" else f"{tmp_path}/shop{kind}"
    change(shop, {}, BEFORE)
    label(shop, tmp_path / "table.csv", little_release)
    change(shop, BEFORE, AFTER)

    rows = label(shop, tmp_path / "table.csv", little_release)

    assert summary_in(tmp_path / "table.csv")["rows_before"] == 2
    assert [row["sha256"] for row in rows] == [sha256(one).hexdigest() for one in AFTER.values()]
    assert [row["path"].endswith(name) for row, name in zip(rows, AFTER, strict=True)] == [True] * len(AFTER)


def test_an_object_overwritten_within_a_second_by_as_many_bytes_has_another_stamp(
    bucket: str, moto_server: S3Server
) -> None:
    stamps, name = [], bucket.split("/")[2]
    for content in (b"one", b"two"):
        etag = moto_server.client.put_object(Bucket=name, Key="photos/a.png", Body=content)["ETag"]
        [item] = open_source(bucket).iterate_pictures()
        stamps.append(item.stamp)
        assert etag in item.stamp  # size and time may both be the same

    assert stamps[0] != stamps[1]


def test_a_folder_that_cannot_be_listed_ends_the_run_with_its_name_after_the_pictures_before_it(
    little_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, table, scandir = write_folder(tmp_path / "shop"), tmp_path / "table.csv", os.scandir

    def refused(path: str) -> Any:
        if str(path).endswith("/b"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    def ended_early() -> Rows:
        with (
            monkeypatch.context() as patch,
            pytest.raises(
                SourceUnusable, match=r"/shop/b: this folder cannot be listed \(Permission denied\)"
            ),
        ):
            patch.setattr(os, "scandir", refused)
            label(shop, table, little_release)
        return rows_of(table)

    assert [Path(row["path"]).parent.name for row in ended_early()] == ["a", "a", "a"]
    assert not summary_in(table)["is_complete"]
    whole = label(shop, table, little_release)
    (shop / "a" / "0.png").unlink()
    assert ended_early() == whole
    assert label(shop, table, little_release) == whole[1:]


def test_a_later_release_labels_everything_again_and_any_other_is_refused(
    little_release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, table = write_zip(tmp_path / "shop.zip"), tmp_path / "table.csv"
    days = [CREATED_AT + timedelta(days=day) for day in (1, 2, 3)]
    later = a_release(tmp_path / "later", seed=1, created_at=days[0], attributes=HEADS)
    classes = a_release(tmp_path / "others", labels=("coat", "shoe"), created_at=days[1], attributes=HEADS)
    fewer = a_release(tmp_path / "fewer", created_at=days[2], attributes={"colour": HEADS["colour"]})
    label(shop, table, little_release)

    again = label(shop, table, later)

    assert {row["version"] for row in again} == {open_release(later).version}
    assert "everything is labelled again" in (said := " ".join(capsys.readouterr().err.split()))
    assert "0 answers of people stay" in said
    for other in (little_release, classes, fewer):
        with pytest.raises(
            RunMismatch, match=r"begun with version '.*' \(now '.*'\).* add --restart"
        ) as raised:
            label(shop, table, other)
        assert len(str(raised.value)) < 400
    assert len(label(shop, table, classes, "--restart")) == len(PICTURES)


def interrupt(rows: int, of: int | None) -> None:
    """Ctrl-C once there are rows."""
    raise KeyboardInterrupt


def test_a_pause_leaves_a_table_of_the_rows_so_far(little_release: Path, tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(3 * PICTURES_PER_CHUNK)]
    write_folder(tmp_path, dict.fromkeys(names, PICTURES["a/0.png"]))
    shop = write_list(tmp_path / "list.csv", names)
    job = a_job(shop, tmp_path / "table.csv", little_release)

    with pytest.raises(KeyboardInterrupt):
        run_job(job, interrupt, ignore)
    so_far, said = [row["path"] for row in rows_of(job.table)], summary_in(job.table)
    rows = label(shop, job.table, little_release)

    assert so_far == names[:PICTURES_PER_CHUNK]
    assert (said["rows"], said["is_complete"]) == (PICTURES_PER_CHUNK, False)
    assert [row["path"] for row in rows] == names
    assert summary_in(job.table)["is_complete"]


@pytest.mark.parametrize("name", ["once.png", "full.png"])
def test_a_worker_that_dies_costs_no_row(name: str, little_release: Path, tmp_path: Path) -> None:
    shop = write_folder(tmp_path / "shop", {**PICTURES, name: PICTURES["a/0.png"]})
    job = a_job(shop, tmp_path / "table.csv", little_release, label_on_processes)
    said: list[str] = []

    run_job(replace(job, source=Deadly(str(shop)), worker_count=2), ignore, said.append)

    assert [row["error"] for row in rows_of(job.table)] == [None] * (len(PICTURES) + 1)
    assert [sentence.partition(" from ")[0] for sentence in said] == [
        "a worker process has ended at one of 7 pictures"
    ]


def test_pictures_that_kill_every_worker_are_named(little_release: Path, tmp_path: Path) -> None:
    shop = write_folder(tmp_path / "shop", {"deadly.png": b""})
    job = replace(
        a_job(shop, tmp_path / "table.csv", little_release, label_on_processes), source=Deadly(str(shop))
    )
    said: list[str] = []

    with pytest.raises(WorkersFailed, match=r"^3 worker processes have ended.*/deadly\.png on"):
        run_job(job, ignore, said.append)

    assert len(said) == 2


SOURCES_OF_NOTHING: dict[str, Callable[[Path], str]] = {
    "a folder": str,
    "a pattern": lambda shop: f"{shop}/*",
    "a list with only its header": lambda shop: str(write_list(shop.with_suffix(".csv"), [])),
    "a ZIP": lambda shop: str(write_zip(shop.with_suffix(".zip"), {})),
}


@pytest.mark.parametrize("kind", SOURCES_OF_NOTHING)
def test_a_source_without_pictures_is_refused_before_any_file_is_made(
    kind: str, little_release: Path, tmp_path: Path
) -> None:
    shop, table = tmp_path / "shop", tmp_path / "tables" / "table.csv"
    (shop / "folder").mkdir(parents=True)
    source = SOURCES_OF_NOTHING[kind](shop)

    with pytest.raises(SourceUnusable, match=rf"^{re.escape(source)} lists no picture\.$"):
        label(source, table, little_release)

    assert not table.parent.exists()


def test_an_empty_prefix_of_s3_is_refused(bucket: str, little_release: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match=rf"^{bucket} lists no picture\.$"):
        label(bucket, tmp_path / "table.csv", little_release)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("more", [[], ["--restart"], ["--corrections"]], ids=str)
def test_a_source_that_has_lost_its_pictures_leaves_the_table_and_its_journal_as_they_were(
    more: list[str], little_release: Path, tmp_path: Path
) -> None:
    shop, table = write_folder(tmp_path / "shop"), tmp_path / "table.csv"
    [first, *_] = label(shop, table, little_release)
    answers = write_csv(tmp_path / "answers.csv", [{"path": first["path"], "label": first["label"]}])
    before = {file: file.read_bytes() for file in tmp_path.glob("table*")}
    shutil.rmtree(shop)
    shop.mkdir()

    with pytest.raises(SourceUnusable, match=rf"shop lists no picture\. {table} stays as it was\.$"):
        label(shop, table, little_release, *more, *([str(answers)] if "--corrections" in more else []))

    assert {file: file.read_bytes() for file in tmp_path.glob("table*")} == before


NOT_UTF8: dict[str, Callable[[Path], tuple[str, ...]]] = {
    "a folder": lambda shop: (str(write_folder(shop)),),
    "the folders of products": lambda shop: (str(write_folder(shop)), "--by-folder"),
    "a pattern": lambda shop: (f"{write_folder(shop)}/*/*.png",),
    "a list": lambda shop: (
        str(write_list(write_folder(shop) / "list.csv", list(PICTURES))),
        "--by",
        "shelf",
    ),
    "a ZIP": lambda shop: (str(write_zip(shop / "shop.zip")),),
}


@pytest.mark.parametrize("kind", NOT_UTF8)
def test_a_source_below_a_folder_whose_name_is_not_utf8_is_labelled_and_takes_corrections(
    kind: str, little_release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, table = tmp_path / os.fsdecode(b"caf\xe9 \xff"), tmp_path / "table.csv"
    shop.mkdir()
    source, *more = NOT_UTF8[kind](shop)

    first = label(source, table, little_release, *more)
    again = label(source, table, little_release, *more)
    corrected = correct(table, {"sha256": first[0]["sha256"], "path": "", "label": "Bag"})

    assert len(first) == len(PICTURES)
    assert again == first
    assert corrected[0]["label"] == "Bag"
    assert "damaged" not in capsys.readouterr().err
