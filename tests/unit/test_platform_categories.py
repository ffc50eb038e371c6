"""Files of categories: what is read out of them, and what is said about those that cannot be."""

import json
from pathlib import Path

import pytest

from app.prediction.platform_categories import (
    CategoriesMismatch,
    ReleaseCategories,
    read_release_categories,
    read_taxonomy,
)
from app.settings import SettingsError

LABELS = ("Hat", "Scarf")
WHOLE = {
    "Hat": {"id": "1", "name": "Hats", "names": {"de": "Hüte", "de-AT": "Kappln"}},
    "Scarf": {"id": "2", "name": "Scarves", "names": {"de": "Schals", "de-AT": "Schals"}},
}


def written(folder: Path, text: str, name: str = "shop.json", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding)
    return path


def categories(folder: Path, document: object) -> ReleaseCategories:
    path = written(folder, json.dumps(document))
    return read_release_categories(path, tuple(json.loads(path.read_text("utf-8"))), "v1")


def test_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps(WHOLE), encoding="utf-8-sig")

    assert read_taxonomy(path).classes["Hat"].name == "Hats"


@pytest.mark.parametrize("text", ["label,id\nHat,1\n", "label;id\nHat;1\n", ""])
def test_a_csv_is_refused_with_the_form_to_write(tmp_path: Path, text: str) -> None:
    with pytest.raises(
        SettingsError, match=r'shop\.csv: the whole: Invalid JSON: .* Write \{"Coat": \{"id": "5041", "name"'
    ):
        read_taxonomy(written(tmp_path, text, "shop.csv"))


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
    hat = categories(tmp_path, WHOLE).localize_categories(header).classes[0]

    assert hat == {"id": "1", "name": name, "names": {"de": "Hüte", "de-AT": "Kappln"}}


def test_a_name_may_be_missing_and_two_classes_may_share_a_category(tmp_path: Path) -> None:
    shared = {"id": 1, "names": {"de": "Hüte", "en": "Hats"}}

    hat, scarf, glove = (
        categories(tmp_path, {"Hat": shared, "Scarf": shared, "Glove": shared})
        .localize_categories(None)
        .classes
    )

    assert hat == scarf == glove == {"id": "1", "name": "Hüte", "names": {"de": "Hüte", "en": "Hats"}}
    assert categories(tmp_path, {"Hat": {"id": 1}}).localize_categories("de").classes == (
        {"id": "1", "name": None, "names": {}},
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Invalid JSON: EOF while parsing"),
        ("{}", "it holds no category"),
        (
            '{"Hat": {"id": "1", "names": {"de_AT": "H"}}}',
            r"Hat\.category\.names\.de_AT\.\[key\]: String should match",
        ),
        ("[" * 100_000, "recursion limit exceeded"),
        ('{"Hat": {"id": true}}', r"Hat\.category\.id: Input should be a valid string"),
        ('{"colour": {"blue": {"id": "1"}, "red": {}}}', r"colour\.labels\.red\.id: Field required"),
        ('{"Hat": 5}', r"Hat\.category: Input should be an object"),
        (
            '{"Hat": {"id": "1", "names": {"de": "H"}}, "Scarf": {"id": "2"}}',
            "'Hat' and 'Scarf' are not named in",
        ),
    ],
    ids=lambda value: value[:40],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=rf"^WARDROBE_TAXONOMY: .*shop\.json: .*{message}"):
        read_taxonomy(written(tmp_path, text))


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    latin = written(tmp_path, '{"Hat": {"id": "1", "name": "Hüte"}}', encoding="latin-1")

    with pytest.raises(SettingsError, match=r"nowhere\.json: No such file or directory\."):
        read_taxonomy(tmp_path / "nowhere.json")
    with pytest.raises(SettingsError, match=r"shop\.json: it is no UTF-8 text\."):
        read_taxonomy(latin)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("Hats", "Scarf"), r"'Hats' is no label of v1\. The nearest is 'Hat'"),
        (("Scarf",), "no category for Hat, which v1 may answer"),
    ],
)
def test_labels_that_do_not_match_the_release_are_named(
    tmp_path: Path, labels: tuple[str, ...], message: str
) -> None:
    with pytest.raises(CategoriesMismatch, match=message):
        read_release_categories(
            written(tmp_path, json.dumps({label: {"id": "1"} for label in labels})), LABELS, "v1"
        )
