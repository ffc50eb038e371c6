"""A list is read as any Excel saves it; one that is not what its header says is never read in silence."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labelling.errors import CorrectionsUnusable, ListUnusable, SourceUnusable
from labelling.lists.list_files import open_list
from labelling.lists.list_reading import ListOptions, split_column_names
from labelling.lists.paths import explain_missing_file
from labelling.review.corrections import read_corrections
from labelling.sources.source_opening import open_source
from training.data.folders import list_pictures
from training.errors import DataError

CLOSED_TWO_ROWS_ON = 'path,name,label\na.jpg,"Best,Coat\nb.jpg,Warm,Coat\nc.jpg,Soft",Dress\nd.jpg,,Coat\n'
UNCLOSED = {
    "two rows on": CLOSED_TWO_ROWS_ON,
    "before the next path": 'name,path,label\n"Best,a.jpg,Coat\nWarm",b.jpg,Dress\nSoft,d.jpg,Dress\n',
    "in the next path": 'name,label,path\nBest,Coat,"a.jpg\nWarm,Dress,b.jpg"\nSoft,Dress,d.jpg\n',
    "in a path alone": 'path,label\n"a.jpg\nb.jpg",Coat\nd.jpg,Dress\n',
    "in a row of the same path": 'path,label\na.jpg,"Coat\na.jpg,Dress"\nd.jpg,Dress\n',
}
"""Lists whose second row has a quotation mark that is closed elsewhere, by where."""

IS_UNCLOSED = "row 2, line 2: a quotation mark is opened and not closed"
MORE_CELLS = "path,name,label\na.jpg,Dress, long,Coat\nb.jpg,Warm,Dress\n"
FEWER_CELLS = "path,name,label\nb.jpg,Warm,Dress\n\na.jpg,Coat\n"
AFTER_TWO_LINES = 'path,name,label\nb.jpg,"two\nlines",Coat\na.jpg\n'
MYSQL = 'path,name,label\nb.jpg,"Warm",Coat\na.jpg,"a \\"real\\" one, warm",Coat\n'
NOT_DOUBLED = 'path;name;label\na.jpg;"5" wide";Coat\n'


def write(folder: Path, text: str) -> Path:
    (folder / "list.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    return folder / "list.csv"


def in_encoding(folder: Path, encoding: str, between: str, texts: list[str]) -> Path:
    rows = "".join(f'{number}.jpg{between}"{text}"\r\n' for number, text in enumerate(texts))
    (folder / "list.csv").write_bytes(f"path{between}title\r\n{rows}".encode(encoding))
    return folder / "list.csv"


@pytest.mark.parametrize(
    ("text", "said", "left"),
    [
        *(pytest.param(text, IS_UNCLOSED, ["d.jpg"], id=where) for where, text in UNCLOSED.items()),
        (MORE_CELLS, "row 2, line 2: it has 4 cells, and the header has 3", ["b.jpg"]),
        (FEWER_CELLS, "row 4, line 4: it has 2 cells, and the header has 3", ["b.jpg"]),
        (AFTER_TWO_LINES, "row 3, line 4: it has 1 cell", ["b.jpg"]),
        (MYSQL, r"row 3, line 3: It has \", as MySQL writes it", ["b.jpg"]),
        (NOT_DOUBLED, "row 2, line 2: a quotation mark within a quoted cell is not written twice", []),
    ],
)
def test_a_row_that_does_not_fit_is_named_and_nothing_is_read_unless_people_leave_such_rows_out(
    text: str, said: str, left: list[str], tmp_path: Path
) -> None:
    list_ = write(tmp_path, text)

    with pytest.raises(SourceUnusable) as labelled:
        list(open_source(str(list_)).iterate_pictures())
    with pytest.raises(DataError) as learnt:
        list_pictures(list_)
    with pytest.raises(CorrectionsUnusable) as corrected:
        read_corrections([list_], None)
    found = open_list(list_, ["path", "label"], ListOptions(skip_bad_rows=True))

    assert f"{list_}, {said}" in str(labelled.value)
    assert "--skip-bad-rows leaves such rows out" in str(labelled.value)
    assert {str(labelled.value)} == {str(learnt.value), str(corrected.value)}
    assert [row.cells["path"] for row in found.read_rows()] == left
    assert found.notes[0].startswith("Rows that are left out: 1.")
    assert said in found.notes[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f'{CLOSED_TWO_ROWS_ON}e.jpg\nf.jpg,"Best,Coat\ng.jpg,Warm",Coat\n',
            "Rows that are left out: 3. Further lines within them: 3 (3 to 4, 8). ",
        ),
        (MORE_CELLS, "Rows that are left out: 1. /"),
    ],
)
def test_lines_that_a_row_has_swallowed_are_counted_where_it_is_left_out(
    text: str, said: str, tmp_path: Path
) -> None:
    opened = open_list(write(tmp_path, text), ["path"], ListOptions(skip_bad_rows=True))

    assert opened.notes[0].startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (r'path,label_a.jpg,"Coat_b.jpg,Dress_', f"{IS_UNCLOSED}, so that all that follows"),
        (r'path,label_a.jpg,"Coat_"b.jpg","Dress"_', f"{IS_UNCLOSED}: in line 3, text"),
        (r'path,label_a.jpg,"5\"",b_c.jpg,"d"_', r"row 2, line 2: It has \", as MySQL"),
    ],
)
def test_a_row_that_may_have_swallowed_others_refuses_the_list_even_where_bad_rows_are_left_out(
    text: str, said: str, tmp_path: Path
) -> None:
    list_ = write(tmp_path, text.replace("_", "\n"))

    with pytest.raises(ListUnusable) as refused:
        open_list(list_, ["path", "label"], ListOptions(skip_bad_rows=True))

    assert f"{list_}, {said}" in str(refused.value)
    assert "no option leaves it out" in str(refused.value)


@pytest.mark.parametrize(
    ("line_break", "more"), [("\r", ",Coat"), ("\n", ",Coat"), ("\r\n", ",Coat"), ("\n", "")], ids=repr
)
def test_the_name_of_a_picture_may_have_a_line_break(line_break: str, more: str, tmp_path: Path) -> None:
    list_ = write(tmp_path, f'path{more}\n"a{line_break}b.jpg"{more}\n"c.jpg"{more}\n')

    rows = open_list(list_, ["path"]).read_rows()

    assert [row.cells["path"] for row in rows] == [f"a{line_break}b.jpg", "c.jpg"]


@pytest.mark.parametrize("second", ["", "https://x.example/"])
def test_a_row_that_another_has_swallowed_is_named_in_a_list_of_one_column(
    second: str, tmp_path: Path
) -> None:
    list_ = write(tmp_path, f'path\n"a.jpg\n{second}b.jpg"\nd.jpg\n')

    with pytest.raises(ListUnusable, match=IS_UNCLOSED):
        open_list(list_, ["path"])


@pytest.mark.parametrize("more", ["", ",label"])
def test_a_cell_may_hold_several_addresses_on_lines_of_their_own(more: str, tmp_path: Path) -> None:
    addresses = [f"https://x.example/{name}.jpg" for name in "abc"]
    cell, rest = "\n".join(addresses), ",Coat" if more else ""
    list_ = write(tmp_path, f'path{more}\n"{cell}"{rest}\n')

    assert [item.name for item in open_source(str(list_)).iterate_pictures()] == addresses


def _seconds_to_read(lines: int, folder: Path) -> float:
    """Return the processor time that a list takes whose first column has so many lines in one cell."""
    cell = "\n".join(f"line {number}" for number in range(lines))
    list_ = write(folder, f'description,path\n"{cell}",a.jpg\n')
    began = time.process_time()
    open_list(list_, ["path"])
    return time.process_time() - began


def test_reading_takes_time_in_proportion_to_the_lines_of_a_cell(tmp_path: Path) -> None:
    few = min(_seconds_to_read(6_000, tmp_path) for _ in range(3))
    many = min(_seconds_to_read(24_000, tmp_path) for _ in range(3))

    assert many <= 8 * few


@pytest.mark.parametrize("title", ['"Basic', '7" strap', '"Best" and "Soft'], ids=str)
def test_a_feed_that_quotes_nothing_is_read_with_its_quotation_marks(title: str, tmp_path: Path) -> None:
    list_ = write(tmp_path, f'path\ttitle\tlabel\na.jpg\t{title}\tCoat\nb.jpg\t"Warm" vest, soft\tDress\n')

    found = open_list(list_, ["path", "label"])

    assert [list(row.cells.values()) for row in found.read_rows()] == [
        ["a.jpg", title, "Coat"],
        ["b.jpg", '"Warm" vest, soft', "Dress"],
    ]
    assert "no cell is in quotation marks" in found.notes[0]


def test_a_list_of_tabs_that_quotes_some_cells_is_not_read_as_such_a_feed(tmp_path: Path) -> None:
    list_ = write(tmp_path, 'path\ttitle\na.jpg\t"Basic" tee\nb.jpg\t"Warm"\n')

    with pytest.raises(ListUnusable, match="row 2, line 2: a quotation mark within a quoted cell"):
        open_list(list_, ["path"])


@pytest.mark.parametrize(
    "text",
    [
        'path,html,label\na.jpg,"<p>Nice,\nwarm, and\r\n""soft""</p>",Coat\nb.jpg,,Coat\n',
        'path,html,label\n"a.jpg","","Coat"\n\n"b.jpg","5"" wide","Coat"\n',
        'path,html,label\na.jpg,5" wide,Coat\nb.jpg,"x, y\\",Coat\n',
        'path,"of\nseveral lines",label\na.jpg,,Coat\nb.jpg,,Coat\n',
        "path,html,label\na.jpg,,Coat\nb.jpg,,Coat\n,,\n, ,,,\n",
        "sep=;\npath;html;label\na.jpg;x, y;Coat\nb.jpg;;Coat\n",
        '"sep=\t"\r\npath\thtml\tlabel\r\na.jpg\tx, y\tCoat\r\nb.jpg\t\tCoat\r\n',
        'html,path,label\n"<p>Nice,\nwarm, and\nsoft</p>",a.jpg,Coat\n"see c.jpg,\nd.jpg",b.jpg,Coat\n',
        f"path,html,label\na.jpg,{'x' * 3_000_000},Coat\nb.jpg,,Coat\n",
    ],
    ids=[
        *("lines", "quoted", "a quote within", "header of lines", "empty rows", "sep=;", "sep=tab"),
        *("lines before the path", "a long cell"),
    ],
)
def test_what_spreadsheets_and_shops_write_rightly_is_read(text: str, tmp_path: Path) -> None:
    found = open_list(write(tmp_path, text), ["path", "label"])

    assert [(row.cells["path"], row.cells["label"]) for row in found.read_rows()] == [
        ("a.jpg", "Coat"),
        ("b.jpg", "Coat"),
    ]
    assert found.notes == ()


@pytest.mark.parametrize("header", ["path,title,path", "path,label,label"])
def test_a_second_column_of_a_name_that_is_read_is_refused(header: str, tmp_path: Path) -> None:
    list_ = write(tmp_path, f"{header}\na.jpg{',x' * header.count(',')}\n")

    with pytest.raises(ListUnusable, match=f"has two columns `{header.rsplit(',', maxsplit=1)[-1]}`"):
        open_list(list_, ["path"], optional_columns=["label"])


def test_a_column_that_is_spelt_otherwise_is_named(tmp_path: Path) -> None:
    list_ = write(tmp_path, "path,label,Split,TIER ,group,Group\na.jpg,Coat,test,A,1,2\n")

    found = open_list(list_, ["path"], optional_columns=["split", "group", "tier", "source"])

    said = (
        "a column that is spelt otherwise is not read. Rename 'Split' to `split`. Rename 'TIER ' to `tier`."
    )
    assert found.notes == (f"{list_}: {said}",)


def test_a_column_that_an_option_names_is_read_and_not_one_that_is_spelt_otherwise(tmp_path: Path) -> None:
    list_ = write(tmp_path, "path,Group,Split\na.jpg,1,M\n")

    found = open_list(list_, ["path"], ListOptions(product_column="Group"), ["group", "split", "Split"])

    assert found.notes == ()


def test_of_another_name_the_first_column_is_read_and_that_is_said(tmp_path: Path) -> None:
    found = open_list(write(tmp_path, "path,size,size,,\na.jpg,M,L,,\n"), ["path"])

    assert [row.cells for row in found.read_rows()] == [{"path": "a.jpg", "size": "M"}]
    assert "of the columns `size` there are two; the first is read" in found.notes[0]


@pytest.mark.parametrize(("encoding", "between"), [("utf-16", "\t"), ("utf-8-sig", ";"), ("utf-8", ",")])
def test_text_whose_bytes_show_its_encoding_is_read(encoding: str, between: str, tmp_path: Path) -> None:
    found = open_list(in_encoding(tmp_path, encoding, between, ["Платье", "靴"]), ["path"])

    assert [row.cells["title"] for row in found.read_rows()] == ["Платье", "靴"]
    assert found.notes == ()


@pytest.mark.parametrize(
    ("encoding", "between", "texts"),
    [
        ("cp1252", ";", ["pantalón", "Größe 42"]),
        ("cp932", ",", ["靴", "ワンピース"]),
        ("utf-16-le", ";", ["Платье", "靴"]),
        ("utf-16-le", ",", ["dress", "boots"]),
    ],
)
def test_other_text_is_refused_with_the_encodings_by_name_and_read_by_the_one_that_is_named(
    encoding: str, between: str, texts: list[str], tmp_path: Path
) -> None:
    list_ = in_encoding(tmp_path, encoding, between, texts)

    with pytest.raises(
        ListUnusable,
        match=r"--encoding cp1252 for Western .* cp1253 for Greek, .* cp949 for Korean, .*utf-16-le",
    ):
        open_list(list_, ["path"])
    found = open_list(list_, ["path"], ListOptions(encoding=encoding))

    assert [row.cells["title"] for row in found.read_rows()] == texts
    assert found.notes == ()


def test_a_wide_header_may_have_the_byte_of_a_lines_end_in_a_character(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes("上装;path\n靴;a.jpg\n".encode("utf-16-le"))

    found = open_list(tmp_path / "list.csv", ["path"], ListOptions(encoding="utf-16-le"))

    assert [row.cells for row in found.read_rows()] == [{"上装": "靴", "path": "a.jpg"}]


@pytest.mark.parametrize("place", [0, 9000], ids=["the header", "a row far down"])
def test_one_byte_that_is_no_utf8_refuses_the_list_even_where_bad_rows_are_left_out(
    place: int, tmp_path: Path
) -> None:
    rows = ["path,title", *(f"{number}.jpg,Kleid in Grün" for number in range(10_000))]
    rows[place] = "path,A Gr\udcfcn title"
    list_ = write(tmp_path, "\n".join(rows))

    with pytest.raises(
        ListUnusable, match=rf"line {place + 1}: 'path,A Gr\\xfcn title' is not UTF-8\. Name the"
    ):
        open_list(list_, ["path"], ListOptions(skip_bad_rows=True))


def test_a_list_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    list_ = write(tmp_path, "path\n" + "a.jpg\n" * 8000)
    source = open_source(str(list_))
    items = source.iterate_pictures()
    next(items)

    write(tmp_path, "path\n" + "b.jpg\n" * 4000)

    with pytest.raises(SourceUnusable, match=r"list\.csv: was changed while it was read"):
        list(items)
    with pytest.raises(SourceUnusable, match="was changed while"):
        list(source.iterate_pictures())


@pytest.mark.parametrize("named", ["cp1252", "utf-16-le", "UTF8"])
def test_a_file_that_is_utf8_is_read_as_that_whatever_other_files_of_the_command_are(
    named: str, tmp_path: Path
) -> None:
    list_ = in_encoding(tmp_path, "utf-8", ",", ["Größe"])

    found = open_list(list_, ["path"], ListOptions(encoding=named))

    assert [row.cells["title"] for row in found.read_rows()] == ["Größe"]
    assert found.notes == ((f"{list_}: is UTF-8, and so is not read as {named}.",) if named != "UTF8" else ())


def test_answers_pictures_to_learn_and_to_label_are_read_alike(tmp_path: Path) -> None:
    list_ = tmp_path / "list.csv"
    list_.write_bytes("path;label;note\r\n1.jpg;Schürze;\r\nstrümpfe.jpg;Bébé;\r\n".encode("cp1252"))
    expected, reading = [("1.jpg", "Schürze"), ("strümpfe.jpg", "Bébé")], ListOptions(encoding="cp1252")

    answers = read_corrections([list_], None, list_options=reading)
    assert [(one.path, one.label) for one in answers] == expected
    assert [(one.path.name, one.label) for one in list_pictures(list_, reading).pictures] == expected
    assert [one.name for one in open_source(str(list_), list_options=reading).iterate_pictures()] == [
        "1.jpg",
        "strümpfe.jpg",
    ]


@pytest.mark.parametrize("ending", [".tsv", ".txt", ".CSV"])
def test_a_list_may_have_other_endings(ending: str, tmp_path: Path) -> None:
    (tmp_path / f"list{ending}").write_text("title\tpath\nred\ta.png\n", "utf-16")

    assert [one.name for one in open_source(f"{tmp_path}/list{ending}").iterate_pictures()] == ["a.png"]


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("cp932", "line 2: .* is not cp932"),
        ("klingon", "--encoding klingon: Python knows no"),
        ("hex", "--encoding hex: Python knows no"),
        ("undefined", "--encoding undefined: Python knows no"),
    ],
)
def test_an_encoding_that_does_not_fit_is_refused(encoding: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes("path,title\na.jpg,Платье я\n".encode("cp1251"))

    with pytest.raises(ListUnusable, match=said):
        open_list(tmp_path / "list.csv", ["path"], ListOptions(encoding=encoding))


@pytest.mark.parametrize("row", [b"a.jpg,+2AA-\n", b"+2AA-.jpg,\n", b"a.jpg,b\nc.jpg,+3AA\n"], ids=str)
def test_half_a_character_is_refused_as_text_that_is_not_in_its_encoding(row: bytes, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(b"path,title\n" + row)

    with pytest.raises(ListUnusable, match=r"list\.csv, line [23] is not UTF-7\. Name the encoding"):
        open_list(tmp_path / "list.csv", ["path"], ListOptions(encoding="utf-7"))


SHOP = "sku,image,image_model,label\n1,a.jpg,m/a.jpg,Coat\n2,b.jpg,,Dress\n"


def test_a_list_without_paths_names_the_columns_that_hold_pictures(tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match=r"`image`, `image_model`: --path-column image,image_model$"):
        list(open_source(str(write(tmp_path, SHOP))).iterate_pictures())


def test_a_column_whose_name_has_commas_is_read_as_it_is_suggested(tmp_path: Path) -> None:
    list_ = write(tmp_path, 'sku;Image URLs (x, y);"a,b";x\n1;a.jpg;b;c.jpg\n')

    with pytest.raises(SourceUnusable, match=r"--path-column 'Image URLs \(x, y\)'$"):
        list(open_source(str(list_)).iterate_pictures())

    for name in ("Image URLs (x, y)", "Image URLs (x,y)"):
        reading = ListOptions(path_columns=split_column_names(name))
        source = open_source(str(list_), list_options=reading)
        assert [item.name for item in source.iterate_pictures()] == ["a.jpg"]
        assert source.columns == ("sku", "a,b", "x")


@pytest.mark.parametrize("name", ["list.xlsx", "list.ods", "list.csv"])
def test_a_workbook_is_to_be_saved_as_csv(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04\x14\x00")

    with pytest.raises(SourceUnusable, match=r"is a workbook\. Save its sheet as CSV UTF-8\."):
        list(open_source(str(tmp_path / name)).iterate_pictures())


def test_each_column_of_pictures_makes_a_row_with_the_other_cells(tmp_path: Path) -> None:
    rows = {"a.jpg": ("1", "Coat"), "m/a.jpg": ("1", "Coat"), "b.jpg": ("2", "Dress")}
    (tmp_path / "pictures" / "m").mkdir(parents=True)
    for name in rows:
        (tmp_path / "pictures" / name).write_bytes(name.encode())
    reading = ListOptions(path_columns=("image", "image_model"), root=tmp_path / "pictures")
    source = open_source(str(write(tmp_path, SHOP)), list_options=reading)

    labelled = list(source.iterate_pictures())
    learnt = list_pictures(write(tmp_path, SHOP), list_options=reading).pictures

    pictures = [name.encode() for name in rows]
    assert {one.name: one.list_cells for one in labelled} == rows
    assert list(source.open_reader()([one.place for one in labelled])) == pictures
    assert [(one.path.read_bytes(), one.label) for one in learnt] == [
        *zip(pictures, ("Coat", "Coat", "Dress"), strict=True)
    ]
    assert learnt[0].group == learnt[1].group != learnt[2].group


def test_a_file_that_is_missing_is_named_with_its_folder_and_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "dress-01.jpg").write_bytes(b"dress")
    cells = ("path", "photos/dress-1.jpg", "fotos/dress-01.jpg", "photos/zzz", "photos/DRESS-01.JPG")
    list_ = write(tmp_path, "\n".join(cells))
    source = open_source(str(list_))

    assert list(map(str, source.open_reader()([one.place for one in source.iterate_pictures()]))) == [
        f"There is no file 'dress-1.jpg' in {tmp_path}/photos. The nearest name there is 'dress-01.jpg'.",
        f"There is no folder 'fotos' in {tmp_path}. The nearest name there is 'photos'.",
        f"There is no file 'zzz' in {tmp_path}/photos.",
        f"There is no file 'DRESS-01.JPG' in {tmp_path}/photos. There is 'dress-01.jpg', with other "
        "capitals.",
    ]


@pytest.fixture
def look_ups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets each path at which the system is asked for a file or a folder."""
    paths = list[str]()

    def counted(ask: Callable[[str], Any]) -> Callable[[str], Any]:
        def asked(path: str) -> Any:
            paths.append(path)
            return ask(path)

        return asked

    monkeypatch.setattr(os.path, "lexists", counted(os.path.lexists))
    for name in ("listdir", "scandir"):
        monkeypatch.setattr(os, name, counted(getattr(os, name)))
    return paths


