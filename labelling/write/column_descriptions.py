"""The meaning of each column of the two tables, in one sentence.

`make docs` writes these sentences into the page about tables.
"""

from typing import Final, NamedTuple

BOTH_TABLES: Final = "both"
PHOTO_TABLE: Final = "pictures"
PRODUCT_TABLE: Final = "products"
"""The tables that have a column, as the page about tables names them."""


class ColumnDescription(NamedTuple):
    """One row of the page about tables.

    Attributes:
        names: the columns. `colour` and `kind` stand for all attributes. A phrase stands for columns that the
            list or the release names.
        meaning: the meaning of the cells, in Markdown.
        table: the table that has the columns: BOTH_TABLES, PHOTO_TABLE or PRODUCT_TABLE.
    """

    names: str
    meaning: str
    table: str


COLUMN_DESCRIPTIONS: Final = (
    ColumnDescription("`path`", "the picture, as the source names it", PHOTO_TABLE),
    ColumnDescription(
        "the name of your `--by` column, such as `article` (`folder` with `--by-folder`)",
        "the product",
        PRODUCT_TABLE,
    ),
    ColumnDescription(
        "`label`, `decision`, `reason`",
        "the class, the decision about it, and [the reason](#reasons) of a review",
        BOTH_TABLES,
    ),
    ColumnDescription(
        "`confidence`",
        "the probability of the class. If the list made the difference (`decided_by` is `list`), by photos "
        "and list together; otherwise by the photos",
        BOTH_TABLES,
    ),
    ColumnDescription(
        "`colour`, `colour_confidence`, `colour_decision`",
        "the label of the attribute `colour`, its confidence, and the decision about it. Every attribute "
        "of the release has such columns",
        BOTH_TABLES,
    ),
    ColumnDescription(
        "`colour_reason`, `kind_reason`, …", "why a person should look at the attribute", PRODUCT_TABLE
    ),
    ColumnDescription(
        "`colour_also`", "further labels of the attribute with a probability of at least .25", BOTH_TABLES
    ),
    ColumnDescription(
        "`decided_by`, `colour_decided_by`, …",
        "who gave the label: `model` (the photos alone accept it), `list` (title, category or colour of "
        "the list made the difference) or `person`",
        BOTH_TABLES,
    ),
    ColumnDescription(
        "`predicted`, `colour_predicted`, …", "the label before a person corrected it", BOTH_TABLES
    ),
    ColumnDescription(
        "`listed_as`", "the kinds that the title, or a word that you explained, allows", BOTH_TABLES
    ),
    ColumnDescription(
        "`listed_word`",
        "the word of your list that was read so, and its column, such as `Bluza (kategoria)`",
        BOTH_TABLES,
    ),
    ColumnDescription(
        "`category_id`, `category_name`",
        "your own category of the class. Use it if `decision` is `accept`",
        BOTH_TABLES,
    ),
    ColumnDescription(
        "`kind_category_id`, `kind_category_name`",
        "your own category of the kind. Use it if `kind_decision` is `accept`",
        BOTH_TABLES,
    ),
    ColumnDescription("`photos`", "number of different photos", PRODUCT_TABLE),
    ColumnDescription("`rests_on`", "the photos on which the answer is based", PRODUCT_TABLE),
    ColumnDescription(
        "`familiarity`",
        "how much the picture looks like those that the model has learnt, from 0 to 1",
        PHOTO_TABLE,
    ),
    ColumnDescription("`p_<label>`", "the probability of each class", PHOTO_TABLE),
    ColumnDescription("`version`", "the version of the release that answered", BOTH_TABLES),
    ColumnDescription("`sha256`", "the hash of the picture file", PHOTO_TABLE),
    ColumnDescription(
        "`error`",
        "why the picture has no answer. Its `label`, `decision` and `reason` are then empty. If you run "
        "the same command again, the picture is tried again",
        BOTH_TABLES,
    ),
    ColumnDescription(
        "all columns of your list",
        "the cell of your list; for a product, its first cell that is not empty",
        BOTH_TABLES,
    ),
    ColumnDescription(
        "`gender`, `age_group`",
        "for whom the product is made, as your list says: `female`, `male` or `unisex`; `newborn`, `infant`, "
        "`toddler`, `kids` or `adult`",
        PRODUCT_TABLE,
    ),
    ColumnDescription(
        "`gender_word`, `age_group_word`",
        "the word of your list that says so, and its column, such as `Damenkleid (title)`; `female "
        "(--gender)` if the option does",
        PRODUCT_TABLE,
    ),
)
"""The meaning of every column. `make docs` writes these rows into the page about tables."""
