"""Two small random journals, and all that is written of them: the same journal gives the same outputs.

After a change that is meant to change an output, run `python -m tests.random_journals`: it writes the stored
outputs anew. `git diff` then shows what changed, and the commit says why.
"""

import contextlib
import json
import random
import re
import tempfile
from collections.abc import Container, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from inference.contract import LABEL
from inference.posterior import FormulaFigures
from inference.reasons import Reason
from inference.release_labels import NONE
from labelling.decide.decisions import RunDecisions
from labelling.errors import TableUnusable
from labelling.journal.human_answer import LEFT_OUT_LABEL, AnswerSubject, HumanAnswer
from labelling.journal.journal_file import Journal
from labelling.review.questions import SheetSettings
from labelling.review.sheet import write_sheet
from labelling.review.sheet_rows import SheetRows
from labelling.rows import HeadAnswer, PhotoRecord
from labelling.run_settings import ProductGrouping, RunSettings
from labelling.sources.items import LocalSource, PictureItem, ReadPictures, Source
from labelling.write.feed_files import list_feed_files
from labelling.write.feeds import FeedRows, write_feed
from labelling.write.platforms import FEED_PLATFORMS
from labelling.write.row_collectors import RowCollectors
from labelling.write.run_tables import write_tables
from labelling.write.sorted_folders import PictureLabels, copy_pictures_into_folders
from tests.journals import fill
from tests.review_sheets import shown_on
from training.data.fashion import FASHION_MNIST_LABELS

STORED: Final = Path(__file__).parent / "fixtures" / "labelling"
"""The folder with a folder of outputs for each journal."""

PHOTOS: Final = 40
"""Rows of a journal: enough for each decision, and few enough to read."""

KINDS: Final = (
    *("top", "shirt", "pullover", "coat", "dress", "trousers", "sneaker", "sandal", "boot", "bag", "skirt"),
    *("shorts", "closed shoe", "hat", "belt", "vest", "jumpsuit", "socks", "scarf", "other"),
)
COLOURS: Final = ("black", "white", "grey", "blue", "red", "green", "beige", "multicolour")
SLEEVES: Final = ("long", "short")

TITLES: Final = (
    *("Summer dress", "Pleated skirt", "Blouse red", "Blue jeans", "Anna", "Wool scarf", "Tunic", "Bag"),
    *("T-shirt, white", "Set of shirt and trousers", "Boots", "Black sneakers", "Jacket with belt", ""),
    *("<b>Shorts</b>", "Anna blue M", "Anna blue L", "Shirt dress green", "Leather wallet"),
)
CATEGORIES: Final = ("", "", "Women > Dresses", "Men > Shirts", "Shoes", "Bottoms")
COLOUR_CELLS: Final = ("", "", "", "red", "Off White", "n/a", "red / blue", "petrol", "green")

FIGURES: Final = FormulaFigures()
"""The numbers of the formula that most of the releases store."""

COLUMNS: Final = (
    *("article", "Handle", "Title", "Category", "color"),
    *("Attribute 1 name", "Attribute 1 value(s)", "Type"),
)

LONG_NUMBER: Final = re.compile(r"\d+\.\d{7,}(?:e-\d+)?")
"""A number whose last digits may differ from one processor to another."""


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """A way in which a random journal is made.

    Attributes:
        kinds: the labels of the attribute `kind`; empty for a release without it.
        figures: the numbers of the formula that the release stores; None if it stores none.
        has_products: whether the photos are grouped by their article.
        language: the language that a person named; empty to find it.
        proven: the heads whose promise for products the release shows.
        has_categories: whether the platform's categories are known.
    """

    kinds: tuple[str, ...] = KINDS
    figures: FormulaFigures | None = FIGURES
    has_products: bool = True
    language: str = ""
    proven: tuple[str, ...] = ()
    has_categories: bool = False

    @property
    def heads(self) -> dict[str, tuple[str, ...]]:
        """The labels of each head."""
        kinds = {"kind": self.kinds} if self.kinds else {}
        return {LABEL: FASHION_MNIST_LABELS, **kinds, "colour": COLOURS, "sleeve": SLEEVES}

    @property
    def run(self) -> RunSettings:
        """What the rows are of."""
        categories = {
            head: {label: (f"{head} {label}", label.upper()) for label in self.heads[head]}
            for head in (LABEL, "colour")
        }
        by = ProductGrouping(
            column="article", folder=None, proven=self.proven, likely={"colour": (0.5, 0.87)}
        )
        return RunSettings(
            source="list.csv",
            version="20261120T101500Z-3f9a1c2e",
            heads=self.heads,
            further={name: name for name in COLUMNS},
            by=by if self.has_products else None,
            language=self.language,
            figures=self.figures,
            general_shares={kind: 1 / len(self.kinds) for kind in self.kinds} if self.figures else {},
            categories=categories if self.has_categories else {},
        )


CATALOGUES: Final = {
    "products": Catalogue(has_categories=True, proven=(LABEL, "colour")),
    "photos": Catalogue(has_products=False),
}


