"""Collect the rows of a feed, the file of products that a sales platform imports.

articles = FeedArticles()
articles.add_product(row, "google", grouping)
articles.fed_articles                           # [FeedArticle(cells=("A-17", "Navy/White"), ...)]
"""

from collections.abc import Iterable
from typing import NamedTuple

from labelling.rows import TableRow
from labelling.run_settings import ProductGrouping
from labelling.write.platforms import FEED_PLATFORMS, find_product_spellings


class FeedArticle(NamedTuple):
    """A product as a row of a feed, the file that a sales platform imports.

    Attributes:
        columns: the columns of its cells.
        cells: the cells, one for each of these columns.
        colours: the colours in the row, the main colour first.
        is_likely: whether the colour is certain enough for a feed, but not for the table.
    """

    columns: tuple[str, ...]
    cells: tuple[str, ...]
    colours: tuple[str, ...]
    is_likely: bool

    def select_cells(self, columns: Iterable[str]) -> list[str]:
        """Return the article's cells in the given columns of the feed; "" in a column that it lacks."""
        cells = dict(zip(self.columns, self.cells, strict=True))
        return [cells.get(column, "") for column in columns]


class FeedArticles:
    """The articles of a feed, by the key that identifies a product on the platform, such as its SKU.

    Several products may have the same key. If their colours differ, the feed has none of them; otherwise it
    has the first one. Only what a row of the feed needs is kept, because a list may have millions of
    products.
    """

    def __init__(self) -> None:
        """Create a feed without articles."""
        self._articles: dict[str, FeedArticle] = {}
        self._columns: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._differing = set[str]()

    def add_product(self, row: TableRow, platform: str, grouping: ProductGrouping | None) -> None:
        """Add a product as an article, or to an article with the same key.

        Args:
            row: the decided row of the product, which has one spelling and a colour.
            platform: the name of the platform, such as `google`.
        """
        [name] = find_product_spellings(row, grouping)
        cells = FEED_PLATFORMS[platform].make_cells(name, row)
        key = cells[FEED_PLATFORMS[platform].key]
        columns = tuple(cells)
        # All articles with these columns share one tuple, which saves memory.
        columns = self._columns.setdefault(columns, columns)
        article = FeedArticle(columns, tuple(cells.values()), row.feed_colours, row.has_likely_colours)
        first = self._articles.setdefault(key, article)
        if first.colours != article.colours:
            self._differing.add(key)
        # The colours are equal, so one product with a certain colour makes it certain for the key.
        elif first.is_likely and not article.is_likely:
            self._articles[key] = first._replace(is_likely=False)

    @property
    def differing_keys(self) -> list[str]:
        """The keys under which products have different colours, in the order of the table."""
        return [key for key in self._articles if key in self._differing]

    @property
    def included_articles(self) -> list[FeedArticle]:
        """The articles that the feed has, one for each key, in the order of the table."""
        return [article for key, article in self._articles.items() if key not in self._differing]
