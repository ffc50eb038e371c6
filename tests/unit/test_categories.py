"""Files of categories: what is read out of them, and what is said about those that cannot be."""

import json
from pathlib import Path

import pytest

from app.prediction.categories import Categories, CategoriesMismatch, categories_of, read_categories
from app.settings import SettingsError

LABELS = ("Hat", "Scarf")
WHOLE = {
    "Hat": {"id": "1", "name": "Hats", "names": {"de": "Hüte", "de-AT": "Kappln"}},
    "Scarf": {"id": "2", "name": "Scarves", "names": {"de": "Schals", "de-AT": "Schals"}},
}


def written(folder: Path, text: str, name: str = "shop.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding)
    return path


def categories(folder: Path, document: object) -> Categories:
    path = written(folder, json.dumps(document), "shop.json")
    return categories_of(path, tuple(json.loads(path.read_text("utf-8"))), "v1")


def test_json_and_csv_say_the_same(tmp_path: Path) -> None:
    lines = "label,id,name,name:de,name:de-AT\nHat,1,Hats,Hüte,Kappln\nScarf,2,Scarves,Schals,Schals\n"

    from_csv = read_categories(written(tmp_path, lines))

    assert from_csv == read_categories(written(tmp_path, json.dumps(WHOLE), "shop.json"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_spreadsheets_semicolons_and_byte_order_mark_are_read(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, 'label;id;name\nHat;1;"Hats; all"\nScarf;2;Scarves\n', encoding=encoding)

    assert read_categories(path)["Hat"].name == "Hats; all"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (None, "Hats"),
        ("de", "Hüte"),
        ("de-AT, en;q=0.5", "Kappln"),
        ("fr, de;q=0.3", "Hüte"),
        ("fr", "Hats"),
        ("DE-at", "Kappln"),
        ("de-CH;q=0.9, de-AT;q=0", "Hüte"),
        (";;q=", "Hats"),
        ("de" + "," * 1000, "Hats"),
    ],
)
def test_a_category_is_named_in_the_clients_language(tmp_path: Path, header: str | None, name: str) -> None:
    hat = categories(tmp_path, WHOLE).named_for(header)[0]

    assert hat == {"id": "1", "name": name, "names": {"de": "Hüte", "de-AT": "Kappln"}}


def test_a_name_may_be_missing_and_two_classes_may_share_a_category(tmp_path: Path) -> None:
    shared = {"id": 1, "names": {"de": "Hüte", "en": "Hats"}}

    hat, scarf, glove = categories(tmp_path, {"Hat": shared, "Scarf": shared, "Glove": shared}).named_for(
        None
    )

    assert hat == scarf == glove == {"id": "1", "name": "Hüte", "names": {"de": "Hüte", "en": "Hats"}}
    assert categories(tmp_path, {"Hat": {"id": 1}}).named_for("de") == (
        {"id": "1", "name": None, "names": {}},
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("shop.csv", "", "its first line must be `label,id`"),
        ("shop.csv", "label,id\n", "it holds no category"),
        ("shop.csv", "label,id\nHat,1,2\n", "the line of 'Hat' has too many cells"),
        ("shop.csv", "label,id\nHat,1\nHat,2\n", "'Hat' is there twice"),
        ("shop.csv", "label,id,name:de_AT\nHat,1,Hüte\n", r"Hat\.names\.de_AT\.\[key\]: String should match"),
        ("shop.csv", 'label,id\n"Hat,1\n', "unexpected end of data"),
        ("shop.json", "{", "Expecting property name"),
        ("shop.json", "[" * 100_000, "it is nested too deeply"),
        ("shop.json", '{"Hat": {"id": true}}', "Hat.id: Input should be a valid string"),
        ("shop.json", '{"Hat": {"id": "1"}, "Hat": {"id": "2"}}', "'Hat' is there twice"),
        (
            "shop.json",
            '{"Hat": {"id": "1", "names": {"de": "H"}}, "Scarf": {"id": "2"}}',
            "'Hat' and 'Scarf' are not named in",
        ),
    ],
    ids=lambda value: value[:40],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=f"^WARDROBE_TAXONOMY: .*{name}: .*{message}"):
        read_categories(written(tmp_path, text, name))


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    latin = written(tmp_path, "label,id,name\nHat,1,Hüte\n", encoding="latin-1")

    with pytest.raises(SettingsError, match=r"nowhere\.csv: No such file or directory\."):
        read_categories(tmp_path / "nowhere.csv")
    with pytest.raises(SettingsError, match=r"shop\.csv: it is no UTF-8 text\."):
        read_categories(latin)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("Hats,1\nScarf,2\n", r"'Hats' is no label of v1\. The nearest is 'Hat'"),
        ("Scarf,2\n", "no category for Hat, which v1 may answer"),
    ],
)
def test_labels_that_do_not_match_the_release_are_named(tmp_path: Path, lines: str, message: str) -> None:
    with pytest.raises(CategoriesMismatch, match=message):
        categories_of(written(tmp_path, "label,id\n" + lines), LABELS, "v1")
