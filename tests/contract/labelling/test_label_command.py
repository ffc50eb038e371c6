"""`python -m scripts.label`: one table, whatever the source and the form."""

import csv
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

import numpy as np
import pyarrow.parquet
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
from tests.labelled_here import Here
from tests.releases import CREATED_AT, a_release
from tests.review_sheets import cards_of
from tests.s3_servers import S3Server
from tests.service import ROOT
from tests.uploads import a_garment, png
from training.pictures.fashion import LABELS

main = partial(wardrobe, "label")

EXAMPLES = f"{ROOT}/examples/*.[pj]*g"


def with_doubtful(folder: Path) -> str:
    """The examples, and two pictures of nothing; as a pattern of their names."""
    folder.mkdir()
    for path in (ROOT / "examples").glob("*.[pj]*g"):
        shutil.copyfile(path, folder / path.name)
    rng = np.random.default_rng(0)
    for name in ("noise", "other-noise"):
        (folder / f"{name}.png").write_bytes(png(rng.integers(0, 256, (200, 200, 3), np.uint8)))
    return f"{folder}/*.[pj]*g"


Rows = list[dict[str, Any]]


def rows_of(table: Path) -> Rows:
    """A table's rows, with None where there is nothing."""
    match table.suffix:
        case ".parquet":
            read: Rows = pyarrow.parquet.read_table(table).to_pylist()
            return read
        case ".jsonl":
            return [json.loads(line) for line in table.read_text("utf-8").splitlines()]
    with table.open(encoding="utf-8", newline="") as file:
        return [{name: value or None for name, value in row.items()} for row in csv.DictReader(file)]


def label(source: str, table: Path, release: Path, *more: str) -> Rows:
    assert main([source, "--out", str(table), "--model", str(release), "--workers", "1", *more]) == 0
    return rows_of(table)


def upload(folder: Path, bucket: str) -> str:
    """Put a folder's files under a prefix of S3."""
    store = open_store(bucket)
    for name in PICTURES:
        store.upload(name, folder / name)
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
    upload(write_folder(tmp_path / "shop"), bucket)

    rows = label(bucket, tmp_path / "table.csv", little_release)

    assert rows == [row | {"path": f"{bucket}/{row['path']}"} for row in expected]


