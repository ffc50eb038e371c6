"""`wardrobe label`: one table, whatever the source and the form, and what another run makes of it."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from app.prediction.categories import CategoriesMismatch
from labelling.errors import OtherRun, SourceUnusable, TableUnusable, WorkersFailed
from labelling.export import partial_of, summary_of
from labelling.pool import MakeEngine
from labelling.processes import Processes
from labelling.run import PICTURES_PER_CHUNK, Job
from labelling.run import label as run_job
from labelling.sources import open_source
from labelling.table import read_rows
from model_store.errors import StoreRefused
from model_store.local import open_release
from model_store.store import open_store
from scripts.terminal import run
from tests.catalogues import PICTURES, Deadly, write_folder, write_list, write_tar, write_zip
from tests.commands import wardrobe
from tests.contract.labelling.conftest import COLOURS, HEADS
from tests.labelled_here import Here
from tests.releases import CREATED_AT, a_release
from tests.s3_servers import S3Server
from tests.service import ROOT
from tests.tables import Rows, correct, label, rows_of
from training.pictures.fashion import LABELS

main = partial(wardrobe, "label")


def a_job(shop: Path, table: Path, release: Path, engine: MakeEngine = Here) -> Job:
    source = open_source(str(shop))
    return Job(source=source, table=table, release=open_release(release), workers=1, engine=engine)


def ignore(*_: object) -> None:
    """No one watches."""


def said_of(table: Path) -> dict[str, Any]:
    """Its summary."""
    found: dict[str, Any] = json.loads(summary_of(table).read_bytes())
    return found


def upload(bucket: str, pictures: dict[str, bytes], folder: Path) -> str:
    """Put pictures under a prefix of S3."""
    write_folder(folder, pictures)
    for name in pictures:
        open_store(bucket).upload(name, folder / name)
    return bucket


SOURCES: dict[str, Callable[[Path], str]] = {
    "folder": lambda folder: str(write_folder(folder / "shop")),
    "pattern": lambda folder: f"{write_folder(folder / 'shop')}/*/*.png",
    "list": lambda folder: str(write_list(write_folder(folder) / "list.csv", list(PICTURES))),
    "zip": lambda folder: str(write_zip(folder / "shop.zip")),
    "tar": lambda folder: str(write_tar(folder / "shop.tar")),
    "packed tar": lambda folder: str(write_tar(folder / "shop.tar.gz")),
}


@pytest.fixture(scope="module")
def expected(little_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """What the pictures are, by the name that each has in an archive; a worker process says it."""
    folder = tmp_path_factory.mktemp("expected")
    run_job(
        a_job(write_zip(folder / "shop.zip"), folder / "table.csv", little_release, Processes), ignore, ignore
    )
    return rows_of(folder / "table.csv")


@pytest.mark.parametrize(
    ("kind", "suffix"), [*((kind, ".csv") for kind in SOURCES), ("zip", ".jsonl"), ("zip", ".parquet")]
)
def test_every_source_and_form_has_the_same_rows_under_the_sources_own_names(
    kind: str, suffix: str, expected: Rows, little_release: Path, tmp_path: Path
) -> None:
    rows = label(SOURCES[kind](tmp_path), tmp_path / f"table{suffix}", little_release)

    texts = [
        {name: value if value is None else str(value) for name, value in row.items() if name != "shelf"}
        for row in rows
    ]
    assert [row["path"][-len("a/0.png") :] for row in rows] == list(PICTURES)
    assert [row | {"path": ""} for row in texts] == [row | {"path": ""} for row in expected]


def test_an_s3_prefix_gives_the_same_rows(
    bucket: str, expected: Rows, little_release: Path, tmp_path: Path
) -> None:
    rows = label(upload(bucket, PICTURES, tmp_path), tmp_path / "table.csv", little_release)

    assert rows == [row | {"path": f"{bucket}/{row['path']}"} for row in expected]


def test_attributes_have_four_columns_each_which_are_empty_where_the_class_has_none(
    little_release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = label(write_folder(tmp_path / "shop"), tmp_path / "table.csv", little_release)

    names, ends = list(rows[0]), ("", "_confidence", "_decision", "_also")
    assert names[names.index(f"p_{LABELS[-1]}") + 1 : names.index("version")] == [
        name + end for name in HEADS for end in ends
    ]
    for row in rows:
        assert row["colour"] in COLOURS
        assert 0 < float(row["colour_confidence"]) < 1
        assert row["colour_decision"] == "review"
        assert row["colour"] not in (row["colour_also"] or "").split("/")
        assert [row["sleeve" + end] for end in ends] == [None] * 4
    counts = said_of(tmp_path / "table.csv")["attributes"]
    assert sum(one["review"] for one in counts["colour"].values()) == len(PICTURES)
    assert counts["sleeve"] == {one: {"accept": 0, "review": 0} for one in ("long", "short")}
    assert "colour" in capsys.readouterr().out


def test_an_attribute_whose_columns_are_called_like_others_is_refused(tmp_path: Path) -> None:
    release = a_release(tmp_path / "release", attributes={"reason": HEADS["colour"]})

    with pytest.raises(TableUnusable, match="two columns `reason`"):
        label(write_folder(tmp_path / "shop"), tmp_path / "table.csv", release)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_lists_other_columns_come_after_ours_unchanged_and_follow_the_list(
    suffix: str, little_release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder(tmp_path)
    names, table, given = list(PICTURES)[:2], tmp_path / f"table{suffix}", tmp_path / "list.csv"
    header = "article;path;label;;=name;list_label"
    given.write_text(f'{header}\n007;{names[0]};Dress;x;=1+1;a\n"8,50";{names[1]};;;;\n', "utf-8")
    further = {"article": "article", "label": "list_list_label", "=name": "=name", "list_label": "list_label"}

    label(given, table, little_release)
    first, second = read_rows(table)
    said = capsys.readouterr().out
    given.write_text(given.read_text("utf-8").replace("8,50", "9"), "utf-8")
    label(given, table, little_release)
    again = list(read_rows(table))
    correct(table, {"path": names[0], "label": first["label"]})
    corrected = list(read_rows(table))

    assert list(first)[-4:] == ["article", "list_list_label", "=name", "list_label"]
    assert [first[name] for name in further.values()] == ["007", "Dress", "=1+1", "a"]
    assert (second["article"], again[1]["article"]) == ("8,50", "9")
    assert again[0] == first
    assert [name for name in corrected[0] if name not in first][:2] == ["decided_by", "predicted"]
    assert list(corrected[0])[-4:] == list(first)[-4:]
    assert corrected[0]["list_list_label"] == "Dress"
    assert "`label` as `list_list_label`" in said
    assert said_of(table)["columns"] == further


def test_without_pyarrow_it_is_asked_for_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(TableUnusable, match=r"pip install -r requirements/label\.txt\. CSV and JSONL need"):
        main([str(tmp_path), "--out", str(tmp_path / "table.parquet")])


def test_a_bad_picture_is_a_row_with_an_error(little_release: Path, tmp_path: Path) -> None:
    good = PICTURES["a/0.png"]
    video = b"\0\0\0\x18ftypisom" + bytes(99)
    shop = write_folder(tmp_path / "shop", {"1.png": good, "2.png": b"", "3.heic": video, "4.png": good})

    rows = label(shop, tmp_path / "table.csv", little_release)

    assert [row["label"] is None for row in rows] == [False, True, True, False]
    assert rows[1]["error"] == "The upload is empty. Send PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or AVIF."
    assert "a video (MP4), which is not read here" in rows[2]["error"]
    assert rows[2]["sha256"] is not None


def test_where_every_picture_is_an_error_the_first_is_all_that_is_said_and_the_exit_code_is_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = write_folder(tmp_path / "texts", {"a.jpg": b"no picture", "b.jpg": b"nor this"})

    assert main([str(texts), "--out", str(tmp_path / "table.csv")]) == 1
    said, doubts = capsys.readouterr()
    (tmp_path / "none").mkdir()
    assert main([str(tmp_path / "none"), "--out", str(tmp_path / "none.csv")]) == 0

    assert said == ""
    assert f"{texts}/a.jpg: This looks like text" in doubts.replace("\n", " ")
    assert "no picture in it" in capsys.readouterr().err


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
    assert said_of(table)["rows_before"] == len(PICTURES)


def change(place: str, before: dict[str, bytes], after: dict[str, bytes]) -> None:
    """Make another catalogue of one, and touch nothing of a folder or bucket that stays as it is."""
    match place.rpartition(".")[2]:
        case "zip":
            write_zip(Path(place), after)
        case "tar":
            write_tar(Path(place), after)
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


@pytest.mark.parametrize(("kind", "kept"), [("folder", 2), (".zip", 2), (".tar", 0), ("bucket", 2)])
def test_a_finished_table_follows_its_source_and_labels_what_changed(
    kind: str, kept: int, little_release: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    shop = request.getfixturevalue("bucket") if kind == "bucket" else f"{tmp_path}/shop{kind}"
    change(shop, {}, BEFORE)
    label(shop, tmp_path / "table.csv", little_release)
    change(shop, BEFORE, AFTER)

    rows = label(shop, tmp_path / "table.csv", little_release)

    assert said_of(tmp_path / "table.csv")["rows_before"] == kept
    assert [row["sha256"] for row in rows] == [sha256(one).hexdigest() for one in AFTER.values()]
    assert [row["path"].endswith(name) for row, name in zip(rows, AFTER, strict=True)] == [True] * len(AFTER)


def test_an_object_overwritten_within_a_second_by_as_many_bytes_has_another_stamp(
    bucket: str, moto_server: S3Server
) -> None:
    stamps, name = [], bucket.split("/")[2]
    for content in (b"one", b"two"):
        etag = moto_server.client.put_object(Bucket=name, Key="photos/a.png", Body=content)["ETag"]
        [item] = open_source(bucket).items()
        stamps.append(item.stamp)
        assert etag in item.stamp  # size and time may both be the same

    assert stamps[0] != stamps[1]


def test_an_object_that_s3_refuses_is_a_row_and_the_same_command_takes_it_up_when_it_is_there(
    bucket: str, moto_server: S3Server, little_release: Path, tmp_path: Path
) -> None:
    upload(bucket, PICTURES, tmp_path / "shop")
    name = bucket.split("/")[2]
    key, content = "photos/a/1.png", PICTURES["a/1.png"]
    moto_server.client.put_object(Bucket=name, Key=key, Body=content, StorageClass="GLACIER")

    first = label(bucket, tmp_path / "table.csv", little_release)
    moto_server.client.restore_object(Bucket=name, Key=key, RestoreRequest={"Days": 1})
    second = label(bucket, tmp_path / "table.csv", little_release)

    errors = [row["error"] for row in first]
    assert errors.pop(1) == (
        f"{bucket}/a/1.png: InvalidObjectState on GetObject. The object is archived. "
        "Restore it first, as with `aws s3api restore-object`."
    )
    assert errors == [None] * (len(PICTURES) - 1)
    assert [row["error"] for row in second] == [None] * len(PICTURES)


def test_a_store_that_fails_as_a_whole_ends_the_run(bucket: str, moto_server: S3Server) -> None:
    open_store(bucket).create("a.png", b"")
    source = open_source(bucket)
    places = [item.place for item in source.items()]
    name = bucket.split("/")[2]
    moto_server.client.delete_object(Bucket=name, Key="photos/a.png")
    moto_server.client.delete_bucket(Bucket=name)

    with pytest.raises(StoreRefused, match="NoSuchBucket"):
        list(source.reader()(places))


def test_a_list_may_name_objects_of_any_bucket(bucket: str, little_release: Path, tmp_path: Path) -> None:
    upload(bucket, PICTURES, tmp_path / "shop")
    cells = [f"{bucket}/a/0.png", "shop/a/0.png", f"{bucket}/gone.png", "s3://no-such-bucket/a.png", "s3://x"]

    rows = label(write_list(tmp_path / "list.csv", cells), tmp_path / "table.csv", little_release)

    assert [row["path"] for row in rows] == cells
    assert rows[0]["sha256"] == rows[1]["sha256"]
    assert [row["error"] is None for row in rows] == [True, True, False, False, False]
    assert "NoSuchKey" in str(rows[2]["error"])
    assert "NoSuchBucket" in str(rows[3]["error"])
    assert "is no S3 address" in str(rows[4]["error"])


def test_rows_of_a_folder_that_cannot_be_listed_for_once_are_kept(
    little_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, scandir = write_folder(tmp_path / "shop"), os.scandir
    before = label(shop, tmp_path / "table.csv", little_release)

    def refused(path: str) -> Any:
        if str(path).endswith("/b"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    (shop / "a" / "0.png").unlink()
    during = label(shop, tmp_path / "table.csv", little_release)
    monkeypatch.undo()
    after = label(shop, tmp_path / "table.csv", little_release)

    assert [(row["path"], row["error"]) for row in during if row["error"]] == [
        (f"{shop}/b", "This folder cannot be listed: Permission denied.")
    ]
    assert [row for row in before if "/b/" in row["path"]] == [row for row in during if "/b/" in row["path"]]
    assert after == before[1:]


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
    assert "The 0 answers of people stay" in said
    for other in (little_release, classes, fewer):
        with pytest.raises(OtherRun, match=r"begun with version '.*' \(now '.*'\).* add --restart") as raised:
            label(shop, table, other)
        assert len(str(raised.value)) < 400
    assert len(label(shop, table, classes, "--restart")) == len(PICTURES)


def test_a_file_that_is_no_table_of_ours_is_not_replaced(little_release: Path, tmp_path: Path) -> None:
    shop, table = write_folder(tmp_path / "shop"), tmp_path / "table.csv"
    table.write_text("mine\n", "utf-8")

    with pytest.raises(OtherRun, match=r"is there already.*add --restart"):
        label(shop, table, little_release)

    assert table.read_text("utf-8") == "mine\n"
    assert len(label(shop, table, little_release, "--restart")) == len(PICTURES)


def interrupt(rows: int, of: int | None) -> None:
    """Ctrl-C once there are rows."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_pause_leaves_a_table_of_the_rows_so_far(suffix: str, little_release: Path, tmp_path: Path) -> None:
    names = list(PICTURES) * 30
    shop = write_list(write_folder(tmp_path) / "list.csv", names)
    job = a_job(shop, tmp_path / f"table{suffix}", little_release)

    with pytest.raises(KeyboardInterrupt):
        run_job(job, interrupt, ignore)
    so_far, said = [row["path"] for row in rows_of(job.table)], said_of(job.table)
    rows = label(shop, job.table, little_release)

    assert so_far == names[:PICTURES_PER_CHUNK]
    assert (said["rows"], said["is_complete"]) == (PICTURES_PER_CHUNK, False)
    assert [row["path"] for row in rows] == names
    assert said_of(job.table)["is_complete"]


