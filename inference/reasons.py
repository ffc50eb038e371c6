"""Reasons why a person should look at an answer, such as `ambiguous`, and who may decide a label.

`Reason` says what each reason means and where it may occur. It is the only list: documents, texts of pages
and tables are compared with it by a test.

To add a reason, add a member at the end, and return it where the decision is made. CONTRIBUTING.md names all
places. SCORE_REASONS says which of several reasons an answer gets. The order of the members is only the order
of the columns in the summary of a table.
"""

from collections.abc import Iterable
from enum import Enum, StrEnum, auto
from typing import Final, NamedTuple, Self


class ReasonPlace(Enum):
    """A place that shows reasons.

    Attributes:
        ANSWER: the class in the answer to one picture.
        ATTRIBUTE: an attribute in the answer to one picture.
        LISTED: the field `listed` of such an answer, which the title takes part in.
        PICTURE: the class in the row of a picture, in a table.
        PRODUCT: the class or an attribute in the row of a product, in a table.
    """

    ANSWER = auto()
    ATTRIBUTE = auto()
    LISTED = auto()
    PICTURE = auto()
    PRODUCT = auto()


CLASS_REASON_PLACES = (ReasonPlace.ANSWER, ReasonPlace.LISTED, ReasonPlace.PICTURE, ReasonPlace.PRODUCT)
"""Places where a reason about the class of a picture may occur; see `ReasonPlace`."""


class CardTexts(NamedTuple):
    """The texts with which a card of a review sheet shows a reason.

    Attributes:
        name: the name of the reason on the card. The head of the sheet explains it by the reason's sentence.
        german_name: the same in German.
        german_sentence: the sentence of the reason in German.
    """

    name: str
    german_name: str
    german_sentence: str


class Reason(StrEnum):
    """A reason for the decision `review`.

    Attributes:
        sentence: the meaning of the reason, for the person who looks.
        card: the texts on the cards of a review sheet; None if no card has the reason.
        places: the places where the reason may occur.
    """

    sentence: str
    card: CardTexts | None
    places: frozenset[ReasonPlace]

    def __new__(
        cls, value: str, sentence: str = "", card: CardTexts | None = None, *places: ReasonPlace
    ) -> Self:
        """Return the member with its texts and its places."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        member.card = card
        member.places = frozenset(places)
        return member

    AMBIGUOUS = (
        "ambiguous",
        "Two labels are close, so the answer is not sure enough.",
        CardTexts(
            "Close answers",
            "Ähnliche Antworten",
            "Zwei Klassen liegen nah beieinander, die Antwort ist nicht sicher genug.",
        ),
        *CLASS_REASON_PLACES,
        ReasonPlace.ATTRIBUTE,
    )
    UNPROVEN = (
        "unproven",
        "The release has too few measured answers to promise that an answer like this is right.",
        CardTexts(
            "Unproven answer",
            "Unbelegte Antwort",
            "Das Release hat zu wenige gemessene Antworten, um zu versprechen, dass eine solche Antwort "
            "richtig ist.",
        ),
        *CLASS_REASON_PLACES,
        ReasonPlace.ATTRIBUTE,
    )
    UNFAMILIAR = (
        "unfamiliar",
        "The picture is unlike the pictures that the model has learnt (out of distribution).",
        CardTexts(
            "Unfamiliar picture",
            "Ungewohntes Bild",
            "Das Bild ähnelt nicht den Bildern, die das Modell gelernt hat.",
        ),
        *CLASS_REASON_PLACES,
        ReasonPlace.ATTRIBUTE,
    )
    INAPPLICABLE = ("inapplicable", "The class has no such attribute.", None, ReasonPlace.ATTRIBUTE)
    CONTRADICTING = (
        "contradicting",
        "The photos, the titles or the answers of people to the product contradict each other.",
        CardTexts(
            "Contradicting answers",
            "Widersprüchliche Antworten",
            "Die Fotos, die Titel oder die Antworten von Personen zu dem Artikel widersprechen sich.",
        ),
        ReasonPlace.PRODUCT,
    )
    TITLE_CONFLICT = (
        "list",
        "The title and the photo contradict each other, or the colour in the list and the photo do.",
        CardTexts(
            "List disagrees",
            "Liste widerspricht",
            "Titel und Foto widersprechen sich, oder die Farbe in der Liste und das Foto.",
        ),
        ReasonPlace.LISTED,
        ReasonPlace.PICTURE,
        ReasonPlace.PRODUCT,
    )
    SHARED_PHOTO = (
        "shared",
        "The photo is listed under several products, so it decides for none of them.",
        CardTexts(
            "Shared photo",
            "Geteiltes Foto",
            "Das Foto steht unter mehreren Artikeln und entscheidet daher für keinen.",
        ),
        ReasonPlace.PICTURE,
        ReasonPlace.PRODUCT,
    )
    NO_PHOTO = ("no photo", "No photo of the product can be read.", None, ReasonPlace.PRODUCT)


SCORE_REASONS: Final = (Reason.UNFAMILIAR, Reason.INAPPLICABLE, Reason.UNPROVEN, Reason.AMBIGUOUS)
"""Reasons that follow from the scores and the thresholds alone. If several apply, an answer has the first of
them. `unfamiliar` comes first: if the picture shows no known class, neither the likeliest class nor the
attributes of that class mean anything."""


class DecidedBy(StrEnum):
    """A name of who decided a label.

    Attributes:
        MODEL: the photos alone.
        LIST: the photos together with the title, or with another column of the list.
        PERSON: a person, who has the last word.
    """

    MODEL = "model"
    LIST = "list"
    PERSON = "person"


def find_reasons(places: Iterable[ReasonPlace]) -> tuple[Reason, ...]:
    """Return the reasons that may occur at one of these places, in the order of the members of `Reason`."""
    wanted_places = frozenset(places)
    return tuple(reason for reason in Reason if reason.places & wanted_places)
