"""Files of categories: what is read out of them, and what is said about those that cannot be."""

import json
from pathlib import Path

import pytest

from app.prediction.categories import CategoriesMismatch, categories_of, read_categories
from app.settings import SettingsError
from model_store.local import bundled

EXAMPLES = Path(__file__).parents[2] / "examples"
LABELS = ("Hat", "Scarf")
WHOLE = {
    "Hat": {"id": "1", "name": "Hats", "names": {"de": "Hüte", "de-AT": "Kappln"}},
    "Scarf": {"id": "2", "name": "Scarves", "names": {"de": "Schals", "de-AT": "Schals"}},
}


def written(folder: Path, text: str, name: str = "shop.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding)
    return path


def as_json(folder: Path, document: object) -> Path:
    return written(folder, json.dumps(document), "shop.json")


@pytest.mark.parametrize("example", ["taxonomy.json", "taxonomy.csv"])
def test_the_examples_fit_the_bundled_release(example: str) -> None:
    labels = bundled().manifest.model.labels

    categories = categories_of(EXAMPLES / example, labels, "the bundled release")

    boot = categories.named_for("de")[labels.index("Ankle boot")]
    assert (boot["id"], boot["name"]) == ("7031", "Stiefeletten")


def test_json_and_csv_say_the_same(tmp_path: Path) -> None:
    lines = "label,id,name,name:de,name:de-AT\nHat,1,Hats,Hüte,Kappln\nScarf,2,Scarves,Schals,Schals\n"

    from_csv = read_categories(written(tmp_path, lines))

    assert from_csv == read_categories(as_json(tmp_path, WHOLE))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_spreadsheets_semicolons_and_byte_order_mark_are_read(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, 'label;id;name\nHat;1;"Hats; all"\nScarf;2;Scarves\n', encoding=encoding)

    assert read_categories(path)["Hat"].name == "Hats; all"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (None, "Hats"),
        ("de", "Hüte"),
        ("de-CH,de;q=0.9", "Hüte"),
        ("de-AT, en;q=0.5", "Kappln"),
        ("fr, de;q=0.3", "Hüte"),
        ("fr", "Hats"),
        ("DE-at", "Kappln"),
        ("de-CH;q=0.9, de-AT;q=0", "Hüte"),
        ("*", "Hats"),
        (";;q=", "Hats"),
        ("de" + "," * 1000, "Hats"),
    ],
)
def test_a_category_is_named_in_the_language_that_a_client_likes_best(
    tmp_path: Path, header: str | None, name: str
) -> None:
    categories = categories_of(as_json(tmp_path, WHOLE), LABELS, "v1")

    hat = categories.named_for(header)[0]

    assert hat == {"id": "1", "name": name, "names": {"de": "Hüte", "de-AT": "Kappln"}}


def test_without_a_name_of_its_own_the_first_language_is_taken(tmp_path: Path) -> None:
    path = written(tmp_path, "label,id,name:de,name:en\nHat,1,Hüte,Hats\n")

    assert categories_of(path, ("Hat",), "v1").named_for(None)[0]["name"] == "Hüte"


def test_ids_alone_will_do_and_may_be_numbers(tmp_path: Path) -> None:
    path = as_json(tmp_path, {"Hat": {"id": 1}})

    assert categories_of(path, ("Hat",), "v1").named_for("de")[0] == {"id": "1", "name": None, "names": {}}


def test_two_classes_may_share_a_category(tmp_path: Path) -> None:
    path = written(tmp_path, "label,id\nHat,1\nScarf,1\n")

    assert [category["id"] for category in categories_of(path, LABELS, "v1").named_for(None)] == ["1", "1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "its first line must be `label,id`"),
        ("label,id\n", "it holds no category"),
        ("id,label\n1,Hat\n", "its first line must be `label,id`"),
        ("label,id,colour\nHat,1,red\n", "Hat.colour: Extra inputs are not permitted"),
        ("label,id,name\nHat,1,\n", "Hat.name: String should have at least 1 character"),
        ("label,id\nHat\n", "Hat.id: String should have at least 1 character"),
        ("label,id\nHat,1,2\n", "the line of 'Hat' has too many cells"),
        ("label,id\nHat,1\nHat,2\n", "'Hat' is there twice"),
        ("label,id,name:de_AT\nHat,1,Hüte\n", r"Hat\.names\.de_AT\.\[key\]: String should match pattern"),
        ('label,id\n"Hat,1\n', "unexpected end of data"),
    ],
)
def test_what_is_wrong_with_a_csv_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as raised:
        read_categories(written(tmp_path, text))

    assert str(raised.value).startswith(f"WARDROBE_TAXONOMY: {tmp_path}/shop.csv: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Expecting property name"),
        ("[]", "the whole: Input should be a valid dictionary"),
        ("[" * 100_000, "it is nested too deeply"),
        ('{"Hat": "1"}', "Hat: Input should be a valid dictionary"),
        ("{}", "it holds no category"),
        ('{"Hat": {}}', "Hat.id: Field required"),
        ('{"Hat": {"id": " "}}', "Hat.id: String should have at least 1"),
        ('{"Hat": {"id": null}}', "Hat.id: Input should be a valid string"),
        ('{"Hat": {"id": true}}', "Hat.id: Input should be a valid string"),
        ('{"Hat": {"id": "1", "nmae": "Hats"}}', "Hat.nmae: Extra inputs are not permitted"),
        ('{"Hat": {"id": "1", "names": ["Hats"]}}', "Hat.names: Input should be a valid dictionary"),
        ('{"Hat": {"id": "1", "names": {"de": 5}}}', "Hat.names.de: Input should be a valid string"),
        ('{"Hat": {"id": "1"}, "Hat": {"id": "2"}}', "'Hat' is there twice"),
        (
            '{"Hat": {"id": "1", "names": {"de": "H"}}, "Scarf": {"id": "2"}}',
            "'Hat' and 'Scarf' are not named in",
        ),
    ],
)
def test_what_is_wrong_with_a_json_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        read_categories(written(tmp_path, text, "shop.json"))


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    latin = written(tmp_path, "label,id,name\nHat,1,Hüte\n", encoding="latin-1")

    with pytest.raises(SettingsError, match=r"nowhere\.csv: No such file or directory\."):
        read_categories(tmp_path / "nowhere.csv")
    with pytest.raises(SettingsError, match=r"shop\.csv: it is no UTF-8 text\."):
        read_categories(latin)


def test_a_label_that_the_release_has_not_is_refused_with_the_nearest(tmp_path: Path) -> None:
    path = written(tmp_path, "label,id\nHats,1\nScarf,2\n")

    with pytest.raises(CategoriesMismatch, match=r"'Hats' is no label of v1\. The nearest is 'Hat'"):
        categories_of(path, LABELS, "v1")


def test_labels_without_a_category_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, "label,id\nScarf,2\n")

    with pytest.raises(CategoriesMismatch, match="no category for Hat, which v1 may answer"):
        categories_of(path, LABELS, "v1")
