"""What an answer of a person does: to the table of `wardrobe label`, and to the pictures that are learnt."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import permutations
from pathlib import Path
from typing import Final

import pytest

from inference.contract import LABEL, Head
from inference.release_labels import NONE
from labelling.decide.decisions import RunDecisions
from labelling.errors import CorrectionsUnusable
from labelling.job import LabellingJob
from labelling.journal.human_answer import LEFT_OUT_LABEL
from labelling.journal.journal_file import Journal
from labelling.lists.list_reading import ListOptions
from labelling.review.correction_intake import import_corrections
from labelling.review.corrections import MAX_CLOCK_ERROR, read_all_corrections, read_corrections
from labelling.run import run_labelling
from labelling.sources.source_opening import open_source
from labelling.write.run_tables import write_tables
from labelling.write.summary import TableSummary
from model_store.local_releases import open_release
from tests.labelled_here import here
from tests.own_pictures import a_photo
from tests.releases import a_release
from tests.tables import read_rows, write_csv
from tests.uploads import png
from training.data.applied_corrections import apply_answers, apply_corrections
from training.data.correction_files import read_correction_files, save_corrections
from training.data.corrections import Corrections, make_corrections
from training.data.data_source import DataSource
from training.data.folders import list_pictures
from training.data.hashed_files import NO_HASHED_FILES, HashedFiles, hash_files
from training.data.listing import ListedPicture, Listing
from training.data.photos import list_corrected_photos
from training.data.read import load_data_set
from training.errors import DataError
from training.progress import ProgressLines

CLASSES: Final = ("Ball", "Café", "=Stick")
COLOURS: Final = ("red", "blue")
SHOP = {
    **{f"shop/Ball/{name}.png": png(a_photo("Ball", seed)) for name, seed in (("1", 1), ("copy of 1", 1))},
    "shop/Ball/2.png": png(a_photo("Ball", 2)),
    "shop/Café/3.png": png(a_photo("Box", 3)),
    "shop/=Stick/4.png": png(a_photo("Stick", 4)),
}
"""By path. A folder's name is the label that is learnt; the table has what the model answers."""

SHA = {name: sha256(content).hexdigest() for name, content in SHOP.items()}
ONE, COPY, TWO, THREE, FOUR = SHOP


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of SHOP and of its table."""
    folder = tmp_path_factory.mktemp("labelled")
    for name, content in SHOP.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    head = Head(labels=COLOURS, temperature=1.0, confidence=0.1)
    release = open_release(a_release(folder / "release", labels=CLASSES, attributes={"colour": head}))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        job = LabellingJob(source=open_source("shop"), table=Path("table.csv"), release=release, engine=here)
        run_labelling(job, lambda *_: None, print, lambda *_: None)
        yield folder


@pytest.fixture
def folder(labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of these; a table names pictures relative to the working directory."""
    copied = shutil.copytree(labelled, tmp_path / "copied", ignore=shutil.ignore_patterns("release"))
    monkeypatch.chdir(copied)
    return copied


def correct(table: Path, files: Sequence[Path]) -> TableSummary:
    """Take files of corrections into a finished table."""
    with Journal(table) as journal:
        corrections = read_all_corrections(files, journal.settings.heads[LABEL], journal.settings.attributes)
        import_corrections(corrections, journal, table)
        return write_tables(table, RunDecisions(journal))


def answers_in(*files: Path, hashed: HashedFiles = NO_HASHED_FILES) -> Corrections:
    return make_corrections(read_correction_files(files), hashed)


def labels_of(answers: Corrections) -> dict[str, str]:
    """The class that counts, by path."""
    return {file.path: file.answers[LABEL].label for file in answers.class_corrected_files}


def under(listing: Listing, file: Path, *, adds: bool = False) -> list[ListedPicture]:
    """The pictures of a listing under the answers of a file."""
    of_classes, hashed = replace(listing, labels=CLASSES), hash_files(one.path for one in listing.pictures)
    answers = answers_in(file, hashed=hashed)
    rows = [
        apply_answers(row, answers.answers_by_sha256.get(sha256, {}), listing.attributes)
        for row, sha256, _ in apply_corrections(of_classes, answers, hashed, print, can_add_pictures=adds)
    ]
    return [row[0] for row in rows if row is not None]


def learnt_with(file: Path) -> list[ListedPicture]:
    """The pictures of shop/ as a training learns them."""
    listing = replace(list_pictures(file.parent / "shop"), attributes=("colour",))
    return under(listing, file, adds=True)


