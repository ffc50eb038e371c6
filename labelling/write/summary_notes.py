"""Write sentences for the summary of a table about the shop's list: its titles, products and colours.

An example is "The colour is `Farbe`, by its name." `wardrobe label` prints these sentences after a run.
"""

from collections import Counter
from typing import Final

from inference.text.plain_text import choose_form, format_count, join_first_items, shorten_text
from inference.words.language_files import LANGUAGE_OFF
from labelling.decide.decisions import RunDecisions
from labelling.decide.product_customers import OPTION_BY_TOPIC
from labelling.lists.colour_columns import ColourColumns
from labelling.lists.customer_columns import TOPICS, Topic
from labelling.lists.title_notes import describe_title_column
from labelling.write.counts import CUSTOMER_SOURCES, RowCounts

MAX_NAMED_PRODUCTS: Final = 3
"""Largest number of products with contradicting titles that a sentence names."""

MAX_NAMED_WORDS: Final = 5
"""Largest number of words that the shop explained, and that the list lacks, in a sentence."""

MAX_NAMED_CELLS: Final = 3
"""Largest number of cells for the colour, or of columns, that a sentence names."""

MAX_CONTRADICTING_SHARE: Final = 0.2
"""Share of products with contradicting titles above which a sentence asks whether --by names the right
column. With a column such as the brand, most products would have different garments."""

FOLDERS_READ_NOTE: Final = "The names of folders are read as categories. --language none turns this off."

CATEGORY_PRODUCTS_NOTE: Final = (
    "Each product is also decided by what the other products of its category are. Therefore new products in "
    "the list can change earlier decisions."
)


def describe_list(decisions: RunDecisions, counts: RowCounts, products: RowCounts | None) -> list[str]:
    """Return all sentences about a list that a person should know.

    Args:
        counts: the counts of products; without products, of photos.
        products: the counts of products; None for a table without products.
    """
    notes = list[str]()
    title = describe_titles(decisions)
    # If titles are read, the sentence about their column stands among the figures of titles instead.
    if title and decisions.list_words.language == LANGUAGE_OFF:
        notes.append(title)
    if decisions.list_reader.folder_categories.names_by_depth:
        notes.append(FOLDERS_READ_NOTE)
    if decisions.context.category_products.numbers:
        notes.append(CATEGORY_PRODUCTS_NOTE)
    notes += _describe_contradicting_products(decisions, products.rows if products else 0)
    notes += _describe_unused_words(decisions.find_unused_words())
    notes += _describe_colours(decisions, counts)
    if products:
        notes += _describe_customers(decisions, products)
    return notes


def describe_titles(decisions: RunDecisions) -> str:
    """Return the sentence that names the columns of titles; empty if a person turned titles off."""
    run = decisions.settings
    if run.language == LANGUAGE_OFF:
        return ""
    return describe_title_column(decisions.list_words, run.further, run.title)


def _describe_contradicting_products(decisions: RunDecisions, product_count: int) -> list[str]:
    """Return a sentence that names products whose titles name different garments; none without them."""
    names = decisions.context.titles.contradicting_products
    if not names or not product_count or decisions.settings.by is None:
        return []
    shown = join_first_items([f"`{shorten_text(name)}`" for name in names], MAX_NAMED_PRODUCTS)
    verb = choose_form(len(names), "has", "have")
    note = (
        f"{len(names):,} of {product_count:,} products {verb} titles that name different garments: {shown}."
    )
    if len(names) > MAX_CONTRADICTING_SHARE * product_count:
        note += f" Does --by {decisions.settings.by.column} name the right column?"
    return [note]


def _describe_unused_words(words: list[str]) -> list[str]:
    """Return a sentence about explained words that the list does not have; none without such words."""
    if not words:
        return []
    shown = join_first_items([f"`{shorten_text(word)}`" for word in words], MAX_NAMED_WORDS)
    counted_words = format_count(len(words), "word of the shop is", "words of the shop are")
    return [f"{counted_words} in no category and no title of this list: {shown}."]


def _describe_colours(decisions: RunDecisions, counts: RowCounts) -> list[str]:
    """Return sentences about the colours in the list; none if the release does not answer the colour."""
    if not decisions.context.colour_head:
        return []
    return [
        *describe_colour_columns(decisions.context.listed_colours.columns),
        *_describe_several_colours(decisions),
        *_describe_cells_without_colour(counts.cells_without_colour),
        *_describe_unknown_colours(counts.unknown_colours),
    ]