def test_a_parquet_file_of_paths_is_a_list_like_any_other(tmp_path: Path) -> None:
    paths = pyarrow.table({"shelf": [1, 2, 3], "path": ["b/1.png", None, "a/0.png"]})
    pyarrow.parquet.write_table(paths, tmp_path / "list.parquet")

    source = open_source(str(tmp_path / "list.parquet"))

    assert [item.name for item in source.items()] == ["b/1.png", "", "a/0.png"]
    assert next(iter(source.items())).place == f"{tmp_path}/b/1.png"


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_lists_other_columns_come_after_ours_unchanged_and_follow_the_list(
    suffix: str, little_release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder(tmp_path)
    names, table, given = list(PICTURES)[:2], tmp_path / f"table{suffix}", tmp_path / "list.csv"
    header = "article;path;label;;=name;list_label"
    given.write_text(f'{header}\n007;{names[0]};Dress;x;=1+1;a\n"8,50";{names[1]};;;;\n', "utf-8")
    further = {"article": "article", "label": "list_list_label", "=name": "=name", "list_label": "list_label"}

    label(str(given), table, little_release)
    first, second = read_rows(table)
    said = capsys.readouterr().out
    given.write_text(given.read_text("utf-8").replace("8,50", "9"), "utf-8")
    label(str(given), table, little_release)
    again = list(read_rows(table))
    (tmp_path / "c.csv").write_text(f"path,label\n{names[0]},{first['label']}\n", "utf-8")
    assert main(["--corrections", str(tmp_path / "c.csv"), "--out", str(table)]) == 0
    corrected = list(read_rows(table))

    assert list(first)[-4:] == ["article", "list_list_label", "=name", "list_label"]
    assert [first[name] for name in further.values()] == ["007", "Dress", "=1+1", "a"]
    assert (second["article"], again[1]["article"]) == ("8,50", "9")
    assert again[0] == first
    assert list(corrected[0])[-6:] == ["decided_by", "predicted", *list(first)[-4:]]
    assert corrected[0]["list_list_label"] == "Dress"
    assert "`label` as `list_list_label`" in said
    assert json.loads(summary_of(table).read_bytes())["columns"] == further


def test_without_pyarrow_it_is_asked_for_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(TableUnusable, match=r"pip install -r requirements/label\.txt\. CSV and JSONL need"):
        main([str(tmp_path), "--out", str(tmp_path / "table.parquet")])


def test_a_bad_picture_is_a_row_with_an_error(little_release: Path, tmp_path: Path) -> None:
    good = PICTURES["a/0.png"]
    video = b"\0\0\0\x18ftypisom" + bytes(99)
    shop = write_folder(tmp_path / "shop", {"1.png": good, "2.png": b"", "3.heic": video, "4.png": good})

    rows = label(str(shop), tmp_path / "table.csv", little_release)

    assert [row["label"] is None for row in rows] == [False, True, True, False]
    assert rows[1]["error"] == "The upload is empty. Send PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or AVIF."
    assert "a video (MP4), which is not read here" in rows[2]["error"]
    assert rows[2]["sha256"] is not None


def test_the_same_command_again_leaves_a_finished_table_alone(
    little_release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, table = str(write_zip(tmp_path / "shop.zip")), tmp_path / "table.csv"
    first = label(shop, table, little_release)
    made = table.stat().st_mtime_ns
    capsys.readouterr()

    again = label(shop, table, little_release, "--json")

    assert (again, table.stat().st_mtime_ns) == (first, made)
    assert json.loads(capsys.readouterr().out)["rows_before"] == len(PICTURES)


def test_a_table_that_was_moved_away_is_written_again_without_labelling(
    little_release: Path, tmp_path: Path
) -> None:
    shop, table = write_zip(tmp_path / "shop.zip"), tmp_path / "table.csv"
    first = label(str(shop), table, little_release)
    table.unlink()

    again = run_job(a_job(shop, table, little_release), ignore, ignore)

    assert (again.rows, again.rows_before) == (len(PICTURES), len(PICTURES))
    assert rows_of(table) == first


OTHER = PICTURES["a/1.png"]


def rewrite_folder(folder: Path, pictures: dict[str, bytes]) -> None:
    """Write what is new or different, and remove what is not named."""
    for path in folder.rglob("*.png"):
        if pictures.get(str(path.relative_to(folder))) != path.read_bytes():
            path.unlink()
    missing = {name: content for name, content in pictures.items() if not (folder / name).exists()}
    write_folder(folder, missing)


CATALOGUES: dict[str, Callable[[Path, dict[str, bytes]], object]] = {
    "folder": rewrite_folder,
    "zip": write_zip,
}


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"b/9.png": OTHER}, 6),
        ({"b/2.png": None}, 5),
        ({"a/00.png": OTHER}, 6),
        ({"a/0.png": OTHER}, 5),
    ],
    ids=["added", "removed", "added within", "overwritten"],
)
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_finished_table_follows_its_source_and_labels_what_changed(
    change: dict[str, bytes | None],
    kept: int,
    kind: str,
    little_release: Path,
    tmp_path: Path,
) -> None:
    write_catalogue = CATALOGUES[kind]
    shop, table = tmp_path / f"shop.{kind}", tmp_path / "table.csv"
    write_catalogue(shop, PICTURES)
    label(str(shop), table, little_release)
    pictures = {name: content for name, content in sorted((PICTURES | change).items()) if content}
    write_catalogue(shop, pictures)

    summary = run_job(a_job(shop, table, little_release), ignore, ignore)

    assert summary.rows_before == kept
    assert [row["sha256"] for row in rows_of(table)] == [sha256(one).hexdigest() for one in pictures.values()]
    assert [row["path"][-7:] for row in rows_of(table)] == [name[-7:] for name in pictures]


