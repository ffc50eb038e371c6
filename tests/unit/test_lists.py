"""A list is read as any Excel saves it; one that is not what its header says is never read in silence."""

import os
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from labelling.errors import CorrectionsUnusable, ListUnusable, SourceUnusable
from labelling.lists import Reading, open_list
from labelling.paths import why_missing
from labelling.review.corrections import read_corrections
from labelling.sources import open_source
from training.errors import BadCsv
from training.pictures.listing import list_pictures

OPEN_QUOTE = 'path,name,label\na.jpg,"Best seller,Coat\nb.jpg,Warm,Coat\nc.jpg,Soft,Dress\n'
OPEN_AND_CLOSED = 'path,name,label\na.jpg,"Best,Coat\nb.jpg,Warm,Coat\nc.jpg,Soft",Dress\n'
CLOSED_IN_THE_NEXT_ROW = 'path,label\na.jpg,"Coat\nb.jpg,Dress"\nc.jpg,Dress\n'
OPEN_BEFORE_A_QUOTED_ROW = 'path,label\na.jpg,"Coat\n"b.jpg","Dress"\n'
MORE_CELLS = "path,name,label\na.jpg,Dress, long,Coat\nb.jpg,Warm,Dress\n"
FEWER_CELLS = "path,name,label\nb.jpg,Warm,Dress\n\na.jpg,Coat\n"
AFTER_TWO_LINES = 'path,name,label\nb.jpg,"two\nlines",Coat\na.jpg\n'
MYSQL = 'path,name,label\nb.jpg,"Warm",Coat\na.jpg,"a \\"real\\" one, warm",Coat\n'
NOT_DOUBLED = 'path;name;label\na.jpg;"5" wide";Coat\n'
NO_UTF8 = "path,name,label\nb.jpg,Röcke,Coat\nc.jpg,Mäntel,Coat\na.jpg,R\udcf6cke,Coat\n"


