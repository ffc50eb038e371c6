"""Write the list of all photos that anything bundled learnt or was decided by, without the photos themselves.

python -m lab.photos PHOTOS [--out FILE]

PHOTOS is a folder of tables and archives (lab/pretraining_photos.py lists its tables). The list,
lab/photos.csv.gz, has a row for each row of a table: what the table says about the photo, where the photo
comes from (repository, commit and path), its licence, and where its label comes from. lab.fetch makes PHOTOS
from the list.
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
"""Path of the list."""
COLOURS: Final = Path(__file__).with_name("colours.csv")
"""Path of the table of the development photos' colours."""

COLUMNS: Final = (
    *("id", "table", "file", "tier", "label", "colour", "also", "kind", "gender", "part", "group", "source"),
    *("repository", "commit", "path", "licence", "label_from", "width", "height"),
)
"""Columns of the list.

`kind` is the source's own word. `also` has colours that are right as well. `part` is the part of a split. An
empty commit means the head of the default branch. A path that ends in `*` is the beginning of one file's
name.
"""

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
"""Columns of each table, with their names in the list. A column `origin` has COMMIT:PATH."""

USERS: Final = "alexeygrigorev/clothing-dataset"
"""Repository of the users' photos."""
SHOP: Final = "aishwaryab27/FashionWebsite"
"""Repository of the first shop's photos."""
BOUGHT: Final = "stock photos by way of "
"""Beginning of the source of bought photos, before the repository."""
USERS_COMMIT: Final = "08b50460cf229fd852bb6c11564e0959f52578ca"
"""Commit of USERS that has the photos."""
LICENCES: Final = {
    USERS: "CC0-1.0 (LICENSE in repo)",
    SHOP: "MIT (second-hand; Kaggle page not seen; carrier repo has no licence)",
}
"""Licences of photos in tables that name none, by repository."""

BY_EYE: Final = ("by eye", "[hand")
"""Words in a source's label that say that a person chose it."""
NAME, SHOP_LIST, EYE = "name", "shop", "eye"
"""Origins of a label: the name of a product or file, the source's own list, or a person who looked."""


def find_archive(row: Mapping[str, str]) -> str:
    """Return the name of the archive with the photo of a row; empty for a file of the folder."""
    table = row["table"]
    if table == "dev":
        return ""
    by_tier = table in {"pool", "more"} or table.startswith("sources")
    name = f"{table}_{row['tier']}" if by_tier else {"attributes": "attributes_more"}.get(table, table)
    return f"{name}.zip"


def read_list(path: Path = LIST) -> list[dict[str, str]]:
    """Return the rows of the list."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_list(rows: Iterable[Mapping[str, str]], path: Path) -> None:
    """Write the list. Equal rows give equal bytes."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    path.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


def make_list_rows(folder: Path) -> Iterator[dict[str, str]]:
    """Yield a row of the list for each row of the folder's tables."""
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
    """Return the columns that say where a photo and its label come from.

    Args:
        row: the row of the list so far.
        origin: COMMIT:PATH; empty if the table has none.

    Raises:
        BadRecipe: nothing says where the photo comes from.
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
    """Return NAME, SHOP_LIST or EYE for the label of a row."""
    if row["table"] == "colours_users" or any(word in row["kind"] for word in BY_EYE):
        return EYE
    is_named = row["table"] == "catalogue" or (row["table"] == "more" and row["id"].startswith("kag-"))
    return NAME if is_named else SHOP_LIST


def _measure_photo(
    folder: Path, archives: Mapping[str, zipfile.ZipFile], row: Mapping[str, str]
) -> dict[str, str]:
    """Return the width and height of a photo as columns; an empty `file` if its archive lacks it."""
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