def test_an_object_that_s3_refuses_is_a_row_and_the_same_command_takes_it_up_when_it_is_there(
    bucket: str, moto_server: S3Server, little_release: Path, tmp_path: Path
) -> None:
    upload(write_folder(tmp_path / "shop"), bucket)
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
    shop = write_folder(tmp_path / "shop")
    upload(shop, bucket)
    cells = [f"{bucket}/a/0.png", "shop/a/0.png", f"{bucket}/gone.png", "s3://no-such-bucket/a.png", "s3://x"]

    rows = label(str(write_list(tmp_path / "list.csv", cells)), tmp_path / "table.csv", little_release)

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
    before = label(str(shop), tmp_path / "table.csv", little_release)

    def refused(path: str) -> Any:
        if str(path).endswith("/b"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    (shop / "a" / "0.png").unlink()
    during = label(str(shop), tmp_path / "table.csv", little_release)
    monkeypatch.undo()
    after = label(str(shop), tmp_path / "table.csv", little_release)

    folder = [row for row in during if row["error"]]
    assert [row["path"] for row in folder] == [f"{shop}/b"]
    assert [row for row in before if "/b/" in row["path"]] == [row for row in during if "/b/" in row["path"]]
    assert after == before[1:]


def test_an_overwritten_object_of_a_bucket_and_a_tar_written_again_are_labelled_again(
    bucket: str, little_release: Path, tmp_path: Path
) -> None:
    changed = PICTURES | {"a/0.png": OTHER}
    shop, tar = write_folder(tmp_path / "shop"), tmp_path / "shop.tar"
    before, after = tmp_path / "bucket.csv", tmp_path / "tar.csv"
    label(upload(shop, bucket), before, little_release)
    label(str(write_tar(tar)), after, little_release)
    write_folder(shop, changed)
    write_tar(tar, changed)

    tables = [label(upload(shop, bucket), before, little_release), label(str(tar), after, little_release)]

    wanted = [sha256(one).hexdigest() for one in changed.values()]
    assert [[row["sha256"] for row in rows] for rows in tables] == [wanted, wanted]


def test_a_later_release_labels_everything_again_and_any_other_is_refused(
    little_release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, table = str(write_zip(tmp_path / "shop.zip")), tmp_path / "table.csv"
    later = a_release(tmp_path / "later", seed=1, created_at=CREATED_AT + timedelta(days=1))
    others = a_release(
        tmp_path / "others", labels=("coat", "shoe"), created_at=CREATED_AT + timedelta(days=2)
    )
    label(shop, table, little_release)

    again = label(shop, table, later)

    assert {row["version"] for row in again} == {open_release(later).version}
    assert "everything is labelled again" in (said := " ".join(capsys.readouterr().err.split()))
    assert "The 0 answers of people stay" in said
    for other in (little_release, others):
        with pytest.raises(OtherRun, match=r"begun with version '.*' \(now '.*'\).* add --restart") as raised:
            label(shop, table, other)
        assert len(str(raised.value)) < 400
    assert len(label(shop, table, others, "--restart")) == len(PICTURES)


def a_job(shop: Path, table: Path, release: Path, engine: MakeEngine = Here) -> Job:
    source = open_source(str(shop))
    return Job(source=source, table=table, release=open_release(release), workers=1, engine=engine)


def test_a_file_that_is_no_table_of_ours_is_not_replaced(little_release: Path, tmp_path: Path) -> None:
    shop, table = str(write_folder(tmp_path / "shop")), tmp_path / "table.csv"
    table.write_text("mine\n", "utf-8")

    with pytest.raises(OtherRun, match=r"is there already.*add --restart"):
        label(shop, table, little_release)

    assert table.read_text("utf-8") == "mine\n"
    assert len(label(shop, table, little_release, "--restart")) == len(PICTURES)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_pause_leaves_a_table_of_the_rows_so_far(suffix: str, little_release: Path, tmp_path: Path) -> None:
    names = list(PICTURES) * 30
    shop = write_list(write_folder(tmp_path) / "list.csv", names)
    job = a_job(shop, tmp_path / f"table{suffix}", little_release)

    with pytest.raises(KeyboardInterrupt):
        run_job(job, interrupt, ignore)
    so_far = [row["path"] for row in rows_of(job.table)]
    said = json.loads(summary_of(job.table).read_bytes())
    rows = label(str(shop), job.table, little_release)

    assert so_far == names[:PICTURES_PER_CHUNK]
    assert (said["rows"], said["is_complete"]) == (PICTURES_PER_CHUNK, False)
    assert [row["path"] for row in rows] == names
    assert json.loads(summary_of(job.table).read_bytes())["is_complete"]


def test_all_pictures_before_the_damage_of_a_tar_are_labelled(little_release: Path, tmp_path: Path) -> None:
    names = [f"{number:03}.png" for number in range(PICTURES_PER_CHUNK + 9)]
    shop = write_tar(tmp_path / "shop.tar", dict.fromkeys(names, OTHER))
    packed = bytearray(shop.read_bytes())
    packed[packed.index(names[-1].encode())] = 0
    shop.write_bytes(packed)
    job = a_job(shop, tmp_path / "table.csv", little_release)

    with pytest.raises(SourceUnusable, match="a header is damaged"):
        run_job(job, ignore, ignore)

    assert [row["path"] for row in rows_of(job.table)] == names[:-1]
    assert not json.loads(summary_of(job.table).read_bytes())["is_complete"]


def test_an_interrupt_leaves_a_complete_table_whole_and_what_is_new_beside_it(
    little_release: Path, tmp_path: Path
) -> None:
    shop = write_folder(tmp_path / "shop")
    job = a_job(shop, tmp_path / "table.csv", little_release)
    before = label(str(shop), job.table, little_release)
    for number in range(PICTURES_PER_CHUNK + 1):
        shutil.copy(shop / "a/0.png", shop / f"a/0 in front {number:02}.png")

    with pytest.raises(KeyboardInterrupt):
        run_job(job, interrupt, ignore)
    interrupted, beside = rows_of(job.table), rows_of(partial_of(job.table))
    rows = label(str(shop), job.table, little_release)

    assert interrupted == before
    assert len(beside) == len(before) + PICTURES_PER_CHUNK
    assert len(rows) == len(before) + PICTURES_PER_CHUNK + 1
    assert not partial_of(job.table).exists()


def interrupt(rows: int, of: int | None) -> None:
    """Ctrl-C once there are rows."""
    raise KeyboardInterrupt


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


@pytest.mark.parametrize("before", [None, "the table before"])
def test_a_kill_within_the_writing_of_a_table_leaves_the_one_before(
    before: str | None, little_release: Path, tmp_path: Path
) -> None:
    shop, table = str(write_zip(tmp_path / "shop.zip")), tmp_path / "table.csv"
    if before:
        table.write_text(before, "utf-8")

    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(table)], cwd=ROOT, check=False)
    left = table.read_text("utf-8") if table.exists() else None
    label(shop, table, little_release, "--restart")

    assert (killed.returncode, left) == (-signal.SIGKILL, before)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "shop.zip",
        "table.csv",
        "table.csv.sqlite",
        "table.csv.summary.json",
    ]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_run_resumes_once_its_summary_can_be_written(
    suffix: str, little_release: Path, tmp_path: Path
) -> None:
    shop, table = write_folder(tmp_path / "shop"), tmp_path / f"table{suffix}"
    summary = table.with_name(f"{table.name}.summary.json")

    with pytest.raises(TableUnusable, match=r"summary\.json: cannot be written .* the same command resumes"):
        run_job(a_job(shop, table, little_release), lambda rows, of: summary.mkdir(exist_ok=True), ignore)
    summary.rmdir()
    rows = label(str(shop), table, little_release)

    assert [row["path"] for row in rows] == [f"{shop}/{name}" for name in PICTURES]
    assert json.loads(summary.read_bytes())["rows"] == len(PICTURES)