def write(folder: Path, text: str) -> Path:
    (folder / "list.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    return folder / "list.csv"


@pytest.mark.parametrize(
    ("text", "said", "left"),
    [
        (OPEN_QUOTE, "row 2, line 2: a quotation mark is opened and not closed", ["b.jpg", "c.jpg"]),
        (OPEN_AND_CLOSED, "row 2, line 2: a quotation mark is opened and not closed", ["b.jpg", "c.jpg"]),
        (CLOSED_IN_THE_NEXT_ROW, "row 2, line 2: a quotation mark is opened", ["b.jpg", "c.jpg"]),
        (OPEN_BEFORE_A_QUOTED_ROW, "row 2, line 2: a quotation mark is opened", ["b.jpg"]),
        (MORE_CELLS, "row 2, line 2: it has 4 cells, and the header has 3", ["b.jpg"]),
        (FEWER_CELLS, "row 4, line 4: it has 2 cells, and the header has 3", ["b.jpg"]),
        (AFTER_TWO_LINES, "row 3, line 4: it has 1 cells", ["b.jpg"]),
        (MYSQL, r"row 3, line 3: It has \", as MySQL writes it", ["b.jpg"]),
        (NOT_DOUBLED, "row 2, line 2: a quotation mark within a quoted cell is not written twice", []),
        (NO_UTF8, "row 4, line 4: its text is not utf-8", ["b.jpg", "c.jpg"]),
    ],
)
def test_a_row_that_does_not_fit_is_named_and_nothing_is_read_unless_people_leave_such_rows_out(
    text: str, said: str, left: list[str], tmp_path: Path
) -> None:
    list_ = write(tmp_path, text)

    with pytest.raises(SourceUnusable) as labelled:
        list(open_source(str(list_)).items())
    with pytest.raises(BadCsv) as learnt:
        list_pictures(list_)
    with pytest.raises(CorrectionsUnusable) as corrected:
        read_corrections([list_], None)
    found = open_list(list_, ["path", "label"], Reading(skip_bad_rows=True))

    assert f"{list_}, {said}" in str(labelled.value)
    assert {str(labelled.value)} == {str(learnt.value), str(corrected.value)}
    assert [row.cells["path"] for row in found.rows()] == left
    assert found.notes[0].startswith("Rows that are left out: 1.")
    assert said in found.notes[0]


@pytest.mark.parametrize(
    "text",
    [
        'path,html,label\na.jpg,"<p>Nice,\nwarm, and\r\n""soft""</p>",Coat\nb.jpg,,Coat\n',
        'path,html,label\n"a.jpg","","Coat"\n\n"b.jpg","5"" wide","Coat"\n',
        'path,html,label\na.jpg,5" wide,Coat\nb.jpg,"x, y\\",Coat\n',
        'path,"of\nseveral lines",label\na.jpg,,Coat\nb.jpg,,Coat\n',
        "path,html,label\na.jpg,,Coat\nb.jpg,,Coat\n,,\n, ,,,\n",
        "sep=;\npath;html;label\na.jpg;x, y;Coat\nb.jpg;;Coat\n",
        f"path,html,label\na.jpg,{'x' * 3_000_000},Coat\nb.jpg,,Coat\n",
    ],
    ids=["lines", "quoted", "a quote within", "header of lines", "empty rows", "sep=", "a long cell"],
)
def test_what_spreadsheets_and_shops_write_rightly_is_read(text: str, tmp_path: Path) -> None:
    found = open_list(write(tmp_path, text), ["path", "label"])

    assert [(row.cells["path"], row.cells["label"]) for row in found.rows()] == [
        ("a.jpg", "Coat"),
        ("b.jpg", "Coat"),
    ]
    assert found.notes == ()


@pytest.mark.parametrize("header", ["path,title,path", "path,label,label", "path,label,colour,colour"])
def test_a_second_column_of_a_name_that_is_read_is_refused(header: str, tmp_path: Path) -> None:
    list_ = write(tmp_path, f"{header}\na.jpg{',x' * header.count(',')}\n")

    with pytest.raises(ListUnusable, match=f"has two columns `{header.rsplit(',', maxsplit=1)[-1]}`"):
        open_list(list_, ["path"], read=["label", "colour"])


def test_of_another_name_the_first_column_is_read_and_that_is_said(tmp_path: Path) -> None:
    found = open_list(write(tmp_path, "path,size,size,\na.jpg,M,L,\n"), ["path"])

    assert [row.cells for row in found.rows()] == [{"path": "a.jpg", "size": "M"}]
    assert "of the columns `size` there are two; the first is read" in found.notes[0]


GREEK = [
    *("Φόρεμα καλοκαιρινό", "Παπούτσια γυναικεία", "Πουκάμισο ανδρικό", "Παντελόνι μαύρο"),
    *("Τσάντα δερμάτινη", "Μπλούζα λευκή"),
]
"""As many as it takes: a few Greek words may as well be Russian."""


HEBREW = [
    *("שמלה", "נעליים", "חולצה לבנה", "מכנסיים שחורים", "תיק עור", "חצאית אדומה", "מעיל חורף", "גרביים"),
    *("סוודר צמר", "כובע קיץ", "צעיף משי", "שמלת ערב ארוכה"),
]


@pytest.mark.parametrize(
    ("encoding", "between", "texts"),
    [
        ("cp1251", ";", ["Обувь"]),
        ("cp1251", ";", ["белый", "синий", "Платье летнее"]),
        ("cp932", ",", ["靴", "鞄", "服", "帽子", "ワンピース"]),
        ("cp932", ",", ["赤い服", "下着"]),
        ("cp1252", ";", ["Größe 42"]),
        ("cp1252", ",", ["nœud papillon", "Robe d'été « à fleurs »"]),
        ("cp1252", ";", ["pantalón", "niño", "19,90 €"]),
        ("cp1250", ";", ["Płaszcz", "Koszulka żółta"]),
        ("cp949", ",", ["셔츠", "바지"]),
        ("gb18030", ",", ["衬衫", "裤子"]),
        ("big5", ",", ["襯衫", "褲子"]),
        ("cp1253", ";", GREEK),
        ("cp1255", ",", HEBREW),
        ("mac_roman", ";", ["Größe 42", "Röcke"]),
        ("cp850", ";", ["Robe d'été", "Chaussures légères à lacets"]),
        ("cp874", ",", ["เสื้อเชิ้ต", "กางเกง"]),
        ("utf-16", "\t", ["Платье", "靴"]),
        ("utf-16-le", ";", ["Платье", "靴"]),
        ("utf-8-sig", ";", ["Платье", "靴"]),
        ("utf-8", ",", ["Платье", "靴"]),
    ],
)
def test_a_list_of_any_language_s_excel_is_read(
    encoding: str, between: str, texts: list[str], tmp_path: Path
) -> None:
    rows = "".join(f'{number}.jpg{between}"{text}"\r\n' for number, text in enumerate(texts))
    (tmp_path / "list.csv").write_bytes(f"path{between}title\r\n{rows}".encode(encoding))

    found = open_list(tmp_path / "list.csv", ["path"])

    assert [row.cells["title"] for row in found.rows()] == texts
    is_chosen = not encoding.startswith("utf")
    assert [f"is read as {encoding}, such as" in note for note in found.notes] == [True] * is_chosen


def test_answers_pictures_to_learn_and_to_label_are_read_alike(tmp_path: Path) -> None:
    list_ = tmp_path / "list.csv"
    list_.write_bytes("path;label;note\r\n1.jpg;Schürze;\r\nstrümpfe.jpg;Bébé;\r\n".encode("cp1252"))
    expected = [("1.jpg", "Schürze"), ("strümpfe.jpg", "Bébé")]

    assert [(one.path, one.label) for one in read_corrections([list_], None)] == expected
    assert [(one.path.name, one.label) for one in list_pictures(list_).pictures] == expected
    assert [one.name for one in open_source(str(list_)).items()] == ["1.jpg", "strümpfe.jpg"]


@pytest.mark.parametrize("ending", [".tsv", ".txt", ".CSV"])
def test_a_list_may_have_other_endings(ending: str, tmp_path: Path) -> None:
    (tmp_path / f"list{ending}").write_text("title\tpath\nred\ta.png\n", "utf-16")

    assert [one.name for one in open_source(f"{tmp_path}/list{ending}").items()] == ["a.png"]


def test_a_parquet_file_of_paths_is_a_list_like_any_other(tmp_path: Path) -> None:
    paths = pyarrow.table({"shelf": [1, 2, 3], "path": ["b/1.png", None, "a/0.png"]})
    pyarrow.parquet.write_table(paths, tmp_path / "list.parquet")

    first, empty, last = open_source(str(tmp_path / "list.parquet")).items()

    assert (first.name, empty.name, last.name) == ("b/1.png", "", "a/0.png")
    assert first.place == f"{tmp_path}/b/1.png"


@pytest.mark.parametrize(("encoding", "named"), [("cp1255", "cp1255"), ("utf-8-sig", "UTF8")])
def test_an_encoding_that_people_name_is_taken(encoding: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes("path,title\na.jpg,שמלה\n".encode(encoding))

    found = open_list(tmp_path / "list.csv", ["path"], Reading(encoding=named))

    assert [row.cells for row in found.rows()] == [{"path": "a.jpg", "title": "שמלה"}]
    assert found.notes == ()


@pytest.mark.parametrize(("encoding", "said"), [("utf-8", "row 2, line 2: its text"), ("klingon", "unknown")])
def test_an_encoding_that_does_not_fit_is_refused(encoding: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes("path,title\na.jpg,Платье\n".encode("cp1251"))

    with pytest.raises(ListUnusable, match=said):
        open_list(tmp_path / "list.csv", ["path"], Reading(encoding=encoding))


def test_labels_that_may_be_of_two_scripts_are_not_learnt_until_people_say_which(tmp_path: Path) -> None:
    list_ = tmp_path / "list.csv"
    list_.write_bytes("path,title,label\na.jpg,coat,Παλτό\n".encode("cp1253"))

    with pytest.raises(BadCsv, match=r"may be cp1251, .* or cp1253"):
        list_pictures(list_)
    (found,) = list_pictures(list_, reading=Reading(encoding="cp1253")).pictures
    assert found.label == "Παλτό"

    list_.write_bytes("path,title,label\na.jpg,Παλτό,coat\n".encode("cp1253"))
    assert list_pictures(list_).pictures, "titles are not learnt"


SHOP = "sku,image,image_model,label\n1,a.jpg,m/a.jpg,Coat\n2,b.jpg,,Dress\n"


def test_a_list_without_paths_names_the_columns_that_hold_pictures(tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match=r"`image`, `image_model`: --path-column image,image_model$"):
        list(open_source(str(write(tmp_path, SHOP))).items())


def test_each_column_of_pictures_makes_a_row_with_the_other_cells(tmp_path: Path) -> None:
    (tmp_path / "pictures" / "m").mkdir(parents=True)
    for name in ("a.jpg", "m/a.jpg", "b.jpg"):
        (tmp_path / "pictures" / name).write_bytes(name.encode())
    reading = Reading(path_columns=("image", "image_model"), root=tmp_path / "pictures")
    source = open_source(str(write(tmp_path, SHOP)), reading=reading)

    labelled = list(source.items())
    learnt = list_pictures(write(tmp_path, SHOP), reading=reading).pictures

    assert [(one.name, one.further) for one in labelled] == [
        ("a.jpg", ("1", "Coat")),
        ("m/a.jpg", ("1", "Coat")),
        ("b.jpg", ("2", "Dress")),
    ]
    assert list(source.reader()([one.place for one in labelled])) == [b"a.jpg", b"m/a.jpg", b"b.jpg"]
    assert [(one.path.read_bytes(), one.label) for one in learnt] == [
        (b"a.jpg", "Coat"),
        (b"m/a.jpg", "Coat"),
        (b"b.jpg", "Dress"),
    ]
    assert learnt[0].group == learnt[1].group != learnt[2].group


def test_a_file_that_is_missing_is_named_with_its_folder_and_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "dress-01.jpg").write_bytes(b"dress")
    list_ = write(tmp_path, "path\nphotos/dress-1.jpg\nfotos/dress-01.jpg\nphotos/zzz\n")
    source = open_source(str(list_))

    assert list(map(str, source.reader()([one.place for one in source.items()]))) == [
        f"There is no file 'dress-1.jpg' in {tmp_path}/photos. The nearest name there is 'dress-01.jpg'.",
        f"There is no folder 'fotos' in {tmp_path}. The nearest name there is 'photos'.",
        f"There is no file 'zzz' in {tmp_path}/photos.",
    ]


def test_a_folder_of_many_files_is_listed_once_for_all_that_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, listdir = list[str](), os.listdir
    (tmp_path / "2500.jpg").touch()

    def counted(path: str) -> list[str]:
        listed.append(path)
        return listdir(path)

    monkeypatch.setattr(os, "listdir", counted)

    why = [why_missing(f"{tmp_path}/{name}") for name in ("2500.jpeg", "2500_.jpg")]

    assert all("nearest name there is '2500.jpg'" in one for one in why)
    assert listed == [str(tmp_path)]


@pytest.mark.parametrize(
    ("cells", "labels", "said"),
    [
        (
            ["nan", "N/A", "None", r"\N", "-", "red"],
            ["", "", "", "", "-", "red"],
            r"'nan' (1), 'N/A' (1), 'None' (1), '\\N' (1), '-' (1)",
        ),
        (["Red, white", "red;blue", "white|red", "red"], ["", "", "", "red"], "3 cells such as 'Red, white'"),
        (["red/white", "shirts, tops", "red"], ["red/white", "shirts, tops", "red"], ""),
    ],
)
def test_cells_of_an_attribute_that_hold_no_label_are_unknown_and_named(
    cells: list[str], labels: list[str], said: str, tmp_path: Path
) -> None:
    rows = "".join(f'{number}.jpg,Coat,"{cell}"\n' for number, cell in enumerate(cells))

    found = list_pictures(write(tmp_path, f"path,label,colour\n{rows}"), ["colour"])

    assert [one.labels["colour"] for one in found.pictures] == labels
    assert [said in note for note in found.notes] == [True] * bool(said)