@pytest.mark.parametrize(
    ("attribute", "said", "learnt"),
    [
        ("", {"1": "Café", "2": "Café"}, {"1": "Café", "2": "Café", "3": "Ball", "": "Café"}),
        ("colour", {"1": "blue", "2": "blue"}, {"1": "blue", "2": "blue", "3": "red", "": "blue"}),
        ("", {"": "Café", "1": "Café", "2": "=Stick"}, {"3": "Ball"}),
    ],
    ids=["a class", "a colour", "two classes of one photo"],
)
def test_an_answer_for_a_product_holds_for_its_rows_of_a_picture_and_for_those_without_a_product(
    attribute: str, said: dict[str, str], learnt: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(png(a_photo("Ball", 1)))
    row = {"path": "a.png", "label": "Ball", "colour": "red"}
    write_csv(tmp_path / "list.csv", [row | {"article": article} for article in ("1", "2", "3", "")])
    rows = [answer("a.png", said[name], attribute=attribute) | {"product": name} for name in said]
    answers = write_csv(tmp_path / "answers.csv", rows)
    listing = list_pictures(tmp_path / "list.csv", ListOptions(product_column="article"), ["colour"])

    pictures = under(listing, answers)

    assert {one.product: one.labels[attribute or LABEL] for one in pictures} == learnt


Said = dict[str, str]
"""Labels by the path of a picture; with ` colour` after it, those of its colour."""


def labels_in(pictures: Sequence[ListedPicture], folder: Path) -> Said:
    of_names = {str(one.path.relative_to(folder)): one for one in pictures}
    colours = {f"{name} colour": one.labels.get("colour", "") for name, one in of_names.items()}
    return {name: one.labels[LABEL] for name, one in of_names.items()} | {
        name: label for name, label in colours.items() if label
    }


def answer(path: str, label: str, at: str = "", sha256: str = "", attribute: str = "") -> dict[str, str]:
    return {"path": path, "label": label, "at": at, "sha256": sha256, "attribute": attribute}


OF_BOTH = {ONE: "Café", COPY: "Café"}

COUNTS = {
    "a path, relative to the answers": ([answer(TWO, "Café")], {TWO: "Café"}),
    "a path from the root": ([answer(f"FOLDER/{TWO}", "Café")], {TWO: "Café"}),
    "a path that is wrong, by the content": (
        [answer("lost.png", "Café", sha256=SHA[TWO].upper())],
        {TWO: "Café"},
    ),
    "left out": ([answer(TWO, "")], {TWO: LEFT_OUT_LABEL}),
    "none of the classes": ([answer(TWO, "none of these")], {TWO: NONE}),
    "accents as macOS writes them": ([answer(TWO, "Cafe\u0301")], {TWO: "Café"}),
    "marked against spreadsheets": ([answer(TWO, "'=Stick")], {TWO: "=Stick"}),
    "all copies get it": ([answer(COPY, "Café")], OF_BOTH),
    "the latest, wherever it stands": (
        [answer(ONE, "Café", "2026-11-02"), answer(COPY, "=Stick", "2026-11-01")],
        OF_BOTH,
    ),
    "at the same time, the later row": ([answer(ONE, "=Stick"), answer(COPY, "Café")], OF_BOTH),
    "times of two zones": (
        [answer(TWO, "Café", "2026-11-01T12:00+00:00"), answer(TWO, "Ball", "2026-11-01T13:00+02:00")],
        {TWO: "Café"},
    ),
    "not of a content that was overwritten": (
        [answer(TWO, "Café", sha256="ab" * 32), answer(THREE, "Ball")],
        {THREE: "Ball"},
    ),
    "a colour, and the class stays": ([answer(COPY, "blue", attribute="colour")], {
        f"{ONE} colour": "blue", f"{COPY} colour": "blue",
    }),
    "a colour and a class": (
        [answer(TWO, "red", attribute="colour"), answer(TWO, "Café")],
        {f"{TWO} colour": "red", TWO: "Café"},
    ),
    "a colour that cannot be said": (
        [answer(TWO, "", attribute="colour")],
        {f"{TWO} colour": LEFT_OUT_LABEL},
    ),
    "a colour that is none of them": ([answer(TWO, NONE, attribute="colour")], {f"{TWO} colour": NONE}),
}  # fmt: skip
"""Rows of corrections, and what people say by them of which picture."""


@pytest.mark.parametrize(("answers", "said"), COUNTS.values(), ids=COUNTS)
def test_an_answer_counts_in_the_table_and_in_what_is_learnt(
    answers: list[dict[str, str]], said: Said, folder: Path
) -> None:
    rows = [one | {"path": one["path"].replace("FOLDER", str(folder))} for one in answers]
    file, table = write_csv(folder / "corrections.csv", rows), folder / "table.csv"
    before = {row["path"]: row for row in read_rows(table)}

    summary = correct(Path("table.csv"), [file])
    found = learnt_with(file)

    for row in read_rows(table):
        name, model = row["path"], before[row["path"]]
        for head, suffix, of_head in (("label", "", ""), ("colour", " colour", "colour_")):
            label_of_people = said.get(name + suffix)
            by = "model" if label_of_people is None else "person"
            assert row[head] == (model[head] if label_of_people is None else label_of_people)
            assert (row[f"{of_head}decided_by"], row[f"{of_head}predicted"]) == (by, model[head])
    assert summary.decided_by_person == len(said.keys() & SHOP.keys())
    folders = {name: name.split("/")[1] for name in SHOP}
    learnt = {name: one for name, one in (folders | said).items() if one not in {LEFT_OUT_LABEL, NONE}}
    assert labels_in(found, folder) == learnt


def test_files_of_several_people_count_in_any_order_together_or_one_after_another(folder: Path) -> None:
    said = {
        "ann.csv": [answer(ONE, "Café", "2026-11-22T10:00Z"), answer(TWO, "Ball", "2026-11-22T10:00Z")],
        "ben.csv": [answer(COPY, "Ball", "2026-11-22T11:00Z"), answer(THREE, "Ball", "2026-11-22T11:00Z")],
        "cid.csv": [answer(ONE, NONE, "2026-11-22T09:00Z"), answer(FOUR, "", "2026-11-22T09:00Z")],
    }
    files = [write_csv(folder / name, rows) for name, rows in said.items()]
    table, kept = Path("table.csv"), {path: path.read_bytes() for path in folder.glob("table.csv*")}

    made, learnt = set(), set()
    for order in permutations(files):
        for given in ([list(order)], [[file] for file in (*order, order[0])]):
            for path, content in kept.items():
                path.write_bytes(content)
            for one in given:
                correct(table, one)
            made.add(table.read_bytes())
        learnt.add(tuple(labels_of(answers_in(*order))[str(folder / name)] for name in SHOP if name != COPY))

    assert len(made) == 1
    assert [row["label"] for row in read_rows(table) if row["decided_by"] == "person"] == [
        *("", "Ball", "Ball"),
        *("Ball", "Ball"),
    ]
    assert learnt == {("Ball", "Ball", "Ball", "")}


PATH = f"path,label\n{TWO},"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("path|label\na|b\n", r"begins with 'path\|label'\. It needs the columns `path` and `label`"),
        (f"Path,label\n{TWO},Ball\n", r"columns `path` and `label`\. Rename 'Path' to `path`\."),
        (f"{PATH}Bal\n", "'Bal' is none of the classes .*Did you mean 'Ball'"),
        ("path,label\n,Ball\n", "line 2: names no picture"),
        (f"path,label\n{TWO}\n", "row 2, line 2: it has 1 cell, and the header has 2"),
        (f"path,label,at\n{TWO},Ball,yesterday\n", "'yesterday' is no time in ISO 8601"),
        (f"path,label,at\n{TWO},Ball,0001-01-01T00:00+09:00\n", "is no time in ISO 8601"),
        (f"path,label,at\n{TWO},Ball,TOO_FAR_AHEAD\n", "is in the future. Correct the time"),
        (f"path,label,audit\n{TWO},Ball,{'9' * 5000}\n", "is no size of a sample"),
        ("path,label\ngone.png,Ball\n", "none of 1 correction is of a picture of|1 of 1 name no picture"),
        ("path,label\n\0.png,Ball\n", "none of 1 correction is of a picture of|1 of 1 name no picture"),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_written(text: str, reason: str, folder: Path) -> None:
    table, file = Path("table.csv"), folder / "corrections.csv"
    before = table.read_bytes()
    ahead = (
        f"{datetime.now(UTC) + 2 * MAX_CLOCK_ERROR:%Y-%m-%dT%H:%MZ}"  # not a parameter: those name the test
    )
    file.write_text(text.replace("TOO_FAR_AHEAD", ahead), "utf-8")

    with pytest.raises(CorrectionsUnusable, match=reason):
        correct(table, [file])
    with pytest.raises(DataError, match=reason):
        load_data_set(DataSource(place="shop", corrections=(file,)), ProgressLines())

    assert table.read_bytes() == before


@pytest.mark.parametrize(
    ("attribute", "text", "reason"),
    [
        ("color", "blue", "'color' is no attribute of the release, which has colour"),
        ("colour", "blu", "'blu' is none of the labels of 'colour', red, blue. Did you mean 'blue'"),
        ("", "blue", "'blue' is none of the classes"),
    ],
)
def test_an_answer_to_what_the_release_lacks_is_refused(
    attribute: str, text: str, reason: str, folder: Path
) -> None:
    file = write_csv(folder / "corrections.csv", [answer(TWO, text, attribute=attribute)])

    with pytest.raises(CorrectionsUnusable, match=reason):
        correct(Path("table.csv"), [file])


@pytest.mark.parametrize(("known", "written"), [("Ankle  boot", "Ankle boot"), ("Cafe\u0301", "Caf\u00e9")])
def test_an_answer_gets_the_spelling_of_the_release(known: str, written: str, tmp_path: Path) -> None:
    rows = [answer(ONE, written, attribute=attribute) for attribute in ("", "colour")]

    found = read_corrections([write_csv(tmp_path / "c.csv", rows)], [known], {"colour": [known]})

    assert [one.label for one in found] == [known, known]


def test_two_files_that_say_different_things_at_the_same_time_are_refused(folder: Path) -> None:
    at = "2026-11-22T10:00Z"
    files = [write_csv(folder / f"{one}.csv", [answer(TWO, one, at)]) for one in ("Ball", "Café")]

    with pytest.raises(CorrectionsUnusable, match=r"in another one of the same time, 2026-11-22T10:00"):
        correct(Path("table.csv"), files)
    with pytest.raises(DataError, match=r"in another one of the same time, 2026-11-22T10:00"):
        answers_in(*files)


def test_a_picture_that_moved_is_found_in_the_listing_a_new_one_where_it_lies_and_a_gone_one_is_named(
    folder: Path,
) -> None:
    (folder / THREE).rename(folder / "shop/Café/z.png")
    (folder / "new").mkdir()
    (folder / "new/1.png").write_bytes(png(a_photo("Box", 11)))
    (folder / "new/copy.png").write_bytes(SHOP[FOUR])
    rows = [answer(THREE, "=Stick", sha256=SHA[THREE]), answer("new/1.png", "=Stick")]
    rows += [answer("new/gone.png", "Ball", sha256="ab" * 32), answer("new/copy.png", "Ball")]
    file = write_csv(folder / "corrections.csv", rows)

    labels = labels_in(learnt_with(file), folder)

    names = ("shop/Café/z.png", "new/1.png")
    assert {name: labels[name] for name in names} == dict.fromkeys(names, "=Stick")
    assert labels[FOUR] == "Ball", "a copy of it was answered, which is not learnt twice"
    assert "new/copy.png" not in labels
    listed = list_corrected_photos(file, ListOptions(), "measure")
    assert {str(one.path.relative_to(folder)) for one in listed.pictures} == {"new/1.png", "new/copy.png"}
    assert [note.rpartition("/")[2] for note in listed.notes] == ["gone.png."]


def test_corrections_that_a_run_keeps_are_read_as_they_were_written(folder: Path) -> None:
    answers = [answer(TWO, "'=Stick"), answer("lost.png", NONE, sha256=SHA[THREE]), answer(FOUR, "")]
    answers += [answer(ONE, "red", attribute="colour")]
    file = write_csv(folder / "corrections.csv", answers)
    before = labels_in(learnt_with(file), folder)

    copy = save_corrections(answers_in(file), folder / "runs")

    assert labels_in(learnt_with(copy.rename(folder / "moved.csv")), folder) == before
    assert before[TWO] == "=Stick"
    assert THREE not in before
    assert str(folder / TWO) in (folder / "moved.csv").read_text("utf-8")
    assert ",=Stick" not in (folder / "moved.csv").read_text("utf-8")


def test_what_is_said_of_products_counts_first_and_a_picture_of_two_classes_is_left_out(
    folder: Path,
) -> None:
    said = [
        (ONE, "Ball", "1"),
        (ONE, "Café", "2"),
        (TWO, "Café", "2"),
        (THREE, "Ball", ""),
        (THREE, "Café", "3"),
    ]
    rows = [answer(path, label) | {"product": product} for path, label, product in said]
    file = write_csv(folder / "corrections.csv", [*rows, answer(FOUR, "=Stick") | {"product": "3"}])
    one, two, three, four = (str(folder / name) for name in (ONE, TWO, THREE, FOUR))

    answers = answers_in(file)

    assert labels_of(answers) == {one: LEFT_OUT_LABEL, two: "Café", three: "Café", four: "=Stick"}
    assert {file.path: file.group for file in answers.files} == {one: "2", two: "2", three: "3", four: "3"}, (
        "groups are products"
    )
    [note] = answers.describe_ignored_answers({})
    assert note == f"1 picture lies under products of different classes, and is left out, among them {one}."
    assert labels_in(learnt_with(file), folder) == {TWO: "Café", THREE: "Café", FOUR: "=Stick"}