def ignore(*_: object) -> None:
    """No one watches."""


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_names_neither_break_a_row_nor_run_in_a_spreadsheet(
    suffix: str, little_release: Path, tmp_path: Path
) -> None:
    shown = {
        "a\rb.png": r"a\rb.png",
        "=1+1.png": "./=1+1.png",
        "+1.png": "./+1.png",
        "-1.png": "./-1.png",
        "@a.png": "./@a.png",
        "\t=1.png": "./\t=1.png",
        "\r\n=1.png": "\\r\n=1.png",
        "a=b.png": "a=b.png",
    }
    shop = write_tar(tmp_path / "shop.tar", dict.fromkeys(shown, PICTURES["a/0.png"]))

    rows = label(str(shop), tmp_path / f"table{suffix}", little_release, "--review", str(tmp_path / "r.html"))

    assert [row["path"] for row in read_rows(tmp_path / f"table{suffix}")] == list(shown.values())
    assert {row["label"] for row in rows} == {rows[0]["label"]}


def test_pictures_that_kill_every_worker_are_named(little_release: Path, tmp_path: Path) -> None:
    shop = write_folder(tmp_path / "shop", {"deadly.png": b""})
    job = replace(a_job(shop, tmp_path / "table.csv", little_release, Processes), source=Deadly(str(shop)))
    said: list[str] = []

    with pytest.raises(WorkersFailed, match=r"3 worker processes in turn: .*SIGKILL.*/deadly\.png on"):
        run_job(job, ignore, said.append)

    assert len(said) == 2