@pytest.mark.parametrize("part", ["\u00e9/", "a/", "e\u0301\\", "../", "'=/"], ids=ascii)
def test_a_path_that_the_system_does_not_take_is_an_error_of_its_row_without_looking_for_its_parts(
    part: str, look_ups: list[str], tmp_path: Path
) -> None:
    source = open_source(str(write(tmp_path, f"path\n{part * 30_000}a.jpg\n")))

    [error] = source.open_reader()([item.place for item in source.iterate_pictures()])

    assert "this system takes 4,096" in str(error)
    assert len(look_ups) < 10


def test_a_path_whose_folder_is_not_there_is_looked_up_no_further(
    look_ups: list[str], tmp_path: Path
) -> None:
    source = open_source(str(write(tmp_path, "path\n" + "\u00e9/" * 1000 + "a.jpg\n")))

    [error] = source.open_reader()([item.place for item in source.iterate_pictures()])

    assert f"There is no folder '\u00e9' in {tmp_path}." in str(error)
    assert len(look_ups) < 20


def test_a_folder_of_many_files_is_listed_once_for_all_that_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, listdir = list[str](), os.listdir
    (tmp_path / "2500.jpg").touch()

    def counted(path: str) -> list[str]:
        listed.append(path)
        return listdir(path)

    monkeypatch.setattr(os, "listdir", counted)

    why = [explain_missing_file(f"{tmp_path}/{name}") for name in ("2500.jpeg", "2500_.jpg")]

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

    found = list_pictures(write(tmp_path, f"path,label,colour\n{rows}"), attributes=["colour"])

    assert [one.labels["colour"] for one in found.pictures] == labels
    assert [said in note for note in found.notes] == [True] * bool(said)
