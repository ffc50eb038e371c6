"""The tables of a journal file, the SQLite file beside a table of labelled pictures, and those of 2.0.0.

run               one row: the settings and the state of the run
photos            the model's answers to each picture, by path and stamp (size and time of a file)
listed            the pictures of the source in order, with the product and the list's cells of each
answers           the answers of people, by sha256, attribute and product
seen_photos       for an answer about a product, the photos that the person saw
category_answers  the answers of people about categories of the list, such as `Bluza`: sweater
"""

import json
import sqlite3
from collections.abc import Iterator
from typing import Final, TypeAlias

from labelling.lists.identifiers import read_identifier

FORMAT_VERSION: Final = 13
"""Version of the journal's format, which the file has in SQLite's `user_version`. Any change of the tables
needs a new one."""

FORMAT_OF_VERSION_2: Final = 3
"""Format version of journal files that release 2.0.0 of this software wrote."""

UNFINISHED, CHANGED, EXPORTED = range(3)
"""States of a journal: some pictures have no answer yet; all have one; the tables on the disk have all of
them, too."""

SCHEMA_SQL: Final = (
    f"PRAGMA user_version = {FORMAT_VERSION}",
    "CREATE TABLE run (run TEXT, listing INTEGER, seconds REAL, state INTEGER, written TEXT, options TEXT)",
    "CREATE TABLE photos (path TEXT, stamp TEXT, sha256 TEXT, error TEXT, familiarity REAL, heads TEXT, "
    "PRIMARY KEY (path, stamp))",
    "CREATE TABLE listed (listing INTEGER, number INTEGER, path TEXT, stamp TEXT, product TEXT, cells TEXT, "
    "PRIMARY KEY (listing, number)) WITHOUT ROWID",
    "CREATE INDEX listed_by_product ON listed (listing, product)",
    "CREATE VIEW current AS SELECT number, path, stamp, product, cells FROM listed "
    "WHERE listing = (SELECT max(listing, 1) FROM run)",
    "CREATE TABLE answers (sha256 TEXT, attribute TEXT, product TEXT, label TEXT NOT NULL, at TEXT NOT NULL, "
    "PRIMARY KEY (sha256, attribute, product))",
    "CREATE TABLE seen_photos (sha256 TEXT, attribute TEXT, product TEXT, photo TEXT, "
    "PRIMARY KEY (sha256, attribute, product, photo)) WITHOUT ROWID",
    "CREATE TABLE category_answers (key TEXT PRIMARY KEY, category TEXT NOT NULL, label TEXT NOT NULL, "
    "at TEXT NOT NULL)",
)
"""SQL statements that create the tables of a new file.

`run.run` is JSON of the settings. `run.listing` is the number of the complete listing, and 0 before there is
one; the view `current` then reads the first one while it is filled. `run.written` is JSON with the sha256 of
the files beside the journal, or NULL if they are not known. `run.options` is JSON of the command line.
`answers.attribute` is '' for the class, because version 2.0.0 wrote it so and can still read this table.
`category_answers.key` is the category in the form in which spellings are compared.
"""

AnswerOfVersion2: TypeAlias = tuple[str, str, str, str, str]
"""A person's answer in a journal of version 2.0.0: sha256, attribute ('' for the class), product, label and
time."""


def read_sources_of_version_2(db: sqlite3.Connection) -> Iterator[str]:
    """Yield the source of each run in a journal of version 2.0.0; a file has one run, or none.

    Raises:
        ValueError: the stored text is damaged.
    """
    for (text,) in db.execute("SELECT fingerprint FROM run").fetchall():
        yield json.loads(text)["source"]


def remove_tables_of_version_2(db: sqlite3.Connection) -> list[AnswerOfVersion2]:
    """Remove the tables of version 2.0.0 from a journal, and return the answers of people, by their time.

    Names of products are cleaned as this version cleans them. An answer about the product `nan`, which is an
    empty cell that pandas wrote, belongs to no product and is left out.
    """
    rows = db.execute("SELECT sha256, attribute, product, label, at FROM answers ORDER BY at").fetchall()
    for name in ("run", "rows", "answers"):
        db.execute(f"DROP TABLE {name}")  # with its indices
    return [
        (sha256, attribute, read_identifier(product), label, answered_at)
        for sha256, attribute, product, label, answered_at in rows
        if read_identifier(product) or not product
    ]
