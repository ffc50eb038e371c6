"""Decide all rows of a run from its journal, the SQLite file beside the table.

    decisions = Decisions(journal)
    for row in decisions.read_product_rows():
        print(row.record.product, row.class_decision.label)

Decisions are never stored: each iteration decides again, so a new answer of a person changes the next table.
Some facts concern the whole table, such as the photos that are listed under several products. They are read
once, before the first row.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Final

from inference.contract import LABEL
from inference.release_labels import NONE, has_known_kinds
from inference.words.kinds import KIND
from inference.words.language_files import LANGUAGE_OFF
from inference.words.recognition import recognise_category_language
from labelling.decide.category_products import CategoryProductCollector, CategoryProductSums
from labelling.decide.category_questions import CategoryQuestions
from labelling.decide.list_colours import ListColourReader
from labelling.decide.product_answers import make_product_record
from labelling.decide.product_customers import CustomerDecider
from labelling.decide.product_parts import CategoryContributionReader
from labelling.decide.product_titles import find_parent_folder, read_product_titles
from labelling.decide.row_decision import DecisionContext, answer_row_with_list, decide_row
from labelling.decide.shared_photos import SharedProductsCollector, make_shared_photos
from labelling.decide.title_decision import collect_titles
from labelling.decide.valid_answers import read_valid_answers
from labelling.journal.journal_file import Journal
from labelling.journal.journal_rows import (
    read_photo_groups,
    read_photo_records,
    read_product_kinds,
    read_unshared_photos,
)
from labelling.lists.categories import NO_FOLDERS, CategoryColumn, FolderCategories, find_folder_categories
from labelling.lists.colour_column_search import find_colour_columns
from labelling.lists.column_names import find_brand_columns
from labelling.lists.customer_columns import find_customer_columns
from labelling.lists.folder_names import REVIEW_FOLDER, make_folder_names
from labelling.lists.list_meaning import ListReader
from labelling.lists.listed_customers import ListedCustomerReader
from labelling.lists.own_words import ShopWords
from labelling.lists.titles import MIN_LANGUAGE_TEXTS, ListWords, find_list_words
from labelling.lists.unused_words import find_unused_words
from labelling.lists.variant_rows import find_handle_column, find_variant_column
from labelling.rows import HeadAnswers, PhotoRecord, TableRow
from labelling.run_settings import RunSettings

MAX_SELECTED_COLUMNS: Final = 1000
"""Largest number of columns of a list that a query selects one by one. SQLite has a limit of 2,000."""

_SHARED_PHOTOS: Final = """
SELECT sha256, min({0}) = max({0}) FROM current JOIN photos USING (path, stamp)
WHERE product <> '' AND error = '' GROUP BY sha256 HAVING min(product) <> max(product)
"""
"""SQL that reads the sha256 of each photo that is listed under several products, and whether all of these
have the same value in {0}. If this is the column of the handle, the products are variants of one product."""


class RunDecisions:
    """The decided rows of a labelling run, with the answers that people have given so far.

    The rows are read from the journal, which is the SQLite file beside a table. Create the object when all
    answers of the model and of people are stored, and use the same one for every output of the run.
    """

    def __init__(self, journal: Journal) -> None:
        """Keep the open journal, and read nothing from it yet."""
        self.journal = journal

    def read_photo_rows(self) -> Iterator[TableRow]:
        """Return an iterator over the rows of the table of photos, one for each picture of the source."""
        return (decide_row(photo, self.context) for photo in read_photo_records(self.journal))

    def read_product_rows(self) -> Iterator[TableRow]:
        """Return an iterator over the rows of the table of products, in the order of their first photos.

        The iterator is empty if the run does not group photos into products.
        """
        groups = read_photo_groups(self.journal) if self.settings.by else ()
        return (self._decide_group(photos) for photos in groups if photos[0].product)

    def read_reviewable_rows(self) -> Iterator[TableRow]:
        """Return an iterator over the rows that a review sheet may ask about.

        These are all products, and the pictures that belong to no product.
        """
        return map(self._decide_group, read_photo_groups(self.journal))

    def _decide_group(self, photos: Sequence[PhotoRecord]) -> TableRow:
        subject = make_product_record(photos, self.settings) if photos[0].product else photos[0]
        return decide_row(subject, self.context)

    def answer_without_people(self, photo: PhotoRecord) -> HeadAnswers:
        """Return what model and list answer to a photo, by head (class or attribute), without people."""
        return answer_row_with_list(photo, self.context)

    @cached_property
    def context(self) -> DecisionContext:
        """The facts about the whole table that each decision needs, read from the journal once."""
        hashes, variant_hashes = self._find_shared_photos()
        collector = SharedProductsCollector(hashes)
        members = CategoryProductCollector([*hashes, *variant_hashes])
        # A list in which no word names a garment is not read at all: it can have millions of rows.
        is_read = self.settings.by and self.list_reader.has_words
        rows = self._read_product_rows_of_list() if is_read else ()
        products = collector.observe_products(read_product_titles(self.list_reader, rows))
        if self._has_telling_products:
            products = members.observe_products(products)
        # Both collectors wrap a generator, so they are filled only while `collect_titles` reads it.
        titles = collect_titles(self.settings, self.list_reader, products)
        photos = read_unshared_photos(self.journal, hashes)
        context = DecisionContext(
            settings=self.settings,
            titles=titles,
            shared_photos=make_shared_photos(collector.make_shared_products(), photos, titles),
            human_answers=read_valid_answers(self.journal),
            listed_colours=self._read_listed_colours(variant_hashes),
            customers=self._make_customer_decider(),
        )
        # The sums of categories need the other facts of the context, and one more reading of the journal.
        if not members.numbers:
            return context
        return replace(context, category_products=self._sum_categories(members, context))

    def _make_customer_decider(self) -> CustomerDecider:
        run = self.journal.settings
        columns = find_customer_columns(tuple(run.further))
        return CustomerDecider(
            reader=ListedCustomerReader(list_reader=self.list_reader, columns=columns),
            gender=run.gender,
            age_group=run.age_group,
        )

    def _find_shared_photos(self) -> tuple[list[str], list[str]]:
        """Return the sha256 of photos that are listed under several products.

        Returns:
            The photos of different products, and the photos of variants of one product. Products are variants
            of one if the list has a column of handles, as Shopify's export has, and their handles are equal.
        """
        run = self.journal.settings
        handle_column = find_handle_column(run.further, run.by.column) if run.by else ""
        value = self._select_cell(handle_column) if handle_column else "product"
        shared_hashes = list[str]()
        variant_hashes = list[str]()
        for sha256, is_of_variants in self.journal.query(_SHARED_PHOTOS.format(value)):
            (variant_hashes if is_of_variants else shared_hashes).append(sha256)
        return shared_hashes, variant_hashes

    def _read_listed_colours(self, variant_hashes: Iterable[str]) -> ListColourReader:
        """Find the columns of the list that have colours, and the products that are sold in several.

        Args:
            variant_hashes: the sha256 of the photos that variants of one product share.
        """
        run = self.journal.settings
        columns = find_colour_columns(tuple(run.further), self._read_columns, run.colour)
        variant_column = find_variant_column(run.further)
        names = tuple(filter(None, dict.fromkeys((*columns.read_columns, variant_column))))
        query = (
            f"SELECT product{self._select_cells(names)} FROM current "  # noqa: S608 - names are places
            "WHERE product <> '' ORDER BY product, number"
        )
        several_colours_products = dict[str, None]()
        has_variants = False
        rows_by_product = self.journal.query(query) if run.by and columns.read_columns else ()
        for product, rows in groupby(rows_by_product, itemgetter(0)):
            cells = [dict(zip(names, texts, strict=True)) for _, *texts in rows]
            if columns.read_colours(cells).is_sold_in_several_colours:
                several_colours_products[product] = None
                # The column is named in advice only if it tells rows of one product apart.
                has_variants |= (
                    bool(variant_column) and len({row[variant_column] for row in cells} - {""}) > 1
                )
        return ListColourReader(
            columns=columns,
            several_colours_products=several_colours_products,
            variant_photos=frozenset(variant_hashes),
            variant_column=variant_column if has_variants else "",
            brand_columns=find_brand_columns(run.further),
        )

    @property
    def _has_telling_products(self) -> bool:
        """Whether the products of a category are evidence about one another.

        This needs a release that tells how frequent each kind of garment is in general.
        """
        has_figures = self.settings.figures is not None and bool(self.settings.general_shares)
        return has_figures and has_known_kinds(self.settings.heads.get(KIND, ()))

    def _sum_categories(
        self, members: CategoryProductCollector, context: DecisionContext
    ) -> CategoryProductSums:
        """Add up what the products of each category are, in one more reading of the journal."""
        reader = CategoryContributionReader(
            titles=context.titles,
            shared_photos=context.shared_photos,
            human_answers=context.human_answers,
            class_kinds=context.class_kinds,
        )
        parts = reader.read_contributions(read_product_kinds(self.journal), members.numbers)
        return members.sum_contributions(parts, self.settings.general_shares)

    @cached_property
    def settings(self) -> RunSettings:
        """The settings of the run, with the language and the columns of titles (`list_words`) filled in."""
        return replace(self.journal.settings, list_words=self.list_words)

    @cached_property
    def list_words(self) -> ListWords:
        """The language and the columns of the list's titles and categories.

        If an earlier command has not stored them in the journal, they are found in the rows of the list.
        """
        run = self.journal.settings
        if run.list_words is not None:
            return run.list_words
        renamed = [name for name, table_name in run.further.items() if table_name != name]
        # A list that was made from our own table has our answers in such columns, and no titles of the shop.
        excluded_columns = {*renamed, *run.attributes, run.by.column if run.by else ""}
        return find_list_words(
            tuple(run.further), self._read_columns, run.language, run.title, excluded_columns
        )

    @cached_property
    def list_reader(self) -> ListReader:
        """The reader that finds kinds of garments, such as `skirt`, in titles and categories.

        It also knows the words that the shop has explained.
        """
        words = self.list_words
        settings = self.journal.settings
        is_on = settings.language != LANGUAGE_OFF
        # A list with titles or categories says more than the folders in which its pictures lie.
        folders = NO_FOLDERS if words.columns or not is_on else self._find_category_folders()
        names = [name for folder_names in folders.names_by_depth.values() for name in sorted(folder_names)]
        return ListReader(
            list_words=words,
            own_words=ShopWords(
                settings.own_words, tuple(self.journal.read_category_answers()), words.language
            ),
            category_column=CategoryColumn.learn_from_cells(self._read_categories()),
            folder_categories=folders,
            folder_language=recognise_category_language(names),
            can_read_known_words=is_on,
            is_language_uncertain=len(names) < MIN_LANGUAGE_TEXTS if names else words.is_guessed_from_few,
        )

    def find_unused_words(self) -> list[str]:
        """Return the words that the shop explained, but that neither a category nor a title of the list has.

        The rows are read only if the shop explained any words.
        """
        columns = self.list_words.columns
        query = f"SELECT path{self._select_cells(columns)} FROM current"  # noqa: S608 - names are places
        rows = (
            (dict(zip(columns, texts, strict=True)), find_parent_folder(path))
            for path, *texts in self.journal.query(query)
        )
        return find_unused_words(self.list_reader, rows)

    def start_category_questions(self) -> CategoryQuestions | None:
        """Return a new collector of questions about categories, without rows.

        Returns:
            The collector; None if the release cannot decide with the list's words, or if the list has no
            categories, because answers about categories would then change no decision.
        """
        can_decide = self.settings.figures is not None
        return CategoryQuestions(self.list_reader) if can_decide and self.list_reader.has_categories else None

    def _read_categories(self) -> Iterator[str]:
        words = self.list_words
        cells = self._read_columns(words.categories) if words.categories else ()
        return (words.read_category(cells_of_row) for cells_of_row in cells)

    def _find_category_folders(self) -> FolderCategories:
        """Find the folders of pictures that are categories, such as `women/skirts`.

        There are none if `label --into` has sorted the pictures into folders of classes, because these names
        are answers of the model and not words of the shop.
        """
        names = make_folder_names((*self.journal.settings.heads[LABEL], NONE)).values()
        return find_folder_categories(self._read_picture_folders, {*names, REVIEW_FOLDER})

    def _read_picture_folders(self) -> Iterator[tuple[str, str]]:
        for product, path in self.journal.query("SELECT product, path FROM current"):
            yield find_parent_folder(path), product or path

    def _read_columns(self, columns: Sequence[str]) -> Iterator[dict[str, str]]:
        """Yield the cells of the given columns for each row of the list, in its order."""
        if len(columns) > MAX_SELECTED_COLUMNS:
            names = tuple(self.journal.settings.further)
            for (text,) in self.journal.query("SELECT cells FROM current ORDER BY number"):
                cells = dict(zip(names, json.loads(text), strict=True))
                yield {name: cells[name] for name in columns}
            return
        query = f"SELECT number{self._select_cells(columns)} FROM current ORDER BY number"  # noqa: S608
        for _, *texts in self.journal.query(query):
            yield dict(zip(columns, texts, strict=True))

    def _read_product_rows_of_list(self) -> Iterator[PhotoRecord]:
        """Yield the rows of the list, the ones of each product together, with titles and categories."""
        columns = self.list_words.columns
        query = (
            f"SELECT product, number, path, iif(error = '', sha256, ''){self._select_cells(columns)} "  # noqa: S608
            "FROM current LEFT JOIN photos USING (path, stamp) WHERE product <> '' ORDER BY product, number"
        )
        for product, number, path, sha256, *texts in self.journal.query(query):
            cells = dict(zip(columns, texts, strict=True))
            yield PhotoRecord(path=path, sha256=sha256, cells=cells, product=product, number=number)

    def _select_cells(self, columns: Sequence[str]) -> str:
        """Return the SQL for the cells of the given columns, to append to a SELECT list.

        It contains only positions of columns, and never text from the list, so a heading cannot inject SQL.
        """
        return "".join(f", {self._select_cell(name)}" for name in columns)

    def _select_cell(self, column: str) -> str:
        # The journal stores the cells of a row as a JSON array, in the order of the list's columns.
        place = list(self.journal.settings.further).index(column)
        return f"json_extract(cells, '$[{place}]')"
