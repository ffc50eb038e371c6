"""The rule of a row as a table: what photos, title, list and people say, and what the table then shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import pytest

from inference.contract import LABEL
from inference.posterior import FormulaFigures
from inference.reasons import Reason
from inference.release_labels import NONE, OTHER_KIND
from inference.words.kinds import KIND
from labelling.decide.human_answers import HumanAnswers
from labelling.decide.list_colours import ListColourReader
from labelling.decide.product_answers import make_product_record
from labelling.decide.product_titles import read_product_titles
from labelling.decide.row_decision import DecisionContext, decide_row
from labelling.decide.shared_photos import SharedProductsCollector, make_shared_photos
from labelling.decide.title_decision import collect_titles
from labelling.journal.human_answer import LEFT_OUT_LABEL
from labelling.lists.colour_column_search import find_colour_columns
from labelling.lists.list_meaning import ListReader
from labelling.lists.titles import ListWords
from labelling.rows import HeadAnswer, PhotoRecord
from labelling.run_settings import ProductGrouping, RunSettings
from labelling.write.columns import make_photo_columns, make_product_columns

HEADS: Final = {
    LABEL: ("Dress", "Trouser", "Shirt", "Bag"),
    KIND: ("dress", "trousers", "shirt", "bag", "skirt", OTHER_KIND),
    "colour": ("red", "blue", "white"),
}
ARTICLE: Final = "7"
OTHER_ARTICLE: Final = "8"

Probabilities = Mapping[str, float]


class Seen(NamedTuple):
    """The answer of a photo about one head."""

    shares: Probabilities
    reason: Reason | None


def sure(label: str, share: float = 0.96) -> Seen:
    return Seen({label: share}, None)


def doubtful(label: str, share: float = 0.5, reason: Reason = Reason.AMBIGUOUS, **others: float) -> Seen:
    return Seen({label: share, **others}, reason)


def strange(label: str) -> Seen:
    return Seen({label: 0.9}, Reason.UNFAMILIAR)


@dataclass(frozen=True)
class Photo:
    """A photo of the article, by what the model answered.

    Attributes:
        label, kind, colour: the answers; without a label the photo cannot be read.
        name: the name of its content; two photos of one name are copies.
        also_under: whether another article has the same photo.
    """

    label: Seen | None = None
    kind: Seen | None = None
    colour: Seen | None = None
    name: str = "front"
    also_under: bool = False


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row of the table of rules.

    Attributes:
        photos: the photos of the article, or one photo.
        title: the title of the article.
        other_title: the title of another article that has a photo of this one.
        colour: the cell of the list's column for the colour.
        people: the answers of people by photo and head; the photo ARTICLE stands for the article.
        head: the head that the case is about.
        shows: label, decision, reason and who decided, as the table shows them.
        is_product: whether the row is that of the article; otherwise that of its only photo. Attributes have
            a reason in the table of products alone, so cases about one are about the article.
        is_proven: whether the release has shown often enough that it is right about several photos.
        has_figures: whether the release has the numbers of the formula, so that words may accept.
    """

    photos: Sequence[Photo]
    shows: tuple[str | None, str | None, str | None, str | None]
    title: str = ""
    other_title: str = ""
    colour: str = ""
    people: Mapping[tuple[str, str], str] = field(default_factory=dict)
    head: str = LABEL
    is_product: bool = False
    is_proven: bool = True
    has_figures: bool = True


def product(*photos: Photo) -> Sequence[Photo]:
    """Name the photos of an article apart."""
    names = ("front", "back", "side")
    return [
        Photo(one.label, one.kind, one.colour, name, one.also_under)
        for one, name in zip(photos, names, strict=False)
    ]


SKIRT: Final = Photo(strange("Dress"), doubtful("dress", 0.5, Reason.UNFAMILIAR, skirt=0.2))
SURE_DRESS, SURE_SHIRT = Photo(sure("Dress")), Photo(sure("Shirt"))
UNSURE_DRESS, UNSURE_SHIRT = Photo(doubtful("Dress")), Photo(doubtful("Shirt"))
TROUSERS: Final = Photo(sure("Trouser"), sure("trousers"))
UNSURE_BLOUSE: Final = Photo(doubtful("Dress", 0.6, Shirt=0.3), doubtful("dress", 0.5, shirt=0.4))