def _describe_customers(decisions: RunDecisions, products: RowCounts) -> list[str]:
    """Return the sentences about gender and age group; none if neither words nor options can say any."""
    context = decisions.context.customers
    has_columns = context is not None and any(context.reader.columns.columns.values())
    has_option = bool(decisions.settings.gender or decisions.settings.age_group)
    if not products.rows or not (decisions.list_words.is_readable or has_columns or has_option):
        return []
    figures = "; ".join(_describe_customer_topic(topic, products) for topic in TOPICS)
    return [f"{figures[0].upper()}{figures[1:]}.", *_describe_contradicting_customers(products)]


def _describe_customer_topic(topic: Topic, products: RowCounts) -> str:
    """Return a part of a sentence: "gender: 181 of 200 from the list, --gender for the other 19"."""
    option = OPTION_BY_TOPIC[topic]
    listed, given, missing = (products.customer_sources[topic, source] for source in CUSTOMER_SOURCES)
    given_text = f", {given:,} by {option}" if given else ""
    # With a default, the other products are not worn, or their words contradict each other.
    missing_text = f", none for {missing:,}" if given else f", {option} for the other {missing:,}"
    missing_text = missing_text if missing else ""
    return (
        f"{topic.replace('_', ' ')}: {listed:,} of {products.rows:,} from the list{given_text}{missing_text}"
    )


def _describe_contradicting_customers(products: RowCounts) -> list[str]:
    """Return a sentence about products whose words contradict each other about gender or age."""
    count = products.contradicting_customers
    if not count:
        return []
    name, words = products.first_contradiction
    counted = format_count(count, "product has", "products have")
    return [
        f"{counted} words that contradict each other about gender or age, so the value stays empty: "
        f"`{shorten_text(name)}` ({words})."
    ]


def _describe_cells_without_colour(cells: Counter[str]) -> list[str]:
    """Return a sentence about cells that name no colour, such as "see image"; none without such cells."""
    if not cells:
        return []
    shown = _name_cells(cells)
    counted_cells = format_count(cells.total(), "cell for the colour names", "cells for the colour name")
    return [f"{counted_cells} no colour ({shown}), so the photos decide."]


def _describe_unknown_colours(cells: Counter[str]) -> list[str]:
    """Return a sentence about cells without a known word for a colour ("Spartacus"); none without them."""
    if not cells:
        return []
    counted_cells = format_count(cells.total(), "cell for the colour has", "cells for the colour have")
    return [
        f"{counted_cells} no word for a colour that is known ({_name_cells(cells)}). Feeds have the words as "
        "they are."
    ]


def _name_cells(cells: Counter[str]) -> str:
    """Return the most frequent cells as a part of a sentence, such as "`see image`, `various`"."""
    return join_first_items([f"`{shorten_text(cell)}`" for cell, _ in cells.most_common()], MAX_NAMED_CELLS)


def _describe_several_colours(decisions: RunDecisions) -> list[str]:
    """Return a sentence about products that are sold in several colours, and how to divide them."""
    colours = decisions.context.listed_colours
    names = list(colours.several_colours_products)
    if not names:
        return []
    shown = join_first_items([f"`{shorten_text(name)}`" for name in names], MAX_NAMED_PRODUCTS)
    variant_option = f'--by "{colours.variant_column}"' if colours.variant_column else ""
    advice = f" {variant_option} makes each variant a product." if variant_option else ""
    counted_products = format_count(len(names), "product is", "products are")
    return [
        f"{counted_products} sold in several colours: {shown}. The table has the colour of the photos, and "
        f"no feed has any.{advice}"
    ]


def describe_colour_columns(columns: ColourColumns) -> list[str]:
    """Return sentences that say which column colours are read from, and which columns are not read."""
    sentences = list[str]()
    if columns.columns:
        reasons = {
            "named": "as --colour-column says.",
            "usual": "by its name.",
            "found": "by its name and cells. --colour-column names another.",
        }
        sentences.append(f"The colour is `{columns.columns[0]}`, {reasons[columns.reason]}")
    if columns.rivals:
        names = " and ".join(f"`{name}`" for name in columns.rivals)
        sentences.append(f"{names} name colours, so none of them is read. --colour-column names one.")
    if columns.unread_columns:
        names = join_first_items([f"`{name}`" for name in columns.unread_columns], MAX_NAMED_CELLS)
        sentences.append(
            f"No colour is read from the list, although these columns have a word for it: {names}. "
            "--colour-column names the one with the colour."
        )
    if columns.unread_metafields:
        names = join_first_items([f"`{name}`" for name in columns.unread_metafields], MAX_NAMED_CELLS)
        sentences.append(f"Metafields that are not read as the colour: {names}. --colour-column names one.")
    return sentences
