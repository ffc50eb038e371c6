"""A CSV that Excel saved is read wherever a CSV is read, in whatever language Excel ran."""

from collections.abc import Callable
from pathlib import Path

import pytest

from labelling.review.corrections import read_corrections
from labelling.sources import open_source
from labelling.table import copy_for_excel, read_rows
from training.pictures.listing import list_pictures
from training.pictures.pixel_files import read_csv

Save = Callable[[str], bytes]

SAVED: dict[str, Save] = {
    "by German Excel": lambda text: text.replace(",", ";").encode("cp1252"),
    "by French Excel, as CSV UTF-8": lambda text: text.replace(",", ";").encode("utf-8-sig"),
    "with the line that tells Excel the separator": lambda text: (
        b"sep=;\r\n" + text.replace(",", ";").encode()
    ),
    "by American Excel": lambda text: text.encode("cp1252"),
    "as Unicode text": lambda text: text.replace(",", "\t").encode("utf-16"),
    "by any program": str.encode,
}

LIST = "path,label,note\r\n1.jpg,Schürze,\r\nstrümpfe.jpg,Bébé,\r\n"


@pytest.fixture(params=SAVED)
def saved(request: pytest.FixtureRequest) -> Save:
    return SAVED[request.param]


def test_people_s_answers_are_read(saved: Save, tmp_path: Path) -> None:
    (tmp_path / "corrections.csv").write_bytes(saved(LIST))

    found = read_corrections([tmp_path / "corrections.csv"], None)

    assert [(one.path, one.label) for one in found] == [("1.jpg", "Schürze"), ("strümpfe.jpg", "Bébé")]


def test_pictures_to_learn_are_listed(saved: Save, tmp_path: Path) -> None:
    (tmp_path / "pictures.csv").write_bytes(saved(LIST))

    found = list_pictures(tmp_path / "pictures.csv").pictures

    assert [(one.path.name, one.label) for one in found] == [("1.jpg", "Schürze"), ("strümpfe.jpg", "Bébé")]


def test_a_list_of_pictures_to_label_is_read(saved: Save, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(saved(LIST))

    found = list(open_source(str(tmp_path / "list.csv")).items())

    assert [one.name for one in found] == ["1.jpg", "strümpfe.jpg"]


@pytest.mark.parametrize("ending", [",", ";"])
def test_a_table_that_excel_saved_again_is_read(ending: str, tmp_path: Path) -> None:
    header = "path,label,confidence,decision,reason,familiarity".replace(",", ending)
    cells = ["ä.jpg", "Bag", "0,97" if ending == ";" else "0.97", "accept", "", "1"]
    (tmp_path / "labels.csv").write_bytes(f"{header}\r\n{ending.join(cells)}\r\n".encode("utf-8-sig"))

    assert [(row["path"], row["decision"]) for row in read_rows(tmp_path / "labels.csv")] == [
        ("ä.jpg", "accept")
    ]


def test_a_copy_for_excel_has_semicolons_decimal_commas_and_a_byte_order_mark(tmp_path: Path) -> None:
    header = "path,label,confidence,decision,reason,familiarity,p_Schürze,p_code"
    row = "strümpfe.jpg,Schürze,0.973,accept,,1.0,1.5e-05,7.5"
    (tmp_path / "labels.csv").write_text(f"{header}\n{row}\n", "utf-8")

    copy_for_excel(tmp_path / "labels.csv", ["Schürze"], tmp_path / "excel.csv")

    assert (tmp_path / "excel.csv").read_bytes().decode("utf-8").splitlines() == [
        "\ufeff" + header.replace(",", ";"),
        "strümpfe.jpg;Schürze;0,973;accept;;1,0;1,5e-05;7.5",
    ]
    assert [row["label"] for row in read_rows(tmp_path / "excel.csv")] == ["Schürze"]


def test_pixels_that_excel_saved_again_are_read(tmp_path: Path) -> None:
    (tmp_path / "pixels.csv").write_text(";".join(["3", *["7"] * 784]) + "\r\n", "utf-8")

    pixels, labels = read_csv(tmp_path / "pixels.csv", 10)

    assert (pixels.shape, pixels.max(), labels.tolist()) == ((1, 28, 28), 7, [3])