PHOTO_ALONE: dict[str, Case] = {
    "an accepted photo": Case(photos=[SURE_DRESS], shows=("Dress", "accept", None, "model")),
    "an ambiguous photo": Case(photos=[UNSURE_DRESS], shows=("Dress", "review", "ambiguous", "model")),
    "an unfamiliar photo": Case(
        photos=[Photo(strange("Dress"))], shows=("Dress", "review", "unfamiliar", "model")
    ),
    "a photo that cannot be read": Case(photos=[Photo()], shows=(None, None, None, None)),
    "an attribute is decided by itself": Case(
        photos=[Photo(doubtful("Dress"), colour=sure("red"))],
        head="colour",
        shows=("red", "accept", None, "model"),
    ),
}

PHOTOS_TOGETHER: dict[str, Case] = {
    "one accepted photo is enough": Case(
        photos=product(SURE_DRESS, UNSURE_DRESS), is_product=True, shows=("Dress", "accept", None, "model")
    ),
    "accepted photos of two labels": Case(
        photos=product(SURE_DRESS, SURE_SHIRT),
        is_product=True,
        shows=("Dress", "review", "contradicting", "model"),
    ),
    "no accepted photo, and one reason": Case(
        photos=product(UNSURE_DRESS, UNSURE_DRESS),
        is_product=True,
        shows=("Dress", "review", "ambiguous", "model"),
    ),
    "no accepted photo, and two reasons": Case(
        photos=product(UNSURE_DRESS, Photo(doubtful("Dress", 0.5, Reason.UNPROVEN))),
        is_product=True,
        shows=("Dress", "review", "ambiguous", "model"),
    ),
    "an accepted photo against the mean of all": Case(
        photos=product(Photo(sure("Dress", 0.6)), Photo(doubtful("Shirt", 0.94)), UNSURE_SHIRT),
        is_product=True,
        shows=("Shirt", "review", "ambiguous", "model"),
    ),
    "unfamiliar photos are left aside": Case(
        photos=product(Photo(strange("Shirt")), SURE_DRESS),
        is_product=True,
        shows=("Dress", "accept", None, "model"),
    ),
    "unfamiliar photos alone": Case(
        photos=product(Photo(strange("Dress")), Photo(strange("Dress"))),
        is_product=True,
        shows=("Dress", "review", "unfamiliar", "model"),
    ),
    "several photos, of which nothing is proven": Case(
        photos=product(SURE_DRESS, SURE_DRESS),
        is_product=True,
        is_proven=False,
        shows=("Dress", "review", "unproven", "model"),
    ),
    "one photo needs no such proof": Case(
        photos=product(SURE_DRESS), is_product=True, is_proven=False, shows=("Dress", "accept", None, "model")
    ),
    "copies are one photo": Case(
        photos=[SURE_DRESS, SURE_DRESS],
        is_product=True,
        is_proven=False,
        shows=("Dress", "accept", None, "model"),
    ),
    "a photo surely shows another colour": Case(
        photos=product(
            Photo(sure("Dress"), colour=sure("red")),
            Photo(strange("Dress"), colour=Seen({"blue": 0.85}, Reason.UNFAMILIAR)),
        ),
        is_product=True,
        head="colour",
        shows=("red", "review", "contradicting", "model"),
    ),
    "no photo of the product can be read": Case(
        photos=product(Photo(), Photo()), is_product=True, shows=(None, None, "no photo", None)
    ),
}  # fmt: skip

