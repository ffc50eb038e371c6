"""`wardrobe label`: one table, whatever the source and the form."""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.prediction.platform_categories import CategoriesMismatch
from labelling.errors import TableUnusable
from labelling.sources.source_opening import open_source
from labelling.workers.process_engine import label_on_processes
from model_store.errors import StoreRefused
from model_store.store import open_store
from scripts.label_job import ENGINES_BY_NAME
from scripts.terminal import run_main
from tests.catalogues import PICTURES, write_folder, write_list, write_zip
from tests.commands import wardrobe
from tests.contract.labelling.conftest import COLOURS, HEADS
from tests.s3_servers import S3Server
from tests.tables import Rows, correct, label, read_rows, summary_in, workbook_rows, write_csv
from training.data.fashion import FASHION_MNIST_LABELS

main = partial(wardrobe, "label")


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
}


@pytest.fixture(scope="module")
def expected(little_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """What the pictures are, by the name that each has in an archive; a worker process says it."""
    folder = tmp_path_factory.mktemp("expected")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENGINES_BY_NAME, "processes", label_on_processes)
        return label(write_zip(folder / "shop.zip"), folder / "table.csv", little_release)


@pytest.mark.parametrize(("kind", "suffix"), [*((kind, ".csv") for kind in SOURCES), ("zip", ".jsonl")])
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
    assert names[names.index(f"p_{FASHION_MNIST_LABELS[-1]}") + 1 : names.index("version")] == [
        name + end for name in HEADS for end in ends
    ]
    for row in rows:
        assert row["colour"] in COLOURS
        assert 0 < float(row["colour_confidence"]) < 1
        assert row["colour_decision"] == "review"
        assert row["colour"] not in (row["colour_also"] or "").split("|")
        assert [row["sleeve" + end] for end in ends] == [None] * 4
    counts = summary_in(tmp_path / "table.csv")["attributes"]
    assert sum(one["review"] for one in counts["colour"].values()) == len(PICTURES)
    assert counts["sleeve"] == {one: {"accept": 0, "review": 0} for one in ("long", "short")}
    assert "colour" in capsys.readouterr().out