def test_a_run_ends_in_a_summary_and_a_page_to_review(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, page = tmp_path / "table.csv", tmp_path / "review.html"

    pictures = with_doubtful(tmp_path / "pictures")
    main([pictures, "--out", str(table), "--workers", "1", "--review", str(page), "--audit", "0"])

    cards = cards_of(page)
    doubtful = [row["path"] for row in rows_of(table) if row["decision"] == "review"]
    assert "10 rows; " in (said := capsys.readouterr().out)
    assert said.endswith(f"label --corrections corrections.csv --out {table}\n")
    assert sorted(card["path"] for card in cards) == sorted(doubtful) != []
    assert all(card["picture"].startswith("data:image/jpeg;base64,") for card in cards)
    assert {card["audit"] for card in cards} == {0}


def test_a_review_draws_the_audit_that_its_table_can_pay_for_and_says_what_that_can_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, page = tmp_path / "table.csv", tmp_path / "review.html"

    pictures = with_doubtful(tmp_path / "pictures")
    main([pictures, "--out", str(table), "--workers", "1", "--review", str(page)])

    assert [card["audit"] for card in cards_of(page) if card["audit"]] == [2, 2]  # a quarter of 10
    assert "Audit: 2 are drawn at random, " in " ".join(capsys.readouterr().out.split())


@pytest.fixture
def taxonomy(tmp_path: Path) -> Path:
    """The ids and names that a shop has for each class."""
    rows = {name: {"id": f"50{index}", "name": f"{name}, ours"} for index, name in enumerate(LABELS)}
    (tmp_path / "taxonomy.json").write_text(json.dumps(rows), "utf-8")
    return tmp_path / "taxonomy.json"


def category(row: dict[str, Any]) -> tuple[str, str]:
    return f"50{LABELS.index(row['label'])}", f"{row['label']}, ours"


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_each_row_has_the_shops_category_of_its_label_from_the_option_or_the_setting(
    suffix: str, taxonomy: Path, little_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, table = str(write_folder(tmp_path / "shop")), tmp_path / f"table{suffix}"

    plain = label(source, table, little_release)
    by_option = label(source, table, little_release, "--taxonomy", str(taxonomy))
    monkeypatch.setenv("WARDROBE_TAXONOMY", str(taxonomy))
    by_setting = label(source, tmp_path / f"other{suffix}", little_release)

    assert by_option == by_setting
    assert [(row.pop("category_id"), row.pop("category_name")) for row in by_option] == [
        category(row) for row in plain
    ]
    assert by_option == plain
    summary = json.loads(summary_of(table).read_text("utf-8"))
    assert summary["categories"][LABELS[3]] == ["503", f"{LABELS[3]}, ours"]
    assert summary["rows_before"] == len(plain)


def test_people_s_answers_get_the_category_of_their_label_and_a_lists_own_column_stays(
    taxonomy: Path, little_release: Path, tmp_path: Path
) -> None:
    shop, table = write_folder(tmp_path / "shop", {"0.png": png(a_garment(0))}), tmp_path / "table.csv"
    (shop / "list.csv").write_text("path,category_id\n0.png,old\n", "utf-8")
    (before,) = label(str(shop / "list.csv"), table, little_release, "--taxonomy", str(taxonomy))
    other = next(name for name in LABELS if name != before["label"])
    (shop / "people.csv").write_text(f"path,label\n0.png,{other}\n", "utf-8")

    assert main(["--corrections", str(shop / "people.csv"), "--out", str(table)]) == 0

    (row,) = rows_of(table)
    assert (row["label"], row["decided_by"], row["list_category_id"]) == (other, "person", "old")
    assert (row["category_id"], row["category_name"]) == category(row)


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