@dataclass(frozen=True)
class ListedNames(LocalSource):
    """A source of some names, whose pictures are empty files."""

    names: Sequence[str] = field(default=())

    def iterate_pictures(self) -> Iterator[PictureItem]:
        return (PictureItem(name, (name,), "v1", 1, ()) for name in self.names)

    def open_reader(self) -> ReadPictures:
        return lambda places: [b"" for _ in places]


def fill_journal(journal: Journal, catalogue: Catalogue, draw: random.Random) -> None:
    """Fill a journal with random photos, and with random answers of people."""
    photos = list(_photos(catalogue, draw))
    fill(journal, catalogue.run, photos, dict(_human_answers(catalogue, photos, draw)))


def _photos(catalogue: Catalogue, draw: random.Random) -> Iterator[PhotoRecord]:
    """Yield photos of articles, some of them the same picture, under one article or under two."""
    articles = [f"{number:05}" if number % 7 else f"B {number}" for number in range(PHOTOS // 3)]
    titles = {article: draw.choice(TITLES) for article in articles}
    seen = dict[str, PhotoRecord]()
    for number in range(PHOTOS):
        article = draw.choice(articles) if draw.random() < 0.95 else ""
        content = draw.randrange(int(PHOTOS * 0.9))
        path = f"{content}.jpg" if draw.random() < 0.9 else f"copy {number}.jpg"
        if path not in seen:
            seen[path] = _answered_photo(catalogue, path, content)
        cells = _cells(article, titles.get(article, ""), draw)
        yield replace(seen[path], cells=cells)


def _answered_photo(catalogue: Catalogue, path: str, content: int) -> PhotoRecord:
    """Return a photo whose answers depend on its content alone."""
    draw, sha256 = random.Random(content), f"{content:064x}"
    if draw.random() >= 0.95:
        return PhotoRecord(path=path, sha256=sha256 if content % 4 else "", error="It is broken.")
    answers = {LABEL: _answer(FASHION_MNIST_LABELS, (None, None, Reason.AMBIGUOUS, Reason.UNFAMILIAR), draw)}
    if catalogue.kinds and draw.random() < 0.97:
        answers["kind"] = _answer(catalogue.kinds, (None, Reason.AMBIGUOUS, Reason.UNFAMILIAR), draw)
    answers["colour"] = _answer(COLOURS, (None, None, Reason.AMBIGUOUS, Reason.UNPROVEN), draw)
    if draw.random() < 0.5:
        answers["sleeve"] = _answer(SLEEVES, (None, Reason.AMBIGUOUS), draw)
    return PhotoRecord(path=path, sha256=sha256, familiarity=draw.random(), answers=answers)


def _answer(labels: Sequence[str], reasons: Sequence[Reason | None], draw: random.Random) -> HeadAnswer:
    weights = [draw.random() ** 4 for _ in labels]
    probabilities = [round(weight / sum(weights), 5) for weight in weights]
    label = labels[probabilities.index(max(probabilities))]
    also = (name for name, share in zip(labels, probabilities, strict=True) if share >= 0.25)
    return HeadAnswer(
        label=label,
        confidence=max(probabilities),
        reason=draw.choice(reasons),
        also=tuple(name for name in also if name != label),
        probabilities=tuple(probabilities),
    )


def _cells(article: str, title: str, draw: random.Random) -> dict[str, str]:
    """Return the cells of a row of the list."""
    has_attribute = draw.random() < 0.1
    cells = (
        article if draw.random() < 0.97 else f" {article}  ",
        f"h-{article}" if draw.random() < 0.9 else "",
        title if draw.random() < 0.8 else "",
        draw.choice(CATEGORIES) if draw.random() < 0.3 else "",
        draw.choice(COLOUR_CELLS) if draw.random() < 0.3 else "",
        "Color" if has_attribute else "",
        draw.choice(("red", "red, blue", "")) if has_attribute else "",
        draw.choice(("simple", "variable", "")) if has_attribute else "",
    )
    return dict(zip(COLUMNS, cells, strict=True))


def _human_answers(
    catalogue: Catalogue, photos: Sequence[PhotoRecord], draw: random.Random
) -> Iterator[tuple[AnswerSubject, HumanAnswer]]:
    """Yield answers to photos, to products, and to products that the photo no longer belongs to."""
    extra = {LABEL: (NONE, LEFT_OUT_LABEL), "colour": (NONE, LEFT_OUT_LABEL)}
    labels = {head: (*of, *extra.get(head, (LEFT_OUT_LABEL,))) for head, of in catalogue.heads.items()}
    for photo in (draw.choice(photos) for _ in range(PHOTOS // 6)):
        head = draw.choice((LABEL, LABEL, "colour", "kind", "sleeve"))
        if not photo.sha256 or head not in labels:
            continue
        product = photo.cells["article"].strip() if catalogue.has_products and draw.random() < 0.5 else ""
        product = product if draw.random() < 0.95 else "another"
        day = draw.randrange(10, 28)
        yield (
            AnswerSubject(photo.sha256, head, product),
            HumanAnswer(draw.choice(labels[head]), f"2026-11-{day}T10:00:00.000Z"),
        )


def outputs(catalogue: Catalogue) -> dict[str, str]:
    """Write all outputs of a random journal, and return their texts by name."""
    with _new_folder(), Journal(TABLE, catalogue.run) as journal:
        fill_journal(journal, catalogue, random.Random("journal"))
        decisions = RunDecisions(journal)
        outputs_of_rows = _RowsOfOutputs(decisions)
        collectors = outputs_of_rows.collectors
        summary = replace(write_tables(TABLE, decisions, collectors=collectors), seconds=0.0)
        tables = {file.name: file.read_text("utf-8") for file in Path().glob("*.csv")}
        others = {
            **_sheets(decisions, outputs_of_rows.sheets),
            **_feeds(decisions, outputs_of_rows.feeds),
            **_folders(decisions, outputs_of_rows.pictures),
        }
        texts = {**tables, "summary.json": json.dumps(asdict(summary), indent=1), **others}
        return {name: round_numbers(text) for name, text in sorted(texts.items())}


TABLE: Final = Path("table.csv")


@contextlib.contextmanager
def _new_folder() -> Iterator[None]:
    """Work in an empty folder, so that no output depends on where it is."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        yield


def _source(decisions: RunDecisions) -> Source:
    names = decisions.journal.query("SELECT path FROM current ORDER BY number")
    return ListedNames("list.csv", tuple(dict.fromkeys(name for (name,) in names)))


SHEETS: Final = {
    "sheet-of-all": (1000, None, ("kind", "colour"), ""),
    "sheet-of-a-feed": (10, 5, ("colour",), "colour"),
}
"""Limit, size of the audit, attributes and the attribute of the feed, by the name of the sheet."""


class _RowsOfOutputs:
    """The collectors of the rows of two sheets, of each platform's feed, and of the folders."""

    def __init__(self, decisions: RunDecisions) -> None:
        run = decisions.settings
        settings = [_make_sheet_settings(name, run.heads) for name in SHEETS]
        self.sheets = [(one, SheetRows(decisions, one)) for one in settings]
        self.feeds = [FeedRows(platform, decisions) for platform in FEED_PLATFORMS] if run.by else []
        self.pictures = PictureLabels()
        self.collectors = RowCollectors(
            photos=[self.pictures], products=self.feeds, reviewable=[rows for _, rows in self.sheets]
        )


def _make_sheet_settings(name: str, known_heads: Container[str]) -> SheetSettings:
    limit, audited, attributes, feed = SHEETS[name]
    heads = tuple(head for head in attributes if head in known_heads)
    return SheetSettings(Path(f"{name}.html"), limit, audited, heads, feed, {}, "command")


def _sheets(decisions: RunDecisions, sheets: Sequence[tuple[SheetSettings, SheetRows]]) -> dict[str, str]:
    """Return the cards of two sheets, without the texts of the page."""
    texts = {}
    for settings, rows in sheets:
        name = settings.page_path.stem
        write_sheet(_source(decisions), decisions, settings, rows)
        cards = [part["cards"] for part in shown_on(settings.page_path)["parts"]]
        texts[f"{name}.json"] = json.dumps(cards, indent=1)
    return texts


def _feeds(decisions: RunDecisions, feeds: Sequence[FeedRows]) -> dict[str, str]:
    """Return each platform's feed and categories, and what is said of them."""
    texts = dict[str, str]()
    for feed_rows in feeds:
        platform = feed_rows.platform
        try:
            feed = write_feed(feed_rows, TABLE, decisions)
        except TableUnusable as error:
            texts[f"{platform}-refusal.txt"] = str(error)
        else:
            texts[f"{platform}-result.json"] = json.dumps(list(feed), indent=1, default=str)
            files = filter(Path.exists, list_feed_files(TABLE, platform))
            texts |= {file.name: file.read_text("utf-8") for file in files}
    return texts


def _folders(decisions: RunDecisions, pictures: PictureLabels) -> dict[str, str]:
    """Return the names of the pictures in the folders of their labels; nothing if there are products."""
    if decisions.settings.by:
        return {}
    counts = copy_pictures_into_folders(Path("sorted"), _source(decisions), pictures.labels)
    names = sorted(str(file) for file in Path("sorted").rglob("*.jpg"))
    return {"folders.txt": "\n".join([str(tuple(counts)), *names])}


def round_numbers(text: str) -> str:
    """Return an output whose long numbers are rounded to six digits."""
    return LONG_NUMBER.sub(lambda number: f"{float(number[0]):.6f}", text)


def stored_outputs(name: str) -> dict[str, str]:
    """Return the outputs of a journal that are stored, by name."""
    files = sorted((STORED / name).iterdir())
    return {file.name: file.read_bytes().decode() for file in files}


if __name__ == "__main__":
    for journal_name, catalogue in CATALOGUES.items():
        folder = STORED / journal_name
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.iterdir():
            file.unlink()
        for output_name, text in outputs(catalogue).items():
            (folder / output_name).write_bytes(text.encode())