WITH_TITLE: dict[str, Case] = {
    "title and photo agree": Case(
        photos=[TROUSERS], title="Slim jeans with belt", shows=("Trouser", "accept", None, "model")
    ),
    "title and photo contradict each other": Case(
        photos=[TROUSERS], title="Handbag", shows=("Trouser", "review", "list", "model")
    ),
    "the kind, too": Case(
        photos=[TROUSERS], title="Handbag", head=KIND, shows=("trousers", "review", "list", "model")
    ),
    "a doubtful photo confirms the title": Case(
        photos=[UNSURE_BLOUSE], title="Striped blouse", shows=("Shirt", "accept", None, "list")
    ),
    "its kind": Case(
        photos=[UNSURE_BLOUSE], title="Striped blouse", head=KIND, shows=("shirt", "accept", None, "list")
    ),
    "a kind that is none of the classes": Case(
        photos=[SKIRT], title="Pleated skirt", shows=(NONE, "accept", None, "list")
    ),
    "a garment without a name": Case(
        photos=[Photo(doubtful("Dress"), doubtful("dress", 0.4, other=0.3))],
        title="Wool scarf",
        head=KIND,
        shows=(OTHER_KIND, "accept", None, "list"),
    ),
    "two kinds in the title, alike in the photo": Case(
        photos=[Photo(doubtful("Dress"), doubtful("shirt", 0.4, trousers=0.35))],
        title="Shirt and trousers",
        shows=("Dress", "review", "ambiguous", "model"),
    ),
    "two kinds in the title, and the photo prefers one": Case(
        photos=[Photo(doubtful("Shirt"), doubtful("shirt", 0.6, trousers=0.02))],
        title="Shirt and trousers",
        shows=("Shirt", "accept", None, "list"),
    ),
    "a vague word, and the photo shows something else": Case(
        photos=[Photo(doubtful("Dress"), doubtful("bag", 0.8, shirt=0.06, skirt=0.1))],
        title="Tunic or dress",
        shows=("Dress", "review", "list", "model"),
    ),
    "an accepted photo whose class and kind do not belong together": Case(
        photos=[Photo(sure("Dress"), sure("trousers"))], shows=("Dress", "review", "ambiguous", "model")
    ),
    "the kinds of one class are close, so the class is accepted": Case(
        photos=[Photo(doubtful("Dress"), doubtful("skirt", 0.5, other=0.45))],
        title="Skirt or scarf",
        shows=(NONE, "accept", None, "list"),
    ),
    "their kind is in review": Case(
        photos=[Photo(doubtful("Dress"), doubtful("skirt", 0.5, other=0.45))],
        title="Skirt or scarf",
        head=KIND,
        shows=("skirt", "review", "ambiguous", "model"),
    ),
    "a doubtful photo denies the title": Case(
        photos=[Photo(doubtful("Dress"), doubtful("dress", 0.99))],
        title="Handbag",
        shows=("Dress", "review", "list", "model"),
    ),
    "a title without a garment": Case(
        photos=[UNSURE_DRESS], title="Anna", shows=("Dress", "review", "ambiguous", "model")
    ),
    "a colour is no matter of the title's kind": Case(
        photos=[Photo(sure("Trouser"), sure("trousers"), sure("red"))],
        title="Handbag",
        head="colour",
        shows=("red", "accept", None, "model"),
    ),
    "without shares a title does not accept": Case(
        photos=[UNSURE_BLOUSE],
        title="Striped blouse",
        has_figures=False,
        shows=("Dress", "review", "ambiguous", "model"),
    ),
    "without shares a title contradicts": Case(
        photos=[TROUSERS], title="Handbag", has_figures=False, shows=("Trouser", "review", "list", "model")
    ),
    "a photo's accepted kind that belongs to no class": Case(
        photos=[Photo(strange("Dress"), sure("skirt"))], shows=(NONE, "accept", None, "model")
    ),
    "a title that denies it": Case(
        photos=[Photo(strange("Dress"), sure("skirt"))],
        title="Slim jeans",
        shows=("Dress", "review", "list", "model"),
    ),
    "without figures a title contradicts a photo whose class and kind do not belong together": Case(
        photos=[Photo(sure("Dress"), sure("trousers"))],
        title="Handbag",
        has_figures=False,
        shows=("Dress", "review", "list", "model"),
    ),
    "all photos of a product confirm its title": Case(
        photos=product(UNSURE_BLOUSE, UNSURE_BLOUSE),
        title="Striped blouse",
        is_product=True,
        is_proven=False,
        shows=("Shirt", "accept", None, "list"),
    ),
    "a photo under two articles": Case(
        photos=[Photo(sure("Trouser"), sure("trousers"), also_under=True)],
        is_product=True,
        shows=("Trouser", "review", "shared", "model"),
    ),
    "both titles allow what it shows": Case(
        photos=[Photo(sure("Trouser"), sure("trousers"), also_under=True)],
        title="Slim jeans",
        other_title="Wide jeans",
        is_product=True,
        shows=("Trouser", "accept", None, "model"),
    ),
    "the titles differ in colour and size": Case(
        photos=[Photo(sure("Trouser"), also_under=True)],
        title="Anna blue M",
        other_title="Anna red L",
        is_product=True,
        shows=("Trouser", "accept", None, "model"),
    ),
    "another photo of the article agrees": Case(
        photos=product(Photo(sure("Trouser"), also_under=True), Photo(doubtful("Trouser"))),
        is_product=True,
        shows=("Trouser", "accept", None, "model"),
    ),
}