def test_a_table_for_excel_has_the_cells_of_a_csv_and_what_people_answered(
    little_release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    excel = tmp_path / "table.xlsx"
    write_folder(tmp_path)
    cells = ["001", "4,5", "=1+1", "https://shop.example", "x" * 40_000, "1,234.50"]
    source = write_csv(
        tmp_path / "list.csv",
        [{"path": path, "sku": cell} for path, cell in zip(PICTURES, cells, strict=True)],
    )
    words = ["--model", str(little_release), "--by", "sku"]

    rows = label(source, tmp_path / "table.jsonl", little_release, "--by", "sku")
    assert main([str(source), "--out", str(excel), *words]) == 0

    header, *copied = workbook_rows(excel)
    assert [str(name) for name in header] == list(rows[0])
    for row, copy in zip(rows, copied, strict=True):
        for name, cell in zip(header, copy, strict=True):
            is_number = name in {"familiarity"} or str(name).startswith("p_") or "confidence" in str(name)
            wanted = row[str(name)] and (float(row[str(name)]) if is_number else row[str(name)][:32_767])
            assert cell == (pytest.approx(wanted) if is_number and wanted is not None else wanted)
    assert len(workbook_rows(tmp_path / "table-products.xlsx")) == 1 + len(cells)
    assert "2 cells of more than 32,767 characters are cut" in capsys.readouterr().err

    answers = write_csv(tmp_path / "answers.csv", [{"path": rows[0]["path"], "label": "Bag"}])
    main(["--corrections", str(answers), "--out", str(excel)])
    header, first, *_ = workbook_rows(excel)
    shown = dict(zip(header, first, strict=False))
    assert (shown["label"], shown["decided_by"], shown["colour"]) == ("Bag", "person", rows[0]["colour"])


def test_a_run_ends_in_tables_of_the_labels_that_pictures_got(
    little_release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = label(write_folder(tmp_path / "shop"), tmp_path / "table.csv", little_release)

    printed = capsys.readouterr().out
    for name, labels in (("label", FASHION_MNIST_LABELS), ("colour", COLOURS), ("sleeve", ("long", "short"))):
        given = {row[name] for row in rows} - {None}
        assert {one for one in labels if f"│ {one} " in printed} == given
    assert summary_in(tmp_path / "table.csv")["labels"].keys() == set(FASHION_MNIST_LABELS)


@pytest.mark.parametrize("name", ["t.xls", "t.parquet", "t", "", "."])
def test_a_table_of_another_ending_is_refused_with_those_that_are_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(TableUnusable, match=r"a table ends in \.csv, \.jsonl, or \.xlsx for Excel"):
        main([str(tmp_path), "--out", name])


def test_without_xlsxwriter_it_is_asked_for_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)

    with pytest.raises(TableUnusable, match=r"pip install -r requirements/label\.txt"):
        main([str(tmp_path), "--out", str(tmp_path / "t.xlsx")])


def test_a_table_with_more_columns_than_excel_has_is_refused_before_anything_is_labelled(
    little_release: Path, tmp_path: Path
) -> None:
    write_folder(tmp_path)
    columns = {"path": "a/0.png"} | {f"column {number}": str(number) for number in range(20_000)}
    source = write_csv(tmp_path / "list.csv", [columns])

    with pytest.raises(TableUnusable, match=r"no room for 20,\d+ columns, but for 16,384"):
        label(source, tmp_path / "t.xlsx", little_release)

    assert not (tmp_path / "t.xlsx.sqlite").exists()
    [row] = label(source, tmp_path / "table.csv", little_release)
    assert row["column 19999"] == "19999"


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
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
    assert summary_in(table)["columns"] == further


def test_a_bad_picture_is_a_row_with_an_error(little_release: Path, tmp_path: Path) -> None:
    good = PICTURES["a/0.png"]
    video = b"\0\0\0\x18ftypisom" + bytes(99)
    shop = write_folder(tmp_path / "shop", {"1.png": good, "2.png": b"", "3.heic": video, "4.png": good})

    rows = label(shop, tmp_path / "table.csv", little_release)

    assert [row["label"] is None for row in rows] == [False, True, True, False]
    assert rows[1]["error"] == (
        "The picture is empty: it has 0 bytes. Send PNG, JPEG, WebP, GIF, BMP, TIFF, HEIC or AVIF."
    )
    assert "a video, which is not read here" in rows[2]["error"]
    assert rows[2]["sha256"] is not None


def test_where_every_picture_is_an_error_the_first_is_all_that_is_said_and_the_exit_code_is_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long_name = "texts " * 20
    texts = write_folder(tmp_path / long_name.strip(), {"a.jpg": b"no picture", "b.jpg": b"nor this"})

    assert main([str(texts), "--out", str(tmp_path / "table.csv")]) == 1
    said, doubts = capsys.readouterr()

    assert said == ""
    assert f"{texts}/a.jpg: This looks like text" in doubts.replace("\n", " ")


def test_a_store_that_fails_as_a_whole_ends_the_run(bucket: str, moto_server: S3Server) -> None:
    open_store(bucket).create("a.png", b"")
    source = open_source(bucket)
    places = [item.place for item in source.iterate_pictures()]
    name = bucket.split("/")[2]
    moto_server.client.delete_object(Bucket=name, Key="photos/a.png")
    moto_server.client.delete_bucket(Bucket=name)

    with pytest.raises(StoreRefused, match="NoSuchBucket"):
        list(source.open_reader()(places))


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


@pytest.fixture
def taxonomy(tmp_path: Path) -> Path:
    """The ids and names that a shop has for each class, and for each colour."""
    heads = {
        name: {"id": f"50{index}", "name": f"{name}, ours"} for index, name in enumerate(FASHION_MNIST_LABELS)
    }
    colours = {name: {"id": f"a-{name}", "name": name.upper()} for name in COLOURS}
    (tmp_path / "taxonomy.json").write_text(json.dumps({**heads, "colour": colours}), "utf-8")
    return tmp_path / "taxonomy.json"


def check_categories(row: dict[str, Any]) -> None:
    assert row["category_id"] == f"50{FASHION_MNIST_LABELS.index(row['label'])}"
    assert row["category_name"] == f"{row['label']}, ours"
    assert row["colour_category_id"] == f"a-{row['colour']}"
    assert row["colour_category_name"] == row["colour"].upper()
    assert "sleeve_category_id" not in row


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
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
    assert summary_in(table)["categories"][FASHION_MNIST_LABELS[3]] == [
        "503",
        f"{FASHION_MNIST_LABELS[3]}, ours",
    ]
    assert summary_in(table)["rows_before"] == len(plain)


def test_people_s_answers_get_the_category_of_their_label_and_a_lists_own_column_stays(
    taxonomy: Path, little_release: Path, tmp_path: Path
) -> None:
    shop, table = write_folder(tmp_path, {"0.png": PICTURES["a/0.png"]}), tmp_path / "table.csv"
    (shop / "list.csv").write_text("path,category_id\n0.png,old\n", "utf-8")
    (before,) = label(shop / "list.csv", table, little_release, "--taxonomy", str(taxonomy))
    other = next(name for name in FASHION_MNIST_LABELS if name != before["label"])
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
    assert run_main(lambda: main([str(tmp_path / "shop"), "--out", str(tmp_path / "t.csv")])) == 1

    assert "taxonomy.json: the whole: Invalid JSON" in capsys.readouterr().err.replace("\n", "")
    assert not (tmp_path / "t.csv.sqlite").exists()