def test_all_pictures_before_the_damage_of_a_tar_are_labelled(little_release: Path, tmp_path: Path) -> None:
    names = [f"{number:03}.png" for number in range(PICTURES_PER_CHUNK + 9)]
    shop = write_tar(tmp_path / "shop.tar", dict.fromkeys(names, PICTURES["a/1.png"]))
    packed = bytearray(shop.read_bytes())
    packed[packed.index(names[-1].encode())] = 0
    shop.write_bytes(packed)

    with pytest.raises(SourceUnusable, match="a header is damaged"):
        label(shop, tmp_path / "table.csv", little_release)

    assert [row["path"] for row in rows_of(tmp_path / "table.csv")] == names[:-1]
    assert not said_of(tmp_path / "table.csv")["is_complete"]


def test_an_interrupt_leaves_a_complete_table_whole_and_what_is_new_beside_it(
    little_release: Path, tmp_path: Path
) -> None:
    shop = write_folder(tmp_path / "shop")
    job = a_job(shop, tmp_path / "table.csv", little_release)
    before = label(shop, job.table, little_release)
    for number in range(PICTURES_PER_CHUNK + 1):
        shutil.copy(shop / "a/0.png", shop / f"a/0 in front {number:02}.png")

    with pytest.raises(KeyboardInterrupt):
        run_job(job, interrupt, ignore)
    interrupted, beside = rows_of(job.table), rows_of(partial_of(job.table))
    rows = label(shop, job.table, little_release)

    assert interrupted == before
    assert len(beside) == len(before) + PICTURES_PER_CHUNK
    assert len(rows) == len(before) + PICTURES_PER_CHUNK + 1
    assert not partial_of(job.table).exists()


KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from labelling.table import Form

def lines():
    yield from [dict.fromkeys(form.columns, "cell")] * 100_000
    os.kill(os.getpid(), signal.SIGKILL)

form = Form(sys.argv[1][-4:], ("Shirt",))
form.write(Path(sys.argv[1]), lines())
"""


def test_a_kill_within_the_writing_of_a_table_leaves_the_one_before(
    little_release: Path, tmp_path: Path
) -> None:
    shop, table = write_zip(tmp_path / "shop.zip"), tmp_path / "table.csv"
    table.write_text("the table before", "utf-8")

    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(table)], cwd=ROOT, check=False)
    left = table.read_text("utf-8")
    label(shop, table, little_release, "--restart")

    assert (killed.returncode, left) == (-signal.SIGKILL, "the table before")
    assert {path.name for path in tmp_path.iterdir()} == {
        *("shop.zip", "table.csv", "table.csv.sqlite", "table.csv.summary.json")
    }


def test_a_run_resumes_once_its_summary_can_be_written(little_release: Path, tmp_path: Path) -> None:
    shop, table = write_folder(tmp_path / "shop"), tmp_path / "table.csv"
    summary_of(table).mkdir()

    with pytest.raises(TableUnusable, match=r"summary\.json: cannot be written .* the same command resumes"):
        label(shop, table, little_release)
    summary_of(table).rmdir()
    rows = label(shop, table, little_release)

    assert [row["path"] for row in rows] == [f"{shop}/{name}" for name in PICTURES]
    assert (said_of(table)["rows"], said_of(table)["rows_before"]) == (len(PICTURES), len(PICTURES))


def test_pictures_that_kill_every_worker_are_named(little_release: Path, tmp_path: Path) -> None:
    shop = write_folder(tmp_path / "shop", {"deadly.png": b""})
    job = replace(a_job(shop, tmp_path / "table.csv", little_release, Processes), source=Deadly(str(shop)))
    said: list[str] = []

    with pytest.raises(WorkersFailed, match=r"3 worker processes in turn: .*SIGKILL.*/deadly\.png on"):
        run_job(job, ignore, said.append)

    assert len(said) == 2


@pytest.fixture
def taxonomy(tmp_path: Path) -> Path:
    """The ids and names that a shop has for each class, and for each colour."""
    heads = {name: {"id": f"50{index}", "name": f"{name}, ours"} for index, name in enumerate(LABELS)}
    colours = {name: {"id": f"a-{name}", "name": name.upper()} for name in COLOURS}
    (tmp_path / "taxonomy.json").write_text(json.dumps({**heads, "colour": colours}), "utf-8")
    return tmp_path / "taxonomy.json"


def check_categories(row: dict[str, Any]) -> None:
    assert row["category_id"] == f"50{LABELS.index(row['label'])}"
    assert row["category_name"] == f"{row['label']}, ours"
    assert row["colour_category_id"] == f"a-{row['colour']}"
    assert row["colour_category_name"] == row["colour"].upper()
    assert "sleeve_category_id" not in row


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_each_row_has_the_shops_categories_of_its_labels_from_the_option_or_the_setting(
    suffix: str, taxonomy: Path, little_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, table = write_folder(tmp_path / "shop"), tmp_path / f"table{suffix}"

    plain = label(source, table, little_release)
    by_option = label(source, table, little_release, "--taxonomy", str(taxonomy))
    monkeypatch.setenv("WARDROBE_TAXONOMY", str(taxonomy))
    by_setting = label(source, tmp_path / f"other{suffix}", little_release)

    assert by_option == by_setting
    for row in by_option:
        check_categories(row)
    assert [{name: row[name] for name in plain[0]} for row in by_option] == plain
    assert said_of(table)["categories"][LABELS[3]] == ["503", f"{LABELS[3]}, ours"]
    assert said_of(table)["rows_before"] == len(plain)


def test_people_s_answers_get_the_category_of_their_label_and_a_lists_own_column_stays(
    taxonomy: Path, little_release: Path, tmp_path: Path
) -> None:
    shop, table = write_folder(tmp_path, {"0.png": PICTURES["a/0.png"]}), tmp_path / "table.csv"
    (shop / "list.csv").write_text("path,category_id\n0.png,old\n", "utf-8")
    (before,) = label(shop / "list.csv", table, little_release, "--taxonomy", str(taxonomy))
    other = next(name for name in LABELS if name != before["label"])
    colour = next(name for name in COLOURS if name != before["colour"])

    (row,) = correct(
        table,
        {"path": "0.png", "label": other},
        {"path": "0.png", "label": colour, "attribute": "colour"},
    )

    assert (row["label"], row["colour"], row["list_category_id"]) == (other, colour, "old")
    check_categories(row)


def test_categories_of_other_labels_are_refused_before_a_picture_is_read(
    taxonomy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taxonomy.write_text('{"Scarf": {"id": "7"}}', "utf-8")
    monkeypatch.setenv("WARDROBE_TAXONOMY", str(taxonomy))

    with pytest.raises(CategoriesMismatch, match=r"'Scarf' is no label.* WARDROBE_TAXONOMY= before"):
        main([str(write_folder(tmp_path / "shop")), "--out", str(tmp_path / "t.csv")])

    taxonomy.write_text("no JSON", "utf-8")
    assert run(lambda: main([str(tmp_path / "shop"), "--out", str(tmp_path / "t.csv")])) == 1

    assert "taxonomy.json: it is no JSON" in capsys.readouterr().err.replace("\n", "")
    assert not (tmp_path / "t.csv.sqlite").exists()