RED: Final = Photo(sure("Dress"), colour=Seen({"red": 0.9, "blue": 0.05}, None))

WITH_COLOUR: dict[str, Case] = {
    "the list has the colour, and the photo shows some of it": Case(
        photos=[RED], colour="Blue", head="colour", shows=("blue", "accept", None, "list")
    ),
    "the photo shows nothing of the list's colour": Case(
        photos=[Photo(sure("Dress"), colour=sure("red", 0.99))],
        colour="Blue",
        head="colour",
        shows=("blue", "review", "list", "list"),
    ),
    "a colour in the title": Case(
        photos=[RED], title="Blue dress", head="colour", shows=("blue", "accept", None, "list")
    ),
    "a colour in the title that the photo does not show": Case(
        photos=[Photo(sure("Dress"), colour=sure("red", 0.99))],
        title="Blue dress",
        head="colour",
        shows=("blue", "review", Reason.TITLE_CONFLICT, "list"),
    ),
    "a colour that the release has no label for": Case(
        photos=[RED], colour="Sunrise", head="colour", shows=("red", "accept", None, "model")
    ),
}

BY_PEOPLE: dict[str, Case] = {
    "a person's class": Case(
        photos=[UNSURE_DRESS], people={("front", LABEL): "Shirt"}, shows=("Shirt", "accept", None, "person")
    ),
    "a person's class outranks title and photo": Case(
        photos=[TROUSERS],
        title="Slim jeans",
        people={("front", LABEL): "Shirt"},
        shows=("Shirt", "accept", None, "person"),
    ),
    "none of the classes": Case(
        photos=[SURE_DRESS], people={("front", LABEL): NONE}, shows=(NONE, "accept", None, "person")
    ),
    "left out by a person": Case(
        photos=[UNSURE_DRESS],
        people={("front", LABEL): LEFT_OUT_LABEL},
        shows=(None, "review", "ambiguous", "person"),
    ),
    "the only kind of a person's class": Case(
        photos=[TROUSERS],
        people={("front", LABEL): "Shirt"},
        head=KIND,
        shows=("shirt", "accept", None, "person"),
    ),
    "people agree on the photos of a product": Case(
        photos=product(SURE_DRESS, UNSURE_DRESS),
        people={("front", LABEL): "Shirt", ("back", LABEL): "Shirt"},
        is_product=True,
        shows=("Shirt", "accept", None, "person"),
    ),
    "people disagree on the photos of a product": Case(
        photos=product(SURE_DRESS, UNSURE_DRESS),
        people={("front", LABEL): "Shirt", ("back", LABEL): "Dress"},
        is_product=True,
        shows=("Dress", "review", "contradicting", "model"),
    ),
    "the answer to the product outranks those to its photos": Case(
        photos=product(SURE_DRESS, UNSURE_DRESS),
        people={("front", LABEL): "Shirt", (ARTICLE, LABEL): "Bag"},
        is_product=True,
        shows=("Bag", "accept", None, "person"),
    ),
    "a person's colour outranks the list's": Case(
        photos=[RED],
        colour="Blue",
        people={("front", "colour"): "white"},
        head="colour",
        shows=("white", "accept", None, "person"),
    ),
}

CASES: Final = {**PHOTO_ALONE, **PHOTOS_TOGETHER, **WITH_TITLE, **WITH_COLOUR, **BY_PEOPLE}


def probabilities(head: str, shares: Probabilities) -> tuple[float, ...]:
    """Return a probability for each label; labels that are not given share the rest."""
    rest = (1 - sum(shares.values())) / max(1, len(HEADS[head]) - len(shares))
    return tuple(shares.get(label, rest) for label in HEADS[head])


def answer(head: str, seen: Seen) -> HeadAnswer:
    label = next(iter(seen.shares))
    shares = probabilities(head, seen.shares)
    return HeadAnswer(label=label, confidence=seen.shares[label], reason=seen.reason, probabilities=shares)


