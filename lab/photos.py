"""The list of photos that anything bundled learnt or was decided by, without a picture: lab/photos.csv.gz.

python -m lab.photos PHOTOS [--out FILE]

PHOTOS is a folder of tables and archives, as pretraining_photos.py describes it. The list has a row for each
row of a table: what the table says of the photo, where the photo is from (repository, commit and path), its
licence, and where the label is from. Reads PHOTOS and colours.csv; writes FILE. lab/fetch.py makes PHOTOS of
the list.
"""

import argparse
import csv
import gzip
import io
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

import cv2
import numpy as np

from lab.pretraining_photos import read_rows
from training.errors import BadRecipe

LIST: Final = Path(__file__).with_name("photos.csv.gz")
COLOURS: Final = Path(__file__).with_name("colours.csv")

COLUMNS: Final = (
    *("id", "table", "file", "tier", "label", "colour", "also", "kind", "gender", "part", "group", "source"),
    *("repository", "commit", "path", "licence", "label_from", "width", "height"),
)
"""Of the list. `kind` is what the source calls it; `also` has colours that are as good; `part` is of a split;
an empty commit is the head of the default branch, and a path that ends in * begins the name of one file."""

_CLASSES: Final = {"file": "file", "tier": "tier", "label": "label", "source_label": "kind"} | {
    column: column for column in ("source", "licence", "width", "height", "group")
}
_SOURCES: Final = _CLASSES | {"colour": "colour", "origin": "origin"}
TABLES: Final[dict[str, dict[str, str]]] = {
    **dict.fromkeys(("dev", "pool", "more"), _CLASSES),
    **dict.fromkeys(("sources", "sources2", "sources3", "sources4", "sources5"), _SOURCES),
    "catalogue": {
        **{"file": "file", "kind": "kind", "colours": "colour", "gender": "gender"},
        **{"width": "width", "height": "height"},
    },
    "attributes": {"id": "id", "split": "part", "kind": "kind", "colour": "colour"},
    "colours_users": {
        **{"image": "id", "sender_id": "group", "label": "kind"},
        **{"colour": "colour", "also_acceptable": "also"},
    },
}
"""By table, what the list calls its columns; it has `commit` and `path` of an origin, COMMIT:PATH."""

USERS: Final = "alexeygrigorev/clothing-dataset"
SHOP: Final = "aishwaryab27/FashionWebsite"
BOUGHT: Final = "stock photos by way of "
"""How the source of bought pictures begins, before the repository."""
USERS_COMMIT: Final = "08b50460cf229fd852bb6c11564e0959f52578ca"
"""The commit of USERS that has the photos."""
LICENCES: Final = {
    USERS: "CC0-1.0 (LICENSE in repo)",
    SHOP: "MIT (second-hand; Kaggle page not seen; carrier repo has no licence)",
}
"""Of the tables that name none."""

BY_EYE: Final = ("by eye", "[hand")
"""What the label of a source has where a person chose it."""
NAME, SHOP_LIST, EYE = "name", "shop", "eye"
"""Where a label is from: a product's or a file's name, the source's own list, or a person who looked."""


def find_archive(row: Mapping[str, str]) -> str:
    """The archive that holds the photo of a row of the list; empty for a file of the folder."""
    table = row["table"]
    if table == "dev":
        return ""
    by_tier = table in {"pool", "more"} or table.startswith("sources")
    name = f"{table}_{row['tier']}" if by_tier else {"attributes": "attributes_more"}.get(table, table)
    return f"{name}.zip"


def read_list(path: Path = LIST) -> list[dict[str, str]]:
    """The rows of the list."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_list(rows: Iterable[Mapping[str, str]], path: Path) -> None:
    """Write the list; equal rows give equal bytes."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    path.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


def make_list_rows(folder: Path) -> Iterator[dict[str, str]]:
    """A row of the list for each row of the folder's tables."""
    colours = {row["picture"]: row for row in read_rows(COLOURS)}
    archives = {path.name: zipfile.ZipFile(path) for path in folder.glob("*.zip")}
    for table, columns in TABLES.items():
        path = folder / f"{table}.csv"
        for given in read_rows(path) if path.exists() else ():
            row = {"table": table} | {ours: given[theirs] for theirs, ours in columns.items()}
            row["id"] = row.get("id") or PurePosixPath(row["file"]).stem
            row["file"] = row.get("file") or f"{row['id']}.jpg"
            if table == "dev" and row["id"] in colours:
                row |= {name: colours[row["id"]][name] for name in ("colour", "also")}
            yield row | _find_origin(row, row.pop("origin", "")) | _measure_photo(folder, archives, row)


def _find_origin(row: Mapping[str, str], origin: str) -> dict[str, str]:
    """Where a photo and its label are from; `origin` is COMMIT:PATH where a table has it.

    Raises:
        BadRecipe: nothing says where.
    """
    shop, _, name = row["id"].partition("-")
    if origin:
        commit, _, path = origin.partition(":")
        repository = row["source"].removeprefix(BOUGHT)
    elif row["table"] == "colours_users":
        repository = USERS
        commit = USERS_COMMIT
        path = f"images/{row['id']}.jpg"
    elif shop == "clo":
        repository = USERS
        commit = USERS_COMMIT
        path = f"images/{name}*"
    elif shop == "kag":
        repository = SHOP
        commit = ""
        path = f"images/{name}.jpg"
    elif shop != "mag":
        raise BadRecipe(
            f"{row['table']}.csv: nothing says which repository {row['id']} is from. Give it a cell in the "
            "column origin of a table of sources, or add what its id begins with to lab/photos.py."
        )
    else:
        repository = "magento/magento2-sample-data"
        commit = ""
        path = f"pub/media/catalog/product/{name[0]}/{name[1]}/{name}.jpg"
    return {
        "source": row.get("source", repository),
        "licence": row.get("licence") or LICENCES[repository],
        "repository": repository,
        "commit": commit,
        "path": path,
        "label_from": _find_label_source(row),
    }


def _find_label_source(row: Mapping[str, str]) -> str:
    if row["table"] == "colours_users" or any(word in row["kind"] for word in BY_EYE):
        return EYE
    is_named = row["table"] == "catalogue" or (row["table"] == "more" and row["id"].startswith("kag-"))
    return NAME if is_named else SHOP_LIST


def _measure_photo(
    folder: Path, archives: Mapping[str, zipfile.ZipFile], row: Mapping[str, str]
) -> dict[str, str]:
    """Width and height of the picture itself; no file where its archive lacks it."""
    if not (name := find_archive(row)):
        content = (folder / row["file"]).read_bytes()
    elif name in archives and row["file"] in archives[name].NameToInfo:
        content = archives[name].read(row["file"])
    else:
        return {"file": ""}
    height, width = np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)).shape[:2]
    return {"width": str(width), "height": str(height)}


def main(argv: list[str] | None = None) -> int:
    """Write the list, and print how many photos of each table have an origin."""
    parser = argparse.ArgumentParser(prog="python -m lab.photos", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument("--out", type=Path, default=LIST, metavar="FILE", help="the list, .csv.gz")
    given = parser.parse_args(argv)
    rows = list(make_list_rows(given.photos))
    write_list(rows, given.out)
    for table in TABLES:
        of_table = [row for row in rows if row["table"] == table]
        without = sum(not (row["repository"] and row["path"]) for row in of_table)
        sys.stdout.write(f"{table}: {len(of_table):,} rows, {without} without an origin\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