def record(photo: Photo, case: Case) -> PhotoRecord:
    seen = {LABEL: photo.label, KIND: photo.kind, "colour": photo.colour}
    return PhotoRecord(
        path=f"{photo.name}.jpg",
        sha256=photo.name,
        error="" if photo.label else "It is broken.",
        answers={head: answer(head, one) for head, one in seen.items() if one},
        cells={"Title": case.title, "Colour": case.colour},
        product=ARTICLE,
    )


def settings_of(case: Case) -> RunSettings:
    return RunSettings(
        source="list.csv",
        version="1",
        heads=HEADS,
        further={"Title": "Title", "Colour": "Colour"},
        by=ProductGrouping(column="article", folder=None, proven=tuple(HEADS) if case.is_proven else ()),
        figures=FormulaFigures(can_accept_outside=True) if case.has_figures else None,
        list_words=ListWords(titles=("Title",), language="en"),
    )


def cells_of(case: Case) -> dict[str, object]:
    """Decide the row of a case, and return its cells by the names of the columns."""
    settings = settings_of(case)
    records = [record(photo, case) for photo in case.photos]
    shared = [photo.name for photo in case.photos if photo.also_under]
    rows = [
        *(
            PhotoRecord(path="", sha256=sha256, cells=records[0].cells, product=ARTICLE)
            for sha256 in ["", *shared]
        ),
        *(
            PhotoRecord(
                path="", sha256=sha256, cells={"Title": case.other_title}, product=OTHER_ARTICLE, number=1
            )
            for sha256 in [*shared, ""]
        ),
    ]
    reader = ListReader(list_words=settings.list_words or ListWords())
    collector = SharedProductsCollector(shared)
    titles = collect_titles(settings, reader, collector.observe_products(read_product_titles(reader, rows)))
    people = dict[tuple[str, str], dict[str, str]]()
    for (name, head), label in case.people.items():
        people.setdefault(("", ARTICLE) if name == ARTICLE else (name, ""), {})[head] = label
    context = DecisionContext(
        settings=settings,
        titles=titles,
        shared_photos=make_shared_photos(collector.make_shared_products(), records, titles),
        human_answers=HumanAnswers(people),
        listed_colours=ListColourReader(
            columns=find_colour_columns(tuple(settings.further), lambda _: iter(()), settings.colour)
        ),
    )
    if not case.is_product and case.head == LABEL:
        row = decide_row(records[0], context)
        return {
            column.name: column.read_cell(row)
            for column in make_photo_columns(settings, has_human_answers=True)
        }
    row = decide_row(make_product_record(records, settings), context)
    return {
        column.name: column.read_cell(row)
        for column in make_product_columns(settings, has_human_answers=True)
    }


@pytest.mark.parametrize("name", CASES)
def test_a_row_is_decided_by_photos_title_list_and_people(name: str) -> None:
    case = CASES[name]
    prefix = "" if case.head == LABEL else f"{case.head}_"

    cells = cells_of(case)

    names = (case.head, *(f"{prefix}{field}" for field in ("decision", "reason", "decided_by")))
    assert tuple(cells[name] for name in names) == case.shows


def test_the_worked_example_of_the_module_holds() -> None:
    photo = Photo(
        Seen({"Dress": 0.6}, Reason.UNFAMILIAR), Seen({"dress": 0.5, "skirt": 0.2}, Reason.UNFAMILIAR)
    )
    by_photo = Case(photos=[photo], is_product=True, shows=("Dress", "review", "unfamiliar", "model"))
    with_title = replace(by_photo, title="Pleated skirt")
    by_person = replace(with_title, people={("front", LABEL): "Dress"})

    alone, titled, answered = cells_of(by_photo), cells_of(with_title), cells_of(by_person)

    names = ("label", "kind", "reason", "decided_by", "predicted")
    assert [alone[name] for name in names] == ["Dress", "dress", "unfamiliar", "model", "Dress"]
    assert [titled[name] for name in names] == [NONE, "skirt", None, "list", NONE]
    assert [answered[name] for name in names] == ["Dress", "dress", None, "person", NONE]
    assert titled["kind_confidence"] == pytest.approx(0.96, abs=0.005)
    assert answered["kind_decided_by"] == "person"
